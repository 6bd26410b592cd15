import { readFile } from 'node:fs/promises';
import { ExitCode, RsyncError } from '../errors.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { errnoText } from '../transport/io-error.ts';

/** Most bytes that a daemon takes before the module's name. */
const maxEarlyInput = 4096 + 1024;

/** The file of --early-input, for the module's `early exec`; empty for ''. Exit 5 where it cannot be had. */
export async function earlyInput(file: ByteString): Promise<Buffer> {
  if (file === '') return Buffer.alloc(0);
  let data: Buffer;
  try {
    data = await readFile(Buffer.from(file, 'latin1'));
  } catch (error) {
    const text = errnoText(error as NodeJS.ErrnoException);
    throw new RsyncError(ExitCode.StartClient, `failed to open ${file}: ${text}`, { cause: error });
  }
  if (data.length > maxEarlyInput)
    throw new RsyncError(ExitCode.StartClient, `${file} is > ${maxEarlyInput} bytes.`);
  return data;
}
