/**
 * The source and destination that most interop tests use: one tree with three parts, whose destinations
 * are empty, equal and half-changed, so that one run of the programs meets all three.
 */
import fc from 'fast-check';
import type { ByteString } from './bytes.ts';
import { type Entry, mutate, type Tree, type TreeOptions, trees } from './tree.ts';

export interface Pair {
  readonly source: Tree;
  readonly destination: Tree;
}

function under(folder: ByteString, tree: Tree): Entry[] {
  const moved = tree.map((entry): Entry => {
    const path = `${folder}/${entry.path}`;
    return entry.type === 'hardlink' ? { ...entry, path, to: `${folder}/${entry.to}` } : { ...entry, path };
  });
  const own = {
    path: folder,
    type: 'dir' as const,
    mode: 0o755,
    mtime: 1_234_567_890_000_000_000n,
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
  };
  return [own, ...moved];
}

/** Pairs of a source and a destination that has part of it; `entries` bounds each of the three parts. */
export function pairs(options: TreeOptions & { entries?: number } = {}): fc.Arbitrary<Pair> {
  const part = trees({ ...options, maxEntries: options.entries ?? 9 });
  return fc.tuple(part, part, part).chain(([fresh, equal, half]) =>
    mutate(half).map((behind) => ({
      source: [...under('fresh', fresh), ...under('equal', equal), ...under('half', half)],
      destination: [...under('equal', equal), ...under('half', behind)],
    })),
  );
}
