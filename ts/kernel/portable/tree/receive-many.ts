import * as fs from 'node:fs';
import {
  type ByteString,
  type DigestSpec,
  digestLength,
  digestMismatch,
  held,
  interrupted,
  isDressing,
  type Loss,
  type ReceiveManyResult,
  receiveSteps,
  sourceChanged,
} from '../../kernel.ts';
import { type ReceiveBatch, ReceiveFlag, receiveRecordBytes } from '../../receive-batch.ts';
import { OutputFile, outputBufferBytes } from '../delta/output-file.ts';
import { openFileDigest } from '../digest/digest.ts';
import { asSysError, errnoOf } from '../sys-error.ts';
import { fileWork, type Turns } from '../turn.ts';
import type { Directory } from './directory.ts';
import { noteTimes, timeArgument } from './meta.ts';
import { createNew, type OpenFile, openToRead } from './open-file.ts';

const copyBytes = 256 * 1024;

type Step = (typeof receiveSteps)[number];

/** One record of a batch. */
interface FileRecord {
  readonly flags: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
  readonly mtimeNsec: number;
  readonly atime: number;
  readonly dataAt: number;
  readonly digestAt: number;
  readonly size: number;
  readonly path: ByteString;
  readonly temporary: ByteString;
  /** What to copy; empty where the content is in the batch. */
  readonly source: ByteString;
  readonly sourceTree: number;
}

/** Where a batch goes, and what its tree keeps account of. */
interface Target {
  readonly directory: Directory;
  readonly turns: Turns;
  readonly losses: Set<Loss>;
}

interface Outcome {
  readonly status: number;
  readonly step: Step;
}
const done: Outcome = { status: 0, step: '' };
const waits: Outcome = { status: held, step: '' };
/** Node does not tell whether a file has attributes, and does not look and rename at once. */
const anyHold = ReceiveFlag.Hold | ReceiveFlag.HoldAcl | ReceiveFlag.HoldXattrs | ReceiveFlag.HoldThere;

/**
 * `Tree.receiveMany`. A failure before the rename removes the temporary file. Owner, times and mode that
 * could not be set do not keep a file from its place, as in rsync; the first such errno is its status.
 */
export async function receiveMany(
  target: Target,
  batch: ReceiveBatch,
  sources: readonly Directory[],
): Promise<ReceiveManyResult> {
  const { turns } = target;
  const status = new Int32Array(batch.count);
  const step = new Uint8Array(batch.count);
  const sizes = new Float64Array(batch.count);
  const buffer = Buffer.allocUnsafeSlow(outputBufferBytes);
  let at = 0;
  for (let i = 0; i < batch.count; i++) {
    const record = readRecord(batch.records, at);
    at = nextRecord(at, record);
    if (turns.interrupted) {
      status[i] = interrupted;
      continue;
    }
    let source: OpenFile | undefined;
    let outcome = done;
    if (record.source !== '') {
      try {
        source = openToRead(sources[record.sourceTree], record.source);
      } catch (error) {
        outcome = { status: asSysError(error, 'open').errno, step: 'source' };
      }
    }
    if (outcome === done) {
      sizes[i] = source?.size ?? record.size;
      try {
        outcome = await receiveOne(target, batch, record, source, buffer);
      } finally {
        if (source !== undefined) fs.closeSync(source.fd);
      }
    }
    status[i] = outcome.status;
    step[i] = receiveSteps.indexOf(outcome.step);
    if (turns.spend(record.size + fileWork)) await turns.pause();
  }
  return { status, step, sizes };
}

function readRecord(records: Buffer, at: number): FileRecord {
  const pathEnd = at + receiveRecordBytes + records.readUInt16LE(at + 40);
  const temporaryEnd = pathEnd + records.readUInt16LE(at + 42);
  return {
    flags: records.readUInt32LE(at),
    mode: records.readUInt32LE(at + 4),
    uid: records.readUInt32LE(at + 8),
    gid: records.readUInt32LE(at + 12),
    mtime: records.readDoubleLE(at + 16),
    mtimeNsec: records.readUInt32LE(at + 24),
    atime: records.readDoubleLE(at + 48),
    dataAt: records.readUInt32LE(at + 28),
    digestAt: records.readUInt32LE(at + 32),
    size: records.readUInt32LE(at + 36),
    path: records.toString('latin1', at + receiveRecordBytes, pathEnd),
    temporary: records.toString('latin1', pathEnd, temporaryEnd),
    source: records.toString('latin1', temporaryEnd, temporaryEnd + records.readUInt16LE(at + 44)),
    sourceTree: records.readUInt16LE(at + 46),
  };
}

function nextRecord(at: number, record: FileRecord): number {
  const textBytes = record.path.length + record.temporary.length + record.source.length;
  return (at + receiveRecordBytes + textBytes + 7) & ~7;
}

async function receiveOne(
  { directory, turns, losses }: Target,
  batch: ReceiveBatch,
  record: FileRecord,
  source: OpenFile | undefined,
  buffer: Buffer,
): Promise<Outcome> {
  let fd = -1;
  let temporary: Buffer;
  try {
    if ((record.flags & ReceiveFlag.Verify) !== 0 && !matches(batch, record)) {
      return { status: digestMismatch, step: 'read' };
    }
    temporary = directory.resolve(record.temporary, 'mkstemp');
    fd = createNew(temporary);
  } catch (error) {
    return { status: asSysError(error, 'mkstemp').errno, step: 'mkstemp' };
  }
  let outcome: Outcome;
  try {
    const sparse = (record.flags & ReceiveFlag.Sparse) !== 0;
    outcome = await fill(new OutputFile({ fd, sparse }, buffer), batch.data, record, source, turns);
    if (outcome === done) outcome = (record.flags & anyHold) === 0 ? dress(fd, record, losses) : waits;
  } finally {
    fs.closeSync(fd);
  }
  if (outcome === waits) return outcome;
  const inPlace = (record.flags & ReceiveFlag.InPlace) !== 0;
  if (outcome.status === 0 || isDressing(outcome.step)) {
    if (inPlace) return outcome;
    const errno = errnoOf(() => {
      const target = directory.resolve(record.path, 'rename');
      fs.renameSync(directory.resolve(record.temporary, 'rename'), target);
    });
    if (errno === 0) return outcome;
    outcome = { status: errno, step: 'rename' };
  }
  const keep = inPlace || (record.flags & ReceiveFlag.KeepPart) !== 0;
  if (!keep || (outcome.status !== interrupted && outcome.step !== 'write'))
    errnoOf(() => fs.unlinkSync(directory.resolve(record.temporary, 'unlink')));
  return outcome;
}

function matches(batch: ReceiveBatch, record: FileRecord): boolean {
  const spec: DigestSpec = batch.digest;
  const digest = openFileDigest(spec);
  digest.update(batch.data, record.dataAt, record.dataAt + record.size);
  const at = record.digestAt;
  return digest.final().equals(batch.data.subarray(at, at + digestLength[spec.name]));
}

/** Writes the content, from the batch or from a source in this process. */
async function fill(
  output: OutputFile,
  data: Buffer,
  record: FileRecord,
  source: OpenFile | undefined,
  turns: Turns,
): Promise<Outcome> {
  if (source === undefined) {
    output.write(data, record.dataAt, record.dataAt + record.size);
  } else {
    const failed = await copyFrom(source, output, turns);
    if (failed !== done) return failed;
  }
  output.finish((record.flags & ReceiveFlag.Sparse) !== 0);
  if ((record.flags & ReceiveFlag.Fsync) !== 0) output.sync();
  return output.errno === 0 ? done : { status: output.errno, step: 'write' };
}

/** Copies the source; one that becomes shorter or longer meanwhile is not taken. */
async function copyFrom(source: OpenFile, output: OutputFile, turns: Turns): Promise<Outcome> {
  const { fd, size } = source;
  const buffer = Buffer.allocUnsafeSlow(Math.min(copyBytes, size + 1));
  let copied = 0;
  for (;;) {
    let n = 0;
    try {
      n = fs.readSync(fd, buffer, 0, Math.min(buffer.length, size + 1 - copied), copied);
    } catch (error) {
      return { status: asSysError(error, 'read').errno, step: 'read' };
    }
    if (n === 0) break;
    copied += n;
    if (copied > size) break;
    output.write(buffer, 0, n);
    if (turns.spend(n)) await turns.pause();
    if (turns.interrupted) return { status: interrupted, step: '' };
  }
  return copied === size ? done : { status: sourceChanged, step: 'read' };
}

/**
 * Owner and group, times, mode, up to the first that fails: the mode is not for a file whose owner could not be set,
 * which stays its writer's alone then.
 */
function dress(fd: number, { flags, ...record }: FileRecord, losses: Set<Loss>): Outcome {
  const mode = record.mode & 0o7777;
  const failed = (status: number, step: Step): Outcome => {
    const writers = (flags & ReceiveFlag.InPlace) !== 0 ? 0o600 : (mode & 0o700) | 0o200;
    errnoOf(() => fs.fchmodSync(fd, writers));
    return { status, step };
  };
  if ((flags & (ReceiveFlag.Uid | ReceiveFlag.Gid)) !== 0) {
    const uid = (flags & ReceiveFlag.Uid) !== 0 ? record.uid : -1;
    const gid = (flags & ReceiveFlag.Gid) !== 0 ? record.gid : -1;
    const status = errnoOf(() => fs.fchownSync(fd, uid, gid));
    if (status !== 0) return failed(status, 'chown');
  }
  if ((flags & (ReceiveFlag.Mtime | ReceiveFlag.Atime)) !== 0) {
    const { mtime, mtimeNsec, atime } = record;
    // What is not to be set was set a moment ago, by making the file.
    const now = Date.now() / 1000;
    const setsMtime = (flags & ReceiveFlag.Mtime) !== 0;
    if (setsMtime) noteTimes({ mtime, mtimeNsec }, losses);
    const accessed = (flags & ReceiveFlag.Atime) !== 0 ? timeArgument(atime, 0) : now;
    const modified = setsMtime ? timeArgument(mtime, mtimeNsec) : now;
    const status = errnoOf(() => fs.futimesSync(fd, accessed, modified));
    if (status !== 0) return failed(status, 'utimes');
  }
  if ((flags & ReceiveFlag.Mode) === 0) return done;
  const status = errnoOf(() => fs.fchmodSync(fd, mode));
  return status === 0 ? done : { status, step: 'chmod' };
}
