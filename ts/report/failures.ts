/**
 * Which file a message is about that could not be dealt with. A peer tells of its files in words alone, an old one in these
 * as well: `messages.ts` has them.
 */
import type { ByteString } from '../kernel/kernel.ts';

/** A file that could not be dealt with. */
export interface Failure {
  readonly path: ByteString;
  readonly reason: ByteString;
  /** Of the system call that failed. */
  readonly errno?: number;
}

/** Reason of a source that went while the run was under way. */
export const vanishedReason = 'vanished';

/** Behind a name that a daemon tells of. */
const inModule = String.raw`(?: \(in [^)]*\))?`;

const systemError = /^rsync: (?:\[\w+\] )?(.*): ([^:"]+) \((\d+)\)(?: at .*)?$/s;
const vanished = new RegExp(`^(?:file|directory) has vanished: "(.*)"${inModule}$`, 's');

/** What fails without a system call: the name is the last group, what went wrong with it the others. */
const others: readonly RegExp[] = [
  new RegExp(`^(symlink has no referent): "(.*)"${inModule}$`, 's'),
  new RegExp(`^(skipping symlink with 0-length value): "(.*)"${inModule}$`, 's'),
  /^(could not make way for new \w+): (.*)$/s,
  /^ERROR: (Skipping sender remove [^:]*): (.*)$/s,
  /^ERROR: (rejecting file transfer request for daemon excluded file): (.*)$/s,
  /^ERROR: (daemon refused to receive \w+) "(.*)"$/s,
  /^ERROR: (daemon has excluded destination) "(.*)"$/s,
];
/** The same with the name before it. */
const namedFirst: readonly RegExp[] = [
  /^ERROR: (.*) (failed verification) -- update (?:discarded|put into partial-dir|retained)\.$/s,
  new RegExp(`^recv_files: "(.*)"${inModule} (is a directory)$`, 's'),
];

/** The failure that a line tells of; undefined for any other line. */
export function failureIn(line: ByteString): Failure | undefined {
  const name = (path: ByteString | undefined) => ({ path: unescaped(path ?? '') });
  const system = systemError.exec(line);
  if (system !== null) {
    const path = nameIn(system[1]!);
    if (path === undefined) return undefined;
    return { ...name(path), reason: system[2]!, errno: Number(system[3]) };
  }
  const gone = vanished.exec(line);
  if (gone !== null) return { ...name(gone[1]), reason: vanishedReason };
  for (const pattern of others) {
    const found = pattern.exec(line);
    if (found !== null) return { ...name(found[2]), reason: found[1]! };
  }
  for (const pattern of namedFirst) {
    const found = pattern.exec(line);
    if (found !== null) return { ...name(found[1]), reason: found[2]! };
  }
  return undefined;
}

/** The name in what a failed system call was to do: in quotes, or as its argument. Of two that is the new one. */
function nameIn(doing: ByteString): ByteString | undefined {
  const arrow = doing.lastIndexOf(' -> "');
  if (arrow >= 0 && doing.startsWith('rename'))
    return doing.slice(arrow + 5).replace(/^"|"+(?: failed)?$/g, '');
  const end = arrow >= 0 ? arrow : doing.length;
  const [from, to] = [doing.indexOf('"'), doing.lastIndexOf('"', end)];
  if (from >= 0 && to > from) return doing.slice(from + 1, to);
  const call = /^(?:[\w ]+: )?\w+\((.*?)(?:, [A-Z_]+)?\)(?: failed)?$/s.exec(doing);
  return call?.[1] ?? /^sender failed to [\w-]+ (.*)$/s.exec(doing)?.[1];
}

/** What was escaped to be shown, as it was. */
export function unescaped(text: ByteString): ByteString {
  return text.replace(/\\#([0-3][0-7]{2})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}
