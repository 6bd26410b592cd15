/** The programs that are measured, and the machine they run on. */
import { execFile } from 'node:child_process';
import { accessSync, constants, statfsSync, statSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';
import type { Environment } from '../host.ts';
import type { Tools } from './compare.ts';

/** A program, and what it says of itself. */
export interface Tool {
  readonly command: readonly string[];
  /** First line of --version; 'unknown' where it says nothing. */
  readonly version: string;
  /** Ours has two. */
  readonly kernel: string | undefined;
}

/** What the numbers depend on. */
export interface Machine {
  readonly cpu: string;
  readonly cpus: number;
  readonly memoryMiB: number;
  /** Of the system. */
  readonly kernel: string;
  readonly node: string;
  readonly filesystem: string;
  /** Processes that wanted a processor in the last minute. */
  readonly load: number;
  /** When it was measured, as ISO 8601 has it. */
  readonly date: string;
}

/** Where a program is that is called by its name alone; undefined where it is not. */
export function onPath(name: string, env: Environment): string | undefined {
  return (env.PATH ?? '')
    .split(delimiter)
    .filter(isAbsolute)
    .map((folder) => join(folder, name))
    .find(isProgram);
}

/** Whether there is a program of that path that may be run. */
export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

const execute = promisify(execFile);
/** So long one may take to say who it is. */
const patienceMs = 10_000;

/** Asks a tool for its version. */
export async function askTool(command: readonly string[]): Promise<Tool> {
  const [program = '', ...args] = command;
  let said = '';
  try {
    said = (await execute(program, [...args, '--version'], { timeout: patienceMs })).stdout;
  } catch {
    // It is not one that says so.
  }
  const [first = ''] = said.split('\n');
  return { command, version: first.trim() || 'unknown', kernel: /^Kernel: (\w+)/m.exec(said)?.[1] };
}

/** Asks each of them. */
export async function askTools(tools: Tools): Promise<Record<string, Tool>> {
  const asked = Object.entries(tools).map(async ([name, command]) => [name, await askTool(command)] as const);
  return Object.fromEntries(await Promise.all(asked));
}

/** `rsync  version 3.5.0  protocol version 32` in short: `rsync 3.5.0`. */
export function shortVersion({ version }: Pick<Tool, 'version'>): string {
  const [, name, number] = /^(\S+?):?\s+(?:protocol )?version v?(\S+)/.exec(version) ?? [];
  return name === undefined ? version : `${name} ${number}`;
}

const filesystems: Readonly<Record<number, string>> = {
  16914836: 'tmpfs',
  61267: 'ext4',
  2435016766: 'btrfs',
  1481003842: 'xfs',
  2035054128: 'overlayfs',
  801189825: 'zfs',
  4076150800: 'f2fs',
  26985: 'nfs',
};

/** What kind a folder's file system is; its number where that has no name here. */
export function filesystemOf(dir: string): string {
  const { type } = statfsSync(dir);
  if (process.platform !== 'linux') return `type ${type}`;
  return filesystems[type] ?? `type 0x${type.toString(16)}`;
}

/** This machine, `node` that runs ours and the folder `dir` to work in. */
export function machine(node: string, dir: string): Machine {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() || 'unknown processor',
    cpus: processors.length,
    memoryMiB: Math.round(totalmem() / 1024 / 1024),
    kernel: `${process.platform === 'linux' ? 'Linux' : process.platform} ${release()}`,
    node,
    filesystem: filesystemOf(dir),
    load: loadavg()[0] ?? 0,
    date: new Date().toISOString(),
  };
}
