/** name converter: a command that knows users and groups, also where no file of theirs is to be seen. */
import { readSync, writeSync } from 'node:fs';
import { ExitCode, RsyncError } from '../errors.ts';
import { IdNames } from '../flist/id-names.ts';
import type { ByteString } from '../kernel/kernel.ts';

const longestLine = 1023;
const largestId = 0xffff_ffff;
const pauseMs = 2;

/** Asks a command, line by line, what a name or an id is. */
export class NameConverter extends IdNames {
  private readonly requests: number;
  private readonly answers: number;
  private readonly complain: (line: ByteString) => void;

  /** Both descriptors are pipes: one that the command reads, and one that it writes. */
  constructor(requests: number, answers: number, complain: (line: ByteString) => void) {
    super(() => '');
    this.requests = requests;
    this.answers = answers;
    this.complain = complain;
  }

  override userName(uid: number): ByteString | undefined {
    return this.ask(`uid ${uid}`) || undefined;
  }
  override groupName(gid: number): ByteString | undefined {
    return this.ask(`gid ${gid}`) || undefined;
  }
  override userId(name: ByteString): number | undefined {
    return this.idOf('usr', name);
  }
  override groupId(name: ByteString): number | undefined {
    return this.idOf('grp', name);
  }

  /** A name without an id is nobody's: an empty answer must not pass for root. */
  private idOf(what: 'usr' | 'grp', name: ByteString): number | undefined {
    if (/[\x00-\x1f\x7f]/.test(name)) {
      this.complain(`invalid name-converter token: ${name}`);
      return undefined;
    }
    const answer = this.ask(`${what} ${name}`) ?? '';
    return /^\d+$/.test(answer) && Number(answer) <= largestId ? Number(answer) : undefined;
  }

  private ask(question: ByteString): ByteString | undefined {
    if (question.length >= longestLine)
      throw new RsyncError(ExitCode.Unsupported, 'namecvt_call() request was too large.');
    const bytes = Buffer.from(`${question}\n`, 'latin1');
    try {
      waitFor(() => writeSync(this.requests, bytes));
    } catch {
      throw new RsyncError(ExitCode.SocketIo, 'Connection to name-converter failed.');
    }
    let line = '';
    const byte = Buffer.alloc(1);
    while (line.length < longestLine) {
      if (waitFor(() => readSync(this.answers, byte)) === 0) return undefined;
      const char = byte.toString('latin1');
      if (char === '\n') return line;
      if (char !== '\r') line += char;
    }
    return undefined;
  }
}

/** The pipes may not block. */
function waitFor(call: () => number): number {
  for (;;) {
    try {
      return call();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
    }
  }
}
