/** Events on their way to a caller who takes them one by one. */
import type { SyncEvent } from './events.ts';

/** From so many on that wait to be taken, the run waits too. */
export const mostWaiting = 1000;

/** Events that wait for one caller. */
export interface EventQueue {
  push(event: SyncEvent): void;
  /** No more come; with a failure that is thrown behind the last. */
  end(failure?: { readonly error: unknown }): void;
  /** Settles when the caller has caught up; undefined where it need not. */
  room(): Promise<void> | undefined;
  /** The caller need not catch up any more. */
  letGo(): void;
  readonly iterator: AsyncIterableIterator<SyncEvent>;
}

/** `left` is called when the caller takes no more. */
export function eventQueue(left: () => void): EventQueue {
  const waiting: SyncEvent[] = [];
  const takers: { resolve(result: IteratorResult<SyncEvent>): void; reject(error: unknown): void }[] = [];
  let wakers: (() => void)[] = [];
  let ended: { failure: { readonly error: unknown } | undefined } | undefined;
  let free = false;

  const wake = (): void => {
    const all = wakers;
    wakers = [];
    for (const waker of all) waker();
  };
  const closing = (): Promise<IteratorResult<SyncEvent>> => {
    const failure = ended?.failure;
    ended = { failure: undefined };
    return failure === undefined
      ? Promise.resolve({ done: true, value: undefined })
      : Promise.reject(failure.error);
  };

  return {
    push(event) {
      if (ended !== undefined) return;
      const taker = takers.shift();
      if (taker !== undefined) {
        taker.resolve({ done: false, value: event });
        return;
      }
      const { type } = event;
      // Of how far a run is the newest alone matters.
      if ((type === 'progress' || type === 'scan') && waiting.at(-1)?.type === type) waiting.pop();
      waiting.push(event);
    },
    end(failure) {
      if (ended !== undefined) return;
      ended = { failure };
      const [first, ...others] = takers.splice(0);
      if (first !== undefined) void closing().then(first.resolve, first.reject);
      for (const { resolve } of others) resolve({ done: true, value: undefined });
    },
    room() {
      if (free || ended !== undefined || waiting.length < mostWaiting) return undefined;
      return new Promise((resolve) => wakers.push(resolve));
    },
    letGo() {
      free = true;
      wake();
    },
    iterator: {
      next() {
        const event = waiting.shift();
        if (waiting.length < mostWaiting / 2) wake();
        if (event !== undefined) return Promise.resolve({ done: false, value: event });
        if (ended !== undefined) return closing();
        return new Promise((resolve, reject) => takers.push({ resolve, reject }));
      },
      return() {
        ended = { failure: undefined };
        waiting.length = 0;
        free = true;
        wake();
        left();
        return Promise.resolve({ done: true, value: undefined });
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    },
  };
}
