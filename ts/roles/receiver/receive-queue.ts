import type { SumHead } from '../../delta/sum-head.ts';
import { readLiteralFile } from '../../delta/tokens.ts';
import { ExitCode, RsyncError, SysError } from '../../errors.ts';
import type { Dir, FileList } from '../../flist/file-list.ts';
import {
  type ByteString,
  type DressingStep,
  digestLength,
  digestMismatch,
  held,
  interrupted,
  isDressing,
  type ReceiveManyResult,
  receiveSteps,
  sourceChanged,
} from '../../kernel/kernel.ts';
import { type InlineContent, ReceiveBatch, ReceiveFlag } from '../../kernel/receive-batch.ts';
import { partialDirName, temporaryName, uniqueSuffix } from '../../metadata/names.ts';
import type { Options } from '../../options/options.ts';
import * as text from '../../report/messages.ts';
import { BasisType, chunkSize, Item } from '../../wire/constants.ts';
import type { ItemHeader } from '../../wire/item.ts';
import { newFileMeta, ownerStep } from '../attributes.ts';
import type { RoleContext } from '../context.ts';
import { destinationPath } from '../destination.ts';
import { Loopback, type LoopbackFile } from '../loopback.ts';
import { makePartialDir } from '../partial-dir.ts';
import { Pipeline } from '../pipeline.ts';
import { presentAt } from '../present-at.ts';
import { findBasis, takeModeOfBasis } from './basis.ts';
import { isAwaited, type ReceiverInput } from './input.ts';
import { keepPart } from './keep-part.ts';
import { placeHeld } from './receive-file.ts';
import { askAgain, isRedo } from './redo.ts';

const smallFile = 64 * 1024;
/** Files of a batch that takes in more directories. */
const maxFiles = 128;
/** Files of a batch within one directory: two threads in one directory would wait for each other. */
const maxNeighbours = 512;
const maxBytes = 1024 * 1024;
/** Batches that are written at a time, each by one thread; one more than two cores can work on. */
const batchesAtOnce = 3;
/** By reference a record costs no memory, but the files of a batch wait for each other. */
const maxReferenceBytes = 64 * 1024 * 1024;

/** Copying a file of this size takes long enough to be watched, which looks at it this often (ms). */
const worthFollowing = 8 * 1024 * 1024;
const followMs = 200;

interface Queued {
  readonly list: FileList;
  readonly i: number;
  readonly item: ItemHeader;
  /** Index of the record in the batch; -1 for an item without content. */
  readonly record: number;
  /** The name that it is written under; '' for an item without content. */
  readonly temporary: ByteString;
  /** The name that it then gets, which may be in a partial-dir. */
  readonly target: ByteString;
  readonly pretend: boolean;
  /** What the content is copied from, where it does not come over the wire. */
  readonly file: LoopbackFile | undefined;
}

/**
 * Small whole files that wait to be written by one kernel call, several of which are under way while the next
 * files are read from the wire.
 * Items without content keep their place between them, so that lines come out in the sender's order.
 */
export class ReceiveQueue {
  private readonly ctx: RoleContext;
  private readonly input: ReceiverInput;
  private readonly digestBytes: number;
  private items: Queued[] = [];
  private batch: ReceiveBatch;
  private readonly spare: ReceiveBatch[] = [];
  private referenced = 0;
  /** The large file that the sender shows the progress of: a batch of its own. */
  private followed: Queued | undefined;
  /** `ReceiveFlag`s of every file. */
  private readonly flags: number;
  /** Directory of the last file. */
  private lastDir: Dir | undefined;
  private readonly pipeline = new Pipeline(batchesAtOnce);

  constructor(ctx: RoleContext, input: ReceiverInput) {
    this.ctx = ctx;
    this.input = input;
    const { negotiated } = ctx;
    this.digestBytes = digestLength[negotiated.transferDigest.name];
    this.batch = new ReceiveBatch(negotiated.transferDigest);
    this.flags = flagsOfAll(ctx.options);
  }

  /** Whether the batch should go before file `i` comes. */
  isFullFor(list: FileList, i: number): boolean {
    if (this.items.length > 0 && (this.followed !== undefined || this.follows(list.size(i)))) return true;
    const { count, dataBytes } = this.batch;
    if (dataBytes >= maxBytes || this.referenced >= maxReferenceBytes || count >= maxNeighbours) return true;
    return count >= maxFiles && list.dir(i) !== this.lastDir;
  }

  /** An item without content (or a dry run's transfer): logged when its turn comes. */
  log(list: FileList, i: number, item: ItemHeader, pretend = false): void {
    if (this.pipeline.idle && this.items.length === 0) this.ctx.items.echo(list, i, item, pretend);
    else
      this.items.push({
        list,
        i,
        item: { ...item },
        record: -1,
        temporary: '',
        target: '',
        pretend,
        file: undefined,
      });
  }

  /**
   * Takes a small transfer that comes whole over the wire or by reference; where its end is not there yet, it is
   * waited for. False: it has to be received on its own, and nothing of it was read.
   */
  take(list: FileList, i: number, item: ItemHeader, head: SumHead): boolean | Promise<boolean> {
    const file = this.ctx.loopback?.take(item.ndx);
    if (file !== undefined) {
      this.referenced += list.size(i);
      this.add(list, i, item, file, undefined);
      return true;
    }
    const { options, paths, reader } = this.ctx;
    if (!paths.writesTogether || head.count !== 0 || item.basisType !== BasisType.Fname) return false;
    if (list.size(i) > smallFile) return false;
    // What a second attempt makes of it stays.
    if (options.inplace && (isRedo(list, i) || !this.isNowhere(list, i, item))) return false;
    const decode = () => this.takeLiteral(list, i, item);
    const taken = reader.tryRecord(decode);
    if (taken !== undefined) return taken;
    return paths.waitsForTheRest && this.waitFor(reader.record(decode));
  }

  /** An item may be called new whose file cannot be read. */
  private isNowhere(list: FileList, i: number, { iflags }: ItemHeader): boolean {
    if ((iflags & Item.IsNew) === 0) return false;
    const { destination } = this.input;
    return presentAt(destination.tree, destinationPath(destination, list, i)) === undefined;
  }

  /** A decoder; the batch may change between two attempts, but not within one. */
  private takeLiteral(list: FileList, i: number, item: ItemHeader): boolean {
    const read = readLiteralFile(this.ctx.reader, this.batch, smallFile, this.digestBytes);
    if (read === 'not-literal') return false;
    this.add(list, i, item, undefined, read);
    return true;
  }

  private add(
    list: FileList,
    i: number,
    item: ItemHeader,
    file: LoopbackFile | undefined,
    content: InlineContent | undefined,
  ): void {
    const { options, random } = this.ctx;
    this.lastDir = list.dir(i);
    const path = destinationPath(this.input.destination, list, i);
    const aside = options.delayUpdates ? this.pathAside(path) : path;
    const target = aside ?? path;
    // A name too long for the system is told by the kernel, as any other failure of the file.
    const suffix = uniqueSuffix(random);
    const temporary = options.inplace
      ? path
      : (temporaryName(path, options.tempDir, suffix) ?? `${path}.${suffix}`);
    const queued = {
      list,
      i,
      item: { ...item },
      record: this.batch.count,
      temporary,
      target,
      pretend: false,
      file,
    };
    this.items.push(queued);
    if (file !== undefined && this.follows(list.size(i))) this.followed = queued;
    if (!options.perms && file !== undefined) this.takeMode(queued);
    const meta = newFileMeta(this.ctx, list, i);
    const isHeld = aside === undefined || this.isHeld(list, i, item);
    const flags = isHeld ? this.flags | ReceiveFlag.Hold : this.flags;
    if (file !== undefined) this.batch.addCopy(target, temporary, meta, flags, file);
    else if (content !== undefined) this.batch.add(target, temporary, meta, flags, content);
  }

  /** --delay-updates: where a file waits for the end of the run; undefined where it cannot, which is told when it is placed. */
  private pathAside(path: ByteString): ByteString | undefined {
    const aside = partialDirName(path, this.ctx.options.partialDir);
    return aside !== undefined && makePartialDir(this.input.destination.tree, aside) ? aside : undefined;
  }

  /** What the kernel cannot give all that it shall have is placed as a file that comes alone. */
  private isHeld(list: FileList, i: number, { basisType }: ItemHeader): boolean {
    const { extras, negotiated, options, wanted } = this.ctx;
    // Older peers do not tell what their basis is.
    if (options.partialDir !== '' && (basisType === BasisType.PartialDir || negotiated.protocol < 29))
      return true;
    return extras?.addsToNewFile(wanted.at(list, i)) === true;
  }

  /** What lies at the name itself has had its say by now. */
  private takeMode({ list, i, item }: Queued): void {
    const { ctx, input } = this;
    const mayBeElsewhere = item.basisType !== BasisType.Fname || ctx.negotiated.protocol < 29;
    if (!mayBeElsewhere) return;
    const coming = { list, i, item, redo: false };
    takeModeOfBasis(ctx, input.destination.tree, coming, findBasis(ctx, input.destination, coming));
  }

  /** Whether the sender of a file by reference wants to know how far it is. */
  private follows(size: number): boolean {
    return size >= worthFollowing && this.ctx.loopback?.watched === true;
  }

  /** Tells the sender of the file's growth until `written` settles; a file that cannot be opened has none. */
  private follow({ file, temporary }: Queued, written: Promise<unknown>): void {
    const { tree } = this.input.destination;
    const timer = setInterval(() => {
      try {
        file?.grown(tree.lstat(temporary).size());
      } catch (error) {
        // It is not there yet, or has its name already.
        if (!(error instanceof SysError)) throw error;
      }
    }, followMs);
    const stop = () => clearInterval(timer);
    written.then(stop, stop);
  }

  /** Starts writing what waits, as soon as there is room for another batch. */
  async send(): Promise<void> {
    await this.pipeline.room();
    this.begin();
  }

  /** Waits for `input` of the peer; what waits here is written meanwhile, when nothing else is. */
  waitFor<T>(input: Promise<T>): Promise<T> {
    return this.pipeline.waitFor(input, () => this.begin());
  }

  /** Writes everything that waits, and waits for it. */
  async settle(): Promise<void> {
    if (this.items.length > 0) await this.send();
    await this.pipeline.settled();
  }

  /** The run ends early: what had come whole is still put in place, unless the kernel was interrupted. */
  async windUp(): Promise<void> {
    await this.settle().catch(() => {});
    await this.pipeline.ended();
  }

  private begin(): void {
    if (this.items.length === 0) return;
    const { items, batch, followed } = this;
    this.items = [];
    this.followed = undefined;
    this.batch = this.spare.pop() ?? new ReceiveBatch(this.ctx.negotiated.transferDigest);
    this.referenced = 0;
    const { tree } = this.input.destination;
    const written = batch.count > 0 ? tree.receiveMany(batch) : Promise.resolve(undefined);
    if (followed !== undefined) this.follow(followed, written);
    this.pipeline.begin(written, async (done) => {
      await this.finish(items, done);
      // Nobody else may write for long: what was said of these files goes out now.
      this.ctx.writer.flush();
      batch.clear();
      this.spare.push(batch);
    });
  }

  private async finish(items: readonly Queued[], done: ReceiveManyResult | undefined): Promise<void> {
    const { options } = this.ctx;
    if (options.partial && !options.inplace && done !== undefined) await this.keepParts(items, done);
    const waiting = new Set(items.filter(({ record }) => done?.status[record] === held));
    try {
      if (!this.pipeline.failed) await this.tell(items, done, waiting);
    } finally {
      // The run ends: one file has told why. What had come whole is put in place all the same.
      for (const queued of waiting) await this.place(queued).catch(() => {});
    }
  }

  /** Tells of each item what became of it; what waits is placed in its turn, and waits no more. */
  private async tell(
    items: readonly Queued[],
    done: ReceiveManyResult | undefined,
    waiting: Set<Queued>,
  ): Promise<void> {
    const { options, items: log, stats, reader, report } = this.ctx;
    let cutShort = false;
    const traces = report.debug('recv');
    for (const queued of items) {
      const { list, i, item, record, file } = queued;
      if (record < 0) {
        log.echo(list, i, item, queued.pretend);
        continue;
      }
      report.transferBegins(list.size(i));
      const status = done!.status[record];
      if (status === interrupted) {
        cutShort = true;
        continue;
      }
      const step = receiveSteps[done!.step[record]];
      if (step === 'source') {
        file!.openFailed(status);
        if (this.ctx.negotiated.protocol >= 30) this.input.link.noSend(item.ndx);
        continue;
      }
      const size = done!.sizes[record];
      stats.literal += size;
      if (file !== undefined) {
        reader.account(Loopback.tokenBytes(size, chunkSize, this.digestBytes));
        if (step === 'read' && status > 0) file.readFailed(status);
        file.read(size);
      }
      // Nothing is said of a file that could not be begun.
      if (step !== 'mkstemp') log.beforeTransfer(list, i, item.iflags);
      const undressed = isDressing(step) ? step : undefined;
      if (status === 0 || status === held || undressed !== undefined) {
        report.progressAtOnce(list, i, size);
        log.afterTransfer(list, i, item.iflags);
        if (undressed !== undefined) tellUndressed(this.ctx, this.input, queued, undressed, status);
        if (waiting.delete(queued)) {
          await this.place(queued);
          continue;
        }
        if (traces) report.print('info', text.renaming(queued.temporary, queued.target));
        this.placed(list, i, item.ndx);
      } else if (
        status === digestMismatch ||
        status === sourceChanged ||
        step === 'read' ||
        // Somebody has made the file that --inplace was to make; a second attempt finds it.
        (options.inplace && status === text.EEXIST)
      ) {
        report.missed(list.size(i));
        const kept = options.inplace ? 'retained' : 'discarded';
        askAgain(this.ctx, this.input, { list, i, ndx: item.ndx, redo: isRedo(list, i), kept });
      } else this.failed(queued, status, step);
    }
    if (cutShort) throw new RsyncError(ExitCode.Signal, '');
  }

  /** --partial: what came of the files that were not written to their end. */
  private async keepParts(items: readonly Queued[], { status, step }: ReceiveManyResult): Promise<void> {
    for (const { list, i, record, temporary } of items) {
      if (record < 0) continue;
      if (status[record] === interrupted || receiveSteps[step[record]] === 'write')
        await keepPart(this.ctx, this.input, { list, i, temporary, redo: false });
    }
  }

  private place({ list, i, item, temporary }: Queued): Promise<void> {
    return placeHeld(this.ctx, this.input, { list, i, item, redo: false }, temporary);
  }

  private placed(list: FileList, i: number, ndx: number): void {
    if (this.ctx.options.delayUpdates) this.input.delayed.push({ list, i, ndx });
    else if (isAwaited(this.ctx, list, i)) this.input.link.success(ndx);
  }

  private failed({ list, i, item, temporary, target }: Queued, errno: number, step: string): void {
    const { destination, link } = this.input;
    const path = step === 'rename' ? target : destinationPath(destination, list, i);
    const isOpen = step === 'mkstemp' && this.ctx.options.inplace;
    const call = isOpen ? 'open' : step;
    // What may not be written is tried once more as its owner's, and there is nothing of that name.
    const told = isOpen && errno === text.EACCES ? text.ENOENT : errno;
    this.ctx.report.print('error-xfer', text.receiveFailed(destination.tree, path, temporary, call, told));
    if (step === 'write') throw text.fatalFileIo();
    this.ctx.report.missed(list.size(i));
    if (this.ctx.negotiated.incRecurse) link.noSend(item.ndx);
  }
}

function flagsOfAll(options: Options): number {
  const { acls, backup, fsync, inplace, partial, sparse, superUser, xattrs } = options;
  return (
    (sparse ? ReceiveFlag.Sparse : 0) |
    (fsync ? ReceiveFlag.Fsync : 0) |
    (partial ? ReceiveFlag.KeepPart : 0) |
    (inplace ? ReceiveFlag.InPlace : 0) |
    (superUser === 'fake' ? ReceiveFlag.Hold : 0) |
    // A backup of another file may have come to lie where nothing was.
    (backup && !inplace ? ReceiveFlag.HoldThere : 0) |
    (acls ? ReceiveFlag.HoldAcl : 0) |
    (xattrs ? ReceiveFlag.HoldXattrs : 0)
  );
}

/** A file that is in place, without all that it should have; rsync names it as it was called by then. */
function tellUndressed(
  { report }: RoleContext,
  { destination }: ReceiverInput,
  { list, i, temporary }: Queued,
  step: DressingStep,
  errno: number,
): void {
  const { tree } = destination;
  const place = { tree, path: destinationPath(destination, list, i) };
  const failed = step === 'chown' ? ownerStep(place, list.uid(i)) : step;
  report.print('error-xfer', text.attributesFailed(tree, temporary, failed, errno, 'receiver'));
}
