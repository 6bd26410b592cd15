import { SysError } from '../../errors.ts';
import { compareSiblings } from '../../flist/sort.ts';
import type { ByteString, Tree } from '../../kernel/kernel.ts';
import type { StatTable } from '../../kernel/stat-table.ts';
import * as text from '../../report/messages.ts';
import { BasisType } from '../../wire/constants.ts';
import type { Candidate, FuzzyDirs } from './fuzzy-dirs.ts';
import { furthest, score, suffixOf } from './fuzzy-score.ts';
import type { Entry, Generator } from './state.ts';

/** A similar file; its name is told to the sender, as it is not the entry's. */
export interface FuzzyBasis {
  readonly tree: Tree;
  readonly path: ByteString;
  readonly stats: StatTable;
  readonly row: number;
  readonly type: number;
  readonly xname: ByteString;
}

/**
 * --fuzzy: a file beside a missing one that it may be an older form of (rsync's find_fuzzy): of the same size and time,
 * or of the most similar name.
 */
export function findFuzzy(gen: Generator, entry: Entry): FuzzyBasis | undefined {
  const { report } = gen.ctx;
  if (gen.destination.missing || gen.dryMissingBelow !== undefined) return undefined;
  const dir = entry.list.dirname(entry.i);
  if (gen.fuzzy?.dir !== dir) gen.fuzzy = readDirs(gen, dir);
  const found = sameSizeAndTime(gen, gen.fuzzy, entry) ?? mostSimilar(gen, gen.fuzzy, entry);
  if (found === undefined) return undefined;
  const { candidate, number } = found;
  const { name: xname, stats, row } = candidate;
  const path = pathIn(gen, dir, number, xname);
  if (report.debug('fuzzy')) report.print('info', text.fuzzySelected(entry.path, path));
  return { tree: gen.destination.tree, path, stats, row, type: BasisType.Fuzzy + number, xname };
}

/** A file of the directory at hand is being changed. */
export function noteChanging({ fuzzy }: Generator, { list, i }: Entry): void {
  if (fuzzy !== undefined && fuzzy.dir === list.dirname(i)) fuzzy.changing.add(list.basename(i));
}

interface Found {
  readonly candidate: Candidate;
  readonly number: number;
}

function readDirs(gen: Generator, dir: ByteString): FuzzyDirs {
  const lists: Candidate[][] = [];
  for (let number = 0; number < gen.ctx.options.fuzzy; number++) lists.push(readDir(gen, dir, number));
  return { dir, lists, changing: new Set() };
}

/** The regular files that have content, in the order of a file list. */
function readDir(gen: Generator, dir: ByteString, number: number): Candidate[] {
  let stats: StatTable;
  try {
    const path = number === 0 ? dir : pathIn(gen, dir, number, '').replace(/\/$/, '');
    stats = gen.destination.tree.scan(path);
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    return [];
  }
  const found: Candidate[] = [];
  for (let row = 0; row < stats.count; row++)
    if (stats.isRegular(row) && stats.size(row) > 0) found.push({ name: stats.name(row), stats, row });
  const { protocol } = gen.ctx.negotiated;
  return found.sort((a, b) => compareSiblings(a.name, false, b.name, false, protocol));
}

function pathIn({ ctx }: Generator, dir: ByteString, number: number, name: ByteString): ByteString {
  const below = dir === '' ? name : `${dir}/${name}`;
  return number === 0 ? below : `${ctx.options.alternateDests[number - 1].dir}/${below}`;
}

function* candidates({ lists, changing }: FuzzyDirs): Iterable<Found> {
  for (const [number, list] of lists.entries())
    for (const candidate of list)
      if (number > 0 || !changing.has(candidate.name)) yield { candidate, number };
}

function sameSizeAndTime(gen: Generator, dirs: FuzzyDirs, { list, i }: Entry): Found | undefined {
  const { report, options } = gen.ctx;
  const window = Math.max(options.modifyWindow, 0);
  for (const found of candidates(dirs)) {
    const { stats, row, name } = found.candidate;
    if (stats.size(row) !== list.size(i) || Math.abs(stats.mtime(row) - list.mtime(i)) > window) continue;
    if (report.debug('fuzzy', 2))
      report.print('info', text.fuzzyTwin(pathIn(gen, dirs.dir, found.number, name)));
    return found;
  }
  return undefined;
}

function mostSimilar(gen: Generator, dirs: FuzzyDirs, { list, i }: Entry): Found | undefined {
  const { report } = gen.ctx;
  const tells = report.debug('fuzzy', 2);
  const wanted = list.basename(i);
  const suffix = suffixOf(wanted);
  let least = furthest;
  let best: Found | undefined;
  for (const found of candidates(dirs)) {
    const { name } = found.candidate;
    const distance = score(name, wanted, suffix, least);
    if (tells) report.print('info', text.fuzzyDistance(pathIn(gen, dirs.dir, found.number, name), distance));
    if (distance > least) continue;
    least = distance;
    best = found;
  }
  return best;
}
