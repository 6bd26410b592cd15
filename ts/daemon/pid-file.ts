/** pid file: says which process the daemon is, and is locked by it, so that there are not two. */
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { errnoText } from '../errno.ts';
import { ExitCode, RsyncError, SysError } from '../errors.ts';
import { type Host, pathAt } from '../host.ts';
import type { ByteString, Kernel } from '../kernel/kernel.ts';
import { systemErrorOf } from '../kernel/trusted-path.ts';

const { O_CREAT, O_NOFOLLOW, O_RDWR } = constants;
const mode = 0o664;
const lockedBytes = 4;
/** More than that is no file of ours. */
const mostBytes = 32;

/** Writes it; the function that is given removes it. Throws exit 11 where it cannot be, or belongs to another daemon. */
export function writePidFile(file: ByteString, host: Host, { lockRange }: Kernel): () => void {
  if (file === '') return () => {};
  const path = Buffer.from(pathAt({ cwd: host.workingDirectory() }, file), 'latin1');
  let step = 'create';
  let fd: number | undefined;
  const refuse = (what: string, why: string): RsyncError =>
    new RsyncError(ExitCode.FileIo, `failed to ${what} pid file ${file}: ${why}`);
  try {
    const before = lstatSync(path, { throwIfNoEntry: false });
    if (before !== undefined && !before.isFile()) {
      step = 'unlink';
      unlinkSync(path);
    } else if (before !== undefined) step = 'open';
    fd = openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW, mode);
    if (lockRange !== undefined && !lockRange(fd, 0, lockedBytes))
      throw refuse('lock', 'Resource temporarily unavailable');
    const [held, there] = [fstatSync(fd), lstatSync(path)];
    if (held.size > mostBytes) throw refuse('find small', 'File too large');
    if (held.ino !== there.ino || held.dev !== there.dev) throw refuse('verify stat info for', 'Success');
    step = 'write';
    ftruncateSync(fd);
    writeSync(fd, `${host.pid}\n`);
  } catch (error) {
    if (fd !== undefined) closeSync(fd);
    const failed = systemErrorOf(error);
    throw failed instanceof SysError ? refuse(step, errnoText(failed.errno)) : failed;
  }
  return () => {
    try {
      unlinkSync(path);
    } catch {
      // Somebody was quicker.
    }
  };
}
