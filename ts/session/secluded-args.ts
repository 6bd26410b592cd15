/** --secluded-args: what passes no shell comes first on the wire. */
import { ExitCode, RsyncError } from '../errors.ts';
import type { ByteString } from '../kernel/kernel.ts';
import * as text from '../report/messages.ts';
import type { Duplex } from '../transport/duplex.ts';
import type { Source } from '../wire/source-sink.ts';
import type { End } from './end.ts';

const pieceBytes = 4096;
/** More than any system lets a command line have. */
const longest = 8 * 1024 * 1024;
const zero = 0;

/** What a server is told over the wire, in the wire's charset. */
export function forWire({ report, setup }: End, args: readonly ByteString[]): ByteString[] {
  if (report.debug('cmd')) report.print('client', text.protectedArgs(args));
  return args.map((arg) => setup.charset?.textToWire(arg) ?? arg);
}

/** The arguments after the client's name, and the wire as it is behind them. */
export async function readSecludedArgs(
  duplex: Duplex,
): Promise<{ args: readonly ByteString[]; duplex: Duplex }> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for (let end = -1; ; ) {
    const piece = new Uint8Array(pieceBytes);
    const n = await duplex.source.read(piece);
    pieces.push(piece.subarray(0, n));
    length += n;
    const all = Buffer.concat(pieces);
    end = n === 0 ? all.length : endOf(all);
    if (end < 0 && length <= longest) continue;
    if (end < 0) throw new RsyncError(ExitCode.Protocol, 'too many secluded arguments');
    const [, ...args] = all.toString('latin1', 0, end).split('\0');
    return { args, duplex: { ...duplex, source: withRest(duplex.source, all.subarray(end + 2)) } };
  }
}

/** Where the last argument ends: two zeros follow each other there, or the first byte is one. */
function endOf(bytes: Uint8Array): number {
  if (bytes.length > 0 && bytes[0] === zero) return 0;
  for (let at = bytes.indexOf(zero); at >= 0; at = bytes.indexOf(zero, at + 1))
    if (bytes[at + 1] === zero) return at;
  return -1;
}

/** A source of which some was read already. */
export function withRest(source: Source, read: Uint8Array): Source {
  let rest = read;
  return {
    async read(into) {
      if (rest.length === 0) return source.read(into);
      const n = Math.min(rest.length, into.length);
      into.set(rest.subarray(0, n));
      rest = rest.subarray(n);
      return n;
    },
    lend: source.lend && (() => (rest.length === 0 ? source.lend?.() : undefined)),
    sinceArrival: source.sinceArrival && (() => source.sinceArrival?.() ?? Number.POSITIVE_INFINITY),
  };
}
