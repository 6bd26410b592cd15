import * as fs from 'node:fs';
import type { Loss, Meta } from '../../kernel.ts';
import { S_IFLNK, S_IFMT } from '../../stat-table.ts';
import { errnoOf } from '../sys-error.ts';

const O_PATH = 0o10000000;
const permissionBits = 0o7777;
/** chown's "leave it as it is". */
const unchanged = -1;

/**
 * Puts metadata on what `path` names, never on what a link leads to: owner and group (which clear the
 * set-id bits), times, mode. It ends with the first that fails, whose errno it answers, else 0: set-id bits are not for
 * a file whose owner could not be set. `losses` learns of times that cannot be kept.
 */
export function setMeta(path: Buffer, meta: Meta, losses: Set<Loss>): number {
  return errnoOf(() => {
    const { mode } = meta;
    if (meta.uid !== undefined || meta.gid !== undefined)
      fs.lchownSync(path, meta.uid ?? unchanged, meta.gid ?? unchanged);
    if (meta.mtime !== undefined || meta.atime !== undefined) {
      noteTimes(meta, losses);
      const now = timesOf(meta, () => fs.lstatSync(path, { bigint: true }));
      fs.lutimesSync(path, now.atime, now.mtime);
    }
    if (mode !== undefined) setMode(path, mode & permissionBits);
  });
}

/** Access and modification time as Node's calls take them; what is absent stays as `current` has it. */
export function timesOf(meta: Meta, current: () => fs.BigIntStats): { atime: string; mtime: string } {
  let stat: fs.BigIntStats | undefined;
  const kept = (field: 'atimeNs' | 'mtimeNs') => {
    stat ??= current();
    const ns = stat[field];
    const sub = BigInt.asUintN(64, ((ns % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n);
    return timeArgument(Number((ns - sub) / 1_000_000_000n), Number(sub));
  };
  return {
    atime: meta.atime === undefined ? kept('atimeNs') : timeArgument(meta.atime, meta.atimeNsec ?? 0),
    mtime: meta.mtime === undefined ? kept('mtimeNs') : timeArgument(meta.mtime, meta.mtimeNsec ?? 0),
  };
}

/** Notes nanoseconds that no call of Node can keep; the times that are not to be set are of no concern. */
export function noteTimes(meta: Meta, losses: Set<Loss>): void {
  const { mtime, mtimeNsec = 0, atime, atimeNsec = 0 } = meta;
  const lost =
    (mtime !== undefined && !isKept(mtime, mtimeNsec)) || (atime !== undefined && !isKept(atime, atimeNsec));
  if (lost) losses.add('nanoseconds');
}

/**
 * A time for `utimes`: a decimal string, because Node takes a negative number for "now". A double holds
 * today's times to some 240 ns, and older versions of libuv cut it to whole microseconds, towards zero. Whatever
 * is lost, the second stays, since the next run compares seconds.
 */
export function timeArgument(seconds: number, nanoseconds: number): string {
  return String(timeOf(seconds, nanoseconds));
}

function timeOf(seconds: number, nanoseconds: number): number {
  // Before 1970, what is cut makes a time later: whole microseconds are asked for from the start.
  const part = seconds < 0 ? Math.floor(nanoseconds / 1000) * 1000 : nanoseconds;
  const time = seconds + part / 1e9;
  if (Math.floor(time) > seconds) return time - Math.abs(time) * 2 ** -52;
  const wanted = Math.floor(Math.abs(seconds * 1e6 + part / 1000));
  if (microseconds(storedTime(time)) >= wanted) return time;
  const away = time + time * 2 ** -52;
  return Math.floor(away) === seconds ? away : time;
}

/** Does such a time arrive as it is, whichever libuv sets it? */
function isKept(seconds: number, nanoseconds: number): boolean {
  if (nanoseconds === 0) return true;
  const stored = storedTime(timeOf(seconds, nanoseconds));
  const before = stored.nanoseconds < 0 ? 1 : 0;
  return (
    stored.seconds - before === seconds &&
    stored.nanoseconds + before * 1e9 === nanoseconds &&
    nanoseconds % 1000 === 0
  );
}

/** What libuv makes of a time; both parts have its sign. */
function storedTime(time: number): { seconds: number; nanoseconds: number } {
  const seconds = Math.trunc(time);
  return { seconds, nanoseconds: Math.trunc((time - seconds) * 1e9) };
}

/** Whole microseconds of such a time, without sign. */
function microseconds({ seconds, nanoseconds }: { seconds: number; nanoseconds: number }): number {
  return Math.abs(seconds) * 1e6 + Math.floor(Math.abs(nanoseconds) / 1000);
}

function setMode(path: Buffer, mode: number): void {
  if (process.platform !== 'linux') {
    const isLink = fs.lstatSync(path).isSymbolicLink();
    if (!isLink) fs.chmodSync(path, mode);
    return;
  }
  const fd = fs.openSync(path, O_PATH | fs.constants.O_NOFOLLOW);
  try {
    if ((fs.fstatSync(fd).mode & S_IFMT) !== S_IFLNK) fs.chmodSync(`/proc/self/fd/${fd}`, mode);
  } finally {
    fs.closeSync(fd);
  }
}
