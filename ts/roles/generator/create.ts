import { SysError } from '../../errors.ts';
import type { ByteString } from '../../kernel/kernel.ts';
import type { Present } from '../../metadata/compare.ts';
import { temporaryName, uniqueSuffix } from '../../metadata/names.ts';
import * as text from '../../report/messages.ts';
import { makeBackup } from '../backup.ts';
import { makeRoom } from './delete.ts';
import type { Generator } from './state.ts';

export type Creation =
  | { readonly symlink: ByteString }
  | { readonly link: ByteString }
  | { readonly mode: number; readonly major: number; readonly minor: number };

/**
 * Makes a symbolic link, hard link or node at `path`. What is there already is
 * replaced by a rename, so that the name is never missing, or kept as a backup (rsync's atomic_create).
 */
export function createAtomically(
  gen: Generator,
  path: ByteString,
  how: Creation,
  present: Present | undefined,
  newMode: number,
): boolean | Promise<boolean> {
  const { options } = gen.ctx;
  const { tree } = gen.destination;
  gen.changed = true;
  if (present === undefined) return create(gen, path, how, undefined);
  const mode = present.stats.mode(present.row);
  const directory = present.stats.isDir(present.row);
  const temporary =
    !directory && options.tempDir === '' ? temporaryName(path, '', uniqueSuffix(gen.ctx.random)) : undefined;
  let ready: boolean | Promise<boolean> = true;
  if (gen.rules.backup && !directory) {
    const kept = makeBackup(gen.ctx, tree, path, temporary === undefined, 'generator');
    ready = typeof kept === 'number' ? kept === 0 : kept.then((errno) => errno === 0);
  } else if (temporary === undefined) ready = makeRoom(gen, path, mode, newMode);
  if (typeof ready === 'boolean') return ready && create(gen, path, how, temporary);
  return ready.then((free) => free && create(gen, path, how, temporary));
}

function create(gen: Generator, path: ByteString, how: Creation, temporary: ByteString | undefined): boolean {
  const { options } = gen.ctx;
  const { tree } = gen.destination;
  if (options.dryRun) return true;
  const target = temporary ?? path;
  try {
    if ('symlink' in how) tree.symlink(how.symlink, target);
    else if ('link' in how) tree.link(how.link, target);
    else tree.mknod(target, how.mode, how.major, how.minor);
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    gen.ctx.report.print(
      'error-xfer',
      'symlink' in how
        ? text.symlinkFailed(tree, target, how.symlink, error.errno)
        : 'link' in how
          ? text.linkFailed(tree, target, how.link, error.errno)
          : text.mknodFailed(tree, target, error.errno),
    );
    return false;
  }
  if (temporary === undefined) return true;
  try {
    tree.rename(temporary, path);
    return true;
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    gen.ctx.report.print('error-xfer', text.renameFailed(tree, temporary, path, error.errno));
    tree.unlink(temporary);
    return false;
  }
}
