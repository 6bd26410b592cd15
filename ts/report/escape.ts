import type { ByteString } from '../kernel/kernel.ts';

/**
 * What a terminal of the user's locale can show: `utf8` well-formed UTF-8, `ascii` seven bits, `bytes`
 * everything (an 8-bit locale, or -8).
 */
export type Charset = 'utf8' | 'ascii' | 'bytes';

/** The locale's charset as the environment names it (LC_ALL, LC_CTYPE, LANG, in this order). */
export function localeCharset(env: Readonly<Record<string, string | undefined>>): Charset {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || 'C';
  const charset = /\.([^@]+)/.exec(locale)?.[1].toLowerCase().replace(/[-_]/g, '') ?? '';
  if (charset === 'utf8') return 'utf8';
  return /^(iso8859|koi8|cp125|windows125)/.test(charset) ? 'bytes' : 'ascii';
}

const plain = /^[\t\x20-\x7f]*$/;

/**
 * Makes text safe to show, as rsync does: control characters but tab, bytes that the charset has no
 * character for, and the backslash of anything that looks like such an escape become `\#ooo` (octal).
 */
export function escapeText(text: ByteString, charset: Charset): ByteString {
  if (plain.test(text) && !text.includes('\\#')) return text;
  let out = '';
  let from = 0;
  for (let at = 0; at < text.length; ) {
    const good = goodLength(text, at, charset);
    if (good > 0) {
      at += good;
      continue;
    }
    out += `${text.slice(from, at)}\\#${text.charCodeAt(at).toString(8).padStart(3, '0')}`;
    from = ++at;
  }
  return out + text.slice(from);
}

/** Bytes of the character at `at`, 0 when its first byte is to be escaped. */
function goodLength(text: string, at: number, charset: Charset): number {
  const byte = text.charCodeAt(at);
  if (byte < 0x20) return byte === 9 ? 1 : 0;
  if (byte === 0x5c) return /^\\#[0-9]{3}/.test(text.slice(at, at + 5)) ? 0 : 1;
  if (byte < 0x80 || charset === 'bytes') return 1;
  return charset === 'ascii' ? 0 : utf8Length(text, at, byte);
}

function utf8Length(text: string, at: number, first: number): number {
  const length =
    first >= 0xc2 && first < 0xe0 ? 2 : first < 0xe0 ? 0 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (length === 0 || at + length > text.length) return 0;
  for (let i = 1; i < length; i++) if ((text.charCodeAt(at + i) & 0xc0) !== 0x80) return 0;
  const second = text.charCodeAt(at + 1);
  if (first === 0xe0 && second < 0xa0) return 0;
  if (first === 0xed && second > 0x9f) return 0;
  if (first === 0xf0 && second < 0x90) return 0;
  if (first === 0xf4 && second > 0x8f) return 0;
  return length;
}
