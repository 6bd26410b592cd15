/** max connections: places in a lock file, each held by the process of a client. */
import { closeSync, constants } from 'node:fs';
import { SysError } from '../errors.ts';
import { linkOwner, pathAt } from '../host.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { openTrusted } from '../kernel/trusted-path.ts';
import { systemError } from '../report/messages.ts';
import type { Daemon } from './daemon.ts';
import { refuse } from './refusal.ts';

const { O_CREAT, O_RDWR } = constants;
const ownerOnly = 0o600;
/** Bytes of a place, as rsync has it: both can share a file. */
const placeBytes = 4;

/** Takes a place for as long as the process lives. Throws what the client is told where there is none. */
export function claimConnection(file: ByteString, most: number, { io: { host }, kernel }: Daemon): void {
  if (most === 0) return;
  const { lockRange } = kernel;
  if (lockRange === undefined)
    throw refuse('failed to open lock file', 'max connections needs the native kernel');
  let fd: number;
  try {
    fd = openTrusted(pathAt({ cwd: host.workingDirectory() }, file), linkOwner(host, false), {
      flags: O_RDWR | O_CREAT,
      mode: ownerOnly,
    });
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    throw refuse(
      'failed to open lock file',
      systemError('Receiver', error.errno, `failed to open lock file ${file}`),
    );
  }
  for (let place = 0; place < most; place++) if (lockRange(fd, place * placeBytes, placeBytes)) return;
  closeSync(fd);
  throw refuse(`max connections (${most}) reached -- try again later`, `max connections (${most}) reached`);
}
