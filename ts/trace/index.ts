/**
 * The wire, readable: `OC_RSYNC_TRACE=wire[:FILE]` tells of the conversation of a run, `capture:FILE` keeps it, and
 * `oc-rsync decode FILE` tells of one that was kept, or of a batch (docs/decisions/0056).
 */
import { closeSync, constants, fchmodSync, fstatSync, writeSync } from 'node:fs';
import { errnoText } from '../errno.ts';
import { ExitCode, SysError } from '../errors.ts';
import { type Host, linkOwner, pathAt } from '../host.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { openTrusted, systemErrorOf } from '../kernel/trusted-path.ts';
import { escapeText } from '../report/escape.ts';
import type { WatchedWire, Wiretap } from '../session/end.ts';
import { captureHead, capturePiece } from './capture.ts';
import { listen } from './conversation.ts';
import { endLine, lineOf } from './lines.ts';
import { secretMask } from './mask.ts';
import type { Way } from './stream.ts';
import { tapped } from './tap.ts';

export { decodeFile } from './decode.ts';

const { O_CREAT, O_TRUNC, O_WRONLY } = constants;
const fileMode = 0o600;

export interface TraceInput {
  /** Of OC_RSYNC_TRACE. */
  readonly value: string;
  readonly host: Host;
  /** Makes what ends the run: this part of the program has errors of its own. */
  refuse(code: number, text: ByteString): Error;
}

/** A wiretap, and what is to be done when the run is over. */
export interface Trace extends Wiretap {
  finish(): Promise<void>;
}

/** What takes a conversation. */
interface Listener {
  hear(way: Way, bytes: Uint8Array): Promise<void>;
  finish(): Promise<void>;
}

/** Throws (by `refuse`) exit 1 for a value that there is not; opens nothing until there is a wire. */
export function openTrace({ value, host, refuse }: TraceInput): Trace {
  const [, what, name] = /^(wire|capture)(?::(.+))?$/s.exec(value) ?? [];
  if (what === undefined || (what === 'capture' && name === undefined))
    throw refuse(
      ExitCode.Syntax,
      `OC_RSYNC_TRACE must be "wire", "wire:FILE" or "capture:FILE", not "${value}"`,
    );
  const say = (line: ByteString | Uint8Array): void =>
    host.stderr(typeof line === 'string' ? Buffer.from(`${line}\n`, 'latin1') : line);
  const file = name === undefined ? undefined : Buffer.from(name).toString('latin1');
  const listeners: Listener[] = [];
  return {
    watch(duplex, wire) {
      const write = file === undefined ? undefined : openFile(fileOf(file, wire, host), host, refuse);
      const listener = what === 'capture' && write ? keep(wire, host, write) : tell(wire, write ?? say, host);
      const mask = wire.kind === 'daemon' ? secretMask() : undefined;
      listeners.push(listener);
      let broken = false;
      return tapped(duplex, wire.server, async (way, bytes) => {
        if (broken) return;
        try {
          // What the run does next with these bytes is its own affair.
          await listener.hear(way, mask?.(way, bytes) ?? Uint8Array.from(bytes));
        } catch (error) {
          broken = true;
          say(`oc-rsync: the trace ends here: ${reasonOf(error)}`);
        }
      });
    },
    unwatched: (why) => say(`oc-rsync: there is nothing to trace: ${reasons[why]}`),
    async finish() {
      for (const listener of listeners.splice(0)) await listener.finish().catch(() => {});
    },
  };
}

const reasons = {
  local: "a local copy has no wire (-e and a host's name make one)",
  batch: 'a batch is no wire (oc-rsync decode FILE tells of it)',
} as const;

function reasonOf(error: unknown): ByteString {
  const { errno } = error as NodeJS.ErrnoException;
  if (errno !== undefined) return `${errnoText(Math.abs(errno))} (${Math.abs(errno)})`;
  return error instanceof Error ? error.message : String(error);
}

/** Each client of a daemon that has many gets a file of its own. */
function fileOf(file: ByteString, { oneOfMany }: WatchedWire, { pid }: Host): ByteString {
  return oneOfMany ? `${file}.${pid}` : file;
}

type Write = (bytes: Uint8Array | ByteString) => void;

function openFile(name: ByteString, host: Host, refuse: TraceInput['refuse']): Write {
  const path = pathAt({ cwd: host.workingDirectory() }, name);
  try {
    const fd = openPrivate(path, host);
    return (said) => {
      const bytes = typeof said === 'string' ? Buffer.from(`${said}\n`, 'latin1') : said;
      for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
    };
  } catch (error) {
    const failure = systemErrorOf(error);
    if (!(failure instanceof SysError)) throw failure;
    throw refuse(
      ExitCode.FileIo,
      `cannot write the trace ${path}: ${errnoText(failure.errno)} (${failure.errno})`,
    );
  }
}

/** For nobody else to read, also where it was there: it may be somebody's who has put it there before us. */
function openPrivate(path: ByteString, host: Host): number {
  const how = { flags: O_WRONLY | O_CREAT | O_TRUNC, mode: fileMode };
  const fd = openTrusted(path, linkOwner(host, false), how);
  try {
    if (fstatSync(fd).isFile()) fchmodSync(fd, fileMode);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function keep(wire: WatchedWire, { now }: Host, write: Write): Listener {
  const started = now();
  let begun = false;
  return {
    async hear(way, bytes) {
      if (!begun) write(captureHead({ ...wire, started }));
      begun = true;
      write(capturePiece({ way, ms: now() - started, bytes }));
    },
    finish: async () => {},
  };
}

function tell(wire: WatchedWire, write: Write, { charset }: Host): Listener {
  let failure: unknown;
  /** A decoder goes on where nobody can hear it. */
  const print = (line: ByteString): void => {
    try {
      if (failure === undefined) write(escapeText(line, charset));
    } catch (error) {
      failure = error;
    }
  };
  const talk = listen(wire, (way, at, text) => print(lineOf(way, at, text)));
  return {
    async hear(way, bytes) {
      await talk.feed(way, bytes);
      if (failure !== undefined) throw failure;
    },
    async finish() {
      const { there, back } = await talk.finish();
      print(endLine('there', there));
      print(endLine('back', back));
    },
  };
}
