import { SysError } from '../../errors.ts';
import type { FileList } from '../../flist/file-list.ts';
import type { ByteString, Tree } from '../../kernel/kernel.ts';
import { AttrFlag } from '../../metadata/compare.ts';
import { partialDirName } from '../../metadata/names.ts';
import { setAttributes } from '../attributes.ts';
import { makeBackup } from '../backup.ts';
import type { RoleContext } from '../context.ts';
import { destinationPath } from '../destination.ts';
import { makePartialDir } from '../partial-dir.ts';
import type { ReceiverInput } from './input.ts';
import { moveFile } from './move-file.ts';

/** A file that the run left unfinished under its temporary name. */
export interface UnfinishedFile {
  readonly list: FileList;
  readonly i: number;
  readonly temporary: ByteString;
  readonly redo: boolean;
}

/**
 * --partial: what came of a file takes its name, or goes to the partial-dir (the part of rsync's exit_cleanup
 * that keeps files). Nothing is kept of a file that nothing came of.
 */
export async function keepPart(ctx: RoleContext, input: ReceiverInput, file: UnfinishedFile): Promise<void> {
  const { options, attributes } = ctx;
  const { tree } = input.destination;
  const { list, i, temporary } = file;
  const path = destinationPath(input.destination, list, i);
  const target = options.partialDir === '' ? path : partialDirName(path, options.partialDir);
  try {
    if (
      target === undefined ||
      tree.lstat(temporary).size() === 0 ||
      !(await canTake(ctx, tree, target, path, file))
    ) {
      tree.unlink(temporary);
      return;
    }
    setAttributes(ctx, { tree, path: temporary, list, i }, undefined, {
      flags: AttrFlag.SkipTimes,
      who: 'receiver',
    });
    // An old time keeps --update from taking it for newer than the source.
    if (target === path && attributes.times)
      tree.setMeta(temporary, { mtime: 0, mtimeNsec: list.mtimeNsec(i) });
    await moveFile(tree, temporary, target, list.mode(i));
  } catch (error) {
    // The run has failed already, and has said why.
    if (!(error instanceof SysError)) throw error;
  }
}

/** The old file is kept as a backup first, or the partial-dir is made. */
async function canTake(
  ctx: RoleContext,
  tree: Tree,
  target: ByteString,
  path: ByteString,
  file: UnfinishedFile,
): Promise<boolean> {
  if (target !== path) return makePartialDir(tree, target);
  return !ctx.options.backup || file.redo || (await makeBackup(ctx, tree, path, false, 'receiver')) === 0;
}
