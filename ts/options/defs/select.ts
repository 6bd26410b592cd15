/** Which files are transferred. */
import type { ByteString } from '../../kernel/kernel.ts';
import { type BackingUp, backupsOf, keepsBeside } from '../backups.ts';
import {
  count,
  derived,
  flag,
  letter,
  letterTo,
  off,
  on,
  option,
  Request,
  type Run,
  type Telling,
  word,
} from '../definition.ts';
import { parseLocation } from '../location.ts';
import { closes, none, where } from '../paths.ts';
import { type Selecting, selectionOf } from '../selection.ts';
import { type Quoting, quoteOption } from '../shell-quote.ts';
import { parseSize } from '../sizes.ts';
import type { DeleteWhen, FilterArg } from '../values.ts';
import { syntax } from '../wrong.ts';
import { type Deleting, deletes } from './delete.ts';

type MissingArgs = 'report' | 'ignore' | 'delete';

/** --relative, or what --files-from implies. */
function isRelative({ relative, filesFrom }: Naming): boolean {
  return relative ?? filesFrom !== '';
}

interface Naming {
  readonly relative: boolean | undefined;
  readonly filesFrom: ByteString;
}

/** Where --files-from is read; with it there is one source and one destination. */
function filesFromOf(
  name: ByteString,
  { args, server }: Run,
): { file: ByteString; host: ByteString | undefined } {
  if (name === '') return { file: '', host: undefined };
  if (args.length > 2 || (!server && args.length === 1)) throw new Request({ kind: 'usage' });
  if (name === '-') return { file: '-', host: server ? '' : undefined };
  const at = parseLocation(name);
  if (at.kind === 'local') return { file: name, host: undefined };
  if (server) throw syntax('The --files-from sent to the server cannot specify a host.');
  if (at.path === '-') throw syntax('Invalid --files-from remote filename');
  return { file: at.path, host: at.user === undefined ? at.host : `${at.user}@${at.host}` };
}

/** Filters in the order given, with those that other options stand for behind them. */
function allFilters(given: readonly FilterArg[], draft: Filtering, run: Run): readonly FilterArg[] {
  const filters = [...given];
  if (selectionOf(draft, run).oldDirs) filters.push({ kind: 'filter', rule: '- /*/*' });
  // Kept files are protected from deletion.
  if (keepsBeside(draft) && deletes(draft) && !draft.deleteExcluded && !run.server)
    filters.push({ kind: 'filter', rule: `P *${backupsOf(draft).suffix}` });
  if (draft.cvsExclude) filters.push({ kind: 'cvs-exclude' });
  return filters;
}

interface Filtering extends Selecting, BackingUp, Deleting {
  readonly cvsExclude: boolean;
}

/** What filter options look at where they stand. */
interface Filters extends Filtering {
  readonly from0: boolean;
  perDirFilter: number;
}

/** Adds a rule to the filters. */
function adds(spec: string, help: string, rule: (value: ByteString) => FilterArg) {
  return on<readonly FilterArg[], Filters>(spec, help, (filters, { value }, { from0 }) => {
    const arg = rule(value);
    return [...filters, from0 && !('pattern' in arg) ? { ...arg, from0 } : arg];
  });
}

/** What -F stands for, given once and twice. */
const perDirRules: readonly FilterArg[] = [
  { kind: 'filter', rule: ': /.rsync-filter' },
  { kind: 'filter', rule: '- .rsync-filter' },
];

/** Digits without an exponent. */
function plainNumber(value: number): string {
  return BigInt(value).toString();
}

function sizeLimit(name: 'max-size' | 'min-size', help: string) {
  return option({
    initial: undefined as number | undefined,
    switches: [
      on<number | undefined>(`--${name}=SIZE`, help, (_, { value }) =>
        parseSize(value, { name, unit: 'b', min: 0 }),
      ),
    ],
    settle: (size: number | undefined): number | undefined => size,
    tells: (size: number | undefined, { push }): string[] =>
      size !== undefined && push ? [`--${name}=${plainNumber(size)}`] : [],
    closes: [where((size: number | undefined) => size !== undefined, 'passesOver')],
  });
}

export const selectOptions = {
  /** 0 no, 1 implied by -a, 2 by -r. */
  recursive: option({
    initial: 0,
    switches: [on<number>('--recursive, -r', 'go into directories', () => 2), ...off('no-recursive no-r', 0)],
    settle: (_: number, draft: Selecting, run): boolean => selectionOf(draft, run).recursive,
    letter: letter('r'),
    closes: [where((deep: boolean) => !deep, 'sourceRecords')],
  }),
  /** --inc-recursive / --no-inc-recursive; undefined leaves it to the rules of the run. */
  incRecursive: option({
    initial: undefined as boolean | undefined,
    switches: [
      on<boolean | undefined>('--inc-recursive', 'send the file list piece by piece (aka --i-r)', () => true),
      on<boolean | undefined>('--i-r', undefined, () => true),
      on<boolean | undefined>('--no-inc-recursive', 'send the whole file list first', () => false),
      on<boolean | undefined>('--no-i-r', 'the same as --no-inc-recursive', () => false),
    ],
    settle: (given: boolean | undefined): boolean | undefined => given,
    closes: none,
  }),
  relative: option({
    initial: undefined as boolean | undefined,
    switches: [
      on<boolean | undefined>('--relative, -R', 'keep the whole path of each source', () => true),
      ...off<boolean | undefined>('no-relative no-R', false),
    ],
    settle: (_: boolean | undefined, draft: Naming): boolean => isRelative(draft),
    letter: letter('R'),
    // Names lose their leading slash at the receiving side alone, so that it does not know where the sources are; what
    // comes over a wire may have to be made plain as well.
    closes: closes('listShared', 'sumsWhereCompared', 'plainEntriesIn'),
  }),
  /** --no-implied-dirs clears it. */
  impliedDirs: option({
    initial: true,
    switches: [
      on<boolean>('--no-implied-dirs', 'with --relative, leave the attributes of parents alone', () => false),
      on<boolean>('--no-i-d', undefined, () => false),
      on<boolean>('--implied-dirs', undefined, () => true),
      on<boolean>('--i-d', undefined, () => true),
    ],
    settle: (given: boolean, draft: Naming): boolean => isRelative(draft) && given,
    tells: (implied: boolean, { options, side }: Telling<{ readonly relative: boolean }>): string[] =>
      options.relative && !implied && (side.sender || side.protocol >= 30) ? ['--no-implied-dirs'] : [],
    // Parents that nothing tells of are made when their content's turn comes.
    closes: [
      where(
        (implied: boolean, { options }: { options: { readonly relative: boolean } }): boolean =>
          options.relative && !implied,
        'looksAhead',
      ),
    ],
  }),
  /** -d, or implied by --list-only and --files-from. */
  dirs: option({
    initial: -1,
    switches: [
      on<number>('--dirs, -d', 'transfer directories without what is in them', () => 2),
      ...off('no-dirs no-d', 0),
      on<number>('--old-dirs', '--dirs for a very old rsync', () => 4),
      on<number>('--old-d', 'the same as --old-dirs', () => 4),
    ],
    settle: (_: number, draft: Selecting, run): boolean => selectionOf(draft, run).dirs,
    // Directories without recursion: a list, or a deletion, needs the server to know of them.
    letter: (dirs: boolean, { options, push }: Telling<DirsTold>): string => {
      const matter =
        dirs && !options.recursive && (options.listOnly || (options.delete !== undefined && push));
      return options.dirsGiven || matter ? 'd' : '';
    },
    tells: (dirs: boolean, { options, push }: Telling<DirsTold>): string[] =>
      dirs && !options.recursive && options.delete !== undefined && push ? ['--no-r'] : [],
    closes: none,
  }),
  /** -d was given by the user (not implied); the server is told only then. */
  dirsGiven: derived(
    (draft: Selecting, run): boolean => draft.dirs === 2 && !selectionOf(draft, run).recursive,
    { closes: none },
  ),
  /** --list-only, or a source without a destination. */
  listOnly: option({
    initial: false,
    switches: [on<boolean>('--list-only', 'list files, copy none', () => true)],
    settle: (_: boolean, draft: Selecting, run): boolean => selectionOf(draft, run).listOnly,
    closes: closes('passesOver', 'scansAhead'),
  }),
  /** --list-only itself was given: the server is told only then. */
  listOnlyGiven: derived((draft: { readonly listOnly: boolean }): boolean => draft.listOnly, {
    tells: word('--list-only'),
    closes: none,
  }),
  /** Times given: 1 stays on the file system, 2 also omits mount points. */
  oneFileSystem: count('--one-file-system, -x', 'stay on the file system', {
    off: 'no-one-file-system no-x',
    letter: letter('x', 2),
    closes: none,
  }),
  existing: flag('--existing', 'create no new files on the receiver', {
    tells: word('--existing', 'receiver'),
    closes: closes('passesOver'),
  }),
  nonExisting: option<boolean, never, { existing: boolean }, unknown>({
    initial: false,
    switches: [
      on('--ignore-non-existing', 'the same as --existing', (_, __, draft: { existing: boolean }) => {
        draft.existing = true;
        return true;
      }),
    ],
    settle: undefined,
    closes: none,
  }),
  ignoreExisting: flag('--ignore-existing', 'update no files that are on the receiver', {
    tells: word('--ignore-existing', 'receiver'),
    closes: closes('passesOver'),
  }),
  update: flag('--update, -u', 'skip files that are newer on the receiver', {
    letter: letter('u'),
    closes: closes('passesOver'),
  }),
  /** Bytes; undefined is no limit. */
  maxSize: sizeLimit('max-size', 'skip files that are larger'),
  minSize: sizeLimit('min-size', 'skip files that are smaller'),
  pruneEmptyDirs: flag('--prune-empty-dirs, -m', 'leave out directories without files', {
    off: 'no-prune-empty-dirs no-m',
    letter: letterTo('receiver', 'm'),
    // The receiving end takes entries out of its list.
    closes: closes('listShared'),
  }),
  cvsExclude: flag('--cvs-exclude, -C', 'leave out what CVS leaves out', {
    letter: letter('C'),
    closes: none,
  }),
  filters: option({
    initial: [] as readonly FilterArg[],
    switches: [
      adds('--filter=RULE, -f', 'add a filter rule', (rule) => ({ kind: 'filter', rule })),
      on(
        '-F',
        "--filter='dir-merge /.rsync-filter'\nand, repeated, --filter='- .rsync-filter'",
        (filters: readonly FilterArg[], _, draft: Filters): readonly FilterArg[] => [
          ...filters,
          ...perDirRules.slice(draft.perDirFilter, ++draft.perDirFilter),
        ],
      ),
      adds('--exclude=PATTERN', 'leave out files that match', (pattern) => ({ kind: 'exclude', pattern })),
      adds('--exclude-from=FILE', 'read such patterns from FILE', (file) => ({ kind: 'exclude-from', file })),
      adds('--include=PATTERN', "don't leave out files that match", (pattern) => ({
        kind: 'include',
        pattern,
      })),
      adds('--include-from=FILE', 'read such patterns from FILE', (file) => ({ kind: 'include-from', file })),
    ],
    settle: (given: readonly FilterArg[], draft: Filters, run): readonly FilterArg[] =>
      allFilters(given, draft, run),
    // What filters leave out is known when they are read: see `Walk.treesFor`.
    closes: none,
  }),
  /** -F count. */
  perDirFilter: option<number, never, unknown, unknown>({
    initial: 0,
    switches: [],
    settle: undefined,
    closes: none,
  }),
  /** Without its host; '' for none, '-' for standard input (or the wire, on a server). */
  filesFrom: option({
    initial: '',
    switches: [
      on<ByteString>(
        '--files-from=FILE',
        'read the names of source files from FILE',
        (_, { value }) => value,
      ),
    ],
    settle: (name: ByteString, _: unknown, run): ByteString => filesFromOf(name, run).file,
    tells: (name: ByteString, { options, side }: Telling<NamesTold>): ByteString[] => {
      const { filesFromHost: host, from0, relative } = options;
      if (name === '' || (!side.sender && host === undefined)) return [];
      const plainly = relative ? [] : ['--no-relative'];
      if (host === undefined) return ['--files-from=-', '--from0', ...plainly];
      return ['--files-from', quoteOption('', name, options), ...(from0 ? ['--from0'] : []), ...plainly];
    },
    closes: closes('sourceAhead'),
  }),
  /** Host of --files-from=HOST:FILE ('' for `:FILE`); undefined when the file is local. */
  filesFromHost: derived(
    (draft: { readonly filesFrom: ByteString }, run): ByteString | undefined =>
      filesFromOf(draft.filesFrom, run).host,
    { closes: none },
  ),
  from0: flag('--from0, -0', 'zero bytes end the lines of these files', { off: 'no-from0', closes: none }),
  /** --ignore-missing-args, --delete-missing-args. */
  missingArgs: option({
    initial: { ignore: false, delete: false },
    switches: [
      on<{ ignore: boolean; delete: boolean }>(
        '--ignore-missing-args',
        'a missing source is no error',
        (raw) => ({ ...raw, ignore: true }),
      ),
      on<{ ignore: boolean; delete: boolean }>(
        '--delete-missing-args',
        "delete a missing source's destination",
        (raw) => ({ ...raw, delete: true }),
      ),
    ],
    settle: (raw: { ignore: boolean; delete: boolean }): MissingArgs =>
      raw.delete ? 'delete' : raw.ignore ? 'ignore' : 'report',
    tells: (what: MissingArgs, { push }): string[] => {
      if (what === 'delete') return ['--delete-missing-args'];
      return what === 'ignore' && !push ? ['--ignore-missing-args'] : [];
    },
    closes: [where((what: MissingArgs) => what === 'delete', 'plainEntriesIn', 'passesOver')],
  }),
  mkpath: flag('--mkpath', "make the destination's missing parents", {
    off: 'no-mkpath',
    tells: word('--mkpath', 'receiver'),
    closes: none,
  }),
};

interface DirsTold {
  readonly dirsGiven: boolean;
  readonly recursive: boolean;
  readonly listOnly: boolean;
  readonly delete: DeleteWhen | undefined;
}

interface NamesTold extends Quoting {
  readonly filesFromHost: ByteString | undefined;
  readonly from0: boolean;
  readonly relative: boolean;
}
