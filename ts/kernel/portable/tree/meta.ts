import * as fs from 'node:fs';
import type { Meta } from '../../kernel.ts';
import { S_IFLNK, S_IFMT } from '../../stat-table.ts';
import { errnoOf } from '../sys-error.ts';

const O_PATH = 0o10000000;
const permissionBits = 0o7777;
/** chown's "leave it as it is". */
const unchanged = -1;

/**
 * Puts metadata on what `path` names, never on what a link leads to: owner and group (which clear the
 * set-id bits), mode, times. Returns 0 or the first errno; all parts are tried.
 */
export function setMeta(path: Buffer, meta: Meta): number {
  let first = 0;
  if (meta.uid !== undefined || meta.gid !== undefined) {
    first ||= errnoOf(() => fs.lchownSync(path, meta.uid ?? unchanged, meta.gid ?? unchanged));
  }
  const { mode } = meta;
  if (mode !== undefined) {
    const errno = errnoOf(() => setMode(path, mode & permissionBits));
    first ||= errno;
  }
  if (meta.mtime !== undefined || meta.atime !== undefined) {
    const errno = errnoOf(() => {
      const now = timesOf(meta, () => fs.lstatSync(path, { bigint: true }));
      fs.lutimesSync(path, now.atime, now.mtime);
    });
    first ||= errno;
  }
  return first;
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

/**
 * A time for `utimes`: a decimal string, because Node takes a negative number for "now". A double holds
 * today's times to some 240 ns, and older versions of libuv cut it to whole microseconds, towards zero:
 * where that would lose one, the next double away from zero is taken.
 */
export function timeArgument(seconds: number, nanoseconds: number): string {
  let time = seconds + nanoseconds / 1e9;
  const wanted = Math.floor(Math.abs(seconds * 1e6 + nanoseconds / 1000));
  if (cutMicroseconds(time) < wanted) time += time * 2 ** -52;
  return String(time);
}

/** Whole microseconds of what libuv makes of a time, without sign. */
function cutMicroseconds(time: number): number {
  const whole = Math.trunc(time);
  const nanoseconds = Math.trunc(Math.abs(time - whole) * 1e9);
  return Math.abs(whole) * 1e6 + Math.floor(nanoseconds / 1000);
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
