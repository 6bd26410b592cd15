/** A batch: what a sender has said once, without frames. */
import { protocolError } from '../errors.ts';
import type { ByteString } from '../kernel/kernel.ts';
import type { Options } from '../options/options.ts';
import { plainOptions } from '../options/settle.ts';
import { agreedOn, optionsForProtocol } from '../session/handshake.ts';
import { matchStream } from '../session/stream-flags.ts';
import { maxProtocol, minProtocol } from '../wire/constants.ts';
import { agreement, everything, problemOf, settled } from './conversation.ts';
import { HeardLists } from './lists.ts';
import { hearSender } from './roles.ts';
import { type Heard, type Say, Stream } from './stream.ts';
import { compatNames, messageName } from './words.ts';

/** Bits of a batch's flags; rsync has no more. */
const mostFlags = 1 << 15;

/** Whether a file that begins so can be a batch: flags, then the protocol. */
export function beginsBatch(head: Buffer): boolean {
  if (head.length < 8) return false;
  const [flags, protocol] = [head.readInt32LE(0), head.readInt32LE(4)];
  return flags >= 0 && flags < mostFlags && protocol >= minProtocol && protocol <= maxProtocol;
}

/** What a batch does not tell of itself, and what has to be known to read it. */
export type Guess = Partial<Pick<Options, 'checksumChoice' | 'numericIds' | 'specials' | 'atimes'>>;

/** What there may be in a batch that begins so, the usual first: -U, -D without specials, ids without names, other sums. */
export function guessesFor(head: Buffer): readonly Guess[] {
  const { checksum, devices } = optionsOf(head.readInt32LE(0), {}, []);
  const sums = ['', 'xxh64', 'sha1', 'none', ...(checksum ? ['md5,xxh64', 'md5,sha1', 'xxh64,md5'] : [])];
  return [0, 1].flatMap((atimes) =>
    (devices ? [true, false] : [false]).flatMap((specials) =>
      [false, true].flatMap((numericIds) =>
        sums.map((checksumChoice) => ({ atimes, specials, numericIds, checksumChoice })),
      ),
    ),
  );
}

/** `fits`: its statistics tell of the files that are in it, so that it was read as it was written. */
export interface HeardBatch extends Heard {
  readonly fits: boolean;
}

/** Decodes the pieces of a batch as long as they are understood. */
export async function hearBatch(pieces: Iterable<Uint8Array>, guess: Guess, say: Say): Promise<HeardBatch> {
  const stream = new Stream('back', say, (_stream, tag) => {
    throw protocolError(`${messageName(tag)} in a batch`);
  });
  let fits = false;
  const heard = (async () => {
    fits = await hear(stream, guess);
    if (await stream.reader.waitForInput()) throw protocolError('more follows than there should be');
  })().then(
    () => stream.stop(undefined),
    (error: unknown) => stream.stop(problemOf(error)),
  );
  for (const piece of pieces) {
    stream.feed(piece);
    await settled();
    if (stream.isStopped) break;
  }
  stream.feed(new Uint8Array(0));
  await heard;
  return { ...stream.heard(), fits };
}

async function hear(stream: Stream, guess: Guess): Promise<boolean> {
  const { reader } = stream;
  const { value: flags } = await stream.record('the flags of the batch', () => reader.int());
  const { value: protocol } = await stream.record('the protocol', () => reader.int());
  reader.setProtocol(protocol);
  const names: ByteString[] = [];
  const options = optionsForProtocol(optionsOf(flags, guess, names), protocol);
  stream.tell(
    `batch of protocol ${protocol}, flags 0x${flags.toString(16)}: ${names.join(', ') || 'none'}`,
    0,
  );
  let compat = 0;
  if (protocol >= 30) {
    const { at, value } = await stream.record('the compat flags', () => reader.varint());
    compat = value;
    stream.tell(`compat flags: ${compatNames(compat)}`, at);
  }
  const { at, value: checksumSeed } = await stream.record('the seed', () => reader.int());
  stream.tell(`checksum seed ${checksumSeed}`, at);
  const negotiated = agreedOn(
    {
      amServer: false,
      amSender: false,
      options,
      kernel: everything,
      clientInfo: '',
      host: { env: {}, pid: 0, now: () => 0 },
      batch: 'read',
    },
    { protocol, flags: compat, names: { checksum: undefined, compress: undefined }, checksumSeed },
  );
  stream.tell(agreement(negotiated));
  const lists = new HeardLists(stream, negotiated, options);
  await lists.take(-1);
  return hearSender(stream, { negotiated, options, lists }, true);
}

/** The options that a batch was written with, as far as they concern what is in it; `names` takes those that it tells. */
function optionsOf(flags: number, guess: Guess, names: ByteString[]): Options {
  const base = { ...plainOptions(), ...guess };
  const tell = (line: ByteString): void => void names.push(/the (.*) option/.exec(line)?.[1] ?? line);
  const match = (given: Options): Options => {
    names.length = 0;
    // They are true in all protocols: that older ones do not look at some of them is the reader's affair.
    return matchStream(given, flags, maxProtocol, tell);
  };
  try {
    return match(base);
  } catch {
    // --iconv is the one thing that it insists on.
    const options = match({ ...base, iconv: 'utf-8' });
    names.push('--iconv');
    return options;
  }
}
