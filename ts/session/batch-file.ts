/** --write-batch and --read-batch: the file of a batch, and the script beside it that replays it. */
import { closeSync, constants, fstatSync, read, writeSync } from 'node:fs';
import { ExitCode, RsyncError } from '../errors.ts';
import { type Host, linkOwner, pathAt, type Site } from '../host.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { openTrusted } from '../kernel/trusted-path.ts';
import type { Options } from '../options/options.ts';
import * as text from '../report/messages.ts';
import { errnoText } from '../transport/io-error.ts';
import type { Negotiated } from '../wire/negotiated.ts';
import type { Source } from '../wire/source-sink.ts';
import { Writer } from '../wire/writer.ts';
import { refusal } from './refusal.ts';
import { streamFlags } from './stream-flags.ts';

const { O_CREAT, O_RDONLY, O_TRUNC, O_WRONLY } = constants;

interface Around {
  readonly host: Host;
  readonly site: Site;
}

/** A batch that is being written. */
export interface Recording {
  /** The script beside the batch. */
  writeScript(content: ByteString): void;
  /** What the versions came to; data follows. */
  begin(negotiated: Negotiated): void;
  data(bytes: Uint8Array): void;
  /** The counters that a server would tell a client that receives. */
  statistics(counted: readonly number[], protocol: number): void;
  close(): void;
}

/** Opens the files of a batch for writing; the flags of its stream come first. */
export function openRecording(options: Options, file: ByteString, { host, site }: Around): Recording {
  const sender = 'sender';
  const script = openFile(options, `${file}.sh`, { host, site }, 0o700, ExitCode.FileSelect);
  const fd = openFile(options, file, { host, site }, 0o600, ExitCode.FileIo);
  const data = (bytes: Uint8Array): void => {
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at);
    } catch (error) {
      const why = errnoText(error as NodeJS.ErrnoException);
      throw new RsyncError(ExitCode.StreamIo, text.batchWriteFailed(sender, bytes.length, why), {
        cause: error,
      });
    }
  };
  const encode = (protocol: number, work: (writer: Writer) => void): void => {
    const writer = new Writer(nowhere);
    writer.setProtocol(protocol);
    writer.tap(data);
    work(writer);
    writer.flush();
  };
  encode(0, (writer) => writer.int(streamFlags(options)));
  return {
    writeScript(content) {
      try {
        writeSync(script, Buffer.from(content, 'latin1'));
        closeSync(script);
      } catch (error) {
        const why = errnoText(error as NodeJS.ErrnoException);
        throw new RsyncError(ExitCode.FileIo, text.batchScriptFailed(file, why), { cause: error });
      }
    },
    begin: ({ protocol, compatFlags, checksumSeed }) =>
      encode(protocol, (writer) => {
        writer.int(protocol);
        if (protocol >= 30) writer.varint(compatFlags);
        writer.int(checksumSeed);
      }),
    data,
    statistics: (counted, protocol) =>
      encode(protocol, (writer) => {
        for (const number of protocol >= 29 ? counted : counted.slice(0, 3)) writer.varlong30(number, 3);
      }),
    close: () => closeSync(fd),
  };
}

const nowhere = { write: () => Promise.resolve(), unsent: () => 0, end: () => Promise.resolve() };

/** A batch to read, as a wire on which nothing can be said. */
export function openReplay(options: Options, file: ByteString, around: Around) {
  const fd =
    file === '-'
      ? around.host.descriptors.input
      : openFile(options, file, around, undefined, ExitCode.FileIo);
  const kind = fstatSync(fd);
  if (file !== '-' && !kind.isFile() && !kind.isFIFO()) {
    closeSync(fd);
    const failure = new RsyncError(ExitCode.FileIo, text.batchNoFile(pathAt(around.site, file)));
    failure.who = 'Receiver';
    throw failure;
  }
  const source: Source = {
    read: (into) =>
      new Promise((resolve, reject) => {
        read(fd, into, 0, into.length, null, (error, bytes) => (error ? reject(error) : resolve(bytes)));
      }),
  };
  return { source, sink: nowhere, destroy() {} };
}

function openFile(
  { insecureLinks }: Options,
  file: ByteString,
  { host, site }: Around,
  mode: number | undefined,
  exitCode: ExitCode,
): number {
  const path = pathAt(site, file);
  const owner = linkOwner(host, insecureLinks);
  try {
    if (mode === undefined) return openTrusted(path, owner, { flags: O_RDONLY, mode: 0 });
    return openTrusted(path, owner, { flags: O_WRONLY | O_CREAT | O_TRUNC, mode: mode & ~host.umask() });
  } catch (error) {
    const why = errnoText(error as NodeJS.ErrnoException);
    const failure = new RsyncError(exitCode, [...refusal(path, owner), text.batchOpenFailed(path, why)]);
    failure.who = 'Receiver';
    throw failure;
  }
}
