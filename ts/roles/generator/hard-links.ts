import { EntryFlag, type FileList } from '../../flist/file-list.ts';
import type { ByteString } from '../../kernel/kernel.ts';
import { type Present, sameInode } from '../../metadata/compare.ts';
import * as text from '../../report/messages.ts';
import * as traces from '../../report/trace-messages.ts';
import { Item } from '../../wire/constants.ts';
import { presentAt } from '../present-at.ts';
import { type AlternateLink, alternateHardLink } from './alternate-link.ts';
import { createAtomically } from './create.ts';
import { tellInPlace } from './in-place.ts';
import { type Indexed, itemize } from './itemize.ts';
import type { Entry, Generator } from './state.ts';

/*
 * Names of one inode form a chain: hardLinkPrev of a name is the index of the one before it. When the first
 * of them is done it turns into the leader (HlinkFirst with HlinkDone), and hardLinkPrev of the others
 * points to it. While a leader's content is on its way, the names that wait for it are chained behind it.
 */

/**
 * A name that is not the first of its inode. True when it is finished here or waits for its leader; false
 * when it has to be treated as a first name.
 */
export function linkToLeader(gen: Generator, entry: Entry): boolean {
  const { list, i, ndx } = entry;
  const found = priorName(gen, list, i);
  if (found === undefined) {
    tell(gen, entry, 'virtual first');
    return false;
  }
  if (typeof found === 'string') {
    tell(gen, entry, `leader is -1 (${found})`);
    return makeLink(gen, entry, found);
  }
  const flags = found.list.flags(found.i);
  if (!(flags & EntryFlag.HlinkDone)) {
    if (!(flags & EntryFlag.FileSent)) {
      tell(gen, entry, 'looking for a leader');
      return false;
    }
    list.setHardLinkPrev(i, found.list.hardLinkPrev(found.i));
    found.list.setHardLinkPrev(found.i, ndx);
    list.setFlag(i, EntryFlag.FileSent);
    list.inProgress++;
    tell(gen, entry, `waiting for ${list.hardLinkPrev(i)}`);
    return true;
  }
  let leader: Indexed | string | undefined = found;
  if (!(flags & EntryFlag.HlinkFirst)) {
    leader = priorName(gen, found.list, found.i);
    if (leader === undefined) return false;
    if (typeof leader !== 'string') list.setHardLinkPrev(i, leader.ndx);
  }
  if (typeof leader === 'string') {
    tell(gen, entry, `leader is -1 (${leader})`);
    return makeLink(gen, entry, leader);
  }
  const path = leader.list.path(leader.i);
  tell(gen, entry, `found flist match (alt ${leader.list.hardLinkPrev(leader.i)})`);
  tell(gen, entry, `leader is ${leader.ndx} (${path})`);
  return makeLink(gen, entry, path);
}

/** --debug=hlink2. */
function tell({ ctx }: Generator, { list, i, ndx }: Entry, becomes: ByteString): void {
  const group = ctx.negotiated.incRecurse ? list.hardLinkGroupOf(i) : -1;
  ctx.report.trace('hlink', () => traces.laterName(ndx, list.path(i), group, becomes), 2);
}

/**
 * A name is complete at `path`: the names that waited for it are linked now (rsync's finish_hard_link). A dry run says what
 * the name was found to be, if anything: what lies at `path` is another's where the destination would have been made.
 */
export function finishHardLink(
  gen: Generator,
  { list, i, ndx, path }: Indexed & { readonly path: ByteString },
  found?: { readonly present: Present | undefined },
): void {
  if (!gen.ctx.options.hardLinks || !(list.flags(i) & EntryFlag.Hlinked)) return;
  let waiting = list.hardLinkPrev(i);
  list.setFlag(i, EntryFlag.HlinkFirst | EntryFlag.HlinkDone);
  list.setHardLinkPrev(i, -1);
  while (waiting >= 0) {
    const place = gen.lists.byNdx(waiting);
    if (place === undefined) break;
    const next = place.list.hardLinkPrev(place.i);
    place.list.clearFlag(place.i, EntryFlag.HlinkFirst);
    place.list.setFlag(place.i, EntryFlag.HlinkDone);
    place.list.setHardLinkPrev(place.i, ndx);
    const target = place.list.path(place.i);
    const there = presentAt(gen.destination.tree, target);
    const { present } = found ?? { present: presentAt(gen.destination.tree, path) };
    linkOne(gen, { list: place.list, i: place.i, ndx: waiting, path: target }, there, { path, present });
    place.list.inProgress--;
    waiting = next;
  }
  const group = list.hardLinkGroupOf(i);
  if (gen.ctx.negotiated.incRecurse && group >= 0) gen.hardLinks.finish(group, path);
}

/**
 * A name is left out. Where it was the last of its chain and an earlier one waited to be sent as their
 * leader, that one is asked for now.
 */
export function skipHardLink(gen: Generator, list: FileList, i: number): void {
  if (!gen.ctx.options.hardLinks || !(list.flags(i) & EntryFlag.Hlinked)) return;
  list.setFlag(i, EntryFlag.SkipHlink);
  if (!(list.flags(i) & EntryFlag.HlinkLast)) return;
  const found = priorName(gen, list, i);
  if (found === undefined || typeof found === 'string') return;
  if (found.list.flags(found.i) & (EntryFlag.HlinkDone | EntryFlag.FileSent)) return;
  found.list.setFlag(found.i, EntryFlag.HlinkLast);
  found.list.inProgress--;
  gen.again(found.list, found.i, found.ndx);
}

/**
 * A leader's content will not come: the next name that waited for it is asked for in its place, and leads those
 * behind it. (rsync 3.5.0 leaves them waiting, and never ends.)
 */
export function failHardLink(gen: Generator, list: FileList, i: number): void {
  if (!gen.ctx.options.hardLinks || !(list.flags(i) & EntryFlag.Hlinked)) return;
  list.setFlag(i, EntryFlag.SkipHlink);
  const ndx = list.hardLinkPrev(i);
  const next = ndx < 0 ? undefined : gen.lists.byNdx(ndx);
  list.setHardLinkPrev(i, -1);
  if (next === undefined || next.list.flags(next.i) & EntryFlag.HlinkDone) return;
  // After the second phase nothing can be asked for any more.
  if (gen.phase > 1) return;
  next.list.clearFlag(next.i, EntryFlag.FileSent);
  next.list.setFlag(next.i, EntryFlag.HlinkFirst | EntryFlag.HlinkLast);
  next.list.inProgress--;
  gen.again(next.list, next.i, ndx);
}

/** The nearest earlier name that was not skipped: an entry, or the path of one that is gone (check_prior). */
function priorName(gen: Generator, list: FileList, i: number): Indexed | ByteString | undefined {
  let ndx = list.hardLinkPrev(i);
  while (ndx >= 0) {
    const place = gen.lists.byNdx(ndx);
    if (place === undefined) break;
    if (!(place.list.flags(place.i) & EntryFlag.SkipHlink)) return { list: place.list, i: place.i, ndx };
    ndx = place.list.hardLinkPrev(place.i);
    list.setHardLinkPrev(i, ndx);
  }
  if (gen.ctx.negotiated.incRecurse) {
    const path = gen.hardLinks.finishedPath(list.hardLinkGroupOf(i));
    if (path !== undefined) return path;
    list.setHardLinkPrev(i, -1);
  }
  return undefined;
}

function makeLink(gen: Generator, entry: Entry, leaderPath: ByteString): boolean {
  const { options, report } = gen.ctx;
  const leader = presentAt(gen.destination.tree, leaderPath);
  if (leader === undefined && !options.dryRun) {
    report.print('error-xfer', text.statFailed(gen.destination.tree, leaderPath, text.ENOENT));
    return true;
  }
  if (entry.stats === undefined && options.alternateDests.length > 0) {
    const alternate = alternateHardLink(gen, entry, leader, leaderPath);
    if (alternate !== undefined) {
      linkOne(gen, entry, undefined, { path: leaderPath, present: leader }, alternate);
      return true;
    }
  }
  linkOne(gen, entry, entry.present, { path: leaderPath, present: leader });
  return true;
}

/** The name of an inode that others are linked to, and what is there. */
interface Leader {
  readonly path: ByteString;
  readonly present: Present | undefined;
}

/** Links one name to its leader, unless it is that inode already (rsync's maybe_hard_link). */
function linkOne(
  gen: Generator,
  entry: Indexed & { readonly path: ByteString },
  present: Present | undefined,
  leader: Leader,
  alternate?: AlternateLink,
): void {
  const { report } = gen.ctx;
  const { list, i, path } = entry;
  const leaderPath = leader.path;
  if (present !== undefined && leader.present !== undefined && sameInode(present, leader.present)) {
    if (gen.itemizing) itemize(gen, entry, present, Item.LocalChange | Item.XnameFollows, '');
    if (report.info('name', 2) && gen.reportAttributes) report.print('client', text.upToDate(path));
    list.setFlag(i, EntryFlag.HlinkDone);
    tellInPlace(gen, entry.ndx, path);
    return;
  }
  const shown = present ?? alternate?.shown;
  const finish = (created: boolean): void => {
    if (!created) return;
    list.setFlag(i, EntryFlag.HlinkDone);
    tellInPlace(gen, entry.ndx, path);
    if (alternate?.quiet) {
      if (report.info('name', 2) && gen.reportAttributes) report.print('client', text.upToDate(path));
      return;
    }
    if (gen.itemizing) itemize(gen, entry, shown, Item.LocalChange | Item.XnameFollows, leaderPath);
    if (gen.nameCode !== undefined && report.info('name'))
      report.print(gen.nameCode, `${path} => ${leaderPath}`);
  };
  const created = createAtomically(gen, path, { link: leaderPath }, present, list.mode(i));
  if (typeof created === 'boolean') finish(created);
  else {
    list.inProgress++;
    gen.linking.push(
      created.then((done) => {
        finish(done);
        list.inProgress--;
      }),
    );
  }
}
