import type { ByteString } from '../kernel/kernel.ts';
import type { StatTable } from '../kernel/stat-table.ts';
import type { FlistContext, FlistReport, FlistTraces } from './context.ts';
import { EntryFlag, type FileList } from './file-list.ts';

const contentDir = 1 << 2;
/** rsync's numbers of what it notes of an entry. */
const noted: readonly (readonly [ours: number, theirs: number])[] = [
  [EntryFlag.TopDir, 1 << 0],
  [EntryFlag.ContentDir, contentDir],
  [EntryFlag.MountDir, 1 << 3],
  [EntryFlag.Duplicate, 1 << 4],
  [EntryFlag.Hlinked, 1 << 5],
  [EntryFlag.ImpliedDir, 1 << 6],
  [EntryFlag.SkipGroup, 1 << 10],
];
const hasLongSize = 1 << 9;
const hasNanoseconds = 1 << 12;
const longSize = 2 ** 32;

/** Where the lines go, and their words. */
interface Telling {
  readonly texts: { readonly traces: Pick<FlistTraces, 'entryIs' | 'listIs'> };
  readonly report: Pick<FlistReport, 'print'>;
}

/** Who tells of a list, and what stands before its names: the folder of a source, or how deep they are. */
export interface ListTeller {
  readonly who: string;
  readonly showsUsers: boolean;
  before(list: FileList, i: number): ByteString;
}

/** A row of a directory that was read, by its name below the root of the transfer. */
export interface ToldRow {
  readonly path: ByteString;
  readonly row: number;
}

/** ... and what a directory of the destination holds, sorted. Nothing is known of how deep it is. */
export function tellRows(
  rows: readonly ToldRow[],
  table: StatTable,
  {
    report,
    options,
    texts: { traces },
    showsUsers,
  }: Pick<FlistContext, 'options'> & Telling & { readonly showsUsers: boolean },
): void {
  const who = 'generator';
  report.print('info', traces.listIs(who, 0, rows.length, 0, rows.length - 1));
  rows.forEach(({ path, row }, i) => {
    const isDir = table.isDir(row);
    const told = {
      name: `0 ${path}${isDir ? '/' : ''}`,
      mode: table.mode(row),
      size: table.size(row),
      uid: options.owner && showsUsers ? table.uid(row) : undefined,
      gid: options.group ? table.gid(row) : undefined,
      skipsGroup: false,
      flags: (isDir ? contentDir : 0) | (table.mtimeNsec(row) === 0 ? 0 : hasNanoseconds),
    };
    report.print('info', traces.entryIs(who, i, told, options.humanReadable));
  });
}

/** --debug=flist3: a list as it came to be (rsync's output_flist). */
export function tellEntries(
  list: FileList,
  { report, options, negotiated, texts: { traces } }: Pick<FlistContext, 'options' | 'negotiated'> & Telling,
  { who, showsUsers, before }: ListTeller,
): void {
  report.print('info', traces.listIs(who, list.ndxStart, list.count, list.low, list.high));
  const nanoseconds = negotiated.protocol >= 31;
  for (let i = 0; i < list.count; i++) {
    const active = list.isActive(i);
    const flags = list.flags(i);
    const told = {
      name: active ? `${before(list, i)} ${list.path(i)}${list.isDir(i) ? '/' : ''}` : ' ',
      mode: list.mode(i),
      size: list.size(i),
      uid: options.owner && showsUsers ? list.uid(i) : undefined,
      gid: options.group ? list.gid(i) : undefined,
      skipsGroup: (flags & EntryFlag.SkipGroup) !== 0,
      flags:
        noted.reduce((all, [ours, theirs]) => (flags & ours ? all | theirs : all), 0) |
        (list.size(i) >= longSize ? hasLongSize : 0) |
        (nanoseconds && list.mtimeNsec(i) !== 0 ? hasNanoseconds : 0),
    };
    report.print('info', traces.entryIs(who, list.ndxStart + i, told, options.humanReadable));
  }
}
