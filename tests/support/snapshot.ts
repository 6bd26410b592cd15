/**
 * The exact state of a folder, and what differs between two.
 */
import { createHash } from 'node:crypto';
import { type BigIntStats, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { type ByteString, bytes, show } from './bytes.ts';

/** One name as it lies on the disk. */
export interface SnapshotEntry {
  readonly type: 'file' | 'dir' | 'symlink' | 'fifo' | 'socket' | 'char' | 'block';
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes; 0 for what is not a regular file. */
  readonly size: bigint;
  /** Nanoseconds since 1970, or `now` for a time that lies within the test's own run. */
  readonly mtime: bigint | 'now';
  /** Whole seconds, as it was before the content was read; directories have none. */
  readonly atime?: bigint | 'now';
  /** Target of a symlink. */
  readonly target?: ByteString;
  /** Device number of a device node. */
  readonly rdev?: bigint;
  /** First name (in byte order) of the group of hard links that it belongs to. */
  readonly linkedTo?: ByteString;
  /** SHA-1 of a regular file's bytes. */
  readonly hash?: string;
  /** 512-byte blocks on the disk. */
  readonly blocks: bigint;
}

/** By path relative to the folder; its own entry is `.`. */
export type Snapshot = ReadonlyMap<ByteString, SnapshotEntry>;

function typeOf(stat: BigIntStats): SnapshotEntry['type'] {
  if (stat.isFile()) return 'file';
  if (stat.isDirectory()) return 'dir';
  if (stat.isSymbolicLink()) return 'symlink';
  if (stat.isFIFO()) return 'fifo';
  if (stat.isSocket()) return 'socket';
  return stat.isCharacterDevice() ? 'char' : 'block';
}

/**
 * Reads a whole folder. A time later than `since` (milliseconds, as `Date.now()`) and not in the future
 * is `now`: it was set by the run itself and says nothing.
 */
export function takeSnapshot(dir: ByteString, since = Date.now()): Snapshot {
  const names: ByteString[] = [];
  const walk = (relative: ByteString) => {
    const full = relative === '.' ? dir : `${dir}/${relative}`;
    names.push(relative);
    for (const child of childrenOf(full)) {
      const name = child.name.toString('latin1');
      const path = relative === '.' ? name : `${relative}/${name}`;
      if (child.isDirectory()) walk(path);
      else names.push(path);
    }
  };
  walk('.');
  names.sort((a, b) => (a < b ? -1 : 1));

  const from = BigInt(since) * 1_000_000n - 1_000_000_000n;
  const until = BigInt(Date.now()) * 1_000_000n + 1_000_000_000n;
  const steady = (time: bigint, unit: bigint) => (time >= from && time <= until ? 'now' : time / unit);
  const leaders = new Map<string, ByteString>();
  const snapshot = new Map<ByteString, SnapshotEntry>();
  for (const name of names) {
    const path = bytes(name === '.' ? dir : `${dir}/${name}`);
    const stat = lookAt(path);
    if (stat === undefined) continue;
    const type = typeOf(stat);
    let linkedTo: ByteString | undefined;
    if (type !== 'dir' && stat.nlink > 1n) {
      const key = `${stat.dev}:${stat.ino}`;
      linkedTo = leaders.get(key) ?? name;
      leaders.set(key, linkedTo);
    }
    snapshot.set(name, {
      type,
      mode: Number(stat.mode & 0o7777n),
      uid: Number(stat.uid),
      gid: Number(stat.gid),
      size: type === 'file' ? stat.size : 0n,
      mtime: steady(stat.mtimeNs, 1n),
      blocks: stat.blocks,
      ...(type === 'dir' ? {} : { atime: steady(stat.atimeNs, 1_000_000_000n) }),
      ...(linkedTo === undefined ? {} : { linkedTo }),
      ...(type === 'symlink' ? { target: readlinkSync(path, 'latin1') } : {}),
      ...(type === 'char' || type === 'block' ? { rdev: stat.rdev } : {}),
      ...(type === 'file' ? { hash: hashOf(path) } : {}),
    });
  }
  return snapshot;
}

/** Closed to us, or deeper than a path can name: rsync -k goes round in a link that leads to its own folder. */
function isOutOfReach(error: unknown): boolean {
  return ['EACCES', 'ENAMETOOLONG'].includes((error as NodeJS.ErrnoException).code ?? '');
}

/** Nothing for a plain user who is shut out. */
function childrenOf(dir: ByteString) {
  try {
    return readdirSync(bytes(dir), { withFileTypes: true, encoding: 'buffer' });
  } catch (error) {
    if (isOutOfReach(error)) return [];
    throw error;
  }
}

/** A directory that can be listed but not searched tells no more than its names. */
function lookAt(path: Buffer): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true });
  } catch (error) {
    if (isOutOfReach(error)) return undefined;
    throw error;
  }
}

function hashOf(path: Buffer): string {
  try {
    return createHash('sha1').update(readFileSync(path)).digest('hex');
  } catch (error) {
    return `unreadable: ${(error as NodeJS.ErrnoException).code}`;
  }
}

const compared = [
  'type',
  'mode',
  'uid',
  'gid',
  'size',
  'mtime',
  'target',
  'rdev',
  'linkedTo',
  'hash',
] as const;

/** What the tests' trees have per-directory rules in. */
const ruleFile = /(^|\/)\.(rsync-filter|cvsignore|more)$/;

export interface CompareOptions {
  /** Also ask that regular files of 64 KiB and more take about as little room as expected. */
  readonly holes?: boolean;
  /** Also ask for equal access times. */
  readonly atimes?: boolean;
}

/** One line for each difference between what should be there and what is; empty when there is none. */
export function compareSnapshots(
  expected: Snapshot,
  actual: Snapshot,
  options: CompareOptions = {},
): string[] {
  const lines: string[] = [];
  const text = (value: unknown) => (typeof value === 'string' ? show(value) : String(value));
  for (const [name, want] of expected) {
    const got = actual.get(name);
    if (got === undefined) {
      lines.push(`${show(name)}: missing (a ${want.type})`);
      continue;
    }
    for (const field of options.atimes ? ([...compared, 'atime'] as const) : compared) {
      if (want[field] === got[field]) continue;
      // rsync reads the targets of the destination's links where it lists them for deletion, which ours need not.
      if (field === 'atime' && want.atime === 'now' && want.type === 'symlink') continue;
      // rsync reads the rules of a directory before it lists it, ours may list first.
      if (field === 'atime' && want.atime === 'now' && ruleFile.test(name)) continue;
      const octal = field === 'mode';
      const left = octal ? want.mode.toString(8) : text(want[field]);
      const right = octal ? got.mode.toString(8) : text(got[field]);
      lines.push(`${show(name)}: ${field} should be ${left}, is ${right}`);
    }
    if (options.holes && want.size >= 65_536n && got.blocks > want.blocks + 64n) {
      lines.push(`${show(name)}: takes ${got.blocks} blocks, should take about ${want.blocks}`);
    }
  }
  for (const [name, got] of actual) {
    if (!expected.has(name)) lines.push(`${show(name)}: should not be there (a ${got.type})`);
  }
  return lines;
}
