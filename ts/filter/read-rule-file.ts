import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync } from 'node:fs';
import { SysError } from '../errors.ts';
import type { ByteString } from '../kernel/kernel.ts';

/**
 * Reads a rule file whole; `-` is standard input. A symbolic link in its path is followed only where it
 * belongs to root or to us: the tree may have been planted by somebody else. Throws `SysError`.
 */
export function readRuleFile(path: ByteString): Uint8Array {
  try {
    if (path === '-') return readFileSync(0);
    const fd = openSync(Buffer.from(path, 'latin1'), constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      refuseForeignLinks(path);
      if (fstatSync(fd).isDirectory()) throw new SysError(21, 'EISDIR', 'read');
      return readFileSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw asSysError(error);
  }
}

function refuseForeignLinks(path: ByteString): void {
  const us = process.geteuid?.();
  if (us === undefined) return;
  for (let end = path.indexOf('/', 1); ; end = path.indexOf('/', end + 1)) {
    const part = end < 0 ? path : path.slice(0, end);
    const stat = lstatSync(Buffer.from(part, 'latin1'));
    if (stat.isSymbolicLink() && stat.uid !== 0 && stat.uid !== us) throw new SysError(40, 'ELOOP', 'open');
    if (end < 0) return;
  }
}

function asSysError(error: unknown): unknown {
  if (error instanceof SysError || !(error instanceof Error)) return error;
  const { errno, code, syscall } = error as NodeJS.ErrnoException;
  if (errno === undefined || code === undefined) return error;
  return new SysError(Math.abs(errno), code, syscall ?? 'open');
}
