import type * as addon from '../../../native/addon.d.ts';
import { ExitCode, RsyncError } from '../../errors.ts';
import type { IoPath } from '../io-path.ts';
import type {
  BlockSumJob,
  LentInput,
  LentOutput,
  ReceiveJob,
  ReceiveProgress,
  ReceiveResult,
  SendJob,
  SendResult,
} from '../kernel.ts';
import type { Failures } from './failure.ts';

const ended = 'the job has ended';
/** Bytes that are written in less time than another thread takes to wake up, and to tell that it has. */
const mostAtOnce = 32 * 1024;

/** Ranges, an offset and a length each, in two: those of the first `most` bytes, and the rest. */
function split(ranges: Uint32Array, most: number): [first: Uint32Array, rest: Uint32Array] {
  let left = most;
  let at = 0;
  while (at < ranges.length && ranges[at + 1] <= left) {
    left -= ranges[at + 1];
    at += 2;
  }
  if (at === ranges.length) return [ranges, ranges.subarray(at)];
  const first = ranges.slice(0, at + 2);
  const rest = ranges.slice(at);
  first[at + 1] = left;
  rest[0] += left;
  rest[1] -= left;
  return [first, rest];
}

export class NativeSendJob implements SendJob {
  readonly size: number;
  private readonly job: addon.SendJob;
  private readonly failures: Failures;
  private readonly io: IoPath | undefined;
  private last: SendResult | null = null;

  constructor(job: addon.SendJob, failures: Failures, io: IoPath | undefined) {
    this.io = io;
    this.size = job.size;
    this.job = job;
    this.failures = failures;
  }

  async next(into: Uint8Array): Promise<number> {
    const n = await this.job.next(into);
    if (n < 0) throw this.failures.stream(this.job.failure());
    return n;
  }

  async pump(fd: number, framed: boolean, ms: number): Promise<LentOutput> {
    const { status, bytesWritten, errno } = await this.job.pump(fd, framed, ms, this.io);
    if (status < 0) throw this.failures.stream(this.job.failure());
    return { done: status === 1, bytesWritten, errno };
  }

  get pumped(): number {
    return this.job.pumped;
  }

  result(): SendResult {
    this.last = this.job.result() ?? this.last;
    if (this.last === null) throw new Error(ended);
    return this.last;
  }

  close(): void {
    this.last = this.job.result() ?? this.last;
    this.job.close();
  }
}

export class NativeReceiveJob implements ReceiveJob {
  private readonly job: addon.ReceiveJob;
  private readonly failures: Failures;
  private readonly io: IoPath | undefined;
  /** The beginning, which is all of most files, is taken without another thread. */
  private startsAtOnce: boolean;
  private last: ReceiveResult | null = null;

  constructor(job: addon.ReceiveJob, failures: Failures, io: IoPath | undefined, startsAtOnce: boolean) {
    this.io = io;
    this.job = job;
    this.failures = failures;
    this.startsAtOnce = startsAtOnce;
  }

  async push(raw: Uint8Array, ranges: Uint32Array, rangeCount: number): Promise<ReceiveProgress> {
    let left = ranges.subarray(0, 2 * rangeCount);
    let before = 0;
    if (this.startsAtOnce) {
      this.startsAtOnce = false;
      const [first, rest] = split(left, mostAtOnce);
      const start = this.taken(this.job.pushNow(raw, first, first.length / 2));
      if (start.done || rest.length === 0) return start;
      before = start.consumed;
      left = rest;
    }
    const { consumed, done } = this.taken(await this.job.push(raw, left, left.length / 2));
    return { consumed: before + consumed, done };
  }

  private taken(taken: number): ReceiveProgress {
    if (taken < 0) throw this.failures.stream(this.job.failure());
    return { consumed: Math.floor(taken / 2), done: taken % 2 === 1 };
  }

  async drain(fd: number, frameLeft: number, ms: number): Promise<LentInput> {
    const { status, ...input } = await this.job.drain(fd, frameLeft, ms, this.io);
    if (status < 0) throw this.failures.stream(this.job.failure());
    return { done: status === 1, ...input };
  }

  result(): ReceiveResult {
    this.last = this.job.result() ?? this.last;
    if (this.last === null) throw new Error(ended);
    return this.last;
  }

  close(): void {
    this.last = this.job.result() ?? this.last;
    this.job.close();
  }

  abort(): void {
    this.job.abort();
  }
}

export class NativeBlockSumJob implements BlockSumJob {
  private readonly job: addon.BlockSumJob;

  constructor(job: addon.BlockSumJob) {
    this.job = job;
  }

  async next(into: Uint8Array): Promise<number> {
    const n = await this.job.next(into);
    if (n < 0) throw new RsyncError(ExitCode.Signal, '');
    return n;
  }

  close(): void {
    this.job.close();
  }
}
