/** The shortcuts of a run, and how an option says which of them it closes (docs/decisions/0038). */
import { formatHas, itemizeLevel, type Shown } from './log-format.ts';

/** What a run may do instead of the long way, and whether it may. */
export interface FastPaths {
  /** In one process: whole files pass by name, and the receiver's threads copy them. */
  readonly filesByName: boolean;
  /** In one process: file lists pass as they are instead of encoded. */
  readonly listsAsTheyAre: boolean;
  /** ... and nobody wants to know what they would take on a wire. */
  readonly listsUncoded: boolean;
  /** ... and the list of a run without incremental recursion is the same one at both ends. */
  readonly listShared: boolean;
  /** ... and --checksum sums are made where they are compared, those of both files. */
  readonly sumsWhereCompared: boolean;
  /** The walk takes whole directories as records, and looks at no entry of its own. */
  readonly sourceRecords: boolean;
  /** ... and begins with the first source while the peer is still being reached. */
  readonly sourceAhead: boolean;
  /** Entries that hold nothing unusual are coded in one call, when sent and when received. */
  readonly plainEntriesOut: boolean;
  readonly plainEntriesIn: boolean;
  /** Small whole files are read and tokenized together, or taken from the wire and put in place together. */
  readonly answersTogether: boolean;
  readonly writesTogether: boolean;
  /** ... and the rest of one that has begun to come is waited for. */
  readonly waitsForTheRest: boolean;
  /** The wire's descriptor is lent to a job that moves a large file on its own. */
  readonly wireLent: boolean;
  /** Entries are passed over that the kernel's look-up finds to be up to date. */
  readonly passesOver: boolean;
  /** What comes after the entry at hand is looked up on other threads. */
  readonly looksAhead: boolean;
  /** Deletion on the way: directories of the destination are read ahead. */
  readonly scansAhead: boolean;
  /** ... what was read is where the directory's entries are looked up. */
  readonly scansKept: boolean;
  /** ... and the kernel's look-up tells as well what is not in the list. */
  readonly extrasLookedUp: boolean;
}

export type FastPath = keyof FastPaths;

/** What a run in one process decides for both of its ends before they start. */
export type SharedPaths = Pick<FastPaths, 'filesByName' | 'listsAsTheyAre' | 'sumsWhereCompared'>;

/** The two ends of a run, as one of them sees them. */
export interface Ends {
  /** This end is the server. */
  readonly server: boolean;
  /** `apart` where the other end is not in this process. */
  readonly shared: SharedPaths;
  readonly protocol: number;
  readonly incRecurse: boolean;
  /** The compression of contents. */
  readonly codec: string;
  /** A caller's function chooses entries. */
  readonly chosen: boolean;
}

/** All that a decision may go by; `Seen`: the settled options that are looked at. */
export interface Situation<Seen> {
  readonly options: Seen;
  readonly ends: Ends;
}

/** Where `at` holds for a value, `paths` are closed; or it counts only where the path `unless` is closed. */
export interface Rule<Value, Seen = unknown> {
  readonly at: (value: Value, situation: Situation<Seen>) => boolean;
  readonly paths: readonly FastPath[];
  readonly unless?: FastPath;
}

/** For each member of `Of`: the paths it closes, and at which values. A member that is left out does not compile. */
export type Concerns<Of, Seen = unknown> = { readonly [Key in keyof Of]: readonly Rule<Of[Key], Seen>[] };

/** Closes no path: the option does not touch what they leave out, or they know it. */
export const none: readonly [] = [];

/** Closes `paths` at some values. */
export function where<Value, Seen = unknown>(
  at: (value: Value, situation: Situation<Seen>) => boolean,
  ...paths: FastPath[]
): Rule<Value, Seen> {
  return { at, paths };
}

/** Closes `paths` where the option is on, whatever that is for its type. */
export function closes(...paths: FastPath[]): readonly Rule<unknown>[] {
  return [where(isOn, ...paths)];
}

/** True where a value of an option does anything. */
export function isOn(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

/** Paths along which an entry is no more than name, type, size, time, mode and ids. */
export const plainEntries: readonly FastPath[] = [
  'sourceRecords',
  'plainEntriesOut',
  'plainEntriesIn',
  'passesOver',
];

const countsFiles = (format: string): boolean => ['b', 'c', 'C'].some((letter) => formatHas(format, letter));
const filesTogether = ['filesByName', 'answersTogether', 'writesTogether', 'wireLent'] as const;
const showsSums: Rule<string> = where((format) => formatHas(format, 'C'), 'sumsWhereCompared');

/** A format that tells what each file took on the wire, or its digest: files then go one by one. */
export const followsEachFile: readonly Rule<string>[] = [
  where((format, { ends }) => !ends.server && countsFiles(format), ...filesTogether),
  showsSums,
];

/** The same of a log, which a server has, too. */
export const logsEachFile: readonly Rule<string>[] = [where(countsFiles, ...filesTogether), showsSums];

/** Lines about items that are up to date. */
export const showsUnchanged: Rule<unknown, Shown> = where(
  (_, { options, ends }) => itemizeLevel(options, ends.server) > 1,
  'passesOver',
);
