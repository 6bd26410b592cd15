import * as fs from 'node:fs';
import type { ByteString } from '../../kernel.ts';
import { asSysError, attempt } from '../sys-error.ts';
import type { Directory } from './directory.ts';
import { createNew, openToRead } from './open-file.ts';

/** `Tree.copyFile`: the target is replaced, and removed again where the copy fails. */
export async function copyFile(
  directory: Directory,
  from: ByteString,
  to: ByteString,
  mode: number,
): Promise<void> {
  const source = openToRead(directory, from).fd;
  try {
    const path = directory.resolve(to, 'open');
    removeOld(path);
    const target = createNew(path);
    try {
      const [input, output] = heldPaths(directory, source, from, target, path);
      await fs.promises.copyFile(input, output, fs.constants.COPYFILE_FICLONE);
      attempt('fchmod', () => fs.fchmodSync(target, mode & 0o7777));
    } catch (error) {
      fs.unlinkSync(directory.resolve(to, 'unlink'));
      throw asSysError(error, 'write');
    } finally {
      fs.closeSync(target);
    }
  } finally {
    fs.closeSync(source);
  }
}

/** Paths that lead to the open files themselves, where the system has such. */
function heldPaths(
  directory: Directory,
  source: number,
  from: ByteString,
  target: number,
  path: Buffer,
): [string | Buffer, string | Buffer] {
  if (process.platform === 'linux') return [`/proc/self/fd/${source}`, `/proc/self/fd/${target}`];
  return [directory.resolve(from, 'open'), path];
}

function removeOld(path: Buffer): void {
  try {
    fs.unlinkSync(path);
  } catch (error) {
    const failed = asSysError(error, 'unlink');
    if (failed.code !== 'ENOENT') throw failed;
  }
}
