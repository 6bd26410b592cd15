/**
 * The charset of names (--iconv). On the wire it is UTF-8; each end converts to and from its own, and what it compares,
 * sorts and shows is in its own.
 */
import { isUtf8 } from 'node:buffer';
import { EILSEQ, EINVAL } from '../errno.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { sequenceLength } from '../utf8.ts';

/** A name in the other charset, or the error for which it has no place there (EILSEQ, EINVAL where it ends too early). */
export type Converted = ByteString | number;

/** What becomes of converted text, and of a byte that cannot be. */
export interface TextPieces {
  readonly good: (text: ByteString) => ByteString;
  readonly bad: (byte: ByteString) => ByteString;
}

const asTheyAre: TextPieces = { good: (text) => text, bad: (byte) => byte };

/** One end's conversions. */
export interface WireCharset {
  /** As the user or the locale calls it. */
  readonly name: string;
  toWire(name: ByteString): Converted;
  fromWire(name: ByteString): Converted;
  /** As the above, of text that has to arrive: bytes that cannot be converted stay as they are. */
  textToWire(text: ByteString): ByteString;
  textFromWire(text: ByteString, as?: TextPieces): ByteString;
}

/** A charset as seen from Unicode; `undefined` where something has no counterpart. */
interface Codec {
  decode(bytes: Buffer): string | undefined;
  encode(text: string): Buffer | undefined;
  /** Whether `rest`, which is no character, could become one by more bytes. */
  isBegun(rest: Buffer): boolean;
  /** Bytes below 128 are the characters of ASCII. */
  readonly holdsAscii: boolean;
}

const utf8: Codec = {
  decode: (bytes) => (isUtf8(bytes) ? bytes.toString('utf8') : undefined),
  encode: (text) => Buffer.from(text, 'utf8'),
  isBegun: (rest) =>
    rest.length < sequenceLength(rest[0]) && rest.subarray(1).every((byte) => (byte & 0xc0) === 0x80),
  holdsAscii: true,
};

const replacement = '\ufffd';
const ascii = /^[\x00-\x7f]*$/;
/** Encodings that the library has besides charsets. */
const noCharset = /^(hex|base64|binary)$/i;
/** The most bytes of one character. */
const longestCharacter = 6;

/** The conversions of an end whose names are in `name`; `undefined` where there is no such charset. */
export async function openCharset(name: string): Promise<WireCharset | undefined> {
  const local = await openCodec(name);
  if (local === undefined) return undefined;
  return {
    name,
    toWire: (text) => convert(local, utf8, text),
    fromWire: (text) => convert(utf8, local, text),
    textToWire: (text) => convertText(local, utf8, text),
    textFromWire: (text, as) => convertText(utf8, local, text, as),
  };
}

async function openCodec(name: string): Promise<Codec | undefined> {
  if (/^utf-?8$/i.test(name)) return utf8;
  // Loaded only where it is asked for: it is larger than all of us.
  const { default: iconv } = await import('iconv-lite');
  if (noCharset.test(name) || !iconv.encodingExists(name)) return undefined;
  // It puts a replacement where it can do nothing: what does not come back the same was not there.
  const decode = (bytes: Buffer): string | undefined => {
    const text = iconv.decode(bytes, name, { stripBOM: false });
    return text.includes(replacement) ? undefined : text;
  };
  const encode = (text: string): Buffer | undefined => {
    const bytes = iconv.encode(text, name, { addBOM: false });
    return decode(bytes) === text ? bytes : undefined;
  };
  const isBegun = (rest: Buffer): boolean => {
    for (let next = 0x30; next <= 0xff; next++)
      for (let more = 1; more < 4; more++) {
        const tail = Buffer.alloc(more, Math.min(next, 0x40));
        tail[0] = next;
        if (decode(Buffer.concat([rest, tail]))?.length === 1) return true;
      }
    return false;
  };
  const seven = Buffer.from(Array.from({ length: 128 }, (_, byte) => byte));
  return { decode, encode, isBegun, holdsAscii: decode(seven) === seven.toString('latin1') };
}

function passes(from: Codec, to: Codec, text: ByteString): boolean {
  return from.holdsAscii && to.holdsAscii && ascii.test(text);
}

function convert(from: Codec, to: Codec, name: ByteString): Converted {
  if (passes(from, to, name)) return name;
  const bytes = Buffer.from(name, 'latin1');
  const text = from.decode(bytes);
  if (text === undefined) return endsTooEarly(from, bytes) ? EINVAL : EILSEQ;
  return to.encode(text)?.toString('latin1') ?? EILSEQ;
}

function convertText(from: Codec, to: Codec, text: ByteString, as = asTheyAre): ByteString {
  const whole = convert(from, to, text);
  if (typeof whole === 'string') return as.good(whole);
  const bytes = Buffer.from(text, 'latin1');
  let out = '';
  let good = '';
  for (let at = 0; at < bytes.length; ) {
    const length = characterLength(from, bytes, at);
    const character = length > 0 ? from.decode(bytes.subarray(at, at + length)) : undefined;
    const converted = character === undefined ? undefined : to.encode(character);
    if (converted === undefined) {
      out += as.good(good) + as.bad(text[at]);
      good = '';
      at++;
    } else {
      good += converted.toString('latin1');
      at += length;
    }
  }
  return out + as.good(good);
}

/** Bytes of the character at `at`; 0 where there is none. */
function characterLength(codec: Codec, bytes: Buffer, at: number): number {
  const most = Math.min(longestCharacter, bytes.length - at);
  for (let length = 1; length <= most; length++)
    if (codec.decode(bytes.subarray(at, at + length))) return length;
  return 0;
}

/** True where only the last character is not there as a whole. */
function endsTooEarly(codec: Codec, bytes: Buffer): boolean {
  let at = 0;
  for (let length = 1; length > 0; at += length) length = characterLength(codec, bytes, at);
  return at < bytes.length && codec.isBegun(bytes.subarray(at));
}
