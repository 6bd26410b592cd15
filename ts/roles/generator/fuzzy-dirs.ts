import type { ByteString } from '../../kernel/kernel.ts';
import type { StatTable } from '../../kernel/stat-table.ts';

/** A file that may be like one that is missing. */
export interface Candidate {
  readonly name: ByteString;
  readonly stats: StatTable;
  readonly row: number;
}

/** What lies in the directory at hand, and in those of alternate directories. */
export interface FuzzyDirs {
  readonly dir: ByteString;
  readonly lists: readonly (readonly Candidate[])[];
  /** Names in the destination whose content is about to change: no basis for others. */
  readonly changing: Set<ByteString>;
}
