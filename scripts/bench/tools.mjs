/** The programs that are measured. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { onPath } from './shared.mjs';

export const repository = join(import.meta.dirname, '..', '..');
const ourProgram = join(repository, 'dist', 'oc-rsync.mjs');
/** Node for ours: OC_RSYNC_NODE, or the one that runs this. */
export const ourNode = resolve(process.env.OC_RSYNC_NODE ?? process.execPath);

/** The rsync to compare with: `given`, OC_RSYNC_PEER, or the one on PATH. */
export function findPeer(given) {
  const peer = given ?? process.env.OC_RSYNC_PEER ?? onPath('rsync', process.env);
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
