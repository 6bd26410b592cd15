/**
 * Decodes both directions of a conversation for one who takes no part in it. What of a direction can be understood only with
 * what the other one says waits for that: it was said before, or who speaks could not have known it either.
 */
import { ExitCode, protocolError, RsyncError } from '../errors.ts';
import { readRule, rulesAreSent } from '../filter/codec.ts';
import type { ByteString, CompressName, DigestName } from '../kernel/kernel.ts';
import { digestLength } from '../kernel/kernel.ts';
import type { Options } from '../options/options.ts';
import { type ParseContext, parseServerArgs } from '../options/parse.ts';
import { namesFromWire } from '../session/files-from.ts';
import { agreedOn, openChoices, optionsForProtocol } from '../session/handshake.ts';
import { availableChoices, type ChoiceKind, choose, maxListLength } from '../session/negotiate.ts';
import { Compat, Msg, maxProtocol, minProtocol } from '../wire/constants.ts';
import type { Negotiated } from '../wire/negotiated.ts';
import { Dialogue, hearWords } from './dialogue.ts';
import { later } from './later.ts';
import { HeardLists } from './lists.ts';
import { type HeardRun, hearGenerator, hearSender } from './roles.ts';
import { type Heard, type Say, Stream, type Way } from './stream.ts';
import { compatNames, messageName } from './words.ts';

/** When it was does not matter: who listens does not stop with them. */
const heard: ParseContext = { env: {}, now: () => 0 };

/** What a conversation is that somebody listens to. */
export interface Wire {
  /** `daemon`: it begins with a daemon's greeting, and the server's arguments come over the wire. */
  readonly kind: 'shell' | 'daemon';
  /** The server's arguments as far as they do not come over the wire. */
  readonly words: readonly ByteString[];
}

export interface Conversation {
  /** Takes bytes that passed (none: the end of that direction), and tells of what they complete. */
  feed(way: Way, bytes: Uint8Array): Promise<void>;
  /** Ends both directions; answers what became of them. */
  finish(): Promise<Readonly<Record<Way, Heard>>>;
}

/** Everything there is: what was agreed on is known by both ends. */
export const everything = {
  digests: Object.keys(digestLength) as DigestName[],
  compressions: ['zstd', 'lz4', 'zlibx', 'zlib', 'none'] as CompressName[],
  can: { linkTimes: true, mknod: true, nanoseconds: true, xattrs: true },
};

export function listen(wire: Wire, say: Say): Conversation {
  const hearing = new Hearing(wire, say);
  return {
    async feed(way, bytes) {
      hearing.streams[way].feed(bytes);
      await settled();
    },
    async finish() {
      const { there, back } = hearing.streams;
      there.feed(nothing);
      back.feed(nothing);
      await settled();
      hearing.abandon(brokenOff());
      await settled();
      return { there: there.heard(), back: back.heard() };
    },
  };
}

const nothing = new Uint8Array(0);

function brokenOff(): RsyncError {
  return new RsyncError(ExitCode.StreamIo, 'nothing more can be understood without the other direction');
}

/** Decoders wait for nothing but each other and what they are fed: after a turn of the event loop they have done all they can. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Why something is not understood. Whatever it is, who only listens does not end the run by it. */
export function problemOf(error: unknown): ByteString {
  if (error instanceof RsyncError) return error.lines.join(' ');
  return `the decoder failed: ${error instanceof Error ? error.message : String(error)}`;
}

/** What is known of a run, and who finds it out. */
class Hearing {
  readonly streams: Readonly<Record<Way, Stream>>;
  private readonly dialogue = new Dialogue();
  private readonly versions = { there: later<number>(), back: later<number>() };
  private readonly flags = later<number>();
  /** Names of checksums and compressions, in the order of `openChoices`. */
  private readonly clientLists = later<readonly ByteString[]>();
  /** The server's arguments. */
  private readonly told = later<{ readonly options: Options; readonly protocol: number | undefined }>();
  private readonly run = later<HeardRun>();
  private lists: HeardLists | undefined;

  constructor({ kind, words }: Wire, say: Say) {
    const message = (stream: Stream, tag: number, payload: Buffer): void =>
      stream.tell(this.messageText(tag, payload));
    this.streams = { there: new Stream('there', say, message), back: new Stream('back', say, message) };
    const isDaemon = kind === 'daemon';
    void this.hear(this.streams.there, () => this.client(isDaemon, words));
    void this.hear(this.streams.back, () => this.server(isDaemon));
  }

  abandon(reason: Error): void {
    for (const fact of [
      this.versions.there,
      this.versions.back,
      this.flags,
      this.clientLists,
      this.told,
      this.run,
    ])
      fact.never(reason);
    this.dialogue.abandon(reason);
  }

  /** Hears a direction out. What it cannot be understood for ends it, and not the other one, unless that has to know more. */
  private async hear(stream: Stream, work: () => Promise<void>): Promise<void> {
    let problem: ByteString | undefined;
    try {
      await work();
      if (await stream.reader.waitForInput()) problem = 'more follows than there should be';
    } catch (error) {
      problem = problemOf(error);
      this.abandon(brokenOff());
    }
    stream.stop(problem);
  }

  private async client(isDaemon: boolean, words: readonly ByteString[]): Promise<void> {
    const { there: stream } = this.streams;
    let all = words;
    let protocol: number | undefined;
    if (isDaemon) {
      const asked = await this.dialogue.client(stream);
      if (asked === undefined) return;
      ({ words: all, protocol } = asked);
    }
    if (parseServerArgs(all, heard).options.secludedArgs) {
      const [, ...more] = await hearWords(stream, '\0', 'secluded arguments');
      all = [...all, ...more];
    }
    const { options } = parseServerArgs(all, heard);
    this.told.is({ options, protocol });
    if (protocol === undefined) await this.version(stream, 'there');
    const flags = await this.flags.value;
    if (isNegotiated(options, flags)) this.clientLists.is(await this.choices(stream, options));
    else this.clientLists.is([]);

    const run = await this.run.value;
    const { negotiated } = run;
    const { sender } = run.options;
    if (negotiated.protocol >= 30 || (sender && options.removeSourceFiles)) stream.reader.startMultiplex();
    if (rulesAreSent(run.options, negotiated.protocol)) await hearRules(stream, sender);
    if (sender && options.filesFrom === '-') await hearNames(stream, negotiated.protocol);
    if (!sender) await this.send(stream, run, false);
    else await this.generate(stream, run);
  }

  private async server(isDaemon: boolean): Promise<void> {
    const { back: stream } = this.streams;
    if (isDaemon && !(await this.dialogue.daemon(stream))) return;
    const { options, protocol: spoken } = await this.told.value;
    let protocol = spoken;
    if (protocol === undefined) {
      await this.version(stream, 'back');
      protocol = Math.min(await this.versions.there.value, await this.versions.back.value);
    }
    if (protocol < minProtocol || protocol > maxProtocol)
      throw protocolError(`protocol ${protocol} is unknown`);
    for (const { reader } of Object.values(this.streams)) reader.setProtocol(protocol);
    const flags = protocol >= 30 ? await this.compatFlags(stream, options) : 0;
    this.flags.is(flags);
    const theirs = isNegotiated(options, flags) ? await this.choices(stream, options) : [];
    const names = agreedNames(options, await this.clientLists.value, theirs);
    const { at, value: checksumSeed } = await stream.record('the seed', (reader) => reader.int());
    stream.tell(`checksum seed ${checksumSeed}`, at);
    const given = optionsForProtocol(options, protocol);
    const negotiated = agreedOn(
      {
        amServer: false,
        amSender: !options.sender,
        options: given,
        kernel: everything,
        clientInfo: options.clientInfo,
        host: { env: {}, pid: 0, now: () => 0 },
      },
      { protocol, flags, names, checksumSeed },
    );
    stream.tell(agreement(negotiated));
    stream.reader.startMultiplex();
    const senders = options.sender ? stream : this.streams.there;
    const lists = new HeardLists(senders, negotiated, given);
    this.lists = lists;
    const run = { negotiated, options: given, lists };
    this.run.is(run);
    if (options.sender) return this.send(stream, run, true);
    if (options.filesFrom !== '') await hearNames(stream, protocol);
    return this.generate(stream, run);
  }

  private async send(stream: Stream, run: HeardRun, isServer: boolean): Promise<void> {
    await run.lists.take(-1);
    // A server that has nothing says no more.
    if (isServer && run.lists.lists.totals.entries === 0) return;
    await hearSender(stream, run, isServer);
  }

  private async generate(stream: Stream, run: HeardRun): Promise<void> {
    // Who is sent nothing has nothing to ask for.
    if (!(await stream.reader.waitForInput()) && run.lists.lists.totals.entries === 0) return;
    await hearGenerator(stream, run);
  }

  private async version(stream: Stream, way: Way): Promise<void> {
    const { at, value } = await stream.record('the protocol version', (reader) => reader.int());
    stream.tell(`protocol version ${value}`, at);
    this.versions[way].is(value);
  }

  private async compatFlags(stream: Stream, { clientInfo }: Options): Promise<number> {
    // A development version of 3.2.0 read one byte here.
    const isByte = clientInfo.includes('V');
    const { at, value } = await stream.record('the compat flags', (reader) =>
      isByte ? reader.byte() : reader.varint(),
    );
    stream.tell(`compat flags: ${compatNames(value)}`, at);
    return value;
  }

  /** One side's names of checksums and compressions. */
  private async choices(stream: Stream, options: Options): Promise<ByteString[]> {
    const lists: ByteString[] = [];
    for (const kind of openChoices(options)) {
      const { at, value } = await stream.record(`the ${kind} list`, (reader) =>
        reader.vstring(maxListLength),
      );
      stream.tell(`${kind} list: ${value}`, at);
      lists.push(value);
    }
    return lists;
  }

  private messageText(tag: number, payload: Buffer): ByteString {
    const name = messageName(tag);
    switch (tag) {
      case Msg.Success:
      case Msg.NoSend: {
        const ndx = payload.readInt32LE();
        return `${name} ${ndx} ${this.lists?.entryOf(ndx)?.path ?? ''}`.trimEnd();
      }
      case Msg.Noop:
        return name;
      case Msg.IoError:
      case Msg.IoTimeout:
      case Msg.ErrorExit:
        return payload.length === 0 ? name : `${name} ${payload.readInt32LE()}`;
      case Msg.Deleted:
        return `${name} ${payload.toString('latin1').replace(/\0$/, '/')}`;
      default:
        return `${name} ${payload.toString('latin1').replace(/[\r\n]+$/, '')}`;
    }
  }
}

/** Whether names are exchanged. Clients with the superseded capability `V` do not. */
function isNegotiated({ clientInfo }: Options, flags: number): boolean {
  return (flags & Compat.VarintFlistFlags) !== 0 && clientInfo.includes('v');
}

/** What both ends come to: the client's first name that the server has, too. */
function agreedNames(
  options: Options,
  ours: readonly ByteString[],
  theirs: readonly ByteString[],
): Record<ChoiceKind, string | undefined> {
  const names: Record<ChoiceKind, string | undefined> = { checksum: undefined, compress: undefined };
  openChoices(options).forEach((kind, k) => {
    const [mine, peer] = [ours[k], theirs[k]];
    if (mine === undefined || peer === undefined) return;
    const name = choose(
      { names: mine.split(' '), text: mine },
      peer,
      false,
      availableChoices(kind, everything),
    );
    if (name === undefined) throw new RsyncError(ExitCode.Unsupported, `no ${kind} is on both lists`);
    names[kind] = name;
  });
  return names;
}

/** What a handshake came to, in one line. */
export function agreement({
  protocol,
  incRecurse,
  transferDigest,
  fileDigest,
  codec,
}: Negotiated): ByteString {
  const sums = transferDigest.name === fileDigest.name ? '' : `, in lists ${fileDigest.name}`;
  const lists = incRecurse ? 'in segments' : 'whole';
  return `= protocol ${protocol}, sums ${transferDigest.name}${sums}, compression ${codec.name}, lists come ${lists}`;
}

async function hearRules(stream: Stream, serverSends: boolean): Promise<void> {
  for (;;) {
    const { at, value: rule } = await stream.record('the filter rules', (reader) =>
      readRule(reader, serverSends ? 'sender' : 'Receiver'),
    );
    stream.tell(rule === '' ? 'end of the filter rules' : `filter rule: ${rule}`, at);
    if (rule === '') return;
  }
}

async function hearNames(stream: Stream, protocol: number): Promise<void> {
  stream.within = 'the names of --files-from';
  const start = stream.reader.offset;
  let count = 0;
  for await (const name of namesFromWire(stream.reader, protocol, undefined)) {
    count++;
    stream.tell(`file to send: ${name}`);
  }
  stream.tell(`end of the names of --files-from, ${count} of them`, start);
}
