import * as fs from 'node:fs';
import type { ByteString } from '../../kernel.ts';
import { asSysError, attempt } from '../sys-error.ts';
import type { Turns } from '../turn.ts';
import type { Directory } from './directory.ts';
import { createNew, openToRead } from './open-file.ts';

const bufferBytes = 256 * 1024;

/**
 * `Tree.copyFile`: the target is replaced, and removed again where the copy fails. Of `mode` it gets its owner's part: whose
 * it shall be is not known here.
 */
export async function copyFile(
  directory: Directory,
  from: ByteString,
  to: ByteString,
  mode: number,
  turns: Turns,
): Promise<void> {
  const source = openToRead(directory, from).fd;
  try {
    const path = directory.resolve(to, 'open');
    removeOld(path);
    const target = createNew(path);
    try {
      if (!reflink(directory, source, from, target, path)) await copyBytes(source, target, turns);
      attempt('fchmod', () => fs.fchmodSync(target, mode & 0o700));
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

/** True where the file system shares the blocks. */
function reflink(
  directory: Directory,
  source: number,
  from: ByteString,
  target: number,
  path: Buffer,
): boolean {
  const [input, output] = heldPaths(directory, source, from, target, path);
  try {
    fs.copyFileSync(input, output, fs.constants.COPYFILE_FICLONE_FORCE);
    return true;
  } catch {
    return false;
  }
}

async function copyBytes(source: number, target: number, turns: Turns): Promise<void> {
  const buffer = Buffer.allocUnsafeSlow(bufferBytes);
  for (let at = 0; ; ) {
    const n = fs.readSync(source, buffer, 0, buffer.length, at);
    if (n === 0) return;
    for (let done = 0; done < n; ) done += fs.writeSync(target, buffer, done, n - done, at + done);
    at += n;
    if (turns.spend(n)) await turns.next();
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
