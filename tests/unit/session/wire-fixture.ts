import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Kernel } from '../../../ts/kernel/kernel.ts';
import { openPlainDigest } from '../../../ts/kernel/portable/digest/digest.ts';
import type { Wire } from '../../../ts/session/handshake.ts';
import type { Duplex } from '../../../ts/transport/duplex.ts';
import { nodeStreamHalves } from '../../../ts/transport/fd-stream.ts';
import { Reader } from '../../../ts/wire/reader.ts';
import { Writer } from '../../../ts/wire/writer.ts';
import { testEnvironment } from '../../support/run.ts';

/** A kernel that has every choice there is. */
export const choices: Pick<Kernel, 'digests' | 'compressions' | 'can' | 'digest'> = {
  digests: ['sha512', 'sha256', 'xxh128', 'xxh3', 'xxh64', 'md5', 'md4', 'sha1', 'none'],
  compressions: ['zstd', 'lz4', 'zlibx', 'zlib', 'none'],
  can: { mknod: true, nanoseconds: true, linkTimes: true, xattrs: true },
  digest(name, data) {
    const digest = openPlainDigest(name);
    digest.update(data, 0, data.length);
    return digest.final();
  },
};

/** Reader and writer of one end. */
export function wireOf(duplex: Pick<Duplex, 'source' | 'sink'>): Wire {
  const writer = new Writer(duplex.sink);
  const reader = new Reader(duplex.source, { message() {}, beforeWait: () => writer.flush() });
  return { reader, writer };
}

export interface Served extends Wire {
  /** Ends the child and gives what it wrote to stderr. */
  stop(): Promise<string>;
}

/** A real program whose stdin and stdout are the wire. */
export function serve(command: readonly string[], env: Record<string, string | undefined> = {}): Served {
  const child = spawn(command[0], command.slice(1), { env: testEnvironment(env) });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString('latin1');
  });
  const closed = new Promise<void>((resolve) => child.on('close', () => resolve()));
  const [source, sink] = nodeStreamHalves(child.stdout as Socket, child.stdin as Socket);
  return {
    ...wireOf({ source, sink }),
    async stop() {
      source.destroy();
      sink.destroy();
      await closed;
      return stderr;
    },
  };
}

/** Reads payload bytes until `text` has gone by; proof that both ends are in step. */
export async function findInStream({ reader }: Wire, text: string, limit = 4000): Promise<boolean> {
  let seen = '';
  for (let i = 0; i < limit; i++) {
    seen += String.fromCharCode(await reader.record(() => reader.byte()));
    if (seen.endsWith(text)) return true;
  }
  return false;
}
