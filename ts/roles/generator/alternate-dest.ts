import { SysError } from '../../errors.ts';
import type { FileList } from '../../flist/file-list.ts';
import type { ByteString } from '../../kernel/kernel.ts';
import type { StatTable } from '../../kernel/stat-table.ts';
import * as text from '../../report/messages.ts';
import { Item } from '../../wire/constants.ts';
import { attributesMatch, setAttributes } from '../attributes.ts';
import { fileType, looksUnchanged } from './compare.ts';
import { finishHardLink } from './hard-links.ts';
import { itemize } from './itemize.ts';
import type { Entry, Generator } from './state.ts';
import { sumOne } from './sum-files.ts';

/** How well something in an alternate directory matches: its type, its content, its attributes too. */
type Match = 'type' | 'content' | 'all';

interface Best {
  readonly match: Match;
  readonly dest: number;
  readonly path: ByteString;
  readonly stats: StatTable;
}

export interface AlternateNode {
  readonly stats: StatTable;
  readonly row: number;
  /** Nothing is left to do for the entry. */
  readonly finished: boolean;
  /** The entry was itemized already. */
  readonly told: boolean;
}

/** What became of a regular file in the alternate directories. */
export type AlternateFile =
  | { readonly kind: 'finished' }
  | {
      readonly kind: 'basis';
      readonly basisType: number;
      readonly path: ByteString;
      readonly stats: StatTable;
    };

/**
 * Looks for a regular file in the --compare-dest, --copy-dest or --link-dest directories (rsync's
 * try_dests_reg): an exact match is linked, copied or left out; else the best one is a basis.
 */
export async function tryAlternateFile(gen: Generator, entry: Entry): Promise<AlternateFile | undefined> {
  const { options, report } = gen.ctx;
  const { tree } = gen.destination;
  const { list, i, ndx, path } = entry;
  const exists = entry.stats !== undefined;
  const { kind } = options.alternateDests[0];
  const best = await bestMatch(gen, entry, 'file');
  if (best === undefined) return undefined;
  const { stats } = best;

  let linkFailed = false;
  if (best.match === 'all' && kind !== 'copy') {
    if (exists) {
      if (kind === 'link' && sameInode(entry.stats!, entry.row, stats)) return undefined;
      if (!options.dryRun && !unlinked(gen, path)) return undefined;
    }
    if (kind === 'link') {
      linkFailed = !options.dryRun && !linked(gen, best.path, path);
      if (!linkFailed) {
        // An exact match may still have been read at another time.
        if (options.atimes > 0) setAttributes(gen.ctx, tree, path, list, i, stats, 0);
        finishHardLink(gen, list, i, ndx, path);
        if (!gen.reportAttributes && (report.info('name', 2) || report.formatHasI > 1))
          itemize(gen, list, i, ndx, stats, 0, Item.LocalChange | Item.XnameFollows, 0, '');
      }
    } else if (gen.itemizing) itemize(gen, list, i, ndx, stats, 0, 0);
    if (!linkFailed) {
      if (report.info('name', 2) && gen.reportAttributes) report.print('client', text.upToDate(path));
      return { kind: 'finished' };
    }
  }
  if (exists && !linkFailed) return undefined;
  if (best.match !== 'type') {
    if (!options.dryRun) {
      try {
        await tree.copyFile(best.path, path, list.mode(i) & 0o7777);
        setAttributes(gen.ctx, tree, path, list, i, undefined, 0);
      } catch (error) {
        if (!(error instanceof SysError)) throw error;
        report.print('info', text.copyFailed(tree, best.path, path, error.errno));
        return undefined;
      }
    }
    if (gen.itemizing) itemize(gen, list, i, ndx, stats, 0, Item.LocalChange);
    if (
      gen.reportAttributes &&
      report.info('name', best.match === 'all' ? 2 : 1) &&
      (best.match === 'all' || !gen.itemizing)
    )
      report.print(
        best.match === 'all' ? 'client' : 'info',
        best.match === 'all' ? text.upToDate(path) : path,
      );
    finishHardLink(gen, list, i, ndx, path);
    return { kind: 'finished' };
  }
  return { kind: 'basis', basisType: best.dest, path: best.path, stats };
}

/** As `tryAlternateFile` for what has no content (rsync's try_dests_non). */
export function tryAlternateNode(gen: Generator, entry: Entry): AlternateNode | undefined {
  const { options, report } = gen.ctx;
  const { list, i, ndx, path } = entry;
  const { kind } = options.alternateDests[0];
  const type = fileType(list.mode(i));
  const best = bestNode(gen, entry);
  if (best === undefined) return undefined;
  const { stats } = best;
  if (best.match !== 'all') return { stats, row: 0, finished: false, told: false };

  let isLink = false;
  let cannotLink = false;
  if (kind === 'link' && type !== 'dir') {
    cannotLink = !options.dryRun && !linked(gen, best.path, path);
    isLink = !cannotLink;
    if (isLink) finishHardLink(gen, list, i, ndx, path);
  }
  if (gen.itemizing && report.formatHasI > 0 && (report.info('name', 2) || report.formatHasI > 1)) {
    const change =
      kind === 'compare' && type !== 'dir' ? 0 : Item.LocalChange | (isLink ? Item.XnameFollows : 0);
    itemize(gen, list, i, ndx, stats, 0, change | Item.Matched, 0, isLink ? '' : undefined);
  }
  if (report.info('name', 2) && gen.reportAttributes)
    report.print('client', text.upToDate(type === 'dir' ? `${path}/` : path));
  return { stats, row: 0, finished: !cannotLink && kind !== 'copy' && type !== 'dir', told: true };
}

/**
 * A later name of an inode that an alternate directory has as well: it is then no change worth a line.
 * `leader` is the name it will be linked to.
 */
export function alternateHardLink(
  gen: Generator,
  entry: Entry,
  leader: { table: StatTable; row: number } | undefined,
  leaderPath: ByteString,
): { shown: { table: StatTable; row: number }; quiet: boolean } | undefined {
  const { options, report } = gen.ctx;
  const { list, i, path } = entry;
  for (const { dir, kind } of options.alternateDests) {
    const stats = lookUp(gen, `${dir}/${path}`);
    if (stats === undefined) continue;
    if (kind === 'link') {
      // In a dry run the leader was not linked to what the alternate directory has of it.
      const first = leader ?? (options.dryRun ? lookUpRow(gen, `${dir}/${leaderPath}`) : undefined);
      if (first === undefined || !sameInode(first.table, first.row, stats)) continue;
      const quiet = report.formatHasI === 0 || (!report.info('name', 2) && report.formatHasI < 2);
      return { shown: { table: stats, row: 0 }, quiet };
    }
    if (!list.isRegular(i) || !stats.isRegular()) continue;
    if (looksUnchanged(gen, gen.destination.tree, `${dir}/${path}`, list, i, stats, 0))
      return { shown: { table: stats, row: 0 }, quiet: false };
  }
  return undefined;
}

async function bestMatch(gen: Generator, entry: Entry, type: 'file'): Promise<Best | undefined> {
  const { list, i, path } = entry;
  const { alternateDests } = gen.ctx.options;
  let best: Best | undefined;
  for (let dest = 0; dest < alternateDests.length; dest++) {
    const candidate = `${alternateDests[dest].dir}/${path}`;
    const stats = lookUp(gen, candidate);
    if (stats === undefined || fileType(stats.mode()) !== type) continue;
    best ??= { match: 'type', dest, path: candidate, stats };
    const sum = gen.rules.checksum ? await digestOf(gen, list, i, candidate, stats) : undefined;
    if (!looksUnchanged(gen, gen.destination.tree, candidate, list, i, stats, 0, sum)) continue;
    if (best.match === 'type') best = { match: 'content', dest, path: candidate, stats };
    if (attributesMatch(gen.ctx, list, i, stats, 0)) return { match: 'all', dest, path: candidate, stats };
  }
  return best;
}

function bestNode(gen: Generator, entry: Entry): Best | undefined {
  const { list, i, path } = entry;
  const { alternateDests } = gen.ctx.options;
  const type = fileType(list.mode(i));
  let best: Best | undefined;
  for (let dest = 0; dest < alternateDests.length; dest++) {
    const candidate = `${alternateDests[dest].dir}/${path}`;
    const stats = lookUp(gen, candidate);
    if (stats === undefined || fileType(stats.mode()) !== type) continue;
    best ??= { match: 'type', dest, path: candidate, stats };
    if (!looksUnchanged(gen, gen.destination.tree, candidate, list, i, stats, 0)) continue;
    if (best.match === 'type') best = { match: 'content', dest, path: candidate, stats };
    if (attributesMatch(gen.ctx, list, i, stats, 0)) return { match: 'all', dest, path: candidate, stats };
  }
  return best;
}

async function digestOf(
  gen: Generator,
  list: FileList,
  i: number,
  path: ByteString,
  stats: StatTable,
): Promise<Uint8Array | undefined> {
  if (stats.size() !== list.size(i)) return undefined;
  return sumOne(gen, list, i, path);
}

function linked(gen: Generator, from: ByteString, to: ByteString): boolean {
  try {
    gen.destination.tree.link(from, to);
    return true;
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    return false;
  }
}

function unlinked(gen: Generator, path: ByteString): boolean {
  try {
    gen.destination.tree.unlink(path);
    return true;
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    return error.errno === text.ENOENT;
  }
}

function lookUp(gen: Generator, path: ByteString): StatTable | undefined {
  try {
    return gen.destination.tree.lstat(path);
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    return undefined;
  }
}

function lookUpRow(gen: Generator, path: ByteString): { table: StatTable; row: number } | undefined {
  const table = lookUp(gen, path);
  return table && { table, row: 0 };
}

function sameInode(a: StatTable, row: number, b: StatTable): boolean {
  return a.dev(row) === b.dev() && a.inoLow(row) === b.inoLow() && a.inoHigh(row) === b.inoHigh();
}
