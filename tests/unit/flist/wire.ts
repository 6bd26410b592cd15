import type { FlistContext } from '../../../ts/flist/context.ts';
import type { FlistFormat } from '../../../ts/flist/wire-format.ts';
import type { Kernel } from '../../../ts/kernel/kernel.ts';
import { defaultOptions } from '../../../ts/options/defaults.ts';
import { apart, fastPaths, type SharedPaths } from '../../../ts/options/fast-paths.ts';
import type { Options } from '../../../ts/options/options.ts';
import { flistTexts } from '../../../ts/session/flist-texts.ts';
import type { Negotiated } from '../../../ts/wire/negotiated.ts';
import { Reader } from '../../../ts/wire/reader.ts';
import { Writer } from '../../../ts/wire/writer.ts';

/** A writer whose bytes are kept. */
export function collectingWriter(protocol: number): { writer: Writer; bytes(): Promise<Buffer> } {
  const chunks: Buffer[] = [];
  const writer = new Writer({
    async write(pieces) {
      for (const piece of pieces) chunks.push(Buffer.from(piece));
    },
    unsent: () => 0,
    async end() {},
  });
  writer.setProtocol(protocol);
  return {
    writer,
    async bytes() {
      await writer.drain();
      return Buffer.concat(chunks);
    },
  };
}

/** A reader that is given `bytes` in pieces of at most `piece`. */
export function readerOf(bytes: Uint8Array, protocol: number, piece = 1 << 20): Reader {
  let at = 0;
  const reader = new Reader(
    {
      async read(into) {
        const n = Math.min(piece, into.length, bytes.length - at);
        into.set(bytes.subarray(at, at + n));
        at += n;
        return n;
      },
    },
    { message() {}, beforeWait() {} },
  );
  reader.setProtocol(protocol);
  return reader;
}

export function testFormat(protocol: number, changes: Partial<FlistFormat> = {}): FlistFormat {
  return {
    protocol,
    incRecurse: false,
    safeFlist: protocol >= 31,
    varintFlags: protocol >= 31,
    id0Names: false,
    owner: true,
    group: true,
    links: true,
    convertsTargets: false,
    devices: true,
    specials: true,
    hardLinks: false,
    atimes: false,
    acls: false,
    xattrs: false,
    idLists: false,
    numericIds: true,
    relative: false,
    recursive: true,
    sumLength: 0,
    digest: { name: 'md5', seed: 0, seedFirst: true },
    ...changes,
  };
}

export function testNegotiated(protocol: number, changes: Partial<Negotiated> = {}): Negotiated {
  return {
    protocol,
    incRecurse: false,
    safeFlist: protocol >= 31,
    symlinkTimes: true,
    convertsTargets: false,
    xattrOptim: false,
    varintFlistFlags: protocol >= 31,
    id0Names: false,
    inplacePartialDir: true,
    compatFlags: 0,
    checksumSeed: 0,
    transferDigest: { name: 'md5', seed: 0, seedFirst: true },
    fileDigest: { name: 'md5', seed: 0, seedFirst: true },
    codec: { name: 'none', level: 0, threads: 0 },
    ...changes,
  };
}

/** Options of -rlptgoD. */
export function testOptions(changes: Partial<Options> = {}): Options {
  return defaultOptions({
    recursive: true,
    dirs: true,
    numericIds: true,
    links: true,
    perms: true,
    times: true,
    group: true,
    owner: true,
    devices: true,
    specials: true,
    impliedDirs: true,
    ...changes,
  });
}

/** What is printed ends up in `lines`. */
export function testContext(
  kernel: Kernel,
  options: Options,
  negotiated: Negotiated,
  shared: SharedPaths = apart,
): FlistContext & { lines: string[] } {
  const lines: string[] = [];
  const { protocol, incRecurse, codec } = negotiated;
  return {
    kernel,
    options,
    paths: fastPaths(options, {
      server: false,
      shared,
      protocol,
      incRecurse,
      codec: codec.name,
      chosen: false,
    }),
    negotiated,
    texts: flistTexts,
    state: { ioError: 0 },
    lines,
    report: {
      showsSums: false,
      print: (code, text) => void lines.push(`${code}: ${text}`),
      info: () => false,
      debug: () => false,
      trace: () => {},
      flistProgress: () => {},
    },
  };
}
