/** How much a run writes, and whether there is room for it. */
import { statfsSync } from 'node:fs';
import { freemem } from 'node:os';
import { type Amount, amountOf } from './data.ts';
import type { StandardScenario } from './scenarios.ts';

const tmpfs = 0x01021994;
const GiB = 1024 ** 3;
/** Of the memory, left to everything else. */
const reserve = GiB;

/** What is free in a folder. */
export interface Room {
  readonly bytes: number;
  /** undefined: the file system has no fixed number of them. */
  readonly inodes: number | undefined;
  /** It is memory. */
  readonly inMemory: boolean;
}

export function roomIn(dir: string): Room {
  const { type, bavail, bsize, files, ffree } = statfsSync(dir);
  const inMemory = type === tmpfs;
  const bytes = bavail * bsize;
  return {
    bytes: inMemory ? Math.min(bytes, Math.max(0, freemem() - reserve)) : bytes,
    inodes: files > 0 ? ffree : undefined,
    inMemory,
  };
}

/** The most that is there at a time: each set, each destination that stays, and the largest of the others. */
export function needed(scenarios: readonly StandardScenario[], scale: number): Amount {
  const sets = new Set(scenarios.flatMap(({ from, to }) => (to === undefined ? [from] : [from, to])));
  // They are made of these.
  if (sets.has('bigChanged')) sets.add('big');
  if (sets.has('smallExtra')) sets.add('small');
  const kept = new Set(scenarios.flatMap(({ to, keep }) => (keep && to !== undefined ? [to] : [])));
  const amounts = [...sets, ...kept].map((name) => amountOf[name](scale));
  const passing = scenarios.flatMap(({ from, to, keep }) =>
    keep ? [] : [from, ...(to === undefined ? [] : [to])].map((name) => amountOf[name](scale)),
  );
  const sum = (pick: (amount: Amount) => number) => amounts.reduce((all, one) => all + pick(one), 0);
  const most = (pick: (amount: Amount) => number) => Math.max(0, ...passing.map(pick));
  // A large file that comes again is there twice until it is renamed.
  return {
    bytes: sum(({ bytes }) => bytes) + 2 * most(({ bytes }) => bytes),
    files: sum(({ files }) => files) + most(({ files }) => files),
  };
}

/** Why an amount has no room in a folder; undefined where it has. */
export function lacking({ bytes, files }: Amount, room: Room): string | undefined {
  if (bytes > room.bytes) return `${size(bytes)} are needed, and ${size(room.bytes)} are free`;
  if (room.inodes !== undefined && files > room.inodes)
    return `${files} inodes are needed, and ${room.inodes} are free`;
  return undefined;
}

/** Bytes as people say them. */
export function size(bytes: number): string {
  return bytes < GiB ? `${Math.ceil(bytes / 1024 ** 2)} MiB` : `${(bytes / GiB).toFixed(1)} GiB`;
}
