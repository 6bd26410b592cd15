import type { ByteString } from '../kernel/kernel.ts';
import type { StatTable } from '../kernel/stat-table.ts';

/** Are two times the same, seen through --modify-window (same_time)? A window of -1 compares nanoseconds. */
export function sameTime(
  seconds1: number,
  nsec1: number,
  seconds2: number,
  nsec2: number,
  modifyWindow: number,
): boolean {
  if (modifyWindow === 0) return seconds1 === seconds2;
  if (modifyWindow < 0) return seconds1 === seconds2 && nsec1 === nsec2;
  return Math.abs(seconds1 - seconds2) <= modifyWindow;
}

export interface QuickCheckOptions {
  readonly sizeOnly: boolean;
  readonly ignoreTimes: boolean;
  readonly modifyWindow: number;
}

/**
 * Does a regular file look unchanged (quick_check_ok without -c)? With --checksum the caller compares
 * sizes here through `sizeOnly` and then digests.
 */
export function fileLooksUnchanged(
  size: number,
  mtime: number,
  mtimeNsec: number,
  stat: StatTable,
  row: number,
  options: QuickCheckOptions,
): boolean {
  if (stat.size(row) !== size) return false;
  if (options.sizeOnly) return true;
  if (options.ignoreTimes) return false;
  return sameTime(stat.mtime(row), stat.mtimeNsec(row), mtime, mtimeNsec, options.modifyWindow);
}

/** Does a symbolic link point where it should? An unreadable one (`undefined`, empty) does not. */
export function linkLooksUnchanged(wanted: ByteString, existing: ByteString | undefined): boolean {
  return existing !== undefined && existing !== '' && existing === wanted;
}
