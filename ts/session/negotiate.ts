/**
 * Choosing checksums and compression: lists of names in the order of preference, the environment's
 * limits on them, and what old protocols use without asking.
 */
import { ExitCode, RsyncError } from '../errors.ts';
import type { Environment } from '../host.ts';
import type { CodecSpec, CompressName, DigestName, Kernel } from '../kernel/kernel.ts';
import type { Options } from '../options/options.ts';
import { maxProtocol } from '../wire/constants.ts';

/** What a negotiation needs of a kernel. */
export type Choices = Pick<Kernel, 'digests' | 'compressions'>;

export type ChoiceKind = 'checksum' | 'compress';

/** Longest list that travels (a vstring). */
export const maxListLength = 255;

/** Names for a daemon greeting, strongest first. */
export const authDigests = [
  'sha512',
  'sha256',
  'sha1',
  'md5',
  'md4',
] as const satisfies readonly DigestName[];
const transferDigests = ['xxh128', 'xxh3', 'xxh64', 'md5', 'md4', 'sha1'] as const satisfies DigestName[];
const compressions = ['zstd', 'lz4', 'zlibx', 'zlib'] as const satisfies CompressName[];

/** Other spellings that lists and options may use. */
const aliases: Readonly<Record<string, string>> = { xxhash: 'xxh64' };

/** The choices of one kind that this program has, best first; a kernel may lack some. */
export function availableChoices(kind: ChoiceKind, choices: Choices): string[] {
  const known: readonly string[] = kind === 'checksum' ? transferDigests : compressions;
  const have: readonly string[] = kind === 'checksum' ? choices.digests : choices.compressions;
  return [...known.filter((name) => have.includes(name)), 'none'];
}

/** The digests for daemon authentication that a kernel has, strongest first. */
export function availableAuthDigests(choices: Pick<Kernel, 'digests'>): DigestName[] {
  return authDigests.filter((name) => choices.digests.includes(name));
}

/** Finds `name` among `available`, whatever its case, under its main spelling. */
function lookUp(available: readonly string[], name: string): string | undefined {
  const lower = name.toLowerCase();
  const main = aliases[lower] ?? lower;
  return available.includes(main) ? main : undefined;
}

/**
 * The list of one side: what the environment variable leaves of what is available. `text` is what
 * travels; it is `INVALID` when the variable names nothing that we know.
 */
export interface ChoiceList {
  readonly names: readonly string[];
  readonly text: string;
}

/** The part of a list variable that concerns this side: `CLIENT & SERVER`. */
function ourPart(value: string | undefined, amServer: boolean): string | undefined {
  if (value === undefined) return undefined;
  const cut = value.indexOf('&');
  if (cut < 0) return value;
  return amServer ? value.slice(cut + 1) : value.slice(0, cut);
}

/** Splits a list variable and keeps what is known, once each. */
function parseList(value: string, available: readonly string[]): ChoiceList {
  const names: string[] = [];
  const words = value.split(/[ \t\n\v\f\r]+/).filter((word) => word !== '');
  for (const word of words) {
    const name = lookUp(available, word);
    if (name !== undefined && !names.includes(name)) names.push(name);
  }
  return { names, text: names.length === 0 && words.length > 0 ? 'INVALID' : names.join(' ') };
}

export interface ListRequest {
  readonly kind: ChoiceKind;
  readonly choices: Choices;
  readonly amServer: boolean;
  readonly env: Environment;
  /** A batch that is being written must be readable without negotiation: old choices only. */
  readonly writeBatch: boolean;
  readonly protocol: number;
}

/** The variable that limits our list, or what stands for it when a batch is written. */
function listVariable(request: ListRequest): string | undefined {
  const { kind, protocol } = request;
  if (request.writeBatch) return kind === 'compress' ? 'zlib' : oldName(kind, protocol);
  const value = request.env[kind === 'compress' ? 'RSYNC_COMPRESS_LIST' : 'RSYNC_CHECKSUM_LIST'];
  return ourPart(value, request.amServer);
}

/** Our list for the peer. A client does not offer `none` unless it was asked to. */
export function ourList(request: ListRequest): ChoiceList {
  const available = availableChoices(request.kind, request.choices);
  const variable = listVariable(request);
  if (variable) {
    const list = parseList(variable, available);
    if (list.text !== '') return list;
  }
  const names = request.amServer ? available : available.filter((name) => name !== 'none');
  return { names, text: names.join(' ') };
}

/** What a peer that cannot negotiate uses. */
export function oldName(kind: ChoiceKind, protocol: number): string {
  if (kind === 'compress') return 'zlib';
  return protocol >= 30 ? 'md5' : 'md4';
}

/**
 * The choice that both sides come to: the first name of the client's list that the server has too. The
 * client goes through its own list, the server through the one it was sent.
 */
export function choose(
  ours: ChoiceList,
  theirs: string,
  amServer: boolean,
  all: readonly string[],
): string | undefined {
  const peer = theirs
    .split(' ')
    .map((word) => lookUp(all, word))
    .filter((name) => name !== undefined);
  if (amServer) return peer.find((name) => ours.names.includes(name));
  return ours.names.find((name) => peer.includes(name));
}

/** Both lists and the news that they have nothing in common: exit 4. */
export function failedToNegotiate(
  what: string,
  ours: ChoiceList,
  theirs: string,
  amServer: boolean,
): RsyncError {
  const mine = ours.names.length > 0 ? ours.names.join(' ') : 'INVALID';
  const [peer, self] = amServer ? ['Client', 'Server'] : ['Server', 'Client'];
  return new RsyncError(ExitCode.Unsupported, [
    `Failed to negotiate a ${what} choice.`,
    `${peer} list: ${theirs}`,
    `${self} list: ${mine}`,
  ]);
}

/** A server refuses a fixed choice that its list variable leaves out: exit 4. */
function checkAgainstVariable(request: ListRequest, given: string, names: readonly string[]): void {
  const variable = listVariable(request)?.trim();
  if (!variable) return;
  const { names: allowed } = parseList(variable, availableChoices(request.kind, request.choices));
  for (const name of names) {
    const family = name === 'md4-old' ? 'md4' : name;
    if (allowed.includes(family)) continue;
    throw new RsyncError(
      ExitCode.Unsupported,
      `Your --${request.kind}-choice value (${given}) was refused by the server.`,
    );
  }
}

/** Both choices, as far as they are fixed, are held to the variables of a server: before it says anything. */
export function checkFixedChoices(
  { checksumChoice, compressChoice }: Pick<Options, 'checksumChoice' | 'compressChoice'>,
  choices: Choices,
  env: Environment,
): void {
  const request = { choices, amServer: true, env, writeBatch: false, protocol: maxProtocol };
  if (!isAuto(checksumChoice)) {
    const { transfer, file } = fixedChecksums(checksumChoice, choices, maxProtocol);
    checkAgainstVariable({ ...request, kind: 'checksum' }, checksumChoice, [transfer, file]);
  }
  if (!isAuto(compressChoice)) {
    const name = fixedCompression(compressChoice, choices);
    checkAgainstVariable({ ...request, kind: 'compress' }, compressChoice, [name]);
  }
}

/** True when --checksum-choice (or --compress-choice) leaves the choice to negotiation. */
export function isAuto(choice: string): boolean {
  const lower = choice.toLowerCase();
  return lower === '' || lower === 'auto' || lower === 'auto,auto';
}

/** One name of --checksum-choice; `auto` within a pair is the old default of the protocol. */
function checksumNamed(name: string, choices: Choices, protocol: number): DigestName {
  if (name.toLowerCase() === 'auto') return defaultDigest(protocol);
  const found = lookUp(availableChoices('checksum', choices), name);
  if (found === undefined) throw new RsyncError(ExitCode.Unsupported, `unknown checksum name: ${name}`);
  return found as DigestName;
}

/** The checksum of a session without negotiation. */
export function defaultDigest(protocol: number): DigestName {
  return protocol >= 30 ? 'md5' : 'md4-old';
}

/** --checksum-choice: the transfer's checksum and, after a comma, the one of --checksum. Exit 4. */
export function fixedChecksums(
  choice: string,
  choices: Choices,
  protocol: number,
): { transfer: DigestName; file: DigestName } {
  const comma = choice.indexOf(',');
  if (comma < 0) {
    const both = checksumNamed(choice, choices, protocol);
    return { transfer: both, file: both };
  }
  return {
    transfer: checksumNamed(choice.slice(0, comma), choices, protocol),
    file: checksumNamed(choice.slice(comma + 1), choices, protocol),
  };
}

/** --compress-choice by name. Exit 4 for one that is unknown. */
export function fixedCompression(choice: string, choices: Choices): CompressName {
  const found = lookUp(availableChoices('compress', choices), choice);
  if (found === undefined) throw new RsyncError(ExitCode.Unsupported, `unknown compress name: ${choice}`);
  return found as CompressName;
}

interface Levels {
  readonly min: number;
  readonly max: number;
  readonly byDefault: number;
  /** The level that turns compression off. */
  readonly off?: number;
  /** Another number for the default level. */
  readonly alias?: number;
}

const levels: Readonly<Record<Exclude<CompressName, 'none'>, Levels>> = {
  zlib: { min: 1, max: 9, byDefault: 6, off: 0, alias: -1 },
  zlibx: { min: 1, max: 9, byDefault: 6, off: 0, alias: -1 },
  zstd: { min: -131072, max: 22, byDefault: 3, alias: 0 },
  lz4: { min: 0, max: 0, byDefault: 0 },
};

/** --compress-level as the codec understands it: clamped without a word, and off where it says so. */
export function codecSpec(name: CompressName, level: number | undefined, threads: number): CodecSpec {
  if (name === 'none') return { name, level: 0, threads: 0 };
  const range = levels[name];
  if (level !== undefined && level === range.off) return { name: 'none', level: 0, threads: 0 };
  const wanted = level === undefined || level === range.alias ? range.byDefault : level;
  return { name, level: Math.min(Math.max(wanted, range.min), range.max), threads };
}
