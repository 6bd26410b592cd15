import { SysError } from '../../errors.ts';
import type { ByteString } from '../../kernel/kernel.ts';
import { Msg } from '../../wire/constants.ts';
import { inPlaceBytes } from '../../wire/limits.ts';
import type { Generator } from './state.ts';

/**
 * --remove-source-files: tells the sender that an entry is in place, so that it can go there (rsync's
 * send_msg_success). With the older --remove-sent-files only what was `sent` counts.
 */
export function tellInPlace(gen: Generator, ndx: number, path: ByteString, sent = false): void {
  const { options, writer, local } = gen.ctx;
  if (!options.removeSourceFiles || options.dryRun) return;
  if (options.removeSentFiles && !sent) return;
  const payload = Buffer.alloc(local ? inPlaceBytes : 4);
  payload.writeInt32LE(ndx);
  if (local) putInode(gen, path, payload);
  writer.message(Msg.Success, payload);
}

function putInode({ destination }: Generator, path: ByteString, payload: Buffer): void {
  try {
    const stats = destination.tree.stat(path);
    payload.writeBigUInt64LE(BigInt(stats.dev()), 4);
    payload.writeUInt32LE(stats.inoLow(), 12);
    payload.writeUInt32LE(stats.inoHigh(), 16);
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
  }
}
