/** Where --backup keeps files. */
import type { ByteString } from '../kernel/kernel.ts';

/** What of a draft decides that; `undefined` was not said. */
export interface BackingUp {
  readonly backup: boolean;
  readonly backupDir: ByteString | undefined;
  readonly suffix: ByteString | undefined;
}

export interface Backups {
  readonly on: boolean;
  /** '': beside what replaces them. */
  readonly dir: ByteString;
  readonly suffix: ByteString;
}

/** --backup-dir implies --backup. */
export function backupsOf({ backup, backupDir, suffix }: BackingUp): Backups {
  let dir = backupDir ?? '';
  while (dir.startsWith('./')) dir = dir.slice(2);
  if (dir === '.') dir = '';
  return {
    on: backup || backupDir !== undefined,
    dir,
    suffix: suffix ?? (backupDir === undefined ? '~' : ''),
  };
}

/** Kept files lie where they were, so that directories change once more. */
export function keepsBeside(draft: BackingUp): boolean {
  const { on, dir } = backupsOf(draft);
  return on && dir === '';
}
