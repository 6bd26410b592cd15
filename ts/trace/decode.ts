/** `oc-rsync decode FILE`: tells of a conversation that was kept, or of a batch. */
import { closeSync, readSync } from 'node:fs';
import { errnoText } from '../errno.ts';
import { ExitCode, RsyncError } from '../errors.ts';
import { type Host, linkOwner, pathAt } from '../host.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { openTrusted } from '../kernel/trusted-path.ts';
import { escapeText } from '../report/escape.ts';
import { beginsBatch, type Guess, guessesFor, type HeardBatch, hearBatch } from './batch.ts';
import { captureMagic, type FileBytes, takeFacts, takePieces } from './capture.ts';
import { listen } from './conversation.ts';
import { endLine, lineOf } from './lines.ts';

const pieceBytes = 64 * 1024;
const newline = 0x0a;
const msPerSecond = 1000;

/** What is asked of the process. */
type DecoderHost = Pick<Host, 'stdout' | 'stderr' | 'charset' | 'user' | 'workingDirectory'>;

/** Tells on standard output what is in the file, and on standard error why that was not all. Answers the exit value. */
export async function decodeFile(name: ByteString, host: DecoderHost): Promise<number> {
  const print = (line: ByteString): void => host.stdout(`${escapeText(line, host.charset)}\n`);
  const fail = (text: ByteString, code: number): number => {
    host.stderr(Buffer.from(`oc-rsync: ${escapeText(`${name}: ${text}`, host.charset)}\n`, 'latin1'));
    return code;
  };
  try {
    const open = (): OpenFile => openFile(name, host);
    const file = open();
    const head = file.take(captureMagic.length);
    if (head.equals(captureMagic)) return await decodeCapture(file, print, fail);
    file.close();
    if (beginsBatch(head)) return await decodeBatch(open, guessesFor(head), print, fail);
    return fail('this is neither a capture nor a batch', ExitCode.FileIo);
  } catch (error) {
    if (error instanceof RsyncError) return fail(error.lines.join(' '), error.exitCode);
    const { errno } = error as NodeJS.ErrnoException;
    if (errno === undefined) throw error;
    return fail(`${errnoText(Math.abs(errno))} (${Math.abs(errno)})`, ExitCode.FileIo);
  }
}

type Fail = (text: ByteString, code: number) => number;
type Print = (line: ByteString) => void;

interface OpenFile extends FileBytes {
  close(): void;
}

async function decodeCapture(file: OpenFile, print: Print, fail: Fail): Promise<number> {
  const facts = takeFacts(file);
  const where = facts.server ? 'server' : 'client';
  print(`# at the ${where}'s end, ${new Date(facts.started).toISOString()}`);
  if (facts.words.length > 0) print(`# server: ${facts.words.join(' ')}`);
  let ms = 0;
  const time = (): string => (ms / msPerSecond).toFixed(3).padStart(9);
  const talk = listen(facts, (way, at, text) => print(`${time()} ${lineOf(way, at, text)}`));
  let broken: RsyncError | undefined;
  try {
    for (const piece of takePieces(file)) {
      ({ ms } = piece);
      await talk.feed(piece.way, piece.bytes);
    }
  } catch (error) {
    if (!(error instanceof RsyncError)) throw error;
    broken = error;
  } finally {
    file.close();
  }
  const { there, back } = await talk.finish();
  print(`${time()} ${endLine('there', there)}`);
  print(`${time()} ${endLine('back', back)}`);
  const problem = broken?.lines.join(' ') ?? there.problem ?? back.problem;
  return problem === undefined ? ExitCode.Ok : fail(problem, ExitCode.StreamIo);
}

/** What a batch does not tell is tried until it can be understood as a whole. */
async function decodeBatch(
  open: () => OpenFile,
  guesses: readonly Guess[],
  print: Print,
  fail: Fail,
): Promise<number> {
  const hear = (guess: Guess, say: Parameters<typeof hearBatch>[2]): Promise<HeardBatch> =>
    hearBatch(piecesOf(open()), guess, say);
  const [usual] = guesses;
  let best = usual;
  let furthest = -1;
  for (const guess of guesses) {
    const { problem, decoded, fits } = await hear(guess, () => {});
    const isWhole = problem === undefined;
    if (!isWhole && decoded <= furthest) continue;
    // By another guess a broken batch can look whole: what it counts has to be right then.
    if (isWhole && !fits && guess !== usual) continue;
    best = guess;
    furthest = decoded;
    if (isWhole) break;
  }
  const heard = await hear(best, (way, at, text) => print(lineOf(way, at, text)));
  print(endLine('back', heard));
  return heard.problem === undefined ? ExitCode.Ok : fail(heard.problem, ExitCode.StreamIo);
}

function* piecesOf(file: OpenFile): Generator<Uint8Array> {
  try {
    for (;;) {
      const piece = file.take(pieceBytes);
      if (piece.length === 0) return;
      yield piece;
    }
  } finally {
    file.close();
  }
}

/** Links of others are not followed, as to no file that the user names. */
function openFile(name: ByteString, host: DecoderHost): OpenFile {
  const fd = openTrusted(pathAt({ cwd: host.workingDirectory() }, name), linkOwner(host, false));
  let ahead = Buffer.alloc(0);
  const isMore = (): boolean => {
    if (ahead.length > 0) return true;
    const piece = Buffer.allocUnsafe(pieceBytes);
    ahead = piece.subarray(0, readSync(fd, piece));
    return ahead.length > 0;
  };
  /** What is there already, and no more than `count` of it. */
  const some = (count: number): Buffer => {
    const bytes = ahead.subarray(0, count);
    ahead = ahead.subarray(bytes.length);
    return bytes;
  };
  return {
    take(count) {
      // No more than there is: the count may come from the file.
      const pieces: Buffer[] = [];
      for (let left = count; left > 0 && isMore(); left -= pieces.at(-1)!.length) pieces.push(some(left));
      return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
    },
    takeLine(most) {
      const pieces: Buffer[] = [];
      for (let length = 0; length <= most && isMore(); length += pieces.at(-1)!.length) {
        const end = ahead.indexOf(newline);
        pieces.push(some(end < 0 ? ahead.length : end));
        if (end < 0) continue;
        some(1);
        return Buffer.concat(pieces);
      }
      return undefined;
    },
    close: () => closeSync(fd),
  };
}
