import { closeSync } from 'node:fs';
import { ExitCode, RsyncError } from '../errors.ts';
import { readSome } from '../filter/read-rule-file.ts';
import { type Host, linkOwner, pathAt, type Site } from '../host.ts';
import { openTrusted } from '../kernel/trusted-path.ts';
import type { Options } from '../options/options.ts';
import { errnoText } from '../transport/io-error.ts';
import { refusal } from './refusal.ts';

const pieceBytes = 64 * 1024;

/** An open --files-from file. */
export interface NamesFile {
  /** All that is in it. */
  read(): Uint8Array;
  close(): void;
}

/**
 * Opens the --files-from file where it is on this side, before anything is sent; `-` is standard input. One that
 * cannot be opened is a mistake of the command line.
 */
export function openNames(
  options: Pick<Options, 'filesFrom' | 'filesFromHost' | 'insecureLinks' | 'server'>,
  host: Pick<Host, 'descriptors' | 'user'>,
  site: Site,
): NamesFile | undefined {
  const { filesFrom: path, filesFromHost, server } = options;
  if (path === '' || filesFromHost !== undefined) return undefined;
  if (path === '-') return { read: () => readAll(host.descriptors.input), close() {} };
  const absolute = pathAt(site, path);
  const owner = linkOwner(host, options.insecureLinks);
  let fd: number;
  try {
    fd = openTrusted(absolute, owner);
  } catch (error) {
    const why = errnoText(error as NodeJS.ErrnoException).replace(/ \(\d+\)$/, '');
    const failure = new RsyncError(ExitCode.Syntax, [
      ...refusal(absolute, owner),
      `rsync: failed to open files-from file ${path}: ${why}`,
    ]);
    failure.who = server ? 'server' : 'client';
    throw failure;
  }
  return {
    read() {
      try {
        return readAll(fd);
      } finally {
        closeSync(fd);
      }
    },
    close: () => closeSync(fd),
  };
}

function readAll(fd: number): Uint8Array {
  const pieces: Uint8Array[] = [];
  try {
    for (;;) {
      const piece = Buffer.allocUnsafe(pieceBytes);
      const n = readSome(fd, piece);
      if (n === 0) return Buffer.concat(pieces);
      pieces.push(piece.subarray(0, n));
    }
  } catch (error) {
    const why = errnoText(error as NodeJS.ErrnoException);
    throw new RsyncError(ExitCode.StreamIo, `safe_read failed to read 1 bytes: ${why}`, { cause: error });
  }
}
