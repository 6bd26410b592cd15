import { SysError } from '../../errors.ts';
import type { ByteString, Tree } from '../../kernel/kernel.ts';
import * as text from '../../report/messages.ts';

/** A file could be neither renamed nor copied. */
export interface MoveFailure {
  readonly call: 'rename' | 'copy';
  readonly errno: number;
}

/**
 * Gives a finished file its name (rsync's robust_rename). From a --temp-dir on another file system it is copied, where
 * `stage` says: to the name itself, or to one beside it that the caller renames. undefined: it was renamed.
 */
export async function moveFile(
  tree: Tree,
  from: ByteString,
  to: ByteString,
  mode: number,
  stage: () => ByteString | undefined = () => to,
): Promise<MoveFailure | { readonly copiedTo: ByteString } | undefined> {
  let call: MoveFailure['call'] = 'rename';
  try {
    tree.rename(from, to);
    return undefined;
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    if (error.errno !== text.EXDEV) return { call, errno: error.errno };
  }
  call = 'copy';
  const copy = stage();
  if (copy === undefined) return { call, errno: text.EXDEV };
  try {
    unlinkIfThere(tree, copy);
    await tree.copyFile(from, copy, mode);
    tree.unlink(from);
    return { copiedTo: copy };
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    return { call, errno: error.errno };
  }
}

function unlinkIfThere(tree: Tree, path: ByteString): void {
  try {
    tree.unlink(path);
  } catch (error) {
    if (!(error instanceof SysError) || error.errno !== text.ENOENT) throw error;
  }
}
