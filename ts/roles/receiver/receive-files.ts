import { readSumHead } from '../../delta/sum-head.ts';
import { protocolError } from '../../errors.ts';
import { EntryFlag, type FileList } from '../../flist/file-list.ts';
import { digestLength } from '../../kernel/kernel.ts';
import * as text from '../../report/messages.ts';
import { Statistics } from '../../report/statistics.ts';
import * as traces from '../../report/trace-messages.ts';
import { Item, ndxDelStats, ndxDone, ndxFlistEof, ndxFlistOffset } from '../../wire/constants.ts';
import { decodeItem, type ItemHeader, newItemHeader } from '../../wire/item.ts';
import { setAttributes } from '../attributes.ts';
import type { RoleContext } from '../context.ts';
import { countCreated, readDeleteStats } from '../counts.ts';
import { destinationPath } from '../destination.ts';
import { isKeepAlive, locate } from '../locate.ts';
import type { Replay } from '../replay.ts';
import { placeDelayed } from './delayed.ts';
import type { ReceiverInput } from './input.ts';
import { type Arrival, receiveFile, skip } from './receive-file.ts';
import { ReceiveQueue } from './receive-queue.ts';
import { isRedo } from './redo.ts';

/**
 * The receiver (rsync's recv_files): takes what the sender answers to the generator's requests, and puts
 * files in place; phase by phase until the sender has no more. File list segments arrive in between.
 */
export async function receiveFiles(ctx: RoleContext, input: ReceiverInput): Promise<void> {
  const queue = new ReceiveQueue(ctx, input);
  try {
    await receiveAll(ctx, input, queue);
  } catch (error) {
    await queue.windUp();
    throw error;
  }
}

async function receiveAll(ctx: RoleContext, input: ReceiverInput, queue: ReceiveQueue): Promise<void> {
  const { reader, negotiated, stats } = ctx;
  const { lists, link } = input;
  const { protocol } = negotiated;
  const maxPhase = protocol >= 29 ? 2 : 1;
  const item = newItemHeader();
  const decode = () => decodeItem(reader, ctx.itemForm, item, true);
  const digestBytes = digestLength[negotiated.transferDigest.name];
  const decodeHead = () => readSumHead(reader, protocol, digestBytes, 'receiver');
  let phase = 0;
  const { report } = ctx;
  const tracing = report.debug('recv');
  report.trace('recv', () => text.recvFilesStarts(lists.segments[0]?.count ?? 0));

  for (;;) {
    if (!reader.tryRecord(decode)) await queue.waitFor(reader.record(decode));
    const { ndx, iflags } = item;

    if (ndx < 0) {
      if (ndx === ndxDone) {
        await queue.settle();
        if (!ctx.options.server) ctx.report.listDone(lists.segments[0]);
        if (link.replay !== undefined) await endReplayedList(ctx, input, link.replay, phase);
        if (negotiated.incRecurse && lists.segments.length > 0) {
          lists.releaseFirst();
          if (lists.segments.length > 0) continue;
        }
        phase++;
        if (phase === 2 && ctx.options.delayUpdates) await placeDelayed(ctx, input);
        if (phase > maxPhase) break;
        report.trace('recv', () => text.phaseOf('recv_files', phase));
        link.phaseDone();
      } else if (ndx === ndxDelStats)
        await readDeleteStats(reader, link.replay === undefined ? stats : new Statistics(), 'receiver');
      else await receiveSegment(ctx, input, negotiated.incRecurse, ndx);
      continue;
    }

    if (isKeepAlive(lists, item, protocol)) continue;
    const { list, i } = locate(lists, ndx, 'receiver');
    if (tracing) report.print('info', text.recvFilesItem(list.path(i)));
    if (ctx.refuses?.(destinationPath(input.destination, list, i), list.isDir(i)))
      throw protocolError(text.rejectedRequest(destinationPath(input.destination, list, i)));
    if (item.xattrs.length > 0) takeXattrs(ctx, list, i, item);
    if (!(iflags & Item.Transfer)) {
      queue.log(list, i, item);
      if (ctx.itemForm.xattrs && setsXattrs(iflags)) dress(ctx, input, list, i);
      countCreated(stats, list, i, iflags);
      continue;
    }
    link.answered++;
    if (phase === 2) throw protocolError(text.transferInPhase2('receiver'));
    if (!list.isRegular(i)) throw protocolError(text.notRegular(ndx, 'receiver'));
    const redo = isRedo(list, i);
    if (!redo && iflags & Item.IsNew) stats.createdFiles++;
    stats.transferredFiles++;
    ctx.report.startItem();
    stats.transferredSize += list.size(i);

    if (link.replay !== undefined && !(await isWanted(ctx, input, link.replay, { list, i, item, redo }))) {
      await queue.settle();
      await skip(ctx, input, { list, i, item, head: await reader.record(decodeHead), redo });
      list.setFlag(i, EntryFlag.Redo);
      continue;
    }
    if (ctx.options.dryRun) {
      queue.log(list, i, item, true);
      // A batch has the content all the same; of a batch alone the client throws it away.
      const comes = link.replay !== undefined || (ctx.options.transfers && !ctx.options.server);
      if (comes) await skip(ctx, input, { list, i, item, head: await reader.record(decodeHead), redo });
      if (ctx.options.transfers && negotiated.incRecurse && link.replay === undefined) link.success(ndx);
      continue;
    }
    const head = reader.tryRecord(decodeHead) ?? (await queue.waitFor(reader.record(decodeHead)));
    if (queue.isFullFor(list, i)) await queue.send();
    const taken = queue.take(list, i, item, head);
    if (!(taken === true || (await taken))) {
      await queue.settle();
      await receiveFile(ctx, input, { list, i, item, head, redo });
    }
    if (link.replay !== undefined) list.setFlag(i, EntryFlag.Redo);
  }
  report.trace('recv', text.recvFilesFinished);
}

/** What comes with an item of a batch that is read. */
type Replayed = Omit<Arrival, 'head'>;

/** Whether the generator asked for what a batch brings; a second time a file comes because the first did not verify. */
async function isWanted(
  ctx: RoleContext,
  input: ReceiverInput,
  replay: Replay,
  { list, i, item, redo }: Replayed,
): Promise<boolean> {
  const missing = (ndx: number) => missed(ctx, input, ndx, redo);
  const number = replay.listsLeft + input.lists.segments.indexOf(list) + 1;
  const wanted = redo ? replay.wantsAgain(item.ndx, missing) : await replay.wants(item.ndx, number, missing);
  if (!wanted)
    ctx.report.print('info', text.skippingBatched(destinationPath(input.destination, list, i), redo));
  return wanted;
}

/** The batch has nothing more of its oldest list: what is still wanted of it does not come. */
async function endReplayedList(
  ctx: RoleContext,
  input: ReceiverInput,
  replay: Replay,
  phase: number,
): Promise<void> {
  const [first] = input.lists.segments;
  if (first === undefined) return;
  const missing = (redo: boolean) => (ndx: number) => missed(ctx, input, ndx, redo);
  const end = first.count + first.ndxStart;
  // A second attempt comes before its list ends, or in the second phase. (rsync 3.5.0 waits for it for ever.)
  if (ctx.negotiated.incRecurse || phase > 0) replay.wantsAgain(end, missing(true));
  await replay.wants(end, replay.listsLeft + 1, missing(false));
  if (ctx.negotiated.incRecurse) replay.listsLeft++;
}

function missed(ctx: RoleContext, { lists, link }: ReceiverInput, ndx: number, redo: boolean): void {
  const place = lists.byNdx(ndx);
  if (place !== undefined)
    ctx.report.print('error-xfer', text.noBatchedUpdate(place.list.path(place.i), redo));
  if (ctx.negotiated.incRecurse && !ctx.options.dryRun) link.noSend(ndx);
}

/** An item without content whose attributes differ; a hard link has those of its other name. */
function setsXattrs(iflags: number): boolean {
  const hardLinked = Item.XnameFollows | Item.LocalChange;
  return (iflags & Item.ReportXattr) !== 0 && (iflags & hardLinked) !== hardLinked;
}

function takeXattrs(ctx: RoleContext, list: FileList, i: number, { xattrs }: ItemHeader): void {
  const unknown = ctx.extras?.takeValues(list.value('xattrs', i), xattrs) ?? -1;
  if (unknown >= 0) throw protocolError(text.noSuchXattr(unknown, list.path(i), 'receiver'));
}

function dress(ctx: RoleContext, { destination }: ReceiverInput, list: FileList, i: number): void {
  const { tree } = destination;
  const path = destinationPath(destination, list, i);
  const stats = tree.lstatMany('', [path]);
  const errno = stats.errno();
  if (errno !== 0) {
    if (!ctx.options.dryRun) ctx.report.print('error-xfer', text.statFailed(tree, path, errno, 'receiver'));
    return;
  }
  setAttributes(
    ctx,
    { tree, path, list, i },
    { stats, row: 0, tree, path },
    { xattrsFrom: path, who: 'receiver' },
  );
}

/** rsync's generator is given the list as well, and reads it as its receiver did. */
function tellOfGeneratorsList(
  { report }: RoleContext,
  flist: ReceiverInput['flist'],
  list: FileList | undefined,
  dir: number,
): void {
  report.print('info', traces.listFollows('generator', dir));
  const count = list?.count ?? 0;
  for (let i = 0; i < count; i++) report.print('info', traces.receivedName((list as FileList).path(i)));
  if (list !== undefined) flist.tellOf(list, 'generator');
  for (const line of text.fileListReceived(count)) report.print('info', line);
}

async function receiveSegment(
  ctx: RoleContext,
  input: ReceiverInput,
  incRecurse: boolean,
  ndx: number,
): Promise<void> {
  const { lists, flist, link } = input;
  if (!incRecurse) throw protocolError(text.badNdx(ndx, lists, 'receiver'));
  if (ndx === ndxFlistEof) {
    lists.eof = true;
    for (const who of ['receiver', 'generator']) ctx.report.trace('flist', () => traces.listsEnd(who), 3);
  } else {
    const dir = ndxFlistOffset - ndx;
    if (!lists.dirs.holds(dir)) throw protocolError(text.badDirNdx(ndx, lists, 'receiver'));
    ctx.report.trace('flist', () => traces.listFollows('receiver', dir), 2);
    await flist.receive(dir);
    ctx.report.trace('flist', () => text.fileListReceived(lists.segments.at(-1)?.count ?? 0), 2);
    if (ctx.report.debug('hlink')) flist.tellOfLinks('generator');
    if (ctx.report.debug('flist', 2)) tellOfGeneratorsList(ctx, flist, lists.segments.at(-1), dir);
  }
  link.notify();
}
