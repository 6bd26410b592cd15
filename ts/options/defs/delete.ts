/** What is deleted, at the destination and at the source. */
import { derived, flag, on, option, type Telling, word } from '../definition.ts';
import { closes, none, where } from '../paths.ts';
import { type Selecting, selectionOf } from '../selection.ts';
import type { DeleteWhen } from '../values.ts';
import { syntax } from '../wrong.ts';

/** What was given of --delete and its like. */
interface DeleteGiven {
  readonly plain: boolean;
  readonly before: boolean;
  /** 0 no, 1 during, 2 delay. */
  readonly during: number;
  readonly after: boolean;
}

/** What of a draft decides whether anything is deleted. */
export interface Deleting {
  readonly delete: DeleteGiven;
  readonly deleteExcluded: boolean;
}

function whenGiven({ before, during, after }: DeleteGiven): DeleteWhen | undefined {
  if (before) return 'before';
  if (after) return 'after';
  if (during === 0) return undefined;
  return during === 2 ? 'delay' : 'during';
}

export function deletes(draft: Deleting): boolean {
  return draft.delete.plain || draft.deleteExcluded || whenGiven(draft.delete) !== undefined;
}

function deletesOnTheWay(when: DeleteWhen | undefined): boolean {
  return when === 'during' || when === 'delay';
}

function says(spec: string, help: string, what: Partial<DeleteGiven>) {
  return on<DeleteGiven>(spec, help, (given) => ({ ...given, ...what }));
}

export const deleteOptions = {
  /**
   * undefined: nothing is deleted. A plain --delete says 'during' with `deleteWhenGiven` false: the run
   * then deletes before the transfer when the protocol is below 30 and during it otherwise.
   */
  delete: option({
    initial: { plain: false, before: false, during: 0, after: false } as DeleteGiven,
    switches: [
      says('--del', 'the same as --delete-during', { during: 1 }),
      says('--delete', 'delete what the source does not have', { plain: true }),
      says('--delete-before', 'delete before the transfer', { before: true }),
      says('--delete-during', 'delete during the transfer', { during: 1 }),
      says('--delete-delay', 'look during the transfer, delete after it', { during: 2 }),
      says('--delete-after', 'delete after the transfer', { after: true }),
    ],
    settle: (given: DeleteGiven, draft: Deleting & Selecting, run): DeleteWhen | undefined => {
      if (Number(given.before) + Number(given.during > 0) + Number(given.after) > 1) {
        throw syntax('You may not combine multiple --delete-WHEN options.');
      }
      if (!deletes(draft)) return undefined;
      if (!selectionOf(draft, run).dirs) {
        throw syntax('--delete does not work without --recursive (-r) or --dirs (-d).');
      }
      return whenGiven(given) ?? 'during';
    },
    tells: (when: DeleteWhen | undefined, { options, push }: Telling<DeleteTold>): string[] => {
      if (when === undefined || !push) return [];
      if (options.deleteWhenGiven) return [`--delete-${when}`];
      return options.deleteExcluded ? [] : ['--delete'];
    },
    closes: [
      where((when: DeleteWhen | undefined): boolean => !deletesOnTheWay(when), 'scansAhead'),
      where(
        (when: DeleteWhen | undefined, { ends }): boolean => ends.incRecurse && deletesOnTheWay(when),
        'looksAhead',
      ),
    ],
  }),
  deleteWhenGiven: derived((draft: Deleting): boolean => whenGiven(draft.delete) !== undefined, {
    closes: none,
  }),
  deleteExcluded: flag('--delete-excluded', 'delete excluded files too', {
    tells: word('--delete-excluded', 'receiver'),
    closes: none,
  }),
  ignoreErrors: flag('--ignore-errors', 'delete in spite of I/O errors', {
    off: 'no-ignore-errors',
    tells: word('--ignore-errors'),
    closes: none,
  }),
  force: flag('--force', 'delete directories that are in the way, full or not', {
    off: 'no-force',
    tells: word('--force', 'receiver'),
    closes: none,
  }),
  /** undefined is no limit. */
  maxDelete: option({
    initial: undefined as number | undefined,
    switches: [
      on<number | undefined>(
        '--max-delete=NUM',
        'delete at most NUM files',
        (_, { number }) => number,
        'int',
      ),
    ],
    settle: (most: number | undefined): number | undefined => most && Math.max(0, most),
    tells: (most: number | undefined, { push }): string[] =>
      most !== undefined && push ? [`--max-delete=${most || -1}`] : [],
    closes: none,
  }),
  removeSourceFiles: option({
    /** 0 no, 1 --remove-source-files, 2 --remove-sent-files. */
    initial: 0,
    switches: [
      on<number>('--remove-source-files', 'the sender removes files once they are there', () => 1),
      on<number>('--remove-sent-files', undefined, () => 2),
    ],
    settle: (kind: number): boolean => kind > 0,
    tells: (removes: boolean, { options }: Telling<{ readonly removeSentFiles: boolean }>): string[] =>
      !removes ? [] : [options.removeSentFiles ? '--remove-sent-files' : '--remove-source-files'],
    // The sender is told of each file that is in place, of one that was up to date as well.
    closes: closes('passesOver'),
  }),
  /** The deprecated spelling --remove-sent-files was used (an old server knows only that one). */
  removeSentFiles: derived(
    (draft: { readonly removeSourceFiles: number }): boolean => draft.removeSourceFiles === 2,
    { closes: none },
  ),
};

interface DeleteTold {
  readonly deleteWhenGiven: boolean;
  readonly deleteExcluded: boolean;
}
