import { readFileSync } from 'node:fs';
import { ExitCode, RsyncError } from '../errors.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { errnoText } from '../transport/io-error.ts';

/** The content of a --files-from file; `-` is standard input. */
export function readNames(path: ByteString): Uint8Array {
  try {
    return readFileSync(path === '-' ? 0 : Buffer.from(path, 'latin1'));
  } catch (error) {
    throw new RsyncError(
      ExitCode.FileIo,
      `failed to open files-from file ${path}: ${errnoText(error as NodeJS.ErrnoException)}`,
      { cause: error },
    );
  }
}
