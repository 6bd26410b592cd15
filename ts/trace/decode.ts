/** `oc-rsync decode FILE`: tells of a conversation that was kept, or of a batch. */
import { closeSync, readSync } from 'node:fs';
import { errnoText } from '../errno.ts';
import { ExitCode, RsyncError } from '../errors.ts';
import { type Host, linkOwner, pathAt } from '../host.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { openTrusted } from '../kernel/trusted-path.ts';
import { escapeText } from '../report/escape.ts';
import { beginsBatch, type Guess, guessesFor, type HeardBatch, hearBatch } from './batch.ts';
import { captureMagic, takeFacts, takePieces } from './capture.ts';
import { listen } from './conversation.ts';
import { endLine, lineOf } from './lines.ts';

const pieceBytes = 64 * 1024;
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

interface OpenFile {
  /** So many bytes, or what is left of the file. */
  take(count: number): Buffer;
  close(): void;
}

async function decodeCapture(file: OpenFile, print: Print, fail: Fail): Promise<number> {
  const facts = takeFacts(file.take);
  const where = facts.server ? 'server' : 'client';
  print(`# at the ${where}'s end, ${new Date(facts.started).toISOString()}`);
  if (facts.words.length > 0) print(`# server: ${facts.words.join(' ')}`);
  let ms = 0;
  const time = (): string => (ms / msPerSecond).toFixed(3).padStart(9);
  const talk = listen(facts, (way, at, text) => print(`${time()} ${lineOf(way, at, text)}`));
  let broken: RsyncError | undefined;
  try {
    for (const piece of takePieces(file.take)) {
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
  return {
    take(count) {
      // No more than there is: the count may come from the file.
      const pieces: Buffer[] = [];
      for (let left = count; left > 0; ) {
        const piece = Buffer.allocUnsafe(Math.min(left, pieceBytes));
        const n = readSync(fd, piece);
        if (n === 0) break;
        pieces.push(piece.subarray(0, n));
        left -= n;
      }
      return pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
    },
    close: () => closeSync(fd),
  };
}
