/** Questions about the text of --out-format and --log-file-format. */
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
