/** What a run says, line by line, and which files it says could not be dealt with. */
import type { ByteString } from '../kernel/kernel.ts';
import type { SyncFailure } from './events.ts';
import { nameOf, textOf } from './names.ts';

/** Reason of a source that went while the run was under way. */
export const vanishedReason = 'vanished';

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
    const failure = failureIn(line);
    if (failure === undefined) return;
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

/** What was escaped to be shown, as it was. */
function unescaped(text: ByteString): ByteString {
  return text.replace(/\\#([0-3][0-7]{2})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}

/** Behind a name that a daemon tells of. */
const inModule = String.raw`(?: \(in [^)]*\))?`;
const vanished = new RegExp(`^file has vanished: "(.*)"${inModule}$`);
const failed = new RegExp(
  String.raw`^rsync: (?:\[\w+\] )?[^"]*"(?:.*" -> ")?(.*)"${inModule}[^"]*: ([^":]+) \((\d+)\)(?: at .*)?$`,
);
const discarded =
  /^ERROR: (.*) (failed verification) -- update (?:discarded|put into partial-dir|retained)\.$/;
const noReferent = new RegExp(`^(?:rsync: (?:\\[\\w+\\] )?)?(symlink has no referent): "(.*)"${inModule}$`);

/** The file that an error's line is about. A peer tells of its files in words alone, an old one in these as well. */
export function failureIn(line: ByteString): SyncFailure | undefined {
  const name = (path: ByteString | undefined) => nameOf(unescaped(path ?? ''));
  let found = failed.exec(line);
  if (found !== null) return { ...name(found[1]), reason: textOf(found[2]!), errno: Number(found[3]) };
  found = vanished.exec(line);
  if (found !== null) return { ...name(found[1]), reason: vanishedReason };
  found = discarded.exec(line);
  if (found !== null) return { ...name(found[1]), reason: found[2]! };
  found = noReferent.exec(line);
  if (found !== null) return { ...name(found[2]), reason: found[1]! };
  return undefined;
}
