import { openSync } from 'node:fs';
import { ReadStream, WriteStream } from 'node:tty';
import { ExitCode, RsyncError } from '../errors.ts';
import { readSome } from '../filter/read-rule-file.ts';
import type { Host } from '../host.ts';
import type { ByteString } from '../kernel/kernel.ts';

/**
 * Asks on the terminal, without echo; where there is none, on standard error, and reads standard input (getpass).
 * Undefined where the user gave up (end of input). An interrupt ends the run, and leaves the terminal as it was.
 */
export async function askPassword(
  prompt: string,
  host: Pick<Host, 'descriptors' | 'stderr'>,
  signal: AbortSignal,
): Promise<ByteString | undefined> {
  let input: ReadStream;
  let output: WriteStream;
  try {
    input = new ReadStream(openSync('/dev/tty', 'r'));
    output = new WriteStream(openSync('/dev/tty', 'w'));
  } catch {
    return askOnStandardInput(prompt, host);
  }
  output.write(prompt);
  input.setRawMode(true);
  try {
    return await readHidden(input, signal);
  } finally {
    input.setRawMode(false);
    output.write('\n');
    input.destroy();
    output.end();
  }
}

function askOnStandardInput(
  prompt: string,
  host: Pick<Host, 'descriptors' | 'stderr'>,
): ByteString | undefined {
  host.stderr(Buffer.from(prompt));
  return readInputLine(host);
}

/** The next line of standard input, without its end; nothing behind it is taken. Undefined at the end of input. */
export function readInputLine({ descriptors }: Pick<Host, 'descriptors'>): ByteString | undefined {
  const byte = Buffer.alloc(1);
  let line = '';
  while (readSome(descriptors.input, byte) > 0) {
    if (byte[0] === 0x0a) return line;
    line += String.fromCharCode(byte[0]);
  }
  return line === '' ? undefined : line;
}

const interrupt = 0x03;
const endOfInput = 0x04;
const killLine = 0x15;
const erase = [0x08, 0x7f];

/** Reads to the end of the line, with what editing a terminal's line would have had. */
function readHidden(input: ReadStream, signal: AbortSignal): Promise<ByteString | undefined> {
  return new Promise((resolve, reject) => {
    let line = '';
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    input.on('error', () => resolve(undefined));
    input.on('end', () => resolve(undefined));
    input.on('data', (chunk: Buffer) => {
      for (const byte of chunk) {
        if (byte === interrupt) {
          reject(new RsyncError(ExitCode.Signal, ''));
        } else if (byte === endOfInput && line === '') resolve(undefined);
        else if (byte === 0x0a || byte === 0x0d) resolve(line);
        else if (byte === killLine) line = '';
        else if (erase.includes(byte)) line = line.slice(0, -1);
        else line += String.fromCharCode(byte);
      }
    });
  });
}
