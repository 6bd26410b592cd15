import type { SumHead } from '../../delta/sum-head.ts';
import type { FileList } from '../../flist/file-list.ts';
import type { ItemHeader } from '../../wire/item.ts';

/** Answers that wait to be made together; the items between them keep their place. */
export interface AnswerQueue {
  /** Whether this transfer may wait here. */
  takes(list: FileList, i: number, head: SumHead): boolean;
  add(list: FileList, i: number, item: ItemHeader, head: SumHead): void;
  /** An item that is only echoed: nothing about it is content, or (`pretend`) it is a dry run's transfer. */
  echo(list: FileList, i: number, item: ItemHeader, pretend?: boolean): void;
  readonly isFull: boolean;
  /** Starts the work on what waits; the queue is empty then. */
  send(): Promise<void>;
  /** Waits for `input` of the peer; what waits here is worked on meanwhile. */
  waitFor<T>(input: Promise<T>): Promise<T>;
  /** Sends everything and waits until it is written. */
  settle(): Promise<void>;
  /** All of a list is through, and nothing waits (`settle`): told in its turn. */
  endList(list: FileList | undefined): void;
}
