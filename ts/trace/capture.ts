/**
 * A conversation as it was, in a file. Layout, little-endian:
 *
 *     "oc-rsync capture 1\n"
 *     one line of JSON: {"kind": "shell" | "daemon", "words": [the server's arguments, a char a byte], "server": whose end it
 *       was written at, "started": milliseconds since 1970}
 *     then, in the order in which it passed: byte way (0: client to server, 1: back) | f64 milliseconds since the start |
 *       u32 length | bytes; a length of 0 is the end of that direction
 */
import { ExitCode, RsyncError } from '../errors.ts';
import type { ByteString } from '../kernel/kernel.ts';
import type { Wire } from './conversation.ts';
import type { Way } from './stream.ts';

export const captureMagic = Buffer.from('oc-rsync capture 1\n');
/** What stands before the bytes of a piece. */
const headBytes = 1 + 8 + 4;
/** No wire brings more at once. */
const longestPiece = 64 * 1024 * 1024;
const longestFacts = 16 * 1024 * 1024;
/** A `Date` reaches no further. */
const latestDate = 8.64e15;
const ways: readonly Way[] = ['there', 'back'];

/** What is known of a capture besides its bytes. */
export interface CaptureFacts extends Wire {
  readonly server: boolean;
  readonly started: number;
}

export interface Piece {
  readonly way: Way;
  readonly ms: number;
  readonly bytes: Uint8Array;
}

export function captureHead({ kind, words, server, started }: CaptureFacts): Uint8Array {
  return Buffer.concat([captureMagic, Buffer.from(`${JSON.stringify({ kind, words, server, started })}\n`)]);
}

export function capturePiece({ way, ms, bytes }: Piece): Uint8Array {
  const piece = Buffer.alloc(headBytes + bytes.length);
  piece[0] = ways.indexOf(way);
  piece.writeDoubleLE(ms, 1);
  piece.writeUInt32LE(bytes.length, 9);
  piece.set(bytes, headBytes);
  return piece;
}

/** Where the bytes of a file come from, from its beginning on. */
export interface FileBytes {
  /** So many bytes, or what is left of the file. */
  take(count: number): Buffer;
  /** A line without its end; undefined where the file, or about `most` bytes, end before it. */
  takeLine(most: number): Buffer | undefined;
}

/** The head of a capture behind its first line. */
export function takeFacts(file: FileBytes): CaptureFacts {
  const line = file.takeLine(longestFacts);
  if (line === undefined) throw broken('its head has no end');
  const facts = parsed(line.toString());
  if (facts === undefined) throw broken('its head says nothing that is understood');
  return facts;
}

function parsed(text: string): CaptureFacts | undefined {
  try {
    const { kind, words, server, started } = JSON.parse(text) as Record<string, unknown>;
    if (kind !== 'shell' && kind !== 'daemon') return undefined;
    if (!Array.isArray(words) || !words.every((word) => typeof word === 'string')) return undefined;
    if (typeof started !== 'number' || !(Math.abs(started) <= latestDate)) return undefined;
    return { kind, words: words as ByteString[], server: server === true, started };
  } catch {
    return undefined;
  }
}

/** The pieces behind the head. Throws at one that is not there as a whole. */
export function* takePieces(file: FileBytes): Generator<Piece> {
  const ended = new Set<Way>();
  for (;;) {
    const head = file.take(headBytes);
    if (head.length === 0) return;
    if (head.length < headBytes) throw broken('it breaks off');
    const way = ways[head[0]];
    const length = head.readUInt32LE(9);
    if (way === undefined || length > longestPiece) throw broken('it goes on as no capture does');
    // An end that is told again tells nothing.
    if (length === 0 && ended.has(way)) continue;
    if (length === 0) ended.add(way);
    const bytes = file.take(length);
    yield { way, ms: head.readDoubleLE(1), bytes };
    if (bytes.length < length) throw broken('it breaks off');
  }
}

function broken(how: string): RsyncError {
  return new RsyncError(ExitCode.StreamIo, `the capture is broken: ${how}`);
}
