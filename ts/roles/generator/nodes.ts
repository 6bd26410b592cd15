import { isUnsafeLink } from '../../flist/unsafe-link.ts';
import { AttrFlag } from '../../metadata/compare.ts';
import * as text from '../../report/messages.ts';
import * as traces from '../../report/trace-messages.ts';
import { Item } from '../../wire/constants.ts';
import { setAttributes } from '../attributes.ts';
import { tryAlternateNode } from './alternate-dest.ts';
import { fileType, looksUnchanged } from './compare.ts';
import { createAtomically } from './create.ts';
import { finishHardLink } from './hard-links.ts';
import { tellInPlace } from './in-place.ts';
import { itemize } from './itemize.ts';
import type { Entry, Generator } from './state.ts';

/** A symbolic link: kept where it points to the right place, else made anew. */
export function generateSymlink(gen: Generator, entry: Entry): Promise<void> | undefined {
  const { list, i, path } = entry;
  const { options, report } = gen.ctx;
  const target = list.linkTarget(i);
  if (options.safeLinks && isUnsafeLink(target, path)) {
    if (report.info('name')) report.print('info', text.ignoringUnsafeSymlink(list.path(i), target));
    return undefined;
  }
  return generateWithoutContent(gen, entry, `${path} -> ${target}`);
}

/** A device, fifo or socket. */
export function generateNode(gen: Generator, entry: Entry): Promise<void> | undefined {
  return generateWithoutContent(gen, entry, entry.path);
}

function generateWithoutContent(gen: Generator, entry: Entry, line: string): Promise<void> | undefined {
  const { options, report } = gen.ctx;
  const { list, i, ndx, path, present } = entry;
  const type = fileType(list.mode(i));
  const sameType = present !== undefined && fileType(present.stats.mode(present.row)) === type;

  if (sameType && looksUnchanged(gen, entry, path, present)) {
    const { updated, refreshed } = setAttributes(gen.ctx, entry, present, { report: gen.reportAttributes });
    gen.changed ||= updated;
    if (gen.itemizing) itemize(gen, entry, refreshed ?? present, 0);
    finishHardLink(gen, { list, i, ndx, path });
    tellInPlace(gen, ndx, path);
    return undefined;
  }
  let shown = sameType ? present : undefined;
  let { itemizing, nameCode } = gen;
  if (present === undefined && options.alternateDests.length > 0) {
    const found = tryAlternateNode(gen, entry);
    if (found !== undefined) {
      if (found.finished) return undefined;
      if (found.told) {
        itemizing = false;
        nameCode = undefined;
      } else shown = found;
    }
  }
  const mode = list.mode(i);
  const [major, minor] = [list.rdevMajor(i), list.rdevMinor(i)];
  const how = type === 'symlink' ? { symlink: list.linkTarget(i) } : { mode, major, minor };
  if (type !== 'symlink') report.trace('genr', () => traces.makingNode(path, mode, major, minor));
  const finish = (created: boolean): undefined => {
    if (!created) return;
    const flags = gen.ctx.options.superUser === 'fake' ? AttrFlag.LinkTimes : 0;
    setAttributes(gen.ctx, entry, undefined, { flags });
    if (itemizing) itemize(gen, entry, shown, Item.LocalChange | Item.ReportChange);
    if (nameCode !== undefined && report.info('name')) report.print(nameCode, line);
    finishHardLink(gen, { list, i, ndx, path });
    tellInPlace(gen, ndx, path, type === 'symlink');
  };
  const created = createAtomically(gen, path, how, present, mode);
  return typeof created === 'boolean' ? finish(created) : created.then(finish);
}
