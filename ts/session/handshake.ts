import { ExitCode, protocolError, RsyncError } from '../errors.ts';
import type { Host } from '../host.ts';
import type { CodecSpec, CompressName, DigestName, DigestSpec, Kernel } from '../kernel/kernel.ts';
import type { Options } from '../options/options.ts';
import { allowIncRecurse } from '../options/server-args.ts';
import { protocolNotSpoken } from '../report/messages.ts';
import { Compat, maxProtocol, minProtocol } from '../wire/constants.ts';
import type { Negotiated } from '../wire/negotiated.ts';
import type { Reader } from '../wire/reader.ts';
import type { Writer } from '../wire/writer.ts';
import {
  availableChoices,
  type ChoiceKind,
  type ChoiceList,
  choose,
  codecSpec,
  defaultDigest,
  failedToNegotiate,
  fixedChecksums,
  fixedCompression,
  isAuto,
  type ListRequest,
  maxListLength,
  oldName,
  ourList,
} from './negotiate.ts';

/** The two directions of a connection, decoded. */
export interface Wire {
  readonly reader: Reader;
  readonly writer: Writer;
}

export interface HandshakeSetup {
  readonly amServer: boolean;
  readonly amSender: boolean;
  readonly options: Options;
  readonly kernel: Pick<Kernel, 'digests' | 'compressions' | 'can'>;
  /** What the server's -e option says: a pre-release protocol and the client's capability letters. */
  readonly clientInfo: string;
  /** Set when a daemon greeting has settled the versions already. */
  readonly remoteProtocol?: number;
  /** Our protocol after the daemon greeting (a pre-release peer lowers it); else `options.protocol`. */
  readonly protocol?: number;
  /** Both ends are in this process. */
  readonly localServer?: boolean;
  /** A batch is read back (nothing is sent) or recorded (old-style choices only). */
  readonly batch?: 'read' | 'write';
  /** `RSYNC_CHECKSUM_LIST`, `RSYNC_COMPRESS_LIST`, and what makes seeds differ. */
  readonly host: Pick<Host, 'env' | 'pid' | 'now'>;
  /** Lines for the user that are no errors (--debug=proto and nstr). */
  notice?(line: string): void;
}

/** Newest version that a peer may claim; beyond it the stream is taken for noise. */
const maxClaimedProtocol = 40;
/** Below it, too: no rsync of the last twenty years spoke less. */
const oldestClaimedProtocol = 20;

/**
 * rsync's setup_protocol: versions, compat flags, checksum and compression names, seed. Nothing of it is
 * multiplexed. On return all is flushed and the caller starts multiplexing: its output at once when it
 * is the server, from protocol 30 on when it is the client (below, a client's output stays plain); its
 * input from protocol 30 on when it is the server, at once when it is the client. Below protocol 31 a
 * client that sends and reads --files-from of the server starts its input only after the file list.
 *
 * Throws exit 2 (versions, options that need a newer protocol), 4 (no common checksum or compression),
 * 1 (incremental recursion that was not asked for), 12 (the stream ends).
 */
export async function handshake(wire: Wire, setup: HandshakeSetup): Promise<Negotiated> {
  const { reader, writer } = wire;
  const protocol = await agreeOnProtocol(wire, setup);
  checkOptions(setup.options, protocol, setup.localServer === true);
  reader.setProtocol(protocol);
  writer.setProtocol(protocol);

  const flags = protocol >= 30 ? await compatFlags(wire, setup) : 0;
  const incRecurse = (flags & Compat.IncRecurse) !== 0;
  if (incRecurse && !incRecurseAllowed(setup))
    throw new RsyncError(
      ExitCode.Syntax,
      `Incompatible options specified for inc-recursive ${setup.batch === 'read' ? 'batch file' : 'connection'}.`,
    );

  const negotiating = (flags & Compat.VarintFlistFlags) !== 0 && setup.batch !== 'read';
  const names = await negotiateNames(wire, setup, protocol, negotiating && !lacksNegotiation(setup));
  const checksumSeed = await exchangeSeed(wire, setup);
  const negotiated = agreedOn(setup, { protocol, flags, names, checksumSeed });
  tellChoices(setup, names, negotiated.transferDigest.name, negotiated.codec);
  return negotiated;
}

/** What passed in a handshake. */
export interface Exchanged {
  readonly protocol: number;
  /** The compat flags; 0 below protocol 30. */
  readonly flags: number;
  readonly names: NegotiatedNames;
  readonly checksumSeed: number;
}

/** What an exchange means for the run. */
export function agreedOn(
  setup: HandshakeSetup,
  { protocol, flags, names, checksumSeed }: Exchanged,
): Negotiated {
  const seedFixed = (flags & Compat.ChecksumSeedFix) !== 0;
  const digests = checksums(setup, protocol, names.checksum);
  const seedFirst = seedFixed || digests.transfer.seedFirst;
  const codec = compression(setup, names.compress);
  return {
    protocol,
    incRecurse: (flags & Compat.IncRecurse) !== 0,
    safeFlist: (flags & Compat.SafeFlist) !== 0 || protocol >= 31,
    symlinkTimes: symlinkTimes(setup, protocol, flags),
    convertsTargets: convertsTargets(setup, flags),
    varintFlistFlags: (flags & Compat.VarintFlistFlags) !== 0,
    id0Names: (flags & Compat.Id0Names) !== 0,
    inplacePartialDir: (flags & Compat.InplacePartialDir) !== 0,
    xattrOptim: protocol >= 31 && (flags & Compat.AvoidXattrOptim) === 0,
    compatFlags: flags,
    checksumSeed,
    transferDigest: { ...digests.transfer, seed: checksumSeed, seedFirst },
    fileDigest: digests.file,
    codec,
  };
}

/** Versions both ways: the lower of the two is spoken. */
async function agreeOnProtocol({ reader, writer }: Wire, setup: HandshakeSetup): Promise<number> {
  const side = setup.amServer ? 'Server' : 'Client';
  let ours = setup.protocol ?? setup.options.protocol;
  let theirs = setup.remoteProtocol;
  if (theirs === undefined) {
    if (setup.amServer && !setup.localServer) ours = withPreRelease(ours, setup.clientInfo);
    if (setup.batch !== 'read') {
      writer.int(ours);
      writer.flush();
    }
    theirs = await reader.record(() => reader.int());
    if (setup.batch === 'read' && theirs > ours)
      throw protocolError(`The protocol version in the batch file is too new (${theirs} > ${ours}).`);
  }
  const protocol = Math.min(ours, theirs);
  if (setup.options.debug.proto >= 1)
    setup.notice?.(`(${side}) Protocol versions: remote=${theirs}, negotiated=${protocol}`);
  if (theirs >= oldestClaimedProtocol && theirs < minProtocol)
    throw protocolError(protocolNotSpoken(theirs, minProtocol, maxProtocol));
  if (theirs < minProtocol || theirs > maxClaimedProtocol)
    throw protocolError([
      'protocol version mismatch -- is your shell clean?',
      '(see the rsync manpage for an explanation)',
    ]);
  if (protocol < minProtocol)
    throw protocolError(`--protocol must be at least ${minProtocol} on the ${side}.`);
  if (protocol > maxProtocol)
    throw protocolError(`--protocol must be no more than ${maxProtocol} on the ${side}.`);
  return protocol;
}

/**
 * A client built from a development version names it in front of its capability letters (`31.14`).
 * Such a version is only spoken by two equal builds; as ours is a released one, the protocol below it is.
 */
function withPreRelease(ours: number, clientInfo: string): number {
  const match = /^(\d+)[^.]*\.(\d+)/.exec(clientInfo);
  if (!match) return ours;
  const theirs = Number(match[1]);
  if (theirs === 0 || Number(match[2]) === 0 || theirs > ours) return ours;
  return theirs - 1;
}

/** Options that the spoken protocol cannot carry. */
function checkOptions(options: Options, protocol: number, local: boolean): void {
  const needs30 = options.acls ? '--acls' : options.xattrs > 0 ? '--xattrs' : undefined;
  if (protocol < 30 && needs30 !== undefined && !local)
    throw protocolError(`${needs30} requires protocol 30 or higher (negotiated ${protocol}).`);
  if (protocol >= 29) return;
  if (options.fuzzy > 0)
    throw protocolError(`--fuzzy requires protocol 29 or higher (negotiated ${protocol}).`);
  const [first] = options.alternateDests;
  if (first && options.inplace)
    throw protocolError(
      `--${first.kind}-dest with --inplace requires protocol 29 or higher (negotiated ${protocol}).`,
    );
  if (options.alternateDests.length > 1)
    throw protocolError(
      `Using more than one --${first.kind}-dest option requires protocol 29 or higher (negotiated ${protocol}).`,
    );
  if (options.pruneEmptyDirs)
    throw protocolError(`--prune-empty-dirs requires protocol 29 or higher (negotiated ${protocol}).`);
}

/** The options' own rules, as seen from this side of this session. */
function incRecurseAllowed(setup: HandshakeSetup): boolean {
  const { options, amServer, clientInfo } = setup;
  return allowIncRecurse({ ...options, server: amServer, clientInfo }, setup.amSender);
}

/** The server tells which of the client's capabilities it will use. */
async function compatFlags({ reader, writer }: Wire, setup: HandshakeSetup): Promise<number> {
  if (!setup.amServer) return reader.record(() => reader.varint());
  const has = (letter: string): boolean => setup.clientInfo.includes(letter);
  let flags = incRecurseAllowed(setup) ? Compat.IncRecurse : 0;
  if (setup.kernel.can.linkTimes) flags |= Compat.SymlinkTimes;
  flags |= Compat.SymlinkIconv;
  if (has('f')) flags |= Compat.SafeFlist;
  if (has('x')) flags |= Compat.AvoidXattrOptim;
  if (has('C')) flags |= Compat.ChecksumSeedFix;
  if (has('I')) flags |= Compat.InplacePartialDir;
  if (has('u')) flags |= Compat.Id0Names;
  if (has('v')) flags |= Compat.VarintFlistFlags;
  if (has('V')) {
    // A development version of 3.2.0 read one byte here, and no negotiation followed.
    flags |= Compat.VarintFlistFlags;
    writer.byte(flags & 0xff);
    return flags & 0xff;
  }
  writer.varint(flags);
  return flags;
}

/** Clients with the superseded capability `V` use varint flags without negotiating. */
function lacksNegotiation(setup: HandshakeSetup): boolean {
  return setup.amServer && !setup.clientInfo.includes('v');
}

/** Whether the receiving side can set a symbolic link's times. A sender below protocol 30 cannot know. */
function symlinkTimes(setup: HandshakeSetup, protocol: number, flags: number): boolean {
  if (!setup.amSender) return protocol >= 29 && setup.kernel.can.linkTimes;
  if (protocol < 30) return false;
  return setup.amServer ? setup.clientInfo.includes('L') : (flags & Compat.SymlinkTimes) !== 0;
}

/** Whether targets of symbolic links are converted like names (--iconv). Below protocol 30 nothing tells. */
function convertsTargets(setup: HandshakeSetup, flags: number): boolean {
  if (setup.options.iconv === '') return false;
  return setup.amServer
    ? (flags & Compat.SymlinkIconv) !== 0 && setup.clientInfo.includes('s')
    : (flags & Compat.SymlinkIconv) !== 0;
}

/** The choices that were made by name; undefined: an option or the protocol has made it. */
export interface NegotiatedNames {
  readonly checksum: string | undefined;
  readonly compress: string | undefined;
}

/** The choices that no option has made: of each there is a list of names each way, in this order. */
export function openChoices({
  checksumChoice,
  compressChoice,
}: Pick<Options, 'checksumChoice' | 'compressChoice'>): ChoiceKind[] {
  const kinds: ChoiceKind[] = [];
  if (isAuto(checksumChoice)) kinds.push('checksum');
  if (compressChoice !== '' && isAuto(compressChoice)) kinds.push('compress');
  return kinds;
}

function listRequest(kind: ChoiceKind, setup: HandshakeSetup, protocol: number): ListRequest {
  return {
    kind,
    choices: setup.kernel,
    amServer: setup.amServer,
    env: setup.host.env,
    writeBatch: setup.batch === 'write',
    protocol,
  };
}

/**
 * Lists of names, a vstring each way for each kind that no option has fixed; both of ours go out before
 * either of theirs is read. Where the peer is too old to negotiate, its one choice must still be on our
 * list, and nothing is negotiated.
 */
async function negotiateNames(
  { reader, writer }: Wire,
  setup: HandshakeSetup,
  protocol: number,
  negotiating: boolean,
): Promise<NegotiatedNames> {
  const kinds = openChoices(setup.options);
  const lists = kinds.map((kind) => ourList(listRequest(kind, setup, protocol)));
  for (let i = 0; i < kinds.length; i++) {
    tellList(setup, kinds[i], lists[i].text, setup.amServer);
    if (negotiating) writer.vstring(lists[i].text);
  }
  writer.flush();

  const names: { checksum?: string; compress?: string } = {};
  for (let i = 0; i < kinds.length; i++) {
    const kind = kinds[i];
    const theirs = negotiating
      ? await reader.record(() => reader.vstring(maxListLength))
      : oldName(kind, protocol);
    tellList(setup, kind, theirs, !setup.amServer);
    const name = pick(setup, kind, lists[i], theirs, negotiating);
    if (negotiating) names[kind] = name;
  }
  return { checksum: names.checksum, compress: names.compress };
}

/** A server leaves it to the client, which comes to the same result, to tell the user of a failure. */
function pick(
  setup: HandshakeSetup,
  kind: ChoiceKind,
  list: ChoiceList,
  theirs: string,
  negotiating: boolean,
): string {
  const name = choose(list, theirs, setup.amServer, availableChoices(kind, setup.kernel));
  if (name !== undefined) return name;
  if (setup.amServer && negotiating) throw new RsyncError(ExitCode.Unsupported, '');
  throw failedToNegotiate(kind, list, theirs, setup.amServer);
}

/** The server's seed, 32 bits; it makes block sums differ from run to run. */
async function exchangeSeed({ reader, writer }: Wire, setup: HandshakeSetup): Promise<number> {
  if (!setup.amServer) return reader.record(() => reader.int());
  const { host } = setup;
  const seed = setup.options.checksumSeed || Math.floor(host.now() / 1000) ^ (host.pid << 6);
  writer.int(seed | 0);
  await writer.drain();
  return seed | 0;
}

/** The two checksums, as yet without the session's seed, and with its place only where that is fixed. */
function checksums(
  setup: HandshakeSetup,
  protocol: number,
  negotiated: string | undefined,
): { transfer: DigestSpec; file: DigestSpec } {
  const choice = setup.options.checksumChoice;
  const spec = (name: DigestName): DigestSpec => ({ name, seed: 0, seedFirst: false });
  if (negotiated !== undefined) {
    const both = spec(negotiated as DigestName);
    return { transfer: both, file: both };
  }
  if (isAuto(choice)) {
    const both = spec(defaultDigest(protocol));
    return { transfer: both, file: both };
  }
  const { transfer, file } = fixedChecksums(choice, setup.kernel, protocol);
  // One that is asked for by its name is OpenSSL's in rsync, which has the seed first at every protocol.
  return { transfer: { ...spec(transfer), seedFirst: true }, file: spec(file) };
}

function compression(setup: HandshakeSetup, negotiated: string | undefined): CodecSpec {
  const { compressChoice, compressLevel, compressThreads } = setup.options;
  let name: CompressName;
  if (negotiated !== undefined) name = negotiated as CompressName;
  else if (compressChoice === '') name = 'none';
  else if (isAuto(compressChoice)) name = 'zlib';
  else name = fixedCompression(compressChoice, setup.kernel);
  return codecSpec(name, compressLevel, compressThreads);
}

function tellList(setup: HandshakeSetup, kind: ChoiceKind, text: string, ofServer: boolean): void {
  if (setup.options.debug.nstr < (setup.amServer ? 3 : 2)) return;
  const owner = ofServer ? 'Server' : 'Client';
  setup.notice?.(`${owner} ${kind} list (on ${setup.amServer ? 'server' : 'client'}): ${text}`);
}

function tellChoices(
  setup: HandshakeSetup,
  names: NegotiatedNames,
  digest: DigestName,
  codec: CodecSpec,
): void {
  if (setup.options.debug.nstr < (setup.amServer ? 3 : 1)) return;
  const side = setup.amServer ? 'Server' : 'Client';
  const how = (name: string | undefined): string => (name === undefined ? '' : ' negotiated');
  const { checksumChoice, compressLevel } = setup.options;
  const shown = isAuto(checksumChoice) ? digest.replace('-old', '') : checksumChoice;
  setup.notice?.(`${side}${how(names.checksum)} checksum: ${shown}`);
  if (codec.name !== 'none' || compressLevel !== undefined)
    setup.notice?.(`${side}${how(names.compress)} compress: ${codec.name} (level ${codec.level})`);
}

/**
 * What the options mean under the protocol that was agreed on: below 30 a plain --delete works before the
 * transfer, and the data before an append always enters the checksum.
 */
export function optionsForProtocol(options: Options, protocol: number): Options {
  if (protocol >= 30) return options;
  return {
    ...options,
    append: options.append === 'plain' ? 'verify' : options.append,
    delete: options.delete !== undefined && !options.deleteWhenGiven ? 'before' : options.delete,
  };
}
