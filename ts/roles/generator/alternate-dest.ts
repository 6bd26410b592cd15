import { SysError } from '../../errors.ts';
import type { ByteString } from '../../kernel/kernel.ts';
import { type Present, sameInode } from '../../metadata/compare.ts';
import * as text from '../../report/messages.ts';
import { Item } from '../../wire/constants.ts';
import { attributesMatch, setAttributes } from '../attributes.ts';
import type { Listed } from '../listed.ts';
import { tellIfRefused } from '../refused.ts';
import { type FileType, fileType, looksUnchanged } from './compare.ts';
import { finishHardLink } from './hard-links.ts';
import { itemize } from './itemize.ts';
import type { Entry, Generator } from './state.ts';
import { sumOne } from './sum-files.ts';

/** How well something in an alternate directory matches: its type, its content, its attributes too. */
type Match = 'type' | 'content' | 'all';

interface Best extends Present {
  readonly match: Match;
  readonly dest: number;
}

export interface AlternateNode extends Present {
  /** Nothing is left to do for the entry. */
  readonly finished: boolean;
  /** The entry was itemized already. */
  readonly told: boolean;
}

/** What became of a regular file in the alternate directories. */
export type AlternateFile =
  | { readonly kind: 'finished' }
  | ({ readonly kind: 'basis'; readonly basisType: number } & Present);

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

  let linkFailed = false;
  if (best.match === 'all' && kind !== 'copy') {
    if (exists) {
      if (kind === 'link' && sameInode(entry as Present, best)) return undefined;
      if (!options.dryRun && !unlinked(gen, path)) return undefined;
    }
    if (kind === 'link') {
      linkFailed = !options.dryRun && !linked(gen, best.path, path);
      if (!linkFailed) {
        // An exact match may still have been read at another time.
        if (options.atimes > 0) setAttributes(gen.ctx, entry, best);
        finishHardLink(gen, { list, i, ndx, path });
        if (!gen.reportAttributes && (report.info('name', 2) || report.formatHasI > 1))
          itemize(gen, entry, best, Item.LocalChange | Item.XnameFollows, '');
      }
    } else if (gen.itemizing) itemize(gen, entry, best, 0);
    if (!linkFailed) {
      if (report.info('name', 2) && gen.reportAttributes) report.print('client', text.upToDate(path));
      return { kind: 'finished' };
    }
  }
  if (exists && !linkFailed) return undefined;
  if (best.match !== 'type') {
    if (!options.dryRun) {
      try {
        await tree.copyFile(best.path, path, list.mode(i));
        gen.ctx.extras?.copyXattrs(best, path);
        setAttributes(gen.ctx, entry, undefined);
      } catch (error) {
        if (!(error instanceof SysError)) throw error;
        report.print('info', text.copyFailed(tree, best.path, path, error.errno));
        return undefined;
      }
    }
    if (gen.itemizing) itemize(gen, entry, best, Item.LocalChange);
    if (
      gen.reportAttributes &&
      report.info('name', best.match === 'all' ? 2 : 1) &&
      (best.match === 'all' || !gen.itemizing)
    )
      report.print(
        best.match === 'all' ? 'client' : 'info',
        best.match === 'all' ? text.upToDate(path) : path,
      );
    finishHardLink(gen, { list, i, ndx, path });
    return { kind: 'finished' };
  }
  return { ...best, kind: 'basis', basisType: best.dest };
}

/** As `tryAlternateFile` for what has no content (rsync's try_dests_non). */
export function tryAlternateNode(gen: Generator, entry: Entry): AlternateNode | undefined {
  const { options, report } = gen.ctx;
  const { list, i, ndx, path } = entry;
  const { kind } = options.alternateDests[0];
  const type = fileType(list.mode(i));
  const best = bestNode(gen, entry);
  if (best === undefined) return undefined;
  if (best.match !== 'all') return { ...best, finished: false, told: false };

  let isLink = false;
  let cannotLink = false;
  if (kind === 'link' && type !== 'dir') {
    cannotLink = !options.dryRun && !linked(gen, best.path, path);
    isLink = !cannotLink;
    if (isLink) finishHardLink(gen, { list, i, ndx, path });
  }
  if (gen.itemizing && report.formatHasI > 0 && (report.info('name', 2) || report.formatHasI > 1)) {
    const change =
      kind === 'compare' && type !== 'dir' ? 0 : Item.LocalChange | (isLink ? Item.XnameFollows : 0);
    itemize(gen, entry, best, change | Item.Matched, isLink ? '' : undefined);
  }
  if (report.info('name', 2) && gen.reportAttributes)
    report.print('client', text.upToDate(type === 'dir' ? `${path}/` : path));
  return { ...best, finished: !cannotLink && kind !== 'copy' && type !== 'dir', told: true };
}

async function bestMatch(gen: Generator, entry: Entry, type: 'file'): Promise<Best | undefined> {
  const { list, path } = entry;
  const { alternateDests } = gen.ctx.options;
  let best: Best | undefined;
  for (let dest = 0; dest < alternateDests.length; dest++) {
    const there = candidate(gen, `${alternateDests[dest].dir}/${path}`, dest, type);
    if (there === undefined) continue;
    const sum = gen.rules.checksum ? await digestOf(gen, entry, there) : undefined;
    best = better(gen, { list, i: entry.i }, best, there, sum);
    if (best.match === 'all') break;
  }
  return best;
}

function bestNode(gen: Generator, entry: Entry): Best | undefined {
  const { list, i, path } = entry;
  const { alternateDests } = gen.ctx.options;
  let best: Best | undefined;
  for (let dest = 0; dest < alternateDests.length; dest++) {
    const there = candidate(gen, `${alternateDests[dest].dir}/${path}`, dest, fileType(list.mode(i)));
    if (there === undefined) continue;
    best = better(gen, entry, best, there);
    if (best.match === 'all') break;
  }
  return best;
}

function candidate(gen: Generator, path: ByteString, dest: number, type: FileType): Best | undefined {
  const { tree } = gen.destination;
  const stats = tree.lstatMany('', [path]);
  const errno = tellIfRefused(gen.ctx, path, stats.errno());
  const there = errno === 0 ? { stats, row: 0, tree, path } : undefined;
  if (there === undefined || fileType(there.stats.mode(there.row)) !== type) return undefined;
  return { ...there, match: 'type', dest };
}

/** The best so far, once `there` was looked at as well. */
function better(gen: Generator, entry: Listed, best: Best | undefined, there: Best, sum?: Uint8Array): Best {
  if (!looksUnchanged(gen, entry, there.path, there, sum)) return best ?? there;
  if (attributesMatch(gen.ctx, entry, there)) return { ...there, match: 'all' };
  return best === undefined || best.match === 'type' ? { ...there, match: 'content' } : best;
}

async function digestOf(gen: Generator, { list, i }: Entry, there: Best): Promise<Uint8Array | undefined> {
  if (there.stats.size(there.row) !== list.size(i)) return undefined;
  return sumOne(gen, list, i, there.path);
}

function linked(gen: Generator, from: ByteString, to: ByteString): boolean {
  try {
    gen.destination.tree.link(from, to);
    return true;
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    const { report } = gen.ctx;
    if (report.info('name'))
      report.print('info', text.linkFailed(gen.destination.tree, to, from, error.errno));
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
