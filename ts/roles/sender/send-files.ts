import { type BlockSumsHead, readBlockSums, tryReadBlockSums } from '../../delta/block-sums.ts';
import { headLength, writeSumHead } from '../../delta/sum-head.ts';
import { protocolError, type SysError } from '../../errors.ts';
import { EntryFlag } from '../../flist/file-list.ts';
import type { FileLists } from '../../flist/file-lists.ts';
import type { FlistSender } from '../../flist/send.ts';
import {
  digestLength,
  type SendJob,
  type TokenEncoder,
  type Tree,
  type Xattrs,
} from '../../kernel/kernel.ts';
import { XattrFailure, xattrValue } from '../../metadata/xattrs.ts';
import * as text from '../../report/messages.ts';
import { firstStep } from '../../report/report.ts';
import { BasisType, Item, Msg, ndxDelStats, ndxDone } from '../../wire/constants.ts';
import { decodeItem, type ItemHeader, newItemHeader, writeItem, type XattrValue } from '../../wire/item.ts';
import type { RoleContext } from '../context.ts';
import { countCreated, readDeleteStats, writeDeleteStats } from '../counts.ts';
import { lendMs, wireFailure } from '../lending.ts';
import type { Listed } from '../listed.ts';
import { isKeepAlive, locate } from '../locate.ts';
import type { AnswerQueue } from './answer-queue.ts';
import { noSend, openFailed, readFailed } from './open-failed.ts';
import { ReferenceQueue } from './reference-queue.ts';
import { SendQueue } from './send-queue.ts';

/**
 * Entries the sender keeps announced ahead of the receiver with incremental recursion: several batches of small
 * files can only be under way where the generator may go on to the next directories.
 */
const lookahead = 4000;
/** Pieces of a token stream that are made while the one before is on its way. */
const pieceBytes = 256 * 1024;

/** How the search for matching blocks went, over all files. */
interface SearchCounts {
  matches: number;
  hashHits: number;
  falseAlarms: number;
}

export interface SenderInput {
  readonly lists: FileLists;
  readonly flist: FlistSender;
  readonly encoder: TokenEncoder;
}

/**
 * The sender (rsync's send_files): answers each item the generator asks about with the item and, for a
 * transfer, the token stream of its file; phase by phase until the generator has no more.
 */
export async function sendFiles(ctx: RoleContext, input: SenderInput): Promise<void> {
  const { reader, writer, negotiated, stats, state } = ctx;
  const { lists, flist } = input;
  const { protocol } = negotiated;
  const maxPhase = protocol >= 29 ? 2 : 1;
  const ioErrorAtStart = state.ioError;
  const queue: AnswerQueue =
    ctx.loopback === undefined ? new SendQueue(ctx, lists) : new ReferenceQueue(ctx, lists, ctx.loopback);
  const item = newItemHeader();
  const decode = () => decodeItem(reader, ctx.itemForm, item, false);
  const search: SearchCounts = { matches: 0, hashHits: 0, falseAlarms: 0 };
  let phase = 0;
  const { report } = ctx;
  const traces = report.debug('send');
  report.trace('send', text.sendFilesStarts);

  for (;;) {
    if (negotiated.incRecurse && !lists.eof && lists.ahead < lookahead) await flist.sendMore(lookahead);
    if (!reader.tryRecord(decode)) await queue.waitFor(reader.record(decode));

    if (item.ndx === ndxDone) {
      await queue.settle();
      if (!ctx.options.server) queue.endList(lists.segments[0]);
      if (negotiated.incRecurse && lists.segments.length > 0) {
        lists.releaseFirst();
        if (lists.segments.length > 0) {
          writer.ndx(ndxDone);
          continue;
        }
      }
      if (++phase > maxPhase) break;
      if (phase === 1) ctx.report.allRequested();
      report.trace('send', () => text.phaseOf('send_files', phase));
      writer.ndx(ndxDone);
      continue;
    }
    if (item.ndx === ndxDelStats) {
      await readDeleteStats(reader, stats, 'sender');
      if (ctx.options.server) writeDeleteStats(writer, stats);
      if (writer.full) await writer.drain();
      continue;
    }

    if (isKeepAlive(lists, item, protocol)) continue;
    const { list, i } = locate(lists, item.ndx, 'sender');
    if (traces) report.print('info', text.sendFilesItem(item.ndx, ctx.items.sourceName(list, i)));
    if (item.xattrs.length > 0) item.xattrs = readXattrValues(ctx, input, { list, i }, item.xattrs);
    if (!(item.iflags & Item.Transfer)) {
      queue.echo(list, i, item);
      countCreated(stats, list, i, item.iflags);
      // A peer that asks and does not listen must not fill our memory.
      if (writer.full) await writer.drain();
      continue;
    }
    if (phase === 2) throw protocolError(text.transferInPhase2('sender'));
    if (!list.isRegular(i)) throw protocolError(text.notRegular(item.ndx, 'sender'));
    const redo = (list.flags(i) & EntryFlag.Answered) !== 0;
    if (!redo && item.iflags & Item.IsNew) stats.createdFiles++;
    stats.transferredFiles++;
    ctx.report.startItem();
    stats.transferredSize += list.size(i);
    ctx.report.requested(list, i, list.size(i));

    if (!ctx.options.transfers) {
      queue.echo(list, i, item, true);
      continue;
    }
    const headOnly = !redo && ctx.options.append !== 'no';
    // Of many small files nothing has to be waited for.
    const head =
      tryReadBlockSums(reader, negotiated, headOnly) ??
      (await queue.waitFor(readBlockSums(reader, negotiated, headOnly, ctx.options.maxAlloc)));
    if (queue.takes(list, i, head)) {
      queue.add(list, i, item, head);
    } else {
      await queue.settle();
      await sendFile(ctx, input, { list, i, item, head, redo }, search);
    }
    list.setFlag(i, EntryFlag.Answered);
    if (queue.isFull) await queue.send();
  }

  if (state.ioError !== ioErrorAtStart && protocol >= 30) {
    const payload = Buffer.alloc(4);
    payload.writeUInt32LE(state.ioError);
    writer.message(Msg.IoError, payload);
  }
  report.trace('send', text.sendFilesFinished);
  if (ctx.report.debug('deltasum'))
    ctx.report.print(
      'info',
      text.matchReport(search.matches, search.hashHits, search.falseAlarms, stats.literal),
    );
  writer.ndx(ndxDone);
}

/** The values of attributes that the generator asks for, read again. */
function readXattrValues(
  ctx: RoleContext,
  { lists, flist }: SenderInput,
  { list, i }: Listed,
  asked: readonly XattrValue[],
): XattrValue[] {
  const tree = lists.rootOf(list, i);
  const path = list.path(i);
  return asked.map(({ num }) => {
    const xattr = flist.xattrs(list, i).find((one) => one.num === num);
    if (xattr === undefined) throw protocolError(text.noSuchXattr(num, path, 'sender'));
    if (xattr.sum === undefined) throw protocolError(text.xattrNotLong(xattr.name, path, 'sender'));
    try {
      return { num, value: xattrValue(tree.xattrs as Xattrs, path, xattr.name) };
    } catch (error) {
      if (!(error instanceof XattrFailure)) throw error;
      ctx.report.print('error-xfer', text.xattrFailed(tree, path, error.trouble, 'sender'));
      ctx.report.print('error-xfer', text.xattrNotReadAgain(xattr.name, path));
      return { num, value: new Uint8Array(0) };
    }
  });
}

/** A file that was asked for. */
interface Wish extends Listed {
  readonly item: ItemHeader;
  readonly head: BlockSumsHead;
  readonly redo: boolean;
}

/** One file that is large, compressed or has a basis: its token stream is made and sent in pieces. */
async function sendFile(
  ctx: RoleContext,
  input: SenderInput,
  { list, i, item, head, redo }: Wish,
  search: SearchCounts,
): Promise<void> {
  const { options, writer, negotiated, report, stats } = ctx;
  const path = list.path(i);
  const tree: Tree = input.lists.rootOf(list, i);
  report.transferBegins(list.size(i));
  const append = redo ? 'no' : options.append;
  let job: ReturnType<Tree['openSend']>;
  try {
    job = tree.openSend({
      path,
      basis: head.count > 0 ? head : undefined,
      updatingInPlace: updatesBasis(ctx, item.basisType, redo),
      append: append === 'no' ? undefined : append,
      digest: negotiated.transferDigest,
      encoder: input.encoder,
      deviceBytes: options.copyDevices ? list.size(i) : undefined,
    });
  } catch (error) {
    openFailed(ctx, item.ndx, tree, { list, i }, (error as SysError).errno);
    return;
  }
  try {
    if (append !== 'no' && job.size < list.size(i)) {
      report.print('warning', text.skippedDiminished(tree, path));
      report.missed(list.size(i));
      noSend(ctx, item.ndx);
      return;
    }
    writeItem(writer, ctx.itemForm, item);
    if (options.batch?.kind === 'only-write') writer.divert(true);
    writeSumHead(writer, head);
    ctx.items.beforeTransfer(list, i, item.iflags);
    const pieces = [Buffer.allocUnsafeSlow(pieceBytes), Buffer.allocUnsafeSlow(pieceBytes)];
    const progress = report.startProgress(list, i, job.size);
    const digestBytes = digestLength[negotiated.transferDigest.name];
    // Where an appended file begins.
    const from = append === 'no' ? 0 : headLength(head);
    let first = true;
    const step = () => {
      if (progress === undefined || job.size === 0) return;
      const position = positionOf(job, from);
      const matched = from + job.result().matched;
      progress(first ? Math.min(position, from + firstStep) : position, matched);
      first = false;
    };
    const lent = ctx.paths.wireLent && (await pumpLent(ctx, job, step));
    let sum: Uint8Array = new Uint8Array(0);
    for (let turn = 0; !lent; turn ^= 1) {
      const n = await job.next(pieces[turn]);
      await writer.drain();
      if (n === 0) break;
      writer.bytes(pieces[turn], 0, n);
      if (report.followsEachFile) sum = lastBytes(sum, pieces[turn].subarray(0, n), digestBytes);
      writer.flush();
      step();
      if (ctx.signal.aborted) throw ctx.signal.reason;
    }
    const result = job.result();
    stats.literal += result.literal;
    search.matches += result.matches;
    search.hashHits += result.hashHits;
    search.falseAlarms += result.falseAlarms;
    stats.matched += result.matched;
    const blocks = head.count > 0 ? { length: head.blockLength, size: job.size } : undefined;
    ctx.items.searched = { ...result, blocks };
    report.transferSum = sum;
    report.endProgress(list, i, job.size);
    ctx.items.afterTransfer(list, i, item.iflags);
    if (result.readErrno !== 0) readFailed(ctx, tree, path, result.readErrno);
  } finally {
    writer.divert(false);
    job.close();
  }
}

/** How far into its file a job is; an appending one starts at `from`. */
function positionOf(job: ReturnType<Tree['openSend']>, from: number): number {
  const { literal, matched } = job.result();
  return Math.min(from + literal + matched, job.size);
}

/** The last `length` bytes of a stream: its pieces come one by one, and `before` is what the last call gave. */
function lastBytes(before: Uint8Array, piece: Uint8Array, length: number): Uint8Array {
  return Buffer.concat([before, piece.subarray(-length)]).subarray(-length);
}

/** Lets the job write to the wire itself; false where wire or kernel cannot do that. */
async function pumpLent(ctx: RoleContext, job: SendJob, step: () => void): Promise<boolean> {
  if (job.pump === undefined) return false;
  for (;;) {
    const did = await ctx.writer.lend(
      (fd, framed) => job.pump!(fd, framed, lendMs),
      () => job.pumped ?? 0,
    );
    if (did === undefined) return false;
    if (did.errno !== 0) throw wireFailure('write', did.errno);
    step();
    if (ctx.signal.aborted) throw ctx.signal.reason;
    if (did.done) return true;
  }
}

/** Whether the receiver writes into the very file it takes blocks from. */
function updatesBasis(ctx: RoleContext, basisType: number, redo: boolean): boolean {
  const { options, negotiated } = ctx;
  if (negotiated.inplacePartialDir && basisType === BasisType.PartialDir) return true;
  if (!options.inplace) return false;
  return negotiated.protocol >= 29 ? basisType === BasisType.Fname : redo || !options.backup;
}
