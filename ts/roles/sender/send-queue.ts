import type { SumHead } from '../../delta/sum-head.ts';
import { writeSumHead } from '../../delta/sum-head.ts';
import { SysError } from '../../errors.ts';
import type { FileList } from '../../flist/file-list.ts';
import type { FileLists } from '../../flist/file-lists.ts';
import { digestLength, type SendJob, type SendManyResult, type Tree } from '../../kernel/kernel.ts';
import { chunkSize } from '../../wire/constants.ts';
import { type ItemHeader, writeItem } from '../../wire/item.ts';
import type { RoleContext } from '../context.ts';
import { Loopback } from '../loopback.ts';
import { Pipeline } from '../pipeline.ts';
import type { AnswerQueue } from './answer-queue.ts';
import { openFailed, readFailed } from './open-failed.ts';

const smallFile = 64 * 1024;
const maxFiles = 128;
const maxBytes = 1024 * 1024;
/** Batches that are read at a time, each by one thread. */
const batchesAtOnce = 3;
/** What a batch is read into; files that grew since they were listed may find no room, and are sent on their own. */
const pieceBytes = maxBytes + 4 * smallFile;
/** Such pieces that are kept: those that are filled, and those that wait for the peer. */
const mostSpare = batchesAtOnce + 2;

interface Queued {
  readonly list: FileList;
  readonly i: number;
  readonly item: ItemHeader;
  /** undefined: an item without content, to be echoed. */
  readonly head: SumHead | undefined;
  /** The dry run's stand-in for a transfer. */
  readonly pretend: boolean;
}

/** Items whose files, if any, lie below one source. */
interface Run {
  readonly items: Queued[];
  tree: Tree | undefined;
  readonly paths: string[];
  /** Bytes that these files take, were they as they are listed. */
  room: number;
}

/**
 * Answers that wait to be made together: whole small files are read, hashed and tokenized by one kernel call,
 * several of which are under way while the next requests are read, and the items between them keep their place.
 */
export class SendQueue implements AnswerQueue {
  private readonly ctx: RoleContext;
  private readonly lists: FileLists;
  private items: Queued[] = [];
  private files = 0;
  private bytes = 0;
  private readonly spare: Buffer[] = [];
  private readonly digestBytes: number;
  private readonly pipeline = new Pipeline(batchesAtOnce);

  constructor(ctx: RoleContext, lists: FileLists) {
    this.ctx = ctx;
    this.lists = lists;
    this.digestBytes = digestLength[ctx.negotiated.transferDigest.name];
  }

  /** Whether this transfer may wait here: a whole file, and small. */
  takes(list: FileList, i: number, head: SumHead): boolean {
    return this.ctx.paths.answersTogether && head.count === 0 && list.size(i) <= smallFile;
  }

  get isFull(): boolean {
    return this.files >= maxFiles || this.bytes >= maxBytes;
  }

  echo(list: FileList, i: number, item: ItemHeader, pretend = false): void {
    const queued = { list, i, item: this.items.length > 0 ? { ...item } : item, head: undefined, pretend };
    if (this.items.length > 0) this.items.push(queued);
    else if (this.pipeline.idle) this.emitEcho(queued);
    else this.items.push({ ...queued, item: { ...item } });
  }

  add(list: FileList, i: number, item: ItemHeader, head: SumHead): void {
    this.items.push({ list, i, item: { ...item }, head, pretend: false });
    this.files++;
    this.bytes += list.size(i);
  }

  async send(): Promise<void> {
    await this.pipeline.room();
    this.begin();
  }

  waitFor<T>(input: Promise<T>): Promise<T> {
    return this.pipeline.waitFor(input, () => this.begin());
  }

  async settle(): Promise<void> {
    if (this.items.length > 0) await this.send();
    await this.pipeline.settled();
  }

  /** Nothing waits any more: see `settle`. */
  endList(list: FileList | undefined): void {
    this.ctx.report.listDone(list);
  }

  private begin(): void {
    if (this.items.length === 0) return;
    const runs = this.runs(this.items);
    this.items = [];
    this.files = 0;
    this.bytes = 0;
    const piece = this.spare.pop() ?? Buffer.allocUnsafeSlow(pieceBytes);
    const parts = partsOf(piece, runs);
    const { transferDigest } = this.ctx.negotiated;
    const made = Promise.all(
      runs.map(({ tree, paths }, k) => tree?.sendMany(paths, parts[k], transferDigest)),
    );
    this.pipeline.begin(made, async (all) => {
      // The run ends: nobody waits for more.
      if (this.pipeline.failed) return;
      const { writer } = this.ctx;
      await writer.inOnePiece(async () => {
        for (let k = 0; k < runs.length; k++) await this.emitRun(runs[k], all[k], parts[k]);
      });
      writer.onceSent(() => {
        if (this.spare.length < mostSpare) this.spare.push(piece);
      });
      writer.flush();
      if (writer.full) await writer.drain();
    });
  }

  /** Takes items apart where the source changes: one kernel call each. */
  private runs(items: readonly Queued[]): Run[] {
    const runs: Run[] = [];
    let run: Run = { items: [], tree: undefined, paths: [], room: 0 };
    for (const queued of items) {
      const { list, i, head } = queued;
      if (head !== undefined) {
        const tree = this.lists.rootOf(list, i);
        if (run.tree !== undefined && run.tree !== tree) {
          runs.push(run);
          run = { items: [], tree, paths: [], room: 0 };
        }
        run.tree = tree;
        run.paths.push(list.path(i));
        run.room += Loopback.tokenBytes(list.size(i), chunkSize, this.digestBytes);
      }
      run.items.push(queued);
    }
    runs.push(run);
    return runs;
  }

  private async emitRun(run: Run, made: SendManyResult | undefined, data: Buffer): Promise<void> {
    const { writer, stats, report, items } = this.ctx;
    const { tree, paths } = run;
    let k = 0;
    for (const queued of run.items) {
      if (queued.head === undefined || tree === undefined || made === undefined) {
        this.emitEcho(queued);
        continue;
      }
      const status = made.status[k];
      const { list, i, item } = queued;
      report.transferBegins(list.size(i));
      if (status === 0) {
        this.writeHead(queued);
        writer.bytes(data, k === 0 ? 0 : made.ends[k - 1], made.ends[k]);
        stats.literal += made.sizes[k];
        items.transferred(list, i, item.iflags, made.sizes[k]);
      } else await this.emitAlone(queued, tree, paths[k]);
      k++;
    }
  }

  /** A file that is no longer small, or that could not be opened or read to its end: what is wrong is told here. */
  private async emitAlone(queued: Queued, tree: Tree, path: string): Promise<void> {
    const { writer, stats, negotiated, kernel } = this.ctx;
    const encoder = kernel.openEncoder(negotiated.codec);
    let job: SendJob;
    try {
      job = tree.openSend({ path, digest: negotiated.transferDigest, encoder });
    } catch (error) {
      encoder.close();
      if (!(error instanceof SysError)) throw error;
      openFailed(this.ctx, queued.item.ndx, tree, queued, error.errno);
      return;
    }
    try {
      this.writeHead(queued);
      for (;;) {
        const piece = Buffer.allocUnsafeSlow(smallFile * 4);
        const n = await job.next(piece);
        if (n === 0) break;
        writer.bytes(piece, 0, n);
        await writer.drain();
      }
      const { literal, readErrno } = job.result();
      if (readErrno !== 0) readFailed(this.ctx, tree, path, readErrno);
      stats.literal += literal;
      this.ctx.items.transferred(queued.list, queued.i, queued.item.iflags, literal);
    } finally {
      job.close();
      encoder.close();
    }
  }

  private writeHead(queued: Queued): void {
    const { writer, itemForm } = this.ctx;
    writeItem(writer, itemForm, queued.item);
    writeSumHead(writer, queued.head as SumHead);
  }

  private emitEcho(queued: Queued): void {
    const { writer, itemForm, items } = this.ctx;
    const { list, i, item, pretend } = queued;
    items.echo(list, i, item, pretend);
    writeItem(writer, itemForm, item);
  }
}

/** A part of `piece` for each run, the last one with what is left. */
function partsOf(piece: Buffer, runs: readonly Run[]): Buffer[] {
  let rest = piece;
  return runs.map(({ room }, k) => {
    const part = k < runs.length - 1 ? rest.subarray(0, room) : rest;
    rest = rest.subarray(part.length);
    return part;
  });
}
