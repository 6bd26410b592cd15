/** A run that is promised, and that callers listen to. */
import { ExitCode } from '../errors.ts';
import { askedFor, isSignal, type Request } from './asked.ts';
import { RsyncError } from './error.ts';
import type { SyncEvent } from './events.ts';
import { prepare } from './prepare.ts';
import { type EventQueue, eventQueue } from './queue.ts';
import { doRun, type RunResult, reasonOf } from './run.ts';
import type { Run } from './run-options.ts';

/** What a kind of run makes of it. */
export interface RunPlan<Result> extends Request {
  /** Hears of all that happens, whoever else listens. */
  readonly observe?: (event: SyncEvent) => void;
  result(result: RunResult): Result;
}

/** Promises a run, which begins when the caller's turn is over. */
export function startRun<Result>(plan: RunPlan<Result>): Run<Result> {
  const { onEvent } = plan.options;
  // What is none is refused when the request is taken apart.
  const signal = isSignal(plan.options.signal) ? plan.options.signal : undefined;
  const { observe } = plan;
  const queues = new Set<EventQueue>();
  const controller = new AbortController();
  let begun = false;
  let over = false;
  let thrown: { readonly error: unknown } | undefined;

  const abort = (): void => controller.abort(signal?.reason);
  // A caller who is to take events first need not, once nothing comes of them.
  controller.signal.addEventListener('abort', () => {
    for (const queue of queues) queue.letGo();
  });
  const endedBy = (error: unknown): void => {
    thrown ??= { error };
    controller.abort(error);
  };
  const emit = (event: SyncEvent): void => {
    observe?.(event);
    for (const queue of queues) queue.push(event);
    try {
      // Types let a listener be async.
      const answer: unknown = onEvent?.(event);
      if (answer instanceof Promise) answer.catch(failedLater);
    } catch (error) {
      endedBy(error);
    }
  };
  const failedLater = (error: unknown): void => {
    // Nobody but the process can hear of it any more.
    if (over) throw error;
    endedBy(error);
  };
  const run = async (): Promise<Result> => {
    await undefined;
    begun = true;
    if (signal?.aborted) abort();
    else signal?.addEventListener('abort', abort, { once: true });
    try {
      const result = await doRun({
        prepare: (words) => prepare(askedFor(plan, endedBy), words),
        signal: controller.signal,
        emit: queues.size > 0 || onEvent !== undefined || observe !== undefined ? emit : undefined,
        held: queues.size > 0 ? () => roomIn(queues) : undefined,
      });
      // It was over before that could end it.
      if (thrown !== undefined) throw abortedBy(thrown.error, result);
      for (const queue of queues) queue.end();
      return resultOf(plan, result);
    } catch (error) {
      const rejects = plan.options.reject !== false || !(error instanceof RsyncError);
      for (const queue of queues) queue.end(rejects ? { error } : undefined);
      if (rejects) throw error;
      return resultOf(plan, error, error);
    } finally {
      over = true;
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

/** What the caller gets. Of a run that failed that is less than the type of its plan tells: `Settled` tells that. */
function resultOf<Result>(plan: RunPlan<Result>, ended: RunResult | RsyncError, error?: RsyncError): Result {
  const result = plan.result(ended as RunResult);
  if (plan.options.reject !== false) return result;
  const { exitCode, failures } = ended;
  return { ...result, exitCode, failures, error };
}

function abortedBy(cause: unknown, { failures, stats }: RunResult): RsyncError {
  const code = 'ERR_RSYNC_ABORTED';
  return new RsyncError({
    exitCode: ExitCode.Signal,
    reason: reasonOf(cause),
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
