import { openSync } from 'node:fs';
import { ReadStream, WriteStream } from 'node:tty';
import type { ByteString } from '../kernel/kernel.ts';

/**
 * Asks on the terminal, without echo. Undefined where there is no terminal, or the user gave up
 * (end of input); an interrupt ends the process as it would have without us.
 */
export async function askPassword(prompt: string): Promise<ByteString | undefined> {
  let input: ReadStream;
  let output: WriteStream;
  try {
    input = new ReadStream(openSync('/dev/tty', 'r'));
    output = new WriteStream(openSync('/dev/tty', 'w'));
  } catch {
    return undefined;
  }
  output.write(prompt);
  input.setRawMode(true);
  try {
    return await readHidden(input);
  } finally {
    input.setRawMode(false);
    output.write('\n');
    input.destroy();
    output.end();
  }
}

const interrupt = 0x03;
const endOfInput = 0x04;
const killLine = 0x15;
const erase = [0x08, 0x7f];

/** Reads to the end of the line, with what editing a terminal's line would have had. */
function readHidden(input: ReadStream): Promise<ByteString | undefined> {
  return new Promise((resolve) => {
    let line = '';
    input.on('error', () => resolve(undefined));
    input.on('end', () => resolve(undefined));
    input.on('data', (chunk: Buffer) => {
      for (const byte of chunk) {
        if (byte === interrupt) {
          input.setRawMode(false);
          process.kill(process.pid, 'SIGINT');
          resolve(undefined);
        } else if (byte === endOfInput && line === '') resolve(undefined);
        else if (byte === 0x0a || byte === 0x0d) resolve(line);
        else if (byte === killLine) line = '';
        else if (erase.includes(byte)) line = line.slice(0, -1);
        else line += String.fromCharCode(byte);
      }
    });
  });
}
