import { ExitCode, IoError, protocolError, SysError } from '../../errors.ts';
import { EntryFlag, type FileList } from '../../flist/file-list.ts';
import { ListedNames } from '../../flist/listed-names.ts';
import type { StatTable } from '../../kernel/stat-table.ts';
import { AttrFlag } from '../../metadata/compare.ts';
import * as text from '../../report/messages.ts';
import { ndxDone } from '../../wire/constants.ts';
import { newItemHeader } from '../../wire/item.ts';
import type { RoleContext } from '../context.ts';
import { forgetDeleted, writeDeleteStats } from '../counts.ts';
import { destinationPath } from '../destination.ts';
import { deleteDelayed, deletePass } from './delete.ts';
import { deleteBelow, deletesOnTheWay } from './directory.ts';
import { fileSystemsOf } from './file-systems.ts';
import { generateEntry } from './generate-entry.ts';
import { failHardLink, finishHardLink } from './hard-links.ts';
import { tellInPlace } from './in-place.ts';
import { seeThroughLink } from './keep-dirlinks.ts';
import { makePath } from './make-path.ts';
import { nextTurn } from './next-turn.ts';
import { StatAhead } from './stat-ahead.ts';
import { Entry, type Generator, type GeneratorInput, type Rules } from './state.ts';
import { sumOne } from './sum-files.ts';
import { touchUpDirs } from './touch-dirs.ts';
import { wantedState } from './wanted.ts';

/** Requests after which the other roles of this process get a turn, and the peer its share. */
const requestsPerTurn = 128;
/** Entries after which what was written is sent on. */
const entriesPerSend = 200;
/** Nobody has anything to do meanwhile. */
const dryRequestsPerTurn = 4096;

/** Entries that should be known before the first of several names of an inode is chosen. */
const hardLinkLookahead = 500;

/**
 * The generator (rsync's generate_files): walks the file list, makes what has no content, asks the sender
 * for the rest, then once more for what failed verification, and last puts directories in order.
 */
export async function generateFiles(ctx: RoleContext, input: GeneratorInput): Promise<void> {
  const { options, negotiated, writer } = ctx;
  const { lists, link } = input;
  const { protocol, incRecurse } = negotiated;
  const gen = newGenerator(ctx, input);
  const ahead = new StatAhead(gen);
  const lateDelete = options.delete === 'delay' || options.delete === 'after';
  const tellsDeleted = options.delete !== undefined || options.force;

  ctx.report.trace('genr', () => text.generatorStarts(ctx.report.pid));
  if (options.delete === 'before' && input.destination.localName === undefined) await deletePass(gen);

  if (ctx.report.debug('flist')) ctx.report.print('info', text.deltaTransmission(!gen.wholeFile));

  // Names of one inode in different directories are chained only while they wait together.
  while (options.hardLinks && incRecurse && !lists.eof && lists.totals.entries < hardLinkLookahead) {
    writer.flush();
    await link.changed();
  }
  // What could not be listed is known for all lists that were waited for: it keeps deletions in the first of them back.
  if (options.hardLinks && incRecurse) for (const { ioError } of lists.segments) ctx.state.ioError |= ioError;
  let open: FileList | undefined = lists.segments[0];
  for (let list: FileList | undefined = open; list !== undefined; ) {
    ctx.state.ioError |= list.ioError;
    if (incRecurse && list.parentDirNdx >= 0) {
      const waiting = generateParent(gen, ahead, list);
      if (waiting) await waiting;
    }
    if (passesOver(gen, ahead, list)) gen.current = list;
    else
      await generateList(gen, ahead, list, () => {
        open = finishSegments(gen, open, list as FileList);
      });
    if (!incRecurse) {
      link.replay?.listDone();
      writer.ndx(ndxDone);
      break;
    }
    for (;;) {
      if (link.redo.length > 0 || link.finished.length > 0) await redo(gen);
      open = finishSegments(gen, open, list);
      // The peer makes more of its list as soon as it knows what is done.
      if (ctx.loopback === undefined) writer.flush();
      const next: FileList | undefined = lists.after(list);
      if (next !== undefined || lists.eof) {
        list = next;
        break;
      }
      writer.flush();
      await link.changed();
    }
  }
  gen.filters.leaveAll();
  ctx.report.allRequested();
  nextPhase(gen);

  // What is left of phase 1, then the second attempts.
  for (;;) {
    await redo(gen);
    open = finishSegments(gen, open, undefined);
    if (link.doneCount > 0) break;
    writer.flush();
    await link.changed();
  }
  nextPhase(gen);
  writer.ndx(ndxDone);
  // A phase in which nothing happens is ended before it begins.
  const delays = options.delayUpdates;
  if (protocol >= 29 && !delays) writer.ndx(ndxDone);
  if (protocol >= 31 && !lateDelete) {
    if (tellsDeleted) writeDeleteStats(writer, ctx.stats);
    if (!delays) writer.ndx(ndxDone);
  }
  await waitForDone(gen, 2);
  // Below protocol 30 nothing is said of a file that the sender could not open.
  if (protocol >= 30 && link.replay === undefined && link.answered < link.asked)
    throw protocolError(text.unanswered(link.asked - link.answered), ExitCode.StreamIo);
  if (protocol >= 29) {
    nextPhase(gen);
    if (delays) {
      writer.ndx(ndxDone);
      if (protocol >= 31 && !lateDelete) writer.ndx(ndxDone);
    }
    await waitForDone(gen, 3);
  }

  if (options.delete === 'delay') await deleteDelayed(gen);
  if (options.delete === 'after' && input.destination.localName === undefined) await deletePass(gen);
  if (gen.skippedDeletes > 0) {
    ctx.report.print('warning', text.deletionsStopped(gen.skippedDeletes));
    ctx.state.ioError |= IoError.DeleteLimit;
  }
  if (protocol >= 31) {
    if (lateDelete) {
      writeDeleteStats(writer, ctx.stats);
      writer.ndx(ndxDone);
    }
    await waitForDone(gen, 4);
  }
  if (!tellsDeleted) forgetDeleted(ctx.stats);
  if (!incRecurse || options.delete === 'delay') touchUpDirs(gen);
  ctx.report.trace('genr', text.generatorFinished);
}

function nextPhase(gen: Generator): void {
  gen.phase++;
  gen.ctx.report.trace('genr', () => text.phaseOf('generate_files', gen.phase));
}

/** Where a name is said that no item tells of; undefined where lines about items do. */
function nameCodeOf(toldByItems: boolean, protocol: number): Generator['nameCode'] {
  if (toldByItems) return undefined;
  return protocol >= 29 ? 'log' : 'info';
}

function newGenerator(ctx: RoleContext, input: GeneratorInput): Generator {
  const { options, negotiated, report } = ctx;
  const itemizing = negotiated.protocol >= 29 ? true : !options.server && report.formatHasI > 0;
  const rules: Rules = {
    ignoreExisting: options.ignoreExisting,
    existing: options.existing,
    update: options.update,
    checksum: options.checksum,
    sizeOnly: options.sizeOnly,
    ignoreTimes: options.ignoreTimes,
    append: options.append !== 'no',
    backup: options.backup,
    maxSize: options.maxSize,
    minSize: options.minSize,
    fullSums: false,
  };
  const listed = new ListedNames();
  const again: Generator['again'] = (list, i, ndx) => {
    gen.repeat.push({ list, i, ndx });
  };
  const gen: Generator = {
    ctx,
    item: newItemHeader(),
    ...input,
    rules,
    wanted: wantedState(ctx),
    phase: 0,
    itemizing,
    nameCode: nameCodeOf(negotiated.protocol >= 29 ? report.logHasI : itemizing, negotiated.protocol),
    reportAttributes: negotiated.protocol >= 29 || !options.server ? report.formatHasI === 0 : true,
    traces: report.debug('genr'),
    attributeFlags: options.checksum ? AttrFlag.AccurateTime : 0,
    wholeFile: options.append === 'no' && options.wholeFile === true,
    skipBelow: undefined,
    dryMissingBelow: undefined,
    freshDir: undefined,
    permsDir: undefined,
    permsOfDir: input.defaultPerms,
    retouchPerms: false,
    retouchTimes: false,
    skippedDeletes: 0,
    ioErrorSaid: false,
    requested: 0,
    sendOnAt: 0,
    delayedDeletes: [],
    repeat: [],
    linking: [],
    listed,
    fileSystems: input.destination.missing
      ? undefined
      : fileSystemsOf(input.destination.tree, options.oneFileSystem),
    contentList: (list) => (negotiated.incRecurse ? (gen.current as FileList) : list),
    changed: options.alternateDests.length > 0,
    fuzzy: undefined,
    current: undefined,
    again,
  };
  return gen;
}

/** The directory that a segment is the content of; its turn comes right before them. */
function generateParent(gen: Generator, ahead: StatAhead, list: FileList): Promise<void> | undefined {
  const { dirs } = gen.lists;
  const d = list.parentDirNdx;
  gen.current = list;
  // It has no name here, and neither has what is in it (--iconv).
  if (!dirs.list(d).isActive(dirs.index(d))) return undefined;
  const entry = entryAt(gen, dirs.list(d), dirs.index(d), list.ndxStart - 1);
  const known = ahead.takeDirectory(d);
  // A list has no destination.
  if (gen.ctx.options.listOnly) entry.stats = undefined;
  else if (known === undefined || dirs.list(d).flags(dirs.index(d)) & EntryFlag.DirCreated)
    lookUp(gen, entry);
  else {
    entry.stats = known.table;
    entry.row = known.row;
    entry.errno = 0;
  }
  if (!deletesOnTheWay(gen)) return generateEntry(gen, entry, 'now');
  return inOneBreath(gen, () => {
    const waiting = generateEntry(gen, entry, 'now');
    return waiting ? waiting.then(() => lookForMore(gen, ahead, entry)) : lookForMore(gen, ahead, entry);
  });
}

/** Holds back the item of a directory while its content is deleted: what is said of that comes first, as rsync's does. */
function inOneBreath(gen: Generator, work: () => Promise<void> | undefined): Promise<void> | undefined {
  const { writer } = gen.ctx;
  writer.hold();
  let waiting: Promise<void> | undefined;
  try {
    waiting = work();
  } finally {
    if (waiting === undefined) writer.release();
  }
  return waiting?.finally(() => writer.release());
}

/** Deletes what is not in the segment at hand, in its directory. */
function lookForMore(gen: Generator, ahead: StatAhead, entry: Entry): Promise<void> | undefined {
  const list = gen.current as FileList;
  const remove = (content: StatTable | SysError | undefined): Promise<void> | undefined => {
    if (content === undefined || content instanceof SysError || content.count > 0) list.worked = true;
    // It may have been opened, or made, since it was read.
    return deleteBelow(gen, entry, content instanceof SysError ? undefined : content);
  };
  const content = ahead.contentOf(list);
  return content instanceof Promise ? content.then(remove) : remove(content);
}

/** True where the whole list was looked up and nothing in it needs anything. */
function passesOver(gen: Generator, ahead: StatAhead, list: FileList): boolean {
  return gen.skipBelow === undefined && gen.dryMissingBelow === undefined && ahead.passesOver(list);
}

async function generateList(
  gen: Generator,
  ahead: StatAhead,
  list: FileList,
  between: () => void,
): Promise<void> {
  const { ctx } = gen;
  const { writer, negotiated, signal } = ctx;
  const { keepDirlinks } = ctx.options;
  const single = gen.destination.localName !== undefined;
  const entry = entryAt(gen, list, 0, 0);
  const perTurn = ctx.options.dryRun ? dryRequestsPerTurn : requestsPerTurn;
  let turnAt = perTurn;
  gen.requested = 0;
  gen.current = list;
  for (let i = 0; i < list.count; i++) {
    if (!list.isActive(i)) continue;
    entry.moveTo(i);
    if (single) {
      lookUp(gen, entry);
      if (gen.rules.checksum) await hashOne(gen, entry);
    } else {
      if (!ahead.has(list, i)) {
        if (ctx.options.relative && !ctx.options.impliedDirs) makeMissingParent(gen, list, i);
        const looking = ahead.advance(list, i);
        if (looking) await looking;
        ahead.keepDirectories();
      }
      const next = ahead.nextOther(i);
      if (next > i && gen.skipBelow === undefined && gen.dryMissingBelow === undefined) {
        i = next - 1;
        if (!negotiated.incRecurse) sendOn(gen, i);
        continue;
      }
      list.worked = true;
      const row = ahead.rowOf(i);
      const errno = ahead.errno(i);
      entry.errno = errno;
      entry.stats = errno === 0 ? ahead.rows : undefined;
      entry.row = row;
      entry.sum = ahead.sum(i);
      // Another name of the inode may have been brought up to date since, or the directory been opened or made.
      const others = gen.changed && errno === 0 && ahead.rows.nlink(row) > 1 && !ahead.rows.isDir(row);
      // Of what could be passed over there may be no more than that.
      const unseen = next > i;
      if (others || unseen || errno === text.EACCES || errno === text.ENOTDIR || errno === text.ELOOP)
        lookUp(gen, entry);
      if (keepDirlinks) seeThroughLink(gen, entry);
    }
    const early = negotiated.incRecurse && list.isDir(i);
    if (early && entry.stats === undefined) list.setFlag(i, EntryFlag.AbsentDir);
    const waiting = generateEntry(gen, entry, early ? 'early' : 'now');
    if (waiting) await waiting;
    if (gen.repeat.length > 0) await repeatSkipped(gen);
    if (gen.linking.length > 0) await finishLinking(gen);
    if (negotiated.incRecurse) between();
    else sendOn(gen, i);
    if (gen.requested >= turnAt || writer.full) {
      turnAt = gen.requested + perTurn;
      if (signal.aborted) throw signal.reason;
      if (writer.full) await writer.drain();
      else {
        writer.flush();
        await nextTurn();
      }
      await handleFinished(gen);
    }
  }
}

/**
 * Behind the first entry of a list that is whole, and others after it, rsync's generator sends on what it has written
 * (maybe_flush_socket): what it says of the entries after that does not overtake their items. A client says it itself.
 */
function sendOn(gen: Generator, i: number): void {
  const { options, writer } = gen.ctx;
  if (i < gen.sendOnAt) return;
  gen.sendOnAt = i + entriesPerSend - (i % entriesPerSend);
  if (options.server && options.timeout === 0) writer.flush();
}

/** --no-implied-dirs: directories that are only the way to an entry are made as they are needed. */
function makeMissingParent(gen: Generator, list: FileList, i: number): void {
  const dir = list.dirname(i);
  const { tree } = gen.destination;
  if (dir === '' || gen.ctx.options.dryRun) return;
  // To be deleted, because it is missing.
  if (list.mode(i) === 0) return;
  // Left out with a directory above it (--existing).
  if (gen.skipBelow !== undefined && list.path(i).startsWith(gen.skipBelow)) return;
  if (tree.lstatMany('', [dir]).errno(0) === 0) return;
  const errno = makePath(tree, list.path(i));
  if (errno !== 0) gen.ctx.report.print('error-xfer', text.mkdirFailed(tree, dir, errno));
}

/** Leaders whose last follower was skipped. */
async function repeatSkipped(gen: Generator): Promise<void> {
  for (let leader = gen.repeat.pop(); leader !== undefined; leader = gen.repeat.pop()) {
    const entry = entryAt(gen, leader.list, leader.i, leader.ndx);
    lookUp(gen, entry);
    await generateEntry(gen, entry, 'now');
  }
}

/** Second attempts, with sums that cannot let the same difference through. */
async function redo(gen: Generator): Promise<void> {
  await handleFinished(gen);
  const { link, lists } = gen;
  for (let ndx = link.redo.shift(); ndx !== undefined; ndx = link.redo.shift()) {
    const place = lists.byNdx(ndx);
    if (place === undefined || place.i < 0) throw protocolError(text.badNdx(ndx, lists, 'generator'));
    const { rules } = gen;
    gen.rules = {
      ignoreExisting: false,
      existing: false,
      update: false,
      checksum: false,
      sizeOnly: false,
      ignoreTimes: true,
      append: false,
      backup: false,
      maxSize: undefined,
      minSize: undefined,
      fullSums: true,
    };
    const entry = entryAt(gen, place.list, place.i, ndx);
    lookUp(gen, entry);
    await generateEntry(gen, entry, 'now');
    place.list.toRedo--;
    gen.rules = rules;
    await handleFinished(gen);
  }
}

/** What the receiver has put in place, or will never get (rsync's got_flist_entry_status). */
async function handleFinished(gen: Generator): Promise<void> {
  const { link, lists, ctx } = gen;
  const { finished } = link;
  const removes = ctx.options.removeSourceFiles;
  for (const { ndx, outcome } of finished) {
    const came = outcome === 'placed';
    const place = lists.byNdx(ndx);
    if (place === undefined || place.i < 0) {
      if (came) continue;
      throw protocolError(text.badNdx(ndx, lists, 'generator', 'got_flist_entry_status'));
    }
    const { list, i } = place;
    if (outcome === 'unsent') ctx.report.missed(list.size(i));
    if (ctx.negotiated.incRecurse) list.inProgress--;
    if (came && removes) tellInPlace(gen, ndx, destinationPath(gen.destination, list, i), true);
    if (!ctx.options.hardLinks || !(list.flags(i) & EntryFlag.Hlinked)) continue;
    if (came) finishHardLink(gen, { list, i, ndx, path: destinationPath(gen.destination, list, i) });
    else failHardLink(gen, list, i);
  }
  finished.length = 0;
  if (gen.repeat.length > 0) await repeatSkipped(gen);
  if (gen.linking.length > 0) await finishLinking(gen);
}

/** Hard links whose names had to be freed first, by a copy to another file system. */
async function finishLinking(gen: Generator): Promise<void> {
  for (let link = gen.linking.shift(); link !== undefined; link = gen.linking.shift()) await link;
}

/** Ends the oldest segments whose files are all in place; up to `current`, which is being worked on. */
function finishSegments(
  gen: Generator,
  open: FileList | undefined,
  current: FileList | undefined,
): FileList | undefined {
  if (!gen.ctx.negotiated.incRecurse) return open;
  let first = open;
  while (first !== undefined && first !== current && first.inProgress <= 0 && first.toRedo <= 0) {
    const next = gen.lists.after(first);
    if (next === undefined && current === undefined && !gen.lists.eof) break;
    gen.link.replay?.listDone();
    gen.ctx.writer.ndx(ndxDone);
    const looks = first.worked || gen.retouchTimes || gen.ctx.report.debug('time', 2);
    if (first.parentDirNdx >= 0 && looks && gen.ctx.options.delete !== 'delay')
      touchUpDirs(gen, first.parentDirNdx);
    first.ended = true;
    first = next;
  }
  return first;
}

async function waitForDone(gen: Generator, count: number): Promise<void> {
  const { link } = gen;
  for (;;) {
    await handleFinished(gen);
    if (link.doneCount >= count) return;
    gen.ctx.writer.flush();
    await link.changed();
  }
}

function entryAt(gen: Generator, list: FileList, i: number, ndx: number): Entry {
  return new Entry(gen.destination, list, i, ndx);
}

/** Looks up the one entry. */
function lookUp(gen: Generator, entry: Entry): void {
  entry.row = 0;
  const table = gen.destination.tree.lstatMany('', [entry.path]);
  entry.errno = table.errno(0);
  entry.stats = entry.errno === 0 ? table : undefined;
  seeThroughLink(gen, entry);
}

async function hashOne(gen: Generator, entry: Entry): Promise<void> {
  const { list, i, stats, row, path } = entry;
  if (!stats?.isRegular(row) || stats.size(row) !== list.size(i)) return;
  entry.sum = await sumOne(gen, list, i, path);
}
