import type { ByteString } from '../kernel/kernel.ts';
import { sequenceLength } from '../utf8.ts';

/**
 * What a terminal of the user's locale can show: `utf8` well-formed UTF-8, `ascii` seven bits, `bytes`
 * everything (an 8-bit locale, or -8). `printable` is what isprint(3) lets through of seven bits.
 */
export type Charset = 'utf8' | 'ascii' | 'printable' | 'bytes';

/**
 * What a server says on its own is judged byte by byte, as it does not know whose terminal that comes to; so is what a client
 * says before it begins.
 */
export function bytewiseCharset(charset: Charset): Charset {
  return charset === 'bytes' ? charset : 'printable';
}

type Variables = Readonly<Record<string, string | undefined>>;

/** The name of the locale's charset, as the C library has it (nl_langinfo). */
export function localeCodeset(env: Variables): string {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || 'C';
  return /\.([^@]+)/.exec(locale)?.[1] ?? 'ANSI_X3.4-1968';
}

/** The locale's charset as the environment names it (LC_ALL, LC_CTYPE, LANG, in this order). */
export function localeCharset(env: Variables): Charset {
  const charset = localeCodeset(env).toLowerCase().replace(/[-_]/g, '');
  if (charset === 'utf8') return 'utf8';
  return /^(iso8859|koi8|cp125|windows125)/.test(charset) ? 'bytes' : 'ascii';
}

const del = '\x7f';
const plain = /^[\t\x20-\x7f]*$/;
const plainLine = /^[\t\x20-\x5b\x5d-\x7f]*[\r\n]?$/;

/** True for text that can be seen at a glance to need no escapes: it holds no backslash either. */
export function isPlainLine(text: ByteString): boolean {
  return plainLine.test(text);
}

/**
 * Makes text safe to show, as rsync does: control characters but tab, bytes that the charset has no
 * character for, and the backslash of anything that looks like such an escape become `\#ooo` (octal).
 */
export function escapeText(text: ByteString, charset: Charset): ByteString {
  if (plain.test(text) && !text.includes('\\#') && !(charset === 'printable' && text.includes(del)))
    return text;
  let out = '';
  let from = 0;
  for (let at = 0; at < text.length; ) {
    const good = goodLength(text, at, charset);
    if (good > 0) {
      at += good;
      continue;
    }
    out += text.slice(from, at) + escapedByte(text[at]);
    from = ++at;
  }
  return out + text.slice(from);
}

const plainLog = /^[\t\x20-\x5b\x5d-\x7f\xa0-\xff]*$/;

/**
 * One message for a log, which has no charset of its own: besides other controls the second set (C1) is escaped
 * too, as terminals that do not speak UTF-8 obey it. So characters of UTF-8 with such bytes are not readable
 * there; rsync's logs are the same. The line end stays.
 */
export function escapeLog(text: ByteString): ByteString {
  const end = /[\r\n]$/.test(text) ? text.length - 1 : text.length;
  const body = text.slice(0, end);
  if (plainLog.test(body)) return text;
  const shown = escapeText(body, 'bytes').replace(/[\x80-\x9f]/g, escapedByte);
  return shown + text.slice(end);
}

/** A byte as it is shown where the terminal could not: `\#ooo` (octal). */
export function escapedByte(byte: ByteString): ByteString {
  return `\\#${byte.charCodeAt(0).toString(8).padStart(3, '0')}`;
}

/** Bytes of the character at `at`, 0 when its first byte is to be escaped. */
function goodLength(text: string, at: number, charset: Charset): number {
  const byte = text.charCodeAt(at);
  if (byte < 0x20) return byte === 9 ? 1 : 0;
  if (byte === 0x5c) return /^\\#[0-9]{3}/.test(text.slice(at, at + 5)) ? 0 : 1;
  if (byte === 0x7f && charset === 'printable') return 0;
  if (byte < 0x80 || charset === 'bytes') return 1;
  return charset !== 'utf8' ? 0 : utf8Length(text, at, byte);
}

/**
 * Length of the well-formed character at `at`, else 0. As iconv(3) of the C library that rsync asks, this
 * takes the old sequences of up to six bytes, but neither surrogates nor overlong forms.
 */
function utf8Length(text: string, at: number, first: number): number {
  const length = sequenceLength(first);
  if (length === 0 || at + length > text.length) return 0;
  for (let i = 1; i < length; i++) if ((text.charCodeAt(at + i) & 0xc0) !== 0x80) return 0;
  const second = text.charCodeAt(at + 1);
  const shortest = smallestSecond[first];
  if (shortest !== undefined && second < shortest) return 0;
  return first === 0xed && second > 0x9f ? 0 : length;
}

/** Second bytes below these, after these first bytes, would fit into a shorter sequence. */
const smallestSecond: Readonly<Record<number, number>> = {
  224: 0xa0,
  240: 0x90,
  248: 0x88,
  252: 0x84,
};
