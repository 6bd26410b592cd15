/** Wires for `connect`: what is asked for, as a child process whose input and output are one stream. */
import { type ChildProcess, spawn } from 'node:child_process';
import { Duplex, Transform } from 'node:stream';
import type { ConnectRequest, ConnectServer } from '../../ts/index.ts';

/** What a run asked for, which has to be a server. */
export function serverOf(request: ConnectRequest): ConnectServer {
  if (request.kind !== 'server') throw new Error(`asked for a ${request.kind}`);
  return request;
}

/** The standard input and output of a child as one stream. */
export function wireOf({ stdin, stdout }: ChildProcess): Duplex {
  return Duplex.from({ readable: stdout!, writable: stdin! });
}

/** Starts what is asked for, without a shell, where `cwd` is. */
export function start(request: ConnectRequest, cwd?: string): ChildProcess {
  const [file, ...args] = serverOf(request).command;
  return spawn(file!, args, { cwd, stdio: ['pipe', 'pipe', 'inherit'] });
}

/** ... and its wire. */
export const overChild = (request: ConnectRequest): Duplex => wireOf(start(request));

/** The same over a shell, as ssh has one at its other end. */
export function overShell(request: ConnectRequest, cwd?: string): Duplex {
  const line = serverOf(request).commandLine;
  return wireOf(spawn('/bin/sh', ['-c', line], { cwd, stdio: ['pipe', 'pipe', 'inherit'] }));
}

/** A child's wire whose input, once so many bytes of it came, goes on as `then` says. */
export function brokenAfter(bytes: number, request: ConnectRequest, then: (wire: Duplex) => void) {
  const child = start(request);
  let left = bytes;
  let wire!: Duplex;
  const cut = new Transform({
    transform(chunk: Buffer, _, done) {
      const now = chunk.subarray(0, left);
      left -= now.length;
      done(null, now);
      if (left === 0) then(wire);
    },
  });
  child.stdin!.on('error', () => {});
  cut.on('close', () => child.kill());
  wire = new Duplex({
    read: () => void cut.resume(),
    write: (chunk, _, done) => void child.stdin!.write(chunk, () => done()),
    final: (done) => void child.stdin!.end(done),
    destroy(error, done) {
      child.kill();
      done(error);
    },
  });
  child.stdout!.pipe(cut);
  cut.on('data', (chunk) => {
    if (!wire.destroyed && !wire.push(chunk)) cut.pause();
  });
  cut.on('end', () => wire.push(null));
  return { wire, child };
}
