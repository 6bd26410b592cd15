/** How files are written. */
import type { ByteString } from '../../kernel/kernel.ts';
import { type BackingUp, backupsOf } from '../backups.ts';
import { cleanName } from '../clean-name.ts';
import { derived, flag, letter, off, on, option, type Run, type Telling, word } from '../definition.ts';
import { closes, none, where } from '../paths.ts';
import { type Quoting, quoteOption } from '../shell-quote.ts';
import { type Choosing, checksumOf } from '../whole-file.ts';
import { syntax } from '../wrong.ts';

type Append = 'no' | 'plain' | 'verify';

const delayedPartialDir = '.~tmp~';
const longestPath = 4096;

/** What of a draft decides how files are written. */
interface Writing extends Choosing {
  readonly inplace: boolean;
  readonly append: number;
  readonly writeDevices: boolean;
  readonly partial: boolean;
  readonly partialDir: ByteString;
  readonly delayUpdates: boolean;
}

interface Written {
  readonly inplace: boolean;
  readonly partial: boolean;
  readonly partialDir: ByteString;
  readonly partialDirImplied: boolean;
}

/** --append and --write-devices imply --inplace, which excludes a directory for partial files. */
function writingOf(draft: Writing, { env, server }: Run): Written {
  if (draft.append > 0 && checksumOf(draft).wholeFile === true) {
    throw syntax('--append cannot be used with --whole-file');
  }
  const inplace = draft.inplace || draft.append > 0 || draft.writeDevices;
  const partialDirImplied = draft.delayUpdates && draft.partialDir === '';
  let partialDir = partialDirImplied ? delayedPartialDir : draft.partialDir;
  if (inplace) {
    if (partialDir !== '') {
      const option = draft.append > 0 ? 'append' : 'inplace';
      throw syntax(
        `--${option} cannot be used with --${draft.delayUpdates ? 'delay-updates' : 'partial-dir'}`,
      );
    }
    return { inplace, partial: false, partialDir: '', partialDirImplied: false };
  }
  if (draft.partial && partialDir === '' && !server) partialDir = env.RSYNC_PARTIAL_DIR ?? '';
  const named = partialDir !== '';
  partialDir = cleanName(partialDir);
  if (partialDir === '.') partialDir = '';
  return { inplace, partial: draft.partial || named, partialDir, partialDirImplied };
}

/** Two words, so that the remote shell expands a leading `~`. */
function inTwoWords(name: string, path: ByteString, options: Quoting): ByteString[] {
  return path === '' ? [] : [name, quoteOption('', path, options)];
}

export const writeOptions = {
  backup: option({
    initial: false,
    switches: [
      on<boolean>('--backup, -b', 'keep what is replaced (see --suffix and --backup-dir)', () => true),
      ...off('no-backup', false),
    ],
    settle: (_: boolean, draft: BackingUp): boolean => backupsOf(draft).on,
    letter: letter('b'),
    // What is there may become another before its turn.
    closes: closes('passesOver', 'looksAhead', 'scansKept', 'extrasLookedUp'),
  }),
  backupDir: option({
    initial: undefined as ByteString | undefined,
    switches: [
      on<ByteString | undefined>('--backup-dir=DIR', 'keep it in a tree below DIR', (_, { value }) => value),
    ],
    settle: (_: ByteString | undefined, draft: BackingUp): ByteString => {
      const { dir } = backupsOf(draft);
      if (dir.length > longestPath + 128) throw syntax('the --backup-dir path is WAY too long.');
      return dir;
    },
    tells: (dir: ByteString, { options }: Telling<Quoting>): ByteString[] =>
      inTwoWords('--backup-dir', dir, options),
    closes: none,
  }),
  suffix: option({
    initial: undefined as ByteString | undefined,
    switches: [
      on<ByteString | undefined>(
        '--suffix=SUFFIX',
        'ending of kept files (default ~ without --backup-dir)',
        (_, { value }) => value,
      ),
    ],
    settle: (_: ByteString | undefined, draft: BackingUp, { server, sender }): ByteString => {
      const { dir, suffix } = backupsOf(draft);
      if (suffix.includes('/')) throw syntax(`--suffix cannot contain slashes: ${suffix}`);
      if (dir === '' && suffix === '' && !(server && sender)) {
        const why =
          draft.backupDir === undefined
            ? 'without a --backup-dir'
            : 'when --backup-dir is the same as the dest dir';
        throw syntax(`--suffix cannot be empty ${why}`);
      }
      return suffix;
    },
    tells: (
      suffix: ByteString,
      { options }: Telling<Quoting & { readonly backupDir: ByteString }>,
    ): ByteString[] =>
      suffix === (options.backupDir === '' ? '~' : '') ? [] : [quoteOption('--suffix', suffix, options)],
    closes: none,
  }),
  inplace: option({
    initial: false,
    switches: [
      on<boolean>('--inplace', 'write into destination files, not beside them', () => true),
      ...off('no-inplace', false),
    ],
    settle: (_: boolean, draft: Writing, run): boolean => writingOf(draft, run).inplace,
    tells: (inplace: boolean, { options, push }: Telling<InplaceTold>): string[] => {
      if (!inplace || options.append !== 'no') return [];
      // An old receiver gets --inplace with --sparse wrong for whole files.
      return options.sparse && options.wholeFile === false && push ? ['--inplace', '--no-W'] : ['--inplace'];
    },
    // A file by name may be there already; and what came of one is to be there when no more comes.
    closes: closes('filesByName', 'waitsForTheRest'),
  }),
  append: option({
    /** 0 no, 1 --append, 2 --append-verify. */
    initial: 0,
    switches: [
      on(
        '--append',
        'append to files that are shorter',
        (times: number, _, { server }: { readonly server: boolean }): number => (server ? times + 1 : 1),
      ),
      on<number>('--append-verify', 'the same, and verify the part that was there', () => 2),
      ...off('no-append', 0),
    ],
    settle: (how: number): Append => (how === 0 ? 'no' : how === 1 ? 'plain' : 'verify'),
    tells: (how: Append): string[] =>
      how === 'no' ? [] : how === 'verify' ? ['--append', '--append'] : ['--append'],
    closes: [
      where((how: Append) => how !== 'no', 'filesByName', 'answersTogether', 'writesTogether', 'passesOver'),
    ],
  }),
  partial: option({
    initial: false,
    switches: [
      on<boolean>('--partial', 'keep files of which only a part arrived', () => true),
      ...off('no-partial', false),
    ],
    settle: (_: boolean, draft: Writing, run): boolean => writingOf(draft, run).partial,
    tells: (partial: boolean, { options, push }: Telling<{ readonly partialDir: ByteString }>): string[] =>
      partial && push && options.partialDir === '' ? ['--partial'] : [],
    // What came of a file must be on the disk when no more comes.
    closes: closes('waitsForTheRest'),
  }),
  /** '' for none; cleaned (`.` and empty mean none). */
  partialDir: option({
    initial: '',
    switches: [on<ByteString>('--partial-dir=DIR', 'keep them in DIR', (_, { value }) => value)],
    settle: (_: ByteString, draft: Writing, run): ByteString => writingOf(draft, run).partialDir,
    tells: (
      dir: ByteString,
      { options, push }: Telling<Quoting & { readonly partialDirImplied: boolean }>,
    ): ByteString[] => (push && !options.partialDirImplied ? inTwoWords('--partial-dir', dir, options) : []),
    closes: closes('passesOver', 'looksAhead'),
  }),
  /** --delay-updates chose `.~tmp~` itself: the server is not told a --partial-dir. */
  partialDirImplied: derived((draft: Writing, run): boolean => writingOf(draft, run).partialDirImplied, {
    closes: none,
  }),
  delayUpdates: flag('--delay-updates', 'put all files in place at the end', {
    off: 'no-delay-updates',
    tells: (delays, { options, push }: Telling<{ readonly partialDir: ByteString }>): string[] =>
      delays && push && options.partialDir !== '' ? ['--delay-updates'] : [],
    closes: closes('passesOver', 'looksAhead'),
  }),
  tempDir: option({
    initial: '',
    switches: [
      on<ByteString>('--temp-dir=DIR, -T', 'create temporary files in DIR', (_, { value }) => value),
    ],
    settle: (dir: ByteString): ByteString => {
      if (dir.length >= longestPath - 10) throw syntax('the --temp-dir path is WAY too long.');
      return dir;
    },
    tells: (dir: ByteString, { options, push }: Telling<Quoting>): ByteString[] =>
      push ? inTwoWords('--temp-dir', dir, options) : [],
    // It may lie on another file system.
    closes: closes('filesByName', 'writesTogether'),
  }),
  sparse: flag('--sparse, -S', 'write runs of zeros as holes', {
    off: 'no-sparse no-S',
    letter: letter('S'),
    closes: none,
  }),
  preallocate: flag('--preallocate', 'allocate a file before writing it', {
    tells: word('--preallocate', 'receiver'),
    closes: closes('filesByName', 'writesTogether'),
  }),
  fsync: flag('--fsync', 'fsync every file', { tells: word('--fsync', 'receiver'), closes: none }),
};

interface InplaceTold {
  readonly append: Append;
  readonly sparse: boolean;
  readonly wholeFile: boolean | undefined;
}
