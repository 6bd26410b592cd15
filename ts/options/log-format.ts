/** Questions about --out-format, --log-file-format and what stands for them. */
import type { ByteString } from '../kernel/kernel.ts';

/** Longest width in a format that is read as one; more digits make the escape unknown. */
const maxWidthChars = 23;

/** One `%` of a format: where it stands, its letter, and how it is to be written. */
export interface FormatEscape {
  readonly start: number;
  readonly end: number;
  readonly letter: string;
  /** Number of quotes (human-readable numbers). */
  readonly human: number;
  readonly left: boolean;
  readonly width: string;
}

/** Takes a format apart. */
export function* formatEscapes(format: ByteString): Generator<FormatEscape> {
  const pattern = /%('*)(-?)([0-9]*)('*)(.)/gs;
  for (let found = pattern.exec(format); found !== null; found = pattern.exec(format)) {
    const [whole, quotes, minus, digits, more, letter] = found;
    const spec = {
      start: found.index,
      end: found.index + whole.length,
      letter,
      human: quotes.length + more.length,
      left: minus !== '',
      width: digits,
    };
    const room = maxWidthChars - minus.length;
    if (digits.length > room) {
      spec.end = pattern.lastIndex = found.index + 1 + quotes.length + minus.length + room + 1;
      spec.letter = digits[room];
      spec.width = digits.slice(0, room);
    }
    yield spec;
  }
}

/** Whether `format` holds the escape `letter` (`%i`, `%-10n`, `%''l`); `%%` is none. rsync: log_format_has(). */
export function formatHas(format: ByteString, letter: string): boolean {
  for (const spec of formatEscapes(format)) if (spec.letter === letter) return true;
  return false;
}

/** The options that decide what is shown of items. */
export interface Shown {
  readonly outFormat: ByteString;
  readonly outFormatGiven: boolean;
  readonly itemize: number;
}

/** What a user is shown of items: --out-format, else what -i or -v stand for. */
export function userFormat(
  options: Shown & { readonly info: { readonly name: number } },
  server: boolean,
): ByteString {
  if (formatGiven(options, server)) return options.outFormat;
  if (options.itemize > 0) return '%i %n%L';
  return options.info.name > 0 ? '%n%L' : '';
}

/** The format is given, and does not stand for -i or -v. */
export function formatGiven(options: Shown, server: boolean): boolean {
  return options.outFormatGiven || (server && options.outFormat !== '');
}

/**
 * How much the format shows of items (stdout_format_has_i): 0 nothing, 1 changes, 2 also unchanged ones.
 */
export function itemizeLevel(options: Shown, server: boolean): number {
  if (!formatGiven(options, server)) return options.itemize;
  if (server && formatHas(options.outFormat, 'I')) return 2;
  return formatHas(options.outFormat, 'i') ? options.itemize | 1 : 0;
}
