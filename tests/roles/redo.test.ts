/**
 * Both ends in one process, with a wire between them that changes a byte of the content once: the receiver
 * has to notice, keep the old file, and ask again.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFilters } from '../../ts/filter/index.ts';
import { loadKernel } from '../../ts/kernel/index.ts';
import { parseClientArgs, parseServerArgs } from '../../ts/options/parse.ts';
import { serverArgs } from '../../ts/options/server-args.ts';
import { runClientEnd } from '../../ts/session/client-end.ts';
import { exitCodeOf, openEnd } from '../../ts/session/end.ts';
import { runServerEnd } from '../../ts/session/server-end.ts';
import type { Duplex } from '../../ts/transport/duplex.ts';
import { memoryPair } from '../../ts/transport/memory.ts';
import { filterContext, testHost, testIo, testSite } from '../support/host.ts';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'oc-rsync-redo-'));
  mkdirSync(join(dir, 'src'));
  mkdirSync(join(dir, 'dst'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** `duplex`, but the first `times` times that `mark` passes in one chunk its first byte is another. */
function damaging(duplex: Duplex, mark: string, times: number): { duplex: Duplex; damaged: () => number } {
  let left = times;
  return {
    damaged: () => times - left,
    duplex: {
      source: duplex.source,
      destroy: () => duplex.destroy(),
      sink: {
        unsent: () => duplex.sink.unsent(),
        end: () => duplex.sink.end(),
        write: (chunks) =>
          duplex.sink.write(
            chunks.map((chunk) => {
              const at = left > 0 ? Buffer.from(chunk).indexOf(mark) : -1;
              if (at < 0) return chunk;
              left--;
              const copy = Buffer.from(chunk);
              copy[at] ^= 0x20;
              return copy;
            }),
          ),
      },
    },
  };
}

interface Outcome {
  readonly damaged: number;
  /** Both streams: below protocol 30 a server's warnings are plain lines. */
  readonly told: string;
  readonly code: number;
}

/** Pushes `src/` to `dst/` over a damaging wire. */
async function push(args: readonly string[], mark: string, times: number): Promise<Outcome> {
  const kernel = await loadKernel(testHost());
  const command = parseClientArgs([...args, '--no-whole-file', 'src/', 'host:dst/'], {
    env: {},
    now: Date.now,
  });
  if (command.kind !== 'run') throw new Error('no run');
  const { options } = command;
  const remote = parseServerArgs(
    [...serverArgs(options, { sender: false, protocol: options.protocol, daemon: false }), '.', 'dst/'],
    { env: {}, now: Date.now },
  );
  let out = '';
  let err = '';
  const io = testIo({
    stdout: (text: string) => {
      out += text;
    },
    stderr: (bytes: Uint8Array) => {
      err += Buffer.from(bytes).toString('latin1');
    },
  });
  const [ours, theirs] = memoryPair();
  const wire = damaging(ours, mark, times);
  const common = { io, kernel, site: testSite({ cwd: dir }) };
  const client = openEnd({ ...common, duplex: wire.duplex, options, server: false, sender: true });
  const server = openEnd({ ...common, duplex: theirs, options: remote.options, server: true, sender: false });
  const ends = {
    sender: true,
    remote: undefined,
    sources: ['src/'],
    destination: undefined,
    remotePaths: ['dst/'],
    args: [],
  };
  const filters = createFilters(options, filterContext({ site: testSite({ cwd: dir }) }));
  const farFilters = createFilters(
    remote.options,
    filterContext({ side: 'receiver', site: testSite({ cwd: dir }) }),
  );
  await Promise.all([
    runClientEnd(client, options, ends, filters, {}),
    runServerEnd(server, remote.options, { args: remote.args, filters: farFilters }, {}),
  ]);
  return { damaged: wire.damaged(), told: out + err, code: Math.max(exitCodeOf(client), exitCodeOf(server)) };
}

const small = 'a small file with a MARK in it\n';
const large = `${'0123456789abcdef'.repeat(20_000)}MARK${'fedcba9876543210'.repeat(20_000)}`;

describe.each([28, 29, 30, 31, 32])('protocol %i', (protocol) => {
  for (const [size, content] of [
    ['small', small],
    ['large', large],
  ] as const) {
    for (const recursion of protocol >= 30
      ? ['--inc-recursive', '--no-inc-recursive']
      : ['--no-inc-recursive']) {
      it(`asks again for a ${size} file that came damaged, ${recursion}`, async () => {
        writeFileSync(join(dir, 'src', 'file'), content);
        writeFileSync(join(dir, 'src', 'other'), 'untouched\n');
        const result = await push(['-ai', recursion, `--protocol=${protocol}`], 'MARK', 1);
        expect(result.damaged).toBe(1);
        expect(result.told).toContain(
          'WARNING: file failed verification -- update discarded (will try again).',
        );
        expect(result.code).toBe(0);
        expect(readFileSync(join(dir, 'dst', 'file'), 'latin1')).toBe(content);
        expect(readdirSync(join(dir, 'dst')).sort()).toEqual(['file', 'other']);
      });
    }
  }

  it('gives up after the second attempt and keeps the old file', async () => {
    writeFileSync(join(dir, 'src', 'file'), large);
    writeFileSync(join(dir, 'dst', 'file'), 'old content\n');
    const result = await push(['-ai', `--protocol=${protocol}`], 'MARK', 2);
    expect(result.damaged).toBe(2);
    expect(result.told).toContain('ERROR: file failed verification -- update discarded.');
    expect(result.code).toBe(23);
    expect(readFileSync(join(dir, 'dst', 'file'), 'latin1')).toBe('old content\n');
    expect(readdirSync(join(dir, 'dst'))).toEqual(['file']);
  });

  it('puts what came into the partial-dir, and uses it', async () => {
    writeFileSync(join(dir, 'src', 'file'), large);
    const result = await push(['-ai', '--partial-dir=.part', `--protocol=${protocol}`], 'MARK', 1);
    expect(result.told).toContain('put into partial-dir (will try again).');
    expect(result.code).toBe(0);
    expect(readFileSync(join(dir, 'dst', 'file'), 'latin1')).toBe(large);
    expect(readdirSync(join(dir, 'dst'))).toEqual(['file']);
  });
});
