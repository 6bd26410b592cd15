import { closeSync, readFileSync } from 'node:fs';
import { ExitCode, RsyncError } from '../errors.ts';
import { type Host, linkOwner, pathAt, type Site } from '../host.ts';
import { openTrusted } from '../kernel/trusted-path.ts';
import type { Options } from '../options/options.ts';
import { errnoText } from '../transport/io-error.ts';
import { refusal } from './refusal.ts';

/** Most bytes that a daemon takes before the module's name. */
const maxEarlyInput = 4096 + 1024;

interface EarlyInput {
  readonly options: Pick<Options, 'earlyInput' | 'insecureLinks'>;
  readonly host: Pick<Host, 'user'>;
  readonly site: Site;
}

/** The file of --early-input, for the module's `early exec`; empty for ''. Exit 5 where it cannot be had. */
export function earlyInput({ options, host, site }: EarlyInput): Buffer {
  const { earlyInput: file, insecureLinks } = options;
  if (file === '') return Buffer.alloc(0);
  let data: Buffer;
  const path = pathAt(site, file);
  const owner = linkOwner(host, insecureLinks);
  try {
    const fd = openTrusted(path, owner);
    try {
      data = readFileSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    const text = errnoText(error as NodeJS.ErrnoException);
    const lines = [...refusal(path, owner), `failed to open ${file}: ${text}`];
    throw new RsyncError(ExitCode.StartClient, lines, { cause: error });
  }
  if (data.length > maxEarlyInput)
    throw new RsyncError(ExitCode.StartClient, `${file} is > ${maxEarlyInput} bytes.`);
  return data;
}
