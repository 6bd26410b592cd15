import { type SumHead, writeSumHead } from '../../delta/sum-head.ts';
import type { FileList } from '../../flist/file-list.ts';
import type { FileLists } from '../../flist/file-lists.ts';
import { type ByteString, digestLength, type Tree } from '../../kernel/kernel.ts';
import { firstStep } from '../../report/report.ts';
import { chunkSize } from '../../wire/constants.ts';
import { type ItemHeader, writeItem } from '../../wire/item.ts';
import type { RoleContext } from '../context.ts';
import { Fifo } from '../fifo.ts';
import { Loopback, type LoopbackFile } from '../loopback.ts';
import type { AnswerQueue } from './answer-queue.ts';
import { readFailed, tellOpenFailed } from './open-failed.ts';

/** Answers between two looks at whether the peer keeps up. */
const answersAtOnce = 128;

/**
 * Answers to a receiver in the same process, which opens whole files itself. They are written at once; the
 * lines that tell of them follow in the same order as soon as the receiver knows how each went.
 */
export class ReferenceQueue implements AnswerQueue {
  private readonly ctx: RoleContext;
  private readonly lists: FileLists;
  private readonly loopback: Loopback;
  private readonly digestBytes: number;
  /** Answers that are not told of yet. */
  private readonly untold = new Fifo<Answer | ListEnd>();
  private unsent = 0;

  constructor(ctx: RoleContext, lists: FileLists, loopback: Loopback) {
    this.ctx = ctx;
    this.lists = lists;
    this.loopback = loopback;
    loopback.watched = ctx.report.showsProgress;
    this.digestBytes = digestLength[ctx.negotiated.transferDigest.name];
  }

  takes(_list: FileList, _i: number, head: SumHead): boolean {
    return head.count === 0;
  }

  get isFull(): boolean {
    return this.unsent >= answersAtOnce;
  }

  echo(list: FileList, i: number, item: ItemHeader, pretend = false): void {
    const { writer, itemForm } = this.ctx;
    writeItem(writer, itemForm, item);
    if (this.untold.first !== undefined) this.untold.push(new Answer(list, i, item, pretend));
    else this.ctx.items.echo(list, i, item, pretend);
    this.unsent++;
  }

  add(list: FileList, i: number, item: ItemHeader, head: SumHead): void {
    const { writer, itemForm } = this.ctx;
    const file = new FileAnswer(this, list, i, item, this.lists.rootOf(list, i));
    writeItem(writer, itemForm, item);
    writeSumHead(writer, head);
    this.loopback.push(file);
    this.untold.push(file);
    this.unsent++;
  }

  /** Lets the peer read what was written. */
  async send(): Promise<void> {
    const { writer } = this.ctx;
    this.unsent = 0;
    writer.flush();
    if (writer.full) await writer.drain();
  }

  /** The reader lets the peer read what was written before it waits. */
  waitFor<T>(input: Promise<T>): Promise<T> {
    this.unsent = 0;
    return input;
  }

  /** Nothing waits here for the sender. */
  settle(): Promise<void> {
    return this.send();
  }

  endList(list: FileList | undefined): void {
    if (this.untold.first === undefined) this.ctx.report.listDone(list);
    else this.untold.push({ known: true, ended: list });
  }

  /** A file's outcome is known: tells of it, and of what waited behind it. */
  know(): void {
    for (let answer = this.untold.first; answer?.known; answer = this.untold.first) {
      this.untold.shift();
      this.tell(answer);
    }
  }

  /** A file could not be read to its end. */
  readFailed({ tree, path }: FileAnswer, errno: number): void {
    readFailed(this.ctx, tree, path, errno);
  }

  private tell(answer: Answer | ListEnd): void {
    const { items, report, stats, writer } = this.ctx;
    if (!(answer instanceof Answer)) {
      report.listDone(answer.ended);
      return;
    }
    const { list, i, iflags } = answer;
    if (!(answer instanceof FileAnswer)) {
      items.echo(list, i, answer, answer.pretend);
      return;
    }
    const begun = answer.show !== undefined;
    if (!begun) report.transferBegins(list.size(i));
    if (answer.errno !== 0) {
      tellOpenFailed(this.ctx, answer.tree, answer, answer.errno);
      return;
    }
    writer.account(Loopback.tokenBytes(answer.size, chunkSize, this.digestBytes));
    stats.literal += answer.size;
    if (!begun) items.transferred(list, i, iflags, answer.size);
    else {
      report.endProgress(list, i, answer.size);
      items.afterTransfer(list, i, iflags);
    }
  }

  /** A large file is being copied: shows how far it is, once it is its turn. */
  grown(file: FileAnswer, bytes: number): void {
    if (this.untold.first !== file) return;
    const { items, report } = this.ctx;
    const { list, i } = file;
    const size = list.size(i);
    if (file.show === undefined) {
      report.transferBegins(size);
      items.beforeTransfer(list, i, file.iflags);
      file.show = report.startProgress(list, i, size);
    }
    file.show?.(Math.min(Math.max(bytes, firstStep), size));
  }
}

/** The end of a list, told of when what was asked before it has been. */
interface ListEnd {
  readonly known: true;
  readonly ended: FileList | undefined;
}

/** An item that was answered. */
class Answer {
  readonly list: FileList;
  readonly i: number;
  readonly ndx: number;
  readonly iflags: number;
  readonly xname: ByteString;
  readonly pretend: boolean;

  constructor(list: FileList, i: number, item: ItemHeader, pretend: boolean) {
    this.list = list;
    this.i = i;
    this.ndx = item.ndx;
    this.iflags = item.iflags;
    this.xname = item.xname;
    this.pretend = pretend;
  }

  get known(): boolean {
    return true;
  }
}

/** A file on its way to the receiver. */
class FileAnswer extends Answer implements LoopbackFile {
  readonly tree: Tree;
  size = -1;
  errno = 0;
  /** Set while its progress is shown. */
  show: ((position: number) => void) | undefined;
  private readonly queue: ReferenceQueue;

  constructor(queue: ReferenceQueue, list: FileList, i: number, item: ItemHeader, tree: Tree) {
    super(list, i, item, false);
    this.queue = queue;
    this.tree = tree;
  }

  get path(): ByteString {
    return this.list.path(this.i);
  }

  override get known(): boolean {
    return this.size >= 0;
  }

  grown(bytes: number): void {
    this.queue.grown(this, bytes);
  }

  read(size: number): void {
    this.size = size;
    this.queue.know();
  }

  readFailed(errno: number): void {
    this.queue.readFailed(this, errno);
  }

  openFailed(errno: number): void {
    this.size = 0;
    this.errno = errno;
    this.queue.know();
  }
}
