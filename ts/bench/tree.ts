/** Whether two trees are the same: what a copy is compared with its source by, without the help of either program. */
import { createHash } from 'node:crypto';
import {
  type BigIntStats,
  closeSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
} from 'node:fs';
import type { Amount, Pause } from './data.ts';

/** Each entry of a tree by its path (bytes), with all that a copy has to keep in one text. */
export interface Tree {
  readonly entries: ReadonlyMap<string, string>;
  readonly amount: Amount;
}

const pieceBytes = 1024 * 1024;
/** Entries that are read before somebody else may be heard. */
const untilPause = 200;

/** Reads all of the tree at `root`. */
export async function readTree(root: string, pause: Pause): Promise<Tree> {
  const entries = new Map<string, string>();
  const base = Buffer.from(root).toString('latin1');
  let bytes = 0;
  let files = 0;
  const piece = Buffer.alloc(pieceBytes);
  const waiting = ['.'];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (entries.size % untilPause === 0) await pause();
    const path = Buffer.from(`${base}/${name}`, 'latin1');
    const stat = lstatSync(path, { bigint: true });
    const common = `mode ${stat.mode.toString(8)} owner ${stat.uid}:${stat.gid}`;
    if (stat.isDirectory()) {
      for (const inner of readdirSync(path, 'latin1'))
        waiting.push(name === '.' ? inner : `${name}/${inner}`);
      entries.set(name, `directory ${common} time ${timeOf(stat)}`);
    } else if (stat.isFile()) {
      files++;
      bytes += Number(stat.size);
      entries.set(
        name,
        `file ${common} time ${timeOf(stat)} ${stat.size} bytes ${await digest(path, piece, pause)}`,
      );
    } else {
      const target = stat.isSymbolicLink() ? readlinkSync(path, 'latin1') : stat.rdev;
      entries.set(name, `other ${common} ${target}`);
    }
  }
  return { entries, amount: { bytes, files } };
}

/** As ISO 8601 has it, to the nanosecond. */
function timeOf({ mtimeNs }: BigIntStats): string {
  const second = 1_000_000_000n;
  const whole = new Date(Number(mtimeNs / second) * 1000).toISOString().slice(0, -'.000Z'.length);
  return `${whole}.${String(mtimeNs % second).padStart(9, '0')}Z`;
}

/** A file's digest, read through `piece`. */
async function digest(path: Buffer, piece: Buffer, pause: Pause): Promise<string> {
  const hash = createHash('sha256');
  const fd = openSync(path, 'r');
  try {
    for (let n = readSync(fd, piece); n > 0; n = readSync(fd, piece)) {
      hash.update(piece.subarray(0, n));
      if (n === piece.length) await pause();
    }
  } finally {
    closeSync(fd);
  }
  return hash.digest('hex');
}

/** What differs in `copy`, a line for each entry; none where the two are equal. */
export function differences(source: Tree, copy: Tree): string[] {
  const found: string[] = [];
  for (const [name, what] of source.entries) {
    const got = copy.entries.get(name);
    if (got === undefined) found.push(`${name} is missing`);
    else if (got !== what) found.push(`${name} differs: ${firstDifference(what, got)}`);
  }
  for (const name of copy.entries.keys()) if (!source.entries.has(name)) found.push(`${name} is too much`);
  return found;
}

/** The first of the words that are not the same, as `wanted, not got`. */
function firstDifference(wanted: string, got: string): string {
  const [a, b] = [wanted.split(' '), got.split(' ')];
  const at = a.findIndex((word, i) => word !== b[i]);
  const named = a
    .slice(0, at + 1)
    .join(' ')
    .match(/(mode|owner|time|bytes)(?= \S+$)/)?.[1];
  return named === 'bytes' ? 'other content' : `${named ? `${named} ` : ''}${b[at]} instead of ${a[at]}`;
}
