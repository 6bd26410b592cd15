/** A run that is promised, and that callers listen to. */
import { resolve } from 'node:path';
import type { ByteString } from '../kernel/kernel.ts';
import { optionWords } from './arguments.ts';
import type { SyncEvent } from './events.ts';
import { bytesOf } from './names.ts';
import { prepare } from './prepare.ts';
import { type EventQueue, eventQueue } from './queue.ts';
import { doRun, type RunResult } from './run.ts';
import type { Location, Run, RunOptions } from './run-options.ts';

/** What a kind of run makes of it. */
export interface RunPlan<Result> {
  readonly sources: Location | readonly Location[];
  readonly destination: Location | undefined;
  readonly options: RunOptions;
  /** Options that it is not a run of this kind without; they come last. */
  readonly fixed?: readonly ByteString[];
  /** Hears of all that happens, whoever else listens. */
  readonly observe?: (event: SyncEvent) => void;
  result(result: RunResult): Result;
}

/** Promises a run, which begins when the caller's turn is over. */
export function startRun<Result>(plan: RunPlan<Result>): Run<Result> {
  const { args = [], signal, onEvent, env, cwd, ...options } = plan.options;
  const queues = new Set<EventQueue>();
  let begun = false;
  const controller = new AbortController();
  const abort = (): void => controller.abort(signal?.reason);
  if (signal?.aborted) abort();
  else signal?.addEventListener('abort', abort, { once: true });
  // A caller who is to take events first need not, once nothing comes of them.
  controller.signal.addEventListener('abort', () => {
    for (const queue of queues) queue.letGo();
  });

  const { observe } = plan;
  const emit = (event: SyncEvent): void => {
    observe?.(event);
    for (const queue of queues) queue.push(event);
    try {
      onEvent?.(event);
    } catch (error) {
      controller.abort(error);
    }
  };
  const run = async (): Promise<Result> => {
    await undefined;
    begun = true;
    try {
      const { sources, destination } = plan;
      const all = typeof sources === 'string' || sources instanceof Uint8Array ? [sources] : sources;
      const result = await doRun({
        prepare: (words) => {
          const asked = {
            words: [...optionWords(options), ...args.map(bytesOf), ...(plan.fixed ?? [])],
            sources: all.map(bytesOf),
            destination: destination === undefined ? undefined : bytesOf(destination),
            env,
            cwd: cwd === undefined ? undefined : absolute(cwd),
          };
          return prepare(asked, words);
        },
        signal: controller.signal,
        emit: queues.size > 0 || onEvent !== undefined || observe !== undefined ? emit : undefined,
        held: queues.size > 0 ? () => roomIn(queues) : undefined,
      });
      for (const queue of queues) queue.end();
      return plan.result(result);
    } catch (error) {
      for (const queue of queues) queue.end({ error });
      throw error;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  };
  const promise = run();
  return Object.assign(promise, {
    [Symbol.asyncIterator](): AsyncIterableIterator<SyncEvent> {
      if (begun) throw new Error('the run has begun: ask for its events at once, before anything is awaited');
      const queue: EventQueue = eventQueue(() => queues.delete(queue));
      queues.add(queue);
      // Its events end with the failure: nobody has to await the promise as well.
      promise.catch(() => {});
      return queue.iterator;
    },
  });
}

function roomIn(queues: ReadonlySet<EventQueue>): Promise<void> | undefined {
  const waits = [...queues].flatMap((queue) => queue.room() ?? []);
  return waits.length === 0 ? undefined : Promise.all(waits).then(() => {});
}

function absolute(cwd: string | Uint8Array): ByteString {
  if (typeof cwd === 'string') return bytesOf(resolve(cwd));
  const bytes = bytesOf(cwd);
  return bytes.startsWith('/') ? bytes : `${bytesOf(resolve('.'))}/${bytes}`;
}
