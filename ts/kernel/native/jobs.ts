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

/** As many of the ranges, an offset and a length each, as hold `most` bytes; the last one is cut. */
function firstOf(ranges: Uint32Array, count: number, most: number): Uint32Array {
  let left = most;
  let k = 0;
  while (k < count && left > ranges[2 * k + 1]) left -= ranges[2 * k++ + 1];
  const first = ranges.slice(0, 2 * Math.min(count, k + 1));
  if (k < count) first[2 * k + 1] = left;
  return first;
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
    const taken = this.startsAtOnce
      ? this.pushFirst(raw, firstOf(ranges, rangeCount, mostAtOnce))
      : await this.job.push(raw, ranges, rangeCount);
    if (taken < 0) throw this.failures.stream(this.job.failure());
    return { consumed: Math.floor(taken / 2), done: taken % 2 === 1 };
  }

  private pushFirst(raw: Uint8Array, ranges: Uint32Array): number {
    this.startsAtOnce = false;
    return this.job.pushNow(raw, ranges, ranges.length / 2);
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
