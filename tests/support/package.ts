/**
 * The package as it is published: packed, and installed where there is Node and nothing else.
 */
import { existsSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { onPath, repositoryRoot } from './peers.ts';
import { type RunResult, run } from './run.ts';

/** What `npm pack` tells of the tarball. */
export interface Packed {
  readonly tarball: string;
  readonly size: number;
  readonly files: readonly string[];
}

/** What is added to a program's environment; `undefined` removes a name. */
export type Environment = Readonly<Record<string, string | undefined>>;

const npm = npmProgram();
/** What npm adds for its scripts: the programs that are called here are called by nobody's script. */
const ofScripts = Object.keys(process.env).filter((name) =>
  /^(INIT_CWD|npm_(package|lifecycle|command|node_execpath|execpath|config_(local_prefix|loglevel))\w*)$/.test(
    name,
  ),
);
const network =
  /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED|ConnectionRefused|FailedToOpenSocket)\b/;

/** npm's own file: its name on PATH may be a link from another folder, or a shell script beside `node`. */
function npmProgram(): string | null {
  const beside = join(dirname(realpathSync(process.execPath)), '../lib/node_modules/npm/bin/npm-cli.js');
  if (existsSync(beside)) return beside;
  const named = onPath('npm');
  return named === null ? null : realpathSync(named);
}

/** Why nothing can be installed here; null where it can. */
export const noInstaller = npm === null ? 'there is no npm' : null;

/** The environment of somebody who has Node and a shell, but no compiler. */
export function nodeAlone(dir: string): Environment {
  const bin = join(dir, 'bin');
  if (!existsSync(bin)) {
    mkdirSync(bin);
    for (const [name, path] of Object.entries({ node: process.execPath, sh: '/bin/sh' }))
      symlinkSync(path, join(bin, name));
  }
  const env: Record<string, string | undefined> = { PATH: bin };
  for (const name of ofScripts) env[name] = undefined;
  return env;
}

/** Runs npm, or one of its like that npm has brought. */
export function runNpm(args: readonly string[], cwd: string, env: Environment) {
  // A machine without network is not kept waiting for minutes.
  const retries = { npm_config_fetch_retries: '1' };
  return run([process.execPath, npm!, ...args], { cwd, env: { ...env, ...retries }, timeout: 300_000 });
}

/** Packs what is built, without building it again, into `dir`. */
export async function pack(dir: string): Promise<Packed> {
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', dir];
  const { code, stdout, stderr } = await runNpm(args, repositoryRoot, nodeAlone(dir));
  if (code !== 0) throw new Error(stderr);
  const [told] = JSON.parse(stdout) as { filename: string; size: number; files: { path: string }[] }[];
  const files = told!.files.map(({ path }) => path);
  return { tarball: join(dir, told!.filename), size: told!.size, files };
}

/** An empty project in `dir`. */
export function newProject(dir: string): string {
  const project = join(dir, 'project');
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{"name":"somebody","version":"1.0.0","private":true}\n');
  return project;
}

/** Why the registry did not answer, where that is why `result` is a failure; null where it is not. */
export function offline({ code, stdout, stderr }: RunResult): string | null {
  if (code === 0) return null;
  const found = network.exec(stdout + stderr);
  return found === null ? null : `the registry cannot be reached (${found[0]})`;
}
