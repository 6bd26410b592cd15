/** A sender that ends without the files it was asked for: never a success. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ExitCode, RsyncError } from '../../ts/errors.ts';
import { createFilters } from '../../ts/filter/index.ts';
import { loadKernel } from '../../ts/kernel/index.ts';
import { parseClientArgs } from '../../ts/options/parse.ts';
import { runClientEnd } from '../../ts/session/client-end.ts';
import { openEnd } from '../../ts/session/end.ts';
import { memoryPair } from '../../ts/transport/memory.ts';
import { Msg, ndxDone } from '../../ts/wire/constants.ts';
import type { Source } from '../../ts/wire/source-sink.ts';
import { Writer } from '../../ts/wire/writer.ts';
import { filterContext, testHost, testIo, testSite } from '../support/host.ts';

const protocol = 31;
let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'oc-rsync-early-'));
  mkdirSync(join(dir, 'dst'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Takes whatever comes. */
async function discard(source: Source): Promise<void> {
  const into = Buffer.alloc(4096);
  try {
    while ((await source.read(into)) > 0);
  } catch {
    // The other end is gone.
  }
}

/** What a server says until the end of a list of one regular file. */
function sayList(writer: Writer): void {
  writer.int(protocol);
  writer.setProtocol(protocol);
  writer.varint(0);
  writer.int(77);
  writer.startMultiplex();
  // A file of 5 bytes: flags, name, size, time, mode; then the end of the list.
  writer.byte(1);
  writer.byte(4);
  writer.string('file');
  writer.varlong(5, 3);
  writer.varlong(1_000_000_000, 4);
  writer.int(0o100644);
  writer.byte(0);
}

/** Pulls from a server that says `say`; answers how the client's run ended. */
async function pullFrom(say: (writer: Writer) => void): Promise<unknown> {
  const command = parseClientArgs(['-rt', `--protocol=${protocol}`, 'host:src/', 'dst/'], {
    env: {},
    now: Date.now,
  });
  if (command.kind !== 'run') throw new Error('no run');
  const { options } = command;
  const [ours, theirs] = memoryPair();
  const client = openEnd({
    io: testIo(),
    kernel: await loadKernel(testHost()),
    site: testSite({ cwd: dir }),
    duplex: ours,
    options,
    server: false,
    sender: false,
  });
  const ends = {
    sender: false,
    remote: undefined,
    sources: ['src/'],
    destination: 'dst/',
    remotePaths: ['src/'],
    args: [],
  };
  const filters = createFilters(options, filterContext({ side: 'receiver', site: testSite({ cwd: dir }) }));
  const writer = new Writer(theirs.sink);
  void discard(theirs.source);
  const served = (async () => {
    sayList(writer);
    say(writer);
    await writer.drain();
    await theirs.sink.end();
  })();
  const [run] = await Promise.allSettled([runClientEnd(client, options, ends, filters, {}), served]);
  return run.status === 'rejected' ? run.reason : undefined;
}

describe('a sender that ends early', () => {
  it('fails the run where it says that all is done, and nothing came', async () => {
    const reason = await pullFrom((writer) => {
      for (let phase = 0; phase < 3; phase++) writer.ndx(ndxDone);
      for (let counter = 0; counter < 5; counter++) writer.varlong(0, 3);
      for (let n = 0; n < 2; n++) writer.ndx(ndxDone);
    });
    expect(reason).toBeInstanceOf(RsyncError);
    expect(reason).toMatchObject({
      exitCode: ExitCode.StreamIo,
      message: expect.stringContaining('without an answer to 1 request'),
    });
    expect(readdirSync(join(dir, 'dst'))).toEqual([]);
  });

  it('is believed where it says that the file cannot be sent', async () => {
    const reason = await pullFrom((writer) => {
      const ndx = Buffer.alloc(4);
      writer.message(Msg.NoSend, ndx);
      for (let phase = 0; phase < 3; phase++) writer.ndx(ndxDone);
      for (let counter = 0; counter < 5; counter++) writer.varlong(0, 3);
      for (let n = 0; n < 2; n++) writer.ndx(ndxDone);
    });
    expect(reason).toBeUndefined();
  });

  it.each([
    [Buffer.from([23, 0, 0, 0]), 23],
    [Buffer.from([0, 0, 0, 0]), ExitCode.StreamIo],
    [Buffer.from([0, 1, 0, 0]), ExitCode.StreamIo],
    [Buffer.from([255, 255, 255, 255]), ExitCode.StreamIo],
    [Buffer.alloc(0), ExitCode.StreamIo],
    [Buffer.from([5, 0]), ExitCode.StreamIo],
  ])('ends with an exit value of a failure: %o', async (payload, exitCode) => {
    const reason = await pullFrom((writer) => writer.message(Msg.ErrorExit, payload));
    expect(reason).toMatchObject({ exitCode });
  });
});
