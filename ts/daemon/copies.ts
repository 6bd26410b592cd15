/** A process that copies itself for each client (docs/decisions/0050-copies-of-a-process.md). */
import * as fs from 'node:fs';
import { Socket } from 'node:net';
import { errnoText } from '../errno.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { checkRoom } from '../room.ts';
import type { SessionIo } from '../session/index.ts';
import { type Arrival, acceptOne, type Door } from './accept.ts';
import type { DaemonOptions } from './arguments.ts';
import { rehearse } from './rehearse.ts';
import { listenTo, tell, Word } from './word.ts';

/** So many copies wait for a client each. */
const stockSize = 3;
/** Where there are no more processes, or descriptors: those who are served will give theirs back. */
const pauseMs = 1000;
/** So long one that has a client is left alone with it. */
const refillMs = 25;
/** A copy that only shows that there can be some has to be done in so many seconds. */
const trialSeconds = 10;
/** So often V8 has to see a function before it compiles it well. */
const rehearsals = 8;

export interface Original {
  readonly options: DaemonOptions;
  readonly io: SessionIo;
  readonly kernel: Kernel;
}

/** What copies need they then have: code that is compiled, and memory that is in order, and stays the same for all. */
export async function rehearseWell({ options, io, kernel }: Original): Promise<void> {
  for (let k = 0; k < rehearsals; k++)
    await rehearse(options, io, { kernel, whole: true, overSockets: true }).catch(() => {});
  await letNobodyIn(io, kernel).catch(() => {});
  (globalThis as { gc?: () => void }).gc?.();
}

/** Waits for a client that we are ourselves: what that takes of Node is loaded, too. It stays at the door, whoever it is. */
async function letNobodyIn({ host }: SessionIo, kernel: Kernel): Promise<void> {
  const [daemon, reports] = kernel.socketPair() ?? [-1, -1];
  const path = `\0oc-rsync-${host.pid}-${host.random()}`;
  const ears = new Socket({ fd: daemon, readable: true, writable: true });
  const client = new Socket();
  client.on('error', () => {});
  listenTo(ears, (word) => word === Word.Ready && client.connect(path));
  const arrival = await acceptOne({ listens: [{ path }], backlog: 1, reports, ready() {} });
  for (const end of [arrival?.wire, client, ears]) end?.destroy();
}

/**
 * A client, in a copy of this process; undefined in the process itself, once the daemon has no need of it, or at once where
 * there can be no copies: the daemon does without one that ends before it is ready.
 */
export async function acceptByCopies(door: Door, original: Original): Promise<Arrival | undefined> {
  if (!(await canCopy(original))) return undefined;
  const copy = await keepCopies(door, original);
  if (copy === undefined) return undefined;
  const { options, io, kernel } = original;
  // The memory that this writes to becomes the copy's own, before somebody waits.
  await rehearse(options, io, { kernel, whole: false, overSockets: true }).catch(() => {});
  return acceptOne({ ...door, reports: copy });
}

/** Keeps copies waiting. In each it answers the descriptor by which that one tells what becomes of it. */
function keepCopies(door: Door, original: Original): Promise<number | undefined> {
  const counts = original.options.metrics !== '';
  const copies = new Set<Socket>();
  let reaps = true;
  original.io.host.onChildEnd(() => {
    if (reaps) original.kernel.reap?.();
  });
  return new Promise((resolve) => {
    const daemon = new Socket({ fd: door.reports, readable: true, writable: true });
    daemon.resume();
    daemon.on('error', () => {});
    daemon.on('close', () => {
      for (const copy of copies) copy.destroy();
      resolve(undefined);
    });
    let isTold = false;
    let waiting = 0;
    const start = (): void => {
      if (daemon.destroyed) return;
      const made = makeCopy(original);
      if (made.kind === 'failed') {
        tell(door.reports, Word.Failed, made.reason);
        setTimeout(start, pauseMs);
      } else if (made.kind === 'copy') {
        // It has nothing to do with the others, and may have children of its own. It goes on listening: libuv waits, and never
        // sleeps, until a signal has been heard that came before the copy was made, and that it cannot hear.
        reaps = false;
        for (const socket of [daemon, ...copies]) {
          socket.removeAllListeners();
          socket.destroy();
        }
        resolve(made.fd);
      } else oversee(made.fd);
    };
    const oversee = (fd: number): void => {
      const copy = new Socket({ fd, readable: true, writable: true });
      copies.add(copy);
      waiting++;
      let isTaken = false;
      let last = '';
      listenTo(copy, (word, rest) => {
        if (word === Word.Ready && !isTold) {
          isTold = true;
          tell(door.reports, Word.Ready);
        } else if (word === Word.Left) last = rest;
        else if (word === Word.Taken && !isTaken) {
          isTaken = true;
          waiting--;
          if (counts) tell(door.reports, Word.Taken);
          else copy.destroy();
          // Its client comes first, unless others stand behind that.
          setTimeout(start, waiting > 0 ? refillMs : 0);
        }
      });
      copy.on('close', () => {
        copies.delete(copy);
        if (!isTaken) {
          waiting--;
          setTimeout(start, pauseMs);
        } else if (counts) tell(door.reports, Word.Left, last);
      });
    };
    for (let k = 0; k < stockSize; k++) setImmediate(start);
  });
}

type Made =
  | { readonly kind: 'original' | 'copy'; readonly fd: number }
  | { readonly kind: 'failed'; readonly reason: string };

/** Copies the process, and connects the two by sockets. */
function makeCopy({ io, kernel }: Original, lifetime = 0): Made {
  let ours: number;
  let theirs: number;
  try {
    checkRoom(fs);
    [ours, theirs] = kernel.socketPair() ?? [-1, -1];
  } catch (error) {
    return { kind: 'failed', reason: (error as Error).message };
  }
  const pid = kernel.fork?.(lifetime) ?? -1;
  if (pid === 0) {
    io.host.becomeCopy((status) => kernel.exitAtOnce?.(status));
    kernel.closeFd(ours);
    return { kind: 'copy', fd: theirs };
  }
  kernel.closeFd(theirs);
  if (pid > 0) return { kind: 'original', fd: ours };
  kernel.closeFd(ours);
  return { kind: 'failed', reason: errnoText(-pid) };
}

/** Whether a copy can do what it shall: Nodes differ, and one that hangs would keep all clients waiting. */
async function canCopy(original: Original): Promise<boolean> {
  const { options, io, kernel } = original;
  // Not in the midst of an event.
  await new Promise(setImmediate);
  const made = makeCopy(original, trialSeconds);
  if (made.kind === 'failed') return false;
  if (made.kind === 'copy') {
    await rehearse(options, io, { kernel, whole: true, overSockets: true });
    tell(made.fd, Word.Ready);
    kernel.exitAtOnce?.(0);
  }
  return new Promise((resolve) => {
    const copy = new Socket({ fd: made.fd, readable: true, writable: true });
    let isReady = false;
    listenTo(copy, (word) => {
      isReady = word === Word.Ready;
    });
    copy.on('close', () => resolve(isReady));
  });
}
