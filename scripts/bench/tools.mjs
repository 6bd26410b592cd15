/** The programs that are measured, and the machine they run on. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { which } from 'zx';

export const repository = join(import.meta.dirname, '..', '..');
export const ourProgram = join(repository, 'dist', 'oc-rsync.mjs');
/** Node for ours: OC_RSYNC_NODE, or the one that runs this. */
export const ourNode = resolve(process.env.OC_RSYNC_NODE ?? process.execPath);

/** The rsync to compare with: `given`, OC_RSYNC_PEER, or the one on PATH. */
export async function findPeer(given) {
  const peer = given ?? process.env.OC_RSYNC_PEER ?? (await which('rsync', { nothrow: true }));
  if (!peer) throw new Error('there is no rsync to compare with (--peer PATH)');
  return peer;
}

/** The tools by name, how each is called: rsync, ours where it is built, and each word NAME=COMMAND. */
export function findTools(peer, words) {
  const tools = { rsync: [peer] };
  if (existsSync(ourProgram)) tools.ours = [ourNode, ourProgram];
  for (const word of words) {
    const at = word.indexOf('=');
    if (at < 1) throw new Error(`${word} is not NAME=COMMAND`);
    tools[word.slice(0, at)] = word
      .slice(at + 1)
      .split(' ')
      .filter((part) => part !== '');
  }
  return tools;
}

/** Ours three times more, each with an I/O path that is forced. */
export function withIoPaths(tools) {
  const forced = ['plain', 'uring', 'splice'].map((io) => [io, ['env', `OC_RSYNC_IO=${io}`, ...tools.ours]]);
  return { rsync: tools.rsync, ...Object.fromEntries(forced) };
}

const firstLine = (command) => {
  try {
    return execFileSync(command[0], [...command.slice(1), '--version'], { encoding: 'latin1' }).split(
      '\n',
    )[0];
  } catch {
    return 'unknown';
  }
};

/** Each tool's command and what it says of its version. */
export function versions(tools) {
  return Object.fromEntries(
    Object.entries(tools).map(([name, command]) => [name, { command, version: firstLine(command) }]),
  );
}

/** What the numbers depend on. */
export const machine = () => ({
  cpu: cpus()[0]?.model ?? 'unknown',
  cpus: cpus().length,
  memoryMiB: Math.round(totalmem() / 1024 / 1024),
  kernel: release(),
  node: firstLine([ourNode]),
  date: new Date().toISOString(),
});
