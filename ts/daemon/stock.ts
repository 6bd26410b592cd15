/** Processes that a daemon has started ahead: one that copies itself for each client, or some that wait for one each. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import type { Socket } from 'node:net';
import { ExitCode, RsyncError } from '../errors.ts';
import { type Host, lostVariables } from '../host.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { checkRoom } from '../room.ts';
import type { SessionIo } from '../session/index.ts';
import { type ShellCommand, shellCommand } from '../transport/shell-command.ts';
import { turbofanWaits } from '../v8-flags.ts';
import type { Metrics } from './metrics.ts';
import { type Visit, visitOf } from './visit.ts';
import { listenTo, Word } from './word.ts';

/** So many wait for a connection each, where none can copy itself. */
const stockSize = 3;
/**
 * V8 then does all its work on the thread that a copy has, so what costs more than it brings there is left out: its last
 * compiler (decision 0005), and collections of those that wait, which would make the pages that they share their own. Its young
 * generation stays small (decision 0046).
 */
const singleThreaded = [
  '--single-threaded',
  '--v8-pool-size=0',
  '--expose-gc',
  '--max-semi-space-size=8',
  '--no-memory-reducer',
  ...turbofanWaits,
];
/** One that dies before it has one is not replaced at once. */
const pauseMs = 1000;
/** So long those that wait may take to be gone, when the daemon is told to end. */
const partingMs = 1000;

/** This program again, with these words of its own and of Node's: names among them are bytes. */
export function ourselves(
  host: Pick<Host, 'program' | 'env' | 'variables'>,
  argv: readonly ByteString[],
  flags: readonly string[] = [],
): ShellCommand {
  const {
    program: [node, ...words],
  } = host;
  const given = [node, ...flags, ...words].map((word) => Buffer.from(word).toString('latin1'));
  return shellCommand([...given, ...argv], lostVariables(host));
}

export interface Stock {
  /** Descriptors that are listened on. */
  readonly sockets: readonly number[];
  readonly argv: readonly ByteString[];
  /** A process can copy itself (docs/decisions/0050-copies-of-a-process.md). */
  readonly canCopy: boolean;
  /** Those that wait for a client. */
  readonly stock: Set<ChildProcess>;
  readonly metrics: Pick<Metrics, 'arrived'>;
  complain(line: ByteString): void;
  /** They belong to a process that goes on without them: each leads a group, and what it says on standard error is piped. */
  readonly apart?: {
    /** What is written to their standard input; undefined: they have none. */
    readonly input: ByteString | undefined;
    started(child: ChildProcess): void;
  };
}

function giveInput({ stdin }: ChildProcess, input: ByteString | undefined): void {
  // Who ends before he has read it is dealt with elsewhere.
  stdin?.on('error', () => {});
  stdin?.end(input === undefined ? '' : Buffer.from(input, 'latin1'));
}

/** Keeps processes waiting for connections, until we are told to end. Those that have one go on without us. */
export function keepStock(
  { sockets, argv, canCopy, stock: waiting, metrics, complain, apart }: Stock,
  { host, signal }: Pick<SessionIo, 'host' | 'signal'>,
  ready: () => void,
): Promise<never> {
  const first = 3;
  const accepts = sockets.map((_, k) => first + k).join(',');
  const args = [...argv, `--accept-from=${accepts}`, `--report-to=${first + sockets.length}`];
  const pipeOf = (child: ChildProcess): Socket => child.stdio[first + sockets.length] as Socket;
  let copies = canCopy;
  let isTold = false;
  return new Promise((_, reject) => {
    /** There are no more processes, or descriptors, for now: those who are served will give theirs back. */
    const later = (error: Error): void => {
      if (!isTold) {
        reject(new RsyncError(ExitCode.Ipc, `failed to start a process for clients: ${error.message}`));
        return;
      }
      complain(`failed to start a process for the next client: ${error.message}`);
      setTimeout(start, pauseMs);
    };
    const start = (): void => {
      if (signal.aborted) return;
      let child: ChildProcess;
      try {
        checkRoom(fs);
        const command = copies
          ? ourselves(host, [...args, '--copies'], singleThreaded)
          : ourselves(host, args);
        child = spawn(command.file, command.args, {
          env: host.env,
          detached: apart !== undefined,
          stdio: [
            apart?.input === undefined ? 'ignore' : 'pipe',
            'ignore',
            apart === undefined ? 'inherit' : 'pipe',
            ...sockets,
            'pipe',
          ],
        });
      } catch (error) {
        later(error as Error);
        return;
      }
      if (child.pid === undefined) {
        child.once('error', later);
        return;
      }
      waiting.add(child);
      if (apart !== undefined) giveInput(child, apart.input);
      apart?.started(child);
      oversee(child, copies);
    };
    const oversee = (child: ChildProcess, isOriginal: boolean): void => {
      const pipe = pipeOf(child);
      let isReady = false;
      let hasServed = false;
      const clients: ((visit: Visit | undefined) => void)[] = [];
      listenTo(pipe, (word, rest) => {
        if (word === Word.Ready) {
          isReady = true;
          if (!isTold) ready();
          isTold = true;
        } else if (word === Word.Taken) {
          // Others than the original have one client each, whatever they say.
          if (hasServed) return;
          clients.push(metrics.arrived());
          if (isOriginal) return;
          hasServed = true;
          waiting.delete(child);
          start();
        } else if (word === Word.Left) clients.shift()?.(visitOf(rest));
        else if (word === Word.Failed) complain(`failed to start a process for the next client: ${rest}`);
      });
      // Signals alone could fail from here on, and none are sent.
      child.on('error', () => {});
      // What it said last is read by then; its copies may still hold other pipes of it.
      void Promise.all([once(child, 'exit'), once(pipe, 'close')]).then(() => {
        waiting.delete(child);
        pipe.destroy();
        for (const left of clients) left(undefined);
        if (signal.aborted) return;
        if (isOriginal && !isReady) doWithoutCopies();
        else if (!hasServed) setTimeout(start, pauseMs);
      });
    };
    const doWithoutCopies = (): void => {
      complain('a process is started for each client: this Node cannot copy itself');
      copies = false;
      for (let k = 0; k < stockSize; k++) start();
    };
    // Those that wait still listen: who starts a daemon again right away wants the port.
    const stop = (): void => {
      const gone = [...waiting].map((child) => once(child, 'exit'));
      for (const child of waiting) pipeOf(child).destroy();
      // One of them may have got a client by now.
      const late = setTimeout(() => reject(signal.reason), partingMs);
      void Promise.all(gone).then(() => {
        clearTimeout(late);
        reject(signal.reason);
      });
    };
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    for (let k = 0; k < (copies ? 1 : stockSize); k++) start();
  });
}
