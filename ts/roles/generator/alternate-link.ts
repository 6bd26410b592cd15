import type { ByteString } from '../../kernel/kernel.ts';
import { type Present, sameInode } from '../../metadata/compare.ts';
import { presentAt } from '../present-at.ts';
import { looksUnchanged } from './compare.ts';
import type { Entry, Generator } from './state.ts';

/** What an alternate directory has of a later name. */
export interface AlternateLink {
  readonly shown: Present;
  /** It is no change worth a line. */
  readonly quiet: boolean;
}

/**
 * A later name of an inode that an alternate directory has as well: it is then no change worth a line.
 * `leader` is what lies at `leaderPath`, the name it will be linked to.
 */
export function alternateHardLink(
  gen: Generator,
  entry: Entry,
  leader: Present | undefined,
  leaderPath: ByteString,
): AlternateLink | undefined {
  const { options, report } = gen.ctx;
  const { tree } = gen.destination;
  const { list, i, path } = entry;
  for (const { dir, kind } of options.alternateDests) {
    const there = presentAt(tree, `${dir}/${path}`);
    if (there === undefined) continue;
    if (kind === 'link') {
      // In a dry run the leader was not linked to what the alternate directory has of it.
      const first = leader ?? (options.dryRun ? presentAt(tree, `${dir}/${leaderPath}`) : undefined);
      if (first === undefined || !sameInode(first, there)) continue;
      const quiet = report.formatHasI === 0 || (!report.info('name', 2) && report.formatHasI < 2);
      return { shown: there, quiet };
    }
    if (!list.isRegular(i) || !there.stats.isRegular(there.row)) continue;
    if (looksUnchanged(gen, entry, `${dir}/${path}`, there)) return { shown: there, quiet: false };
  }
  return undefined;
}
