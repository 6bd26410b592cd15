/** What a run says, line by line, and which files it says could not be dealt with. */
import type { ByteString } from '../kernel/kernel.ts';
import { failureIn, unescaped } from '../report/failures.ts';
import type { SyncFailure } from './events.ts';
import { nameOf, textOf } from './names.ts';

/** How many of them are kept: a run may fail for each file of a large tree. */
const mostFailures = 10_000;
/** Of what is said to standard error, lines and chars that an error shows. */
const tailLines = 40;
const longestLine = 1000;
/** A peer that never ends its line is not waited for. */
const mostUnended = 64 * 1024;

/** Who hears of it; undefined where nobody listens. */
export interface Hearer {
  message(level: 'info' | 'error', text: string): void;
  failure(failure: SyncFailure): void;
}

/** The words of one run. */
export interface Words {
  stdout(text: ByteString): void;
  stderr(bytes: Uint8Array): void;
  /** A whole line that ends the run. */
  error(line: ByteString): void;
  /** What is said to nobody yet, because its line has not ended. */
  finish(): void;
  readonly failures: readonly SyncFailure[];
  /** The last lines of standard error. */
  tail(): string;
}

/** Gathers what a run says. Errors are kept also where nobody listens. */
export function gatherWords(hearer: Hearer | undefined): Words {
  const failures: SyncFailure[] = [];
  const last: string[] = [];
  const info = hearer && lines((line) => hearer.message('info', textOf(unescaped(line))));
  const tell = (line: ByteString): void => {
    const text = textOf(unescaped(line));
    last.push(text.length > longestLine ? `${text.slice(0, longestLine)}…` : text);
    if (last.length > tailLines) last.shift();
    hearer?.message('error', text);
    const found = failureIn(line);
    if (found === undefined) return;
    const failure = { ...found, ...nameOf(found.path), reason: textOf(found.reason) };
    if (failures.length < mostFailures) failures.push(failure);
    hearer?.failure(failure);
  };
  const error = lines(tell);
  return {
    stdout: (text) => info?.add(text),
    stderr: (bytes) => error.add(Buffer.from(bytes).toString('latin1')),
    error: tell,
    finish() {
      info?.end();
      error.end();
    },
    failures,
    tail: () => last.join('\n'),
  };
}

/** Cuts what comes in pieces into lines. A carriage return ends one as well, empty ones are left out. */
function lines(each: (line: ByteString) => void): { add(text: ByteString): void; end(): void } {
  let rest = '';
  return {
    add(text) {
      const parts = (rest + text).split(/[\r\n]/);
      rest = parts.pop() ?? '';
      for (const part of parts) if (part !== '') each(part);
      if (rest.length <= mostUnended) return;
      each(rest);
      rest = '';
    },
    end() {
      if (rest !== '') each(rest);
      rest = '';
    },
  };
}
