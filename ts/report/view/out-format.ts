/** `--out-format` and the daemon's `log format`: rsyncd.conf(5) lists the escapes. */
import type { ByteString, DigestName } from '../../kernel/kernel.ts';
import { digestLength } from '../../kernel/kernel.ts';
import { type FormatEscape, formatEscapes } from '../../options/log-format.ts';
import type { Options } from '../../options/options.ts';
import { Item } from '../../wire/constants.ts';
import type { Negotiated } from '../../wire/negotiated.ts';
import type { ItemEntry } from '../item-entry.ts';
import { type ItemizeContext, itemString, shownName } from '../itemize.ts';
import { isLink, isRegular, permissionString } from '../mode.ts';
import { bigNumber } from '../numbers.ts';
import { timeString } from '../time-string.ts';

/** What a daemon knows of the connection; its escapes stay literal elsewhere. */
export interface DaemonFacts {
  /** Name of the client, or what stands for an undetermined one. */
  readonly host: ByteString;
  readonly address: ByteString;
  readonly module: ByteString;
  readonly modulePath: ByteString;
  /** '' where nobody had to log in. */
  readonly user: ByteString;
  /** Current folder below the module. */
  readonly dir: () => ByteString;
}

/** What a format needs of the report that uses it. */
interface Live {
  readonly negotiated: Negotiated | undefined;
  readonly transferSum: Uint8Array | undefined;
  readonly pid: number;
  /** Milliseconds since 1970. */
  now(): number;
  writtenSince(): number;
  readSince(): number;
}

export interface FormatFacts {
  readonly options: Options;
  readonly sender: boolean;
  readonly local: boolean;
  readonly daemon: DaemonFacts | undefined;
  readonly report: Live;
}

/**
 * Renders one line, newline included. `fname` stands for the entry's name where it is given (deletions);
 * `hlink` is the leader of a hard link, '' for none.
 */
export type CompiledFormat = (
  entry: ItemEntry,
  fname: ByteString | undefined,
  iflags: number,
  hlink: ByteString,
) => ByteString;

type Part = CompiledFormat;

function pad(text: string, spec: FormatEscape): string {
  const width = Number(spec.width || 0);
  return spec.left ? text.padEnd(width) : text.padStart(width);
}

function padNumber(n: number, spec: FormatEscape): string {
  const zero = !spec.left && spec.width.startsWith('0');
  return zero ? `${n}`.padStart(Number(spec.width), '0') : pad(`${n}`, spec);
}

/** Drops empty and `.` components and a trailing slash (clean_fname). */
function cleanName(name: ByteString): ByteString {
  const anchored = name.startsWith('/');
  const parts = name.split('/');
  const kept = parts.filter((part, i) => part !== '' && (part !== '.' || i === parts.length - 1));
  return (anchored ? '/' : '') + kept.join('/') || '.';
}

function fullName(facts: FormatFacts, name: ByteString, root: ByteString | undefined): ByteString {
  let full = name;
  if (facts.sender && root) full = `${root}/${name}`;
  else if (facts.daemon !== undefined && !name.startsWith('/')) full = `${facts.daemon.dir()}/${name}`;
  full = cleanName(full);
  return full.startsWith('/') ? full.slice(1) : full;
}

/** Digests whose hexadecimal form is in no other tool's output are shown blank. */
function canonical(name: DigestName): 'forward' | 'backward' | undefined {
  if (name === 'none' || name === 'md4-old') return undefined;
  return name.startsWith('xxh') ? 'backward' : 'forward';
}

function hex(name: DigestName, sum: Uint8Array | undefined): string | undefined {
  const order = canonical(name);
  if (order === undefined || sum === undefined) return undefined;
  const bytes = Buffer.from(sum.subarray(0, digestLength[name]));
  return (order === 'backward' ? bytes.reverse() : bytes).toString('hex');
}

/** What a dry run shows of data that nobody hashed. */
const nothingSent = new Uint8Array(64);

function checksumText(facts: FormatFacts, entry: ItemEntry, iflags: number, spec: FormatEscape): string {
  const always = facts.options.checksum;
  const negotiated = facts.report.negotiated;
  if (negotiated === undefined) return '';
  const name = always ? negotiated.fileDigest.name : negotiated.transferDigest.name;
  let text: string | undefined;
  if (isRegular(entry.mode)) {
    if (always && !(iflags & Item.Deleted)) text = hex(name, entry.checksum);
    else if (iflags & Item.Transfer)
      text = hex(negotiated.transferDigest.name, facts.report.transferSum ?? nothingSent);
  }
  // rsync fills no width with a blank that stands for a digest.
  return text === undefined ? ' '.repeat(digestLength[name] * 2) : pad(text, spec);
}

/** The value behind an escape, before padding; undefined leaves the escape as it was written. */
function escapeValue(spec: FormatEscape, facts: FormatFacts): Part | undefined {
  const { options, daemon, sender } = facts;
  const fixed = (text: string | undefined): Part | undefined =>
    text === undefined ? undefined : () => pad(text, spec);
  switch (spec.letter) {
    case 'h':
      return fixed(daemon?.host);
    case 'a':
      return fixed(daemon?.address);
    case 'P':
      return fixed(daemon?.modulePath);
    case 'u':
      return fixed(daemon?.user);
    case 'm':
      return fixed(daemon?.module ?? '');
    case '%':
      return fixed('%');
    case 'p':
      return () => padNumber(facts.report.pid, spec);
    case 'U':
      return (entry) => padNumber(options.owner ? entry.uid : 0, spec);
    case 'G':
      return (entry) =>
        options.group && !entry.skipGroup ? padNumber(entry.gid, spec) : pad('DEFAULT', spec);
    case 'l':
      return (entry) => pad(bigNumber(entry.size, spec.human), spec);
    case 'M':
      return (entry) => pad(timeString(entry.mtime).replaceAll(' ', '-'), spec);
    case 't':
      return () => pad(timeString(Math.floor(facts.report.now() / 1000)), spec);
    case 'B':
      return (entry) => pad(permissionString(entry.mode).slice(1), spec);
    case 'o':
      return (_entry, _fname, iflags) => pad(iflags & Item.Deleted ? 'del.' : sender ? 'send' : 'recv', spec);
    case 'f':
      return (entry, fname) => pad(fullName(facts, fname ?? entry.path, entry.root), spec);
    case 'n':
      return (entry, fname) => pad(shownName(fname ?? entry.path, entry.mode), spec);
    case 'L':
      return (entry, fname, _iflags, hlink) => {
        if (hlink !== '') return ` => ${pad(hlink, spec)}`;
        if (isLink(entry.mode) && fname === undefined) return ` -> ${pad(entry.linkTarget, spec)}`;
        return spec.width === '' && !spec.left ? '' : `    ${pad('', spec)}`;
      };
    case 'b':
    case 'c': {
      const written = sender !== (spec.letter === 'c');
      return (_entry, _fname, iflags) => {
        const live = facts.report;
        const n = iflags & Item.Transfer ? (written ? live.writtenSince() : live.readSince()) : 0;
        return pad(bigNumber(n, spec.human), spec);
      };
    }
    case 'C':
      return (entry, _fname, iflags) => checksumText(facts, entry, iflags, spec);
    case 'i':
      return itemPart(spec, facts);
    default:
      return undefined;
  }
}

function itemPart(spec: FormatEscape, facts: FormatFacts): Part {
  const known = new Map<number, string>();
  let context: ItemizeContext | undefined;
  return (entry, _fname, iflags) => {
    const mode = entry.mode;
    const key = (iflags & 0x7ffff) * 16 + ((mode >> 12) & 15);
    let text = known.get(key);
    if (text === undefined) {
      context ??= {
        transferSign: facts.sender && !facts.local ? '<' : '>',
        times: facts.options.times,
        linkTimes: facts.report.negotiated?.symlinkTimes ?? false,
      };
      text = pad(itemString(iflags, mode, context), spec);
      known.set(key, text);
    }
    return text;
  };
}

/** Takes `format` apart once, so that a line is no more than a few string additions. */
export function compileFormat(format: ByteString, facts: FormatFacts): CompiledFormat {
  const parts: (ByteString | Part)[] = [];
  let literal = '';
  let from = 0;
  for (const spec of formatEscapes(format)) {
    const part = escapeValue(spec, facts);
    if (part === undefined) continue;
    literal += format.slice(from, spec.start);
    from = spec.end;
    if (literal !== '') parts.push(literal);
    literal = '';
    parts.push(part);
  }
  parts.push(`${format.slice(from)}\n`);
  return (entry, fname, iflags, hlink) => {
    let line = '';
    for (const part of parts) line += typeof part === 'string' ? part : part(entry, fname, iflags, hlink);
    return line;
  };
}
