import { sumSizes } from '../../delta/block-size.ts';
import { emptySumHead, type SumHead, writeSumHead } from '../../delta/sum-head.ts';
import { SysError } from '../../errors.ts';
import { EntryFlag, type FileList, isDeviceMode } from '../../flist/file-list.ts';
import { type BlockSumJob, type ByteString, digestLength } from '../../kernel/kernel.ts';
import type { Present } from '../../metadata/compare.ts';
import { destMode } from '../../metadata/modes.ts';
import { partialDirName } from '../../metadata/names.ts';
import * as text from '../../report/messages.ts';
import * as traces from '../../report/trace-messages.ts';
import { BasisType } from '../../wire/constants.ts';
import { setAttributes } from '../attributes.ts';
import { dressBackup, prepareBackup } from '../backup.ts';
import { inModule } from '../module-mode.ts';
import { removePartialDir } from '../partial-dir.ts';
import { isReadable } from '../readable.ts';
import { tellIfRefused } from '../refused.ts';
import { tryAlternateFile } from './alternate-dest.ts';
import { looksUnchanged } from './compare.ts';
import { defaultPermsAt } from './default-perms.ts';
import { makeRoom } from './delete.ts';
import { findFuzzy, noteChanging } from './fuzzy.ts';
import { finishHardLink, skipHardLink } from './hard-links.ts';
import { tellInPlace } from './in-place.ts';
import { itemize, requestItem } from './itemize.ts';
import { directoryBehind } from './keep-dirlinks.ts';
import type { Entry, Generator } from './state.ts';

/** What the sender's delta is made against. */
interface Basis extends Present {
  readonly type: number;
  /** Of a similar file: its name. */
  readonly xname?: ByteString;
}

/** Bytes of block sums that are made at a time. */
const sumPiece = 256 * 1024;

/** A regular file: left out by size or age, left as it is, or asked for. */
export function generateFile(gen: Generator, entry: Entry): Promise<void> | undefined {
  const { options, report } = gen.ctx;
  const { list, i } = entry;
  const { rules } = gen;
  if (rules.maxSize !== undefined && list.size(i) > rules.maxSize) {
    if (report.info('skip')) report.print('info', text.overMaxSize(entry.path));
    return undefined;
  }
  if (rules.minSize !== undefined && list.size(i) < rules.minSize) {
    if (report.info('skip')) report.print('info', text.underMinSize(entry.path));
    return undefined;
  }
  if (
    rules.update &&
    entry.stats?.isRegular(entry.row) &&
    list.mtime(i) - entry.stats.mtime(entry.row) < options.modifyWindow
  ) {
    if (report.info('skip')) report.print('info', text.newer(entry.path));
    skipHardLink(gen, list, i);
    return undefined;
  }
  if (entry.stats !== undefined && writesInto(gen, entry.stats.mode(entry.row))) {
    entry.stats = entry.stats.withSize(entry.row, deviceSize(gen, entry.path));
    entry.row = 0;
  } else if (entry.stats !== undefined && !entry.stats.isRegular(entry.row)) {
    return makeRoom(gen, entry.path, entry.stats.mode(entry.row), list.mode(i)).then((free) => {
      if (!free) return undefined;
      entry.stats = undefined;
      entry.errno = text.ENOENT;
      return generatePresent(gen, entry);
    });
  }
  return generatePresent(gen, entry);
}

/** --write-devices: a device takes the content of a file, and stays one. */
function writesInto({ ctx }: Generator, mode: number): boolean {
  return ctx.options.writeDevices && isDeviceMode(mode);
}

function deviceSize({ destination }: Generator, path: ByteString): number {
  try {
    return destination.tree.deviceSize(path);
  } catch (error) {
    if (error instanceof SysError) return 0;
    throw error;
  }
}

/** What is there, if anything, is a regular file, or a device that takes content. */
function generatePresent(gen: Generator, entry: Entry): Promise<void> | undefined {
  const { options } = gen.ctx;
  if (
    options.alternateDests.length > 0 &&
    (entry.stats === undefined || options.alternateDests[0].kind !== 'copy')
  )
    return tryAlternateFile(gen, entry).then((found) => {
      if (found?.kind === 'finished') {
        tellInPlace(gen, entry.ndx, entry.path);
        return undefined;
      }
      return compareAndRequest(
        gen,
        entry,
        found === undefined ? undefined : { ...found, type: found.basisType },
      );
    });
  return compareAndRequest(gen, entry, undefined);
}

function compareAndRequest(
  gen: Generator,
  entry: Entry,
  alternate: Basis | undefined,
): Promise<void> | undefined {
  const { options, report } = gen.ctx;
  const { tree } = gen.destination;
  const { list, i, ndx } = entry;
  const partial = options.partialDir === '' ? undefined : findPartial(gen, entry.path);
  const { present } = entry;
  if (alternate === undefined && present !== undefined) {
    if (looksUnchanged(gen, entry, entry.path, present, entry.sum)) {
      if (partial !== undefined) {
        removeQuietly(gen, partial.path);
        removePartialDir(gen.ctx, tree, partial.path);
      }
      const { updated, refreshed } = setAttributes(gen.ctx, entry, present, {
        flags: gen.attributeFlags,
        report: gen.reportAttributes,
      });
      gen.changed ||= updated;
      if (gen.itemizing) itemize(gen, entry, refreshed ?? present, 0);
      finishHardLink(gen, entry);
      tellInPlace(gen, ndx, entry.path);
      return undefined;
    }
  }
  // --append goes on where the file itself ends: what has the beginning in another file is of no use.
  const { append } = gen.rules;
  let basis: Basis | undefined =
    (append ? undefined : alternate) ??
    (present && {
      type: BasisType.Fname,
      tree,
      path: entry.path,
      stats: present.stats,
      row: present.row,
    });

  const isMissing = basis === undefined && partial === undefined;
  const fuzzy = isMissing && !append && options.fuzzy > 0 ? findFuzzy(gen, entry) : undefined;
  if (isMissing && fuzzy === undefined) {
    if (waitsForLastName(gen, list, i)) {
      list.inProgress++;
      return undefined;
    }
    // A dry run leaves what is in the way of a directory.
    const isLink =
      entry.errno === text.ELOOP && !(options.keepDirlinks && directoryBehind(tree, list.dirname(i)));
    const inTheWay = entry.errno === text.ENOTDIR || isLink;
    if (entry.errno === text.ENOENT || (inTheWay && gen.ctx.options.dryRun))
      return request(gen, entry, undefined, undefined);
    report.print('error-xfer', text.basisStatFailed(tree, entry.path, entry.errno));
    return undefined;
  }
  if (append && basis !== undefined && basis.stats.size(basis.row) >= list.size(i)) {
    skipHardLink(gen, list, i);
    return undefined;
  }
  const shown = basis;
  if (partial !== undefined) basis = partial;
  if (fuzzy !== undefined) basis = fuzzy;
  return request(gen, entry, shown, basis);
}

/** Asks the sender for the file; `shown` is what the item flags compare with, `basis` what the sums describe. */
function request(
  gen: Generator,
  entry: Entry,
  shown: Basis | undefined,
  basis: Basis | undefined,
): Promise<void> | undefined {
  const { options } = gen.ctx;
  const { list, i, ndx } = entry;
  let sums: Sums | undefined;
  // Where a batch is read nobody could make use of sums.
  const useful = !gen.wholeFile && gen.link.replay === undefined && options.transfers;
  const describes = basis?.stats.isRegular(basis.row) && useful;
  if (describes) noteChanging(gen, entry);
  // One that is empty is opened, too: what cannot be read is told of.
  if (basis !== undefined && describes) {
    sums = openSums(gen, basis, ndx);
    if (sums === undefined) {
      // What cannot be read counts as missing.
      if (!options.perms) forgetUnreadable(gen, entry, basis);
      if (waitsForLastName(gen, list, i)) {
        list.inProgress++;
        return undefined;
      }
      sendItem(gen, entry, undefined, basis);
      writeSumHead(gen.ctx.writer, emptySumHead);
      return undefined;
    }
  }
  const backsUpInPlace =
    basis?.type === BasisType.Fname && options.inplace && gen.rules.backup && !options.dryRun;
  if (!options.perms && !options.dryRun && basis !== undefined) forgetUnreadable(gen, entry, basis);
  if (backsUpInPlace) return requestWithBackup(gen, entry, shown, basis as Basis, sums);
  sendItem(gen, entry, shown, basis);
  if (!options.transfers) {
    if (options.hardLinks) finishHardLink(gen, entry, entry);
    return undefined;
  }
  return sendSums(gen, sums);
}

/** A file that cannot be read has no say in the mode of what takes its place, as in rsync's receiver. */
function forgetUnreadable(gen: Generator, entry: Entry, { tree, path, stats, row }: Basis): void {
  if (!stats.isRegular(row) || isReadable(tree, path)) return;
  const { list, i } = entry;
  list.setMode(
    i,
    inModule(gen.ctx, destMode(entry.sentMode, undefined, defaultPermsAt(gen, entry), gen.ctx.options)),
  );
}

/** An in-place update that keeps a backup: the copy is made first, and is the basis then. */
async function requestWithBackup(
  gen: Generator,
  entry: Entry,
  shown: Basis | undefined,
  basis: Basis,
  sums: Sums | undefined,
): Promise<void> {
  const { tree } = gen.destination;
  const { path } = entry;
  const { stats, row } = basis;
  const backup = prepareBackup(gen.ctx, tree, path, 'generator');
  if (backup === undefined) {
    sums?.job?.close();
    return;
  }
  try {
    if (!canGo(gen, backup.path)) {
      sums?.job?.close();
      return;
    }
    await tree.copyFile(path, backup.path, sums === undefined ? stats.mode(row) : 0o600);
  } catch (error) {
    sums?.job?.close();
    if (!(error instanceof SysError)) throw error;
    const failed = isReadable(tree, path) ? backup.path : path;
    gen.ctx.report.print(
      'error-xfer',
      text.copyStepFailed(tree, failed, error.syscall, error.errno, 'generator'),
    );
    return;
  }
  dressBackup(gen.ctx, basis, backup.path, 'copied', 'generator');
  if (gen.ctx.report.info('backup')) gen.ctx.report.print('info', text.backedUp(path, backup.name));
  sendItem(gen, entry, shown, { type: sums === undefined ? BasisType.Fname : BasisType.Backup });
  await sendSums(gen, sums);
}

function sendItem(
  gen: Generator,
  entry: Entry,
  shown: Basis | undefined,
  basis: Pick<Basis, 'type' | 'xname'> | undefined,
): void {
  const { options, negotiated } = gen.ctx;
  const { list, i } = entry;
  if (negotiated.incRecurse && options.transfers) list.inProgress++;
  if (options.hardLinks && list.flags(i) & EntryFlag.Hlinked) list.setFlag(i, EntryFlag.FileSent);
  gen.requested++;
  gen.ctx.report.requested(list, i, list.size(i));
  gen.link.asked++;
  requestItem(gen, entry, shown, basis?.type ?? BasisType.Fname, basis?.xname);
}

/** What is told of a basis. */
interface Sums {
  readonly head: SumHead;
  /** Makes the block sums; undefined where none are sent. */
  readonly job: BlockSumJob | undefined;
}

/** Opens a basis to describe it; undefined where it cannot be read, which is said. */
function openSums(gen: Generator, basis: Basis, ndx: number): Sums | undefined {
  const { options, negotiated, report } = gen.ctx;
  const { tree } = gen.destination;
  const { transferDigest, protocol } = negotiated;
  const size = basis.stats.size(basis.row);
  const head = sumSizes(size, {
    protocol,
    blockSize: options.blockSize,
    digestLength: digestLength[transferDigest.name],
    redo: gen.rules.fullSums,
  });
  if (head === undefined) {
    report.print('warning', text.tooLargeForSums(basis.path));
    return { head: emptySumHead, job: undefined };
  }
  try {
    const job = tree.openBlockSums(basis.path, size, head.blockLength, head.strongLength, transferDigest);
    const isEmpty = size === 0;
    tellOfSums(gen, basis, ndx, isEmpty ? undefined : head);
    if (!isEmpty && !gen.rules.append) return { head, job };
    job.close();
    return { head: isEmpty ? emptySumHead : head, job: undefined };
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    report.print('error', text.basisOpenFailed(tree, basis.path, error.errno));
    return undefined;
  }
}

function tellOfSums(
  { ctx: { report } }: Generator,
  { path, stats, row }: Basis,
  ndx: number,
  head: SumHead | undefined,
): void {
  if (!report.debug('deltasum', 2)) return;
  const size = stats.size(row);
  report.trace('deltasum', () => traces.mappedByGenerator(path, size), 3);
  report.print('info', traces.sendingSums(ndx));
  if (head !== undefined)
    report.print(
      'info',
      traces.describing(head.count, head.remainder, head.blockLength, head.strongLength, size),
    );
}

/** The basis' sum head and block sums (rsync's generate_and_send_sums); those of no file where there is none. */
function sendSums(gen: Generator, sums: Sums | undefined): Promise<void> | undefined {
  writeSumHead(gen.ctx.writer, sums?.head ?? emptySumHead);
  return sums?.job && sendBlocks(gen, sums.head, sums.job);
}

async function sendBlocks(gen: Generator, head: SumHead, job: BlockSumJob): Promise<void> {
  const { writer, report } = gen.ctx;
  const tells = report.debug('deltasum', 3);
  try {
    const expected = head.count * (4 + head.strongLength);
    let sent = 0;
    for (;;) {
      const piece = Buffer.allocUnsafeSlow(Math.min(sumPiece, Math.max(expected, 4 + head.strongLength)));
      const n = await job.next(piece);
      if (n === 0) break;
      const take = Math.min(n, expected - sent);
      if (tells)
        for (const line of chunkLines(head, sent, piece.subarray(0, take))) report.print('info', line);
      writer.bytes(piece, 0, take);
      sent += take;
      if (writer.full) await writer.drain();
    }
    // A basis that shrank meanwhile: the sums that are missing match nothing.
    if (sent < expected) writer.bytes(Buffer.alloc(expected - sent));
  } finally {
    job.close();
  }
}

/** --debug=deltasum3: what is told of the sums in `pairs`, before which `sent` bytes of sums went. */
function chunkLines(head: SumHead, sent: number, pairs: Buffer): ByteString[] {
  const { blockLength, strongLength, remainder, count } = head;
  const pairBytes = 4 + strongLength;
  return Array.from({ length: pairs.length / pairBytes }, (_, at) => {
    const k = sent / pairBytes + at;
    const length = k === count - 1 && remainder !== 0 ? remainder : blockLength;
    return traces.sumOfChunk(k, k * blockLength, length, pairs.readUInt32LE(at * pairBytes));
  });
}

function waitsForLastName(gen: Generator, list: FileList, i: number): boolean {
  if (!gen.ctx.options.hardLinks) return false;
  return (list.flags(i) & (EntryFlag.Hlinked | EntryFlag.HlinkLast)) === EntryFlag.Hlinked;
}

function findPartial(gen: Generator, path: ByteString): Basis | undefined {
  const name = partialDirName(path, gen.ctx.options.partialDir);
  if (name === undefined) return undefined;
  try {
    const { tree } = gen.destination;
    const stats = tree.lstat(name);
    return stats.isRegular() ? { type: BasisType.PartialDir, tree, path: name, stats, row: 0 } : undefined;
  } catch (error) {
    if (error instanceof SysError) return undefined;
    throw error;
  }
}

/** Takes away what is in a copy's place; false where that failed, which is said. */
function canGo(gen: Generator, path: ByteString): boolean {
  const { tree } = gen.destination;
  try {
    tree.unlink(path);
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    if (error.errno === text.ENOENT) return true;
    tellIfRefused(gen.ctx, path, error.errno);
    gen.ctx.report.print('error-xfer', text.unlinkFailed(tree, path, error.errno, 'generator'));
    return false;
  }
  return true;
}

function removeQuietly(gen: Generator, path: ByteString): void {
  if (gen.ctx.options.dryRun) return;
  try {
    gen.destination.tree.unlink(path);
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
  }
}
