/**
 * A peer that speaks the protocol up to a point of its choice, and then says what it likes.
 *
 * It stands at either end of the program under test: as a daemon to a client, as a client to a `--server`. What it
 * says is written by the program's own `Writer`, so that an attack is a few lines of wire and no bytes by hand. It
 * takes whatever comes back and looks at none of it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { nodeStreamHalves } from '../../ts/transport/fd-stream.ts';
import { Compat, Item, ndxDone } from '../../ts/wire/constants.ts';
import { Reader } from '../../ts/wire/reader.ts';
import type { Source } from '../../ts/wire/source-sink.ts';
import { Writer } from '../../ts/wire/writer.ts';
import type { Peer } from './peers.ts';
import { killGroup, testEnvironment } from './run.ts';

export const protocol = 31;

export interface Attack {
  /** What the peer is; the program under test is the other. */
  readonly peer: 'sender' | 'receiver';
  /** Added to `-rlt --cc=md5 --timeout=3`, for a client as for a server. */
  readonly options?: readonly string[];
  /** Lists come in pieces (--inc-recursive). */
  readonly incremental?: boolean;
  /** What a client asks the peer for, below its module; all of it otherwise. */
  readonly path?: string;
  /** Milliseconds that the peer is silent behind all that before it closes. */
  readonly stays?: number;
  /** What is said once frames have begun. */
  say(writer: Writer, to: 'client' | 'server'): void | Promise<void>;
}

export interface Attacked {
  readonly code: number | null;
  readonly stderr: string;
  readonly timedOut: boolean;
  /** Most memory that the program held, in MiB; its children are not counted. */
  readonly peak: number;
}

/** Runs `who` in `dir`, between `src/` or `dst/` and the hostile peer. */
export function attack(who: Peer, end: 'client' | 'server', what: Attack, dir: string): Promise<Attacked> {
  return end === 'client' ? attackClient(who, what, dir) : attackServer(who, what, dir);
}

/** Milliseconds that a peer waits for the program to end before it closes. */
const lingers = 600;

const common = ['--cc=md5', '--timeout=3'];

async function attackClient(who: Peer, what: Attack, dir: string): Promise<Attacked> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    const [source, sink] = nodeStreamHalves(socket, socket);
    void quietly(async () => {
      const { reader, writer } = ends(source, sink);
      writer.string(`@RSYNCD: ${protocol}.0\n`);
      writer.flush();
      await readLine(reader);
      await readLine(reader);
      writer.string('@RSYNCD: OK\n');
      writer.flush();
      while ((await readText(reader, 0)) !== '');
      await speak({ writer, source, what, to: 'client' }, () => {
        const pieces = what.incremental === true ? Compat.IncRecurse : 0;
        writer.varint(Compat.SafeFlist | Compat.ChecksumSeedFix | Compat.VarintFlistFlags | pieces);
        writer.int(77);
      });
      socket.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const far = `rsync://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/module/${what.path ?? ''}`;
  const paths = what.peer === 'sender' ? [far, 'dst/'] : ['src/', far];
  const started = start([...who.command, '-rlt', ...common, ...(what.options ?? []), ...paths], dir);
  started.child.stdin?.end();
  started.child.stdout?.resume();
  const result = await started.done;
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
  return result;
}

async function attackServer(who: Peer, what: Attack, dir: string): Promise<Attacked> {
  const args = serverArguments(what, what.peer === 'sender' ? 'dst/' : 'src/');
  const started = start([...who.command, ...args], dir);
  const { stdin, stdout } = started.child;
  const [source, sink] = nodeStreamHalves(stdout as Socket, stdin as Socket);
  void quietly(async () => {
    const { reader, writer } = ends(source, sink);
    await speak({ writer, source, what, to: 'server' }, async () => {
      writer.int(protocol);
      writer.flush();
      await reader.record(() => reader.int());
      await reader.record(() => reader.varint());
      await reader.record(() => reader.int());
    });
    await sink.end();
  });
  const result = await started.done;
  source.destroy();
  sink.destroy();
  return result;
}

/** What a client asks a server for. */
function serverArguments(what: Attack, path: string): string[] {
  const role = what.peer === 'sender' ? [] : ['--sender'];
  // Options of one letter stand before the letter e, whose value is what the client can do.
  const letters = (what.options ?? [])
    .filter((option) => /^-[^-]/.test(option))
    .map((option) => option.slice(1));
  const words = (what.options ?? []).filter((option) => option.startsWith('--'));
  const pieces = what.incremental === true ? 'i' : '';
  return ['--server', ...role, `-ltr${letters.join('')}e.${pieces}LsfxCIvu`, ...common, ...words, '.', path];
}

/**
 * The same to a daemon that stands: as a client of its module. Answers all that it said from the greeting on, once it has
 * closed the connection, or 20 seconds have passed.
 */
export async function attackModule(port: number, module: string, what: Attack): Promise<string> {
  const raw = await rawClient(port);
  try {
    await raw.enter(module, serverArguments(what, `${module}/${what.path ?? ''}`));
    await quietly(async () => {
      const { reader, writer } = ends(raw.source, raw.sink);
      await speak({ writer, source: raw.source, what, to: 'server' }, async () => {
        await reader.record(() => reader.varint());
        await reader.record(() => reader.int());
      });
      await raw.sink.end();
    });
    await raw.ended(20_000);
    return raw.said();
  } finally {
    raw.close();
  }
}

/** A client that says to a daemon what it is told to, byte for byte. */
export interface RawClient {
  readonly source: Source;
  readonly sink: ConstructorParameters<typeof Writer>[0];
  /** All that came so far. */
  said(): string;
  send(text: string): void;
  /** Waits until this has come; fails where it does not within ten seconds. */
  until(sign: RegExp): Promise<string>;
  /** Greets, names a module without a password, and says the arguments once it is in. */
  enter(module: string, args: readonly string[]): Promise<void>;
  /** Whether the daemon closes the connection within so many milliseconds. */
  ended(within: number): Promise<boolean>;
  close(): void;
}

/** Connects to a daemon, and hears its greeting, where it `greets` before anything is said. */
export async function rawClient(port: number, greets = true): Promise<RawClient> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  let text = '';
  let [isOver, wanted] = [false, () => {}];
  /** Behind what `enter` has heard, `source` begins. */
  let read = 0;
  const wake = (): void => {
    const all = wanted;
    wanted = () => {};
    all();
  };
  socket.on('data', (piece) => {
    text += piece.toString('latin1');
    wake();
  });
  const over = (): void => {
    isOver = true;
    wake();
  };
  socket.on('end', over);
  socket.on('close', over);
  socket.on('error', over);
  const more = (): Promise<void> =>
    new Promise((resolve) => {
      const before = wanted;
      wanted = () => {
        before();
        resolve();
      };
    });
  const within = async (ms: number, done: () => boolean): Promise<boolean> => {
    const end = Date.now() + ms;
    while (!done() && Date.now() < end)
      await Promise.race([more(), new Promise((resolve) => setTimeout(resolve, 50))]);
    return done();
  };
  const source: Source = {
    async read(into) {
      while (read >= text.length && !isOver) await more();
      const piece = Buffer.from(text.slice(read, read + into.length), 'latin1');
      piece.copy(into);
      read += piece.length;
      return piece.length;
    },
  };
  const sink: RawClient['sink'] = {
    write: (chunks) =>
      new Promise((resolve, reject) => {
        if (isOver) return resolve();
        socket.write(Buffer.concat(chunks), (error) => (error ? reject(error) : resolve()));
      }),
    unsent: () => 0,
    end: () => new Promise((resolve) => socket.end(() => resolve())),
  };
  const raw: RawClient = {
    source,
    sink,
    said: () => text,
    send: (what) => void (isOver || socket.write(Buffer.from(what, 'latin1'))),
    async until(sign) {
      const came = await within(10_000, () => sign.test(text) || isOver);
      if (!came || !sign.test(text)) throw new Error(`no ${sign} in ${JSON.stringify(text)}`);
      return text;
    },
    async enter(module, args) {
      raw.send(`@RSYNCD: ${protocol}.0 md5 md4\n${module}\n`);
      await raw.until(/@RSYNCD: OK\n/);
      read = text.indexOf('@RSYNCD: OK\n') + '@RSYNCD: OK\n'.length;
      raw.send(`${args.map((arg) => `${arg}\0`).join('')}\0`);
    },
    ended: (ms) => within(ms, () => isOver),
    close: () => void socket.destroy(),
  };
  if (greets) await raw.until(/@RSYNCD: .*\n/);
  return raw;
}

/** Both halves of the handshake's end, what the attack says, and then nothing. */
async function speak(
  { writer, source, what, to }: { writer: Writer; source: Source; what: Attack; to: 'client' | 'server' },
  handshake: () => void | Promise<void>,
): Promise<void> {
  writer.setProtocol(protocol);
  await handshake();
  writer.startMultiplex();
  const gone = discard(source);
  await what.say(writer, to);
  await writer.drain();
  // A peer that closes at once takes the last word from whoever is still about to say what is wrong.
  await Promise.race([gone, new Promise((resolve) => setTimeout(resolve, what.stays ?? lingers))]);
}

function ends(source: Source, sink: ConstructorParameters<typeof Writer>[0]) {
  const writer = new Writer(sink);
  const reader = new Reader(source, { message() {}, beforeWait: () => writer.flush() });
  reader.setProtocol(protocol);
  return { reader, writer };
}

/** The program may be gone at any moment: that is what is looked for elsewhere. */
async function quietly(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch {}
}

async function discard(source: Source): Promise<void> {
  const into = Buffer.alloc(64 * 1024);
  await quietly(async () => {
    while ((await source.read(into)) > 0);
  });
}

async function readText(reader: Reader, until: number): Promise<string> {
  let text = '';
  for (;;) {
    const byte = await reader.record(() => reader.byte());
    if (byte === until) return text;
    text += String.fromCharCode(byte);
  }
}
const readLine = (reader: Reader) => readText(reader, 10);

interface Started {
  readonly child: ChildProcess;
  readonly done: Promise<Attacked>;
}

function start(command: readonly string[], cwd: string): Started {
  const child = spawn(command[0]!, command.slice(1), { cwd, env: testEnvironment(), detached: true });
  const err: Buffer[] = [];
  let [peak, timedOut] = [0, false];
  const look = setInterval(() => {
    try {
      const found = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${child.pid}/status`, 'latin1'));
      peak = Math.max(peak, Number(found?.[1] ?? 0) / 1024);
    } catch {}
  }, 20);
  const limit = setTimeout(() => {
    timedOut = true;
    killGroup(child, 'SIGKILL');
  }, 25_000);
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  child.stdin.on('error', () => {});
  const done = new Promise<Attacked>((resolve) =>
    child.on('exit', (code) => {
      clearInterval(look);
      clearTimeout(limit);
      // What it said last may still be on its way.
      setTimeout(() => resolve({ code, stderr: Buffer.concat(err).toString('latin1'), timedOut, peak }), 30);
    }),
  );
  return { child, done };
}

// --- words

const sameIds = 0x18;

export interface HostileEntry {
  readonly name: string;
  readonly mode?: number;
  readonly size?: number;
  readonly mtime?: number;
  /** More flags of the entry. */
  readonly flags?: number;
  readonly link?: string;
  /** Major and minor number of a device. */
  readonly device?: readonly [number, number];
}

/** An entry of a list of -rlt. */
export function sayEntry(
  writer: Writer,
  { name, mode = 0o100644, size = 5, mtime = 1e9, ...more }: HostileEntry,
) {
  const long = name.length > 255;
  writer.varint(sameIds | (more.flags ?? 0) | (long ? 0x40 : 0));
  if (long) writer.varint(name.length);
  else writer.byte(name.length);
  writer.string(name);
  writer.varlong(size, 3);
  writer.varlong(mtime, 4);
  writer.int(mode);
  for (const number of more.device ?? []) writer.varint(number);
  if (more.link === undefined) return;
  writer.varint(more.link.length);
  writer.string(more.link);
}

export const directory = (name: string): HostileEntry => ({ name, mode: 0o40755, size: 4096 });
export const symlink = (name: string, link: string): HostileEntry => ({
  name,
  mode: 0o120777,
  size: link.length,
  link,
});

export function sayList(writer: Writer, entries: readonly HostileEntry[], ioError = 0): void {
  for (const entry of entries) sayEntry(writer, entry);
  writer.varint(0);
  writer.varint(ioError);
}

export interface SumHead {
  readonly count?: number;
  readonly length?: number;
  readonly strong?: number;
  readonly rest?: number;
}

export function sayItem(
  writer: Writer,
  ndx: number,
  flags: number = Item.Transfer,
  head: SumHead = {},
): void {
  writer.ndx(ndx);
  writer.short(flags);
  if ((flags & Item.Transfer) === 0) return;
  for (const value of [head.count, head.length, head.strong, head.rest]) writer.int(value ?? 0);
}

/** A file as a sender sends it, its digest the right one. */
export function sayFile(writer: Writer, ndx: number, content = 'hello'): void {
  sayItem(writer, ndx);
  writer.int(content.length);
  writer.string(content);
  writer.int(0);
  writer.bytes(createHash('md5').update(content, 'latin1').digest());
}

/** A sender's phases, statistics and goodbye. */
export function sayEnd(writer: Writer, to: 'client' | 'server'): void {
  for (let phase = 0; phase < 3; phase++) writer.ndx(ndxDone);
  if (to === 'client') for (let counter = 0; counter < 5; counter++) writer.varlong(0, 3);
  writer.ndx(ndxDone);
}

/** The empty list of filter rules that a server which sends waits for. */
export function sayNoRules(writer: Writer, to: 'client' | 'server'): void {
  if (to === 'server') writer.int(0);
}
