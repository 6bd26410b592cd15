/** A run that is promised, and that callers listen to. */
import { resolve } from 'node:path';
import { ExitCode } from '../errors.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { optionWords, wrong } from './arguments.ts';
import { RsyncError } from './error.ts';
import type { SyncEvent } from './events.ts';
import { bytesOf } from './names.ts';
import { type Asked, prepare } from './prepare.ts';
import { type EventQueue, eventQueue } from './queue.ts';
import { doRun, type RunResult } from './run.ts';
import type { Location, Run, RunOptions } from './run-options.ts';

/** What a kind of run makes of it. */
export interface RunPlan<Result> {
  readonly sources: Location | readonly Location[];
  /** 'none': the source is listed. */
  readonly destination: Location | { readonly none: true };
  readonly options: RunOptions;
  /** Options that it is not a run of this kind without; they come last. */
  readonly fixed?: readonly ByteString[];
  /** Hears of all that happens, whoever else listens. */
  readonly observe?: (event: SyncEvent) => void;
  result(result: RunResult): Result;
}

/** Promises a run, which begins when the caller's turn is over. */
export function startRun<Result>(plan: RunPlan<Result>): Run<Result> {
  const { onEvent, signal } = plan.options;
  const { observe } = plan;
  const queues = new Set<EventQueue>();
  const controller = new AbortController();
  let begun = false;
  let thrown: { readonly error: unknown } | undefined;

  const abort = (): void => controller.abort(signal?.reason);
  // A caller who is to take events first need not, once nothing comes of them.
  controller.signal.addEventListener('abort', () => {
    for (const queue of queues) queue.letGo();
  });
  const emit = (event: SyncEvent): void => {
    observe?.(event);
    for (const queue of queues) queue.push(event);
    try {
      onEvent?.(event);
    } catch (error) {
      thrown ??= { error };
      controller.abort(error);
    }
  };
  const run = async (): Promise<Result> => {
    await undefined;
    begun = true;
    if (signal?.aborted) abort();
    else signal?.addEventListener('abort', abort, { once: true });
    try {
      const result = await doRun({
        prepare: (words) => prepare(askedFor(plan), words),
        signal: controller.signal,
        emit: queues.size > 0 || onEvent !== undefined || observe !== undefined ? emit : undefined,
        held: queues.size > 0 ? () => roomIn(queues) : undefined,
      });
      // It was over before that could end it.
      if (thrown !== undefined) throw abortedBy(thrown.error, result);
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

/** Takes a caller's request apart; what is no text is a mistake, and not called `undefined`. */
function askedFor({ sources, destination, options, fixed = [] }: RunPlan<unknown>): Asked {
  const { args = [], signal, onEvent, env, cwd, ...rsyncOptions } = options;
  const all = isLocation(sources) ? [sources] : sources;
  if (!Array.isArray(all) || !all.every(isLocation)) throw wrong('a source is text or bytes');
  const lists = !isLocation(destination);
  if (lists && destination?.none !== true) throw wrong('a destination is text or bytes');
  if (lists && all.length > 1) throw wrong('one source is listed at a time');
  if (all.length === 0) throw wrong('there are no sources');
  return {
    words: [...optionWords(rsyncOptions), ...args.map(bytesOf), ...fixed],
    sources: all.map(bytesOf),
    destination: lists ? undefined : bytesOf(destination),
    env,
    cwd: cwd === undefined ? undefined : absolute(cwd),
  };
}

function isLocation(value: unknown): value is Location {
  return typeof value === 'string' || value instanceof Uint8Array;
}

function abortedBy(cause: unknown, { failures, stats }: RunResult): RsyncError {
  const code = 'ERR_RSYNC_ABORTED';
  return new RsyncError({
    exitCode: ExitCode.Signal,
    reason: 'aborted',
    failures,
    stats,
    stderrTail: '',
    code,
    cause,
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
