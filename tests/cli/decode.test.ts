/** `decode FILE` is ours only where rsync's run of the same words could do nothing (docs/decisions/0051), and outlives any file. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listen } from '../../ts/trace/conversation.ts';
import { decodeFile } from '../../ts/trace/index.ts';
import { testHost } from '../support/host.ts';
import { loneRun } from '../support/lone-run.ts';
import { isRoot, kernelName, ours, type Peer, referencePeer, repositoryRoot } from '../support/peers.ts';
import { someOf } from '../support/property.ts';
import { run } from '../support/run.ts';
import { makeTree, wrapper } from '../support/traced.ts';

const place = mkdtempSync(join(tmpdir(), 'oc-rsync-decode-'));
afterAll(() => rmSync(place, { recursive: true, force: true }));
const reference = referencePeer();

/** Runs it in a folder of its own that `prepare` has filled. */
function runIn(peer: Peer, words: readonly string[], prepare: (folder: string) => void) {
  const { folder, ...said } = loneRun(place, peer, words, { rsh: 'sh -c "exit 1"', prepare });
  const left = readdirSync(folder).map((name) => [
    name,
    readFileSync(join(folder, name), { flag: 'r' }).toString(),
  ]);
  return { ...said, left };
}

const file =
  (name: string, content = 'content') =>
  (folder: string) =>
    writeFileSync(join(folder, name), content);
const both =
  (...steps: ((folder: string) => void)[]) =>
  (folder: string) => {
    for (const step of steps) step(folder);
  };

test('a file that is neither capture nor batch is told so, and stays as it is', () => {
  const { status, stdout, stderr, left } = runIn(ours(), ['decode', 'x'], file('x', 'nothing of ours'));
  expect([status, stdout, stderr]).toEqual([11, '', 'oc-rsync: x: this is neither a capture nor a batch\n']);
  expect(left).toEqual([['x', 'nothing of ours']]);
});

test.skipIf(isRoot)('a file that may not be read', () => {
  const shut = both(file('x'), (folder) => chmodSync(join(folder, 'x'), 0));
  expect(runIn(ours(), ['decode', 'x'], shut)).toMatchObject({ status: 11 });
});

describe.skipIf(reference === null)('is what rsync takes it for', () => {
  const cases: [string, string[], (folder: string) => void][] = [
    ['a file called decode', ['decode', 'x'], both(file('decode'), file('x'))],
    ['a link of that name', ['decode', 'x'], both((at) => symlinkSync('x', join(at, 'decode')), file('x'))],
    ['a destination that is not there', ['decode', 'x'], () => {}],
    ['a place on another machine', ['decode', 'h:x'], file('h:x')],
    ['one word', ['decode'], file('x')],
    ['three words', ['decode', 'x', 'x'], file('x')],
    ['an option', ['decode', '-x'], file('-x')],
    ['an option first', ['-a', 'x'], file('x')],
    ['another word', ['decoded', 'x'], file('x')],
  ];
  test.each(cases)('%s', (_, words, prepare) => {
    const [mine, theirs] = [runIn(ours(), words, prepare), runIn(reference!, words, prepare)];
    expect([mine.status, mine.left]).toEqual([theirs.status, theirs.left]);
    expect(mine.stderr).not.toContain('neither a capture');
  });

  test('a directory', () => {
    const dir = (folder: string) => mkdirSync(join(folder, 'x'));
    const status = (peer: Peer) => {
      const folder = mkdtempSync(join(place, 'in-'));
      dir(folder);
      const [program = '', ...before] = peer.command;
      return spawnSync(program, [...before, 'decode', 'x'], { cwd: folder, timeout: 20_000 }).status;
    };
    expect(status(ours())).toBe(status(reference!));
  });

  test('what is ours does nothing in rsync but fail', () => {
    const { status, left } = runIn(reference!, ['decode', 'x'], file('x'));
    expect([status, left]).toEqual([23, [['x', 'content']]]);
  });
});

/** Decodes in this process; answers the exit value and what was said. */
async function decoded(name: string) {
  const said = { out: '', err: '' };
  const code = await decodeFile(name, {
    ...testHost(),
    stdout(text) {
      said.out += text;
    },
    stderr(bytes) {
      said.err += Buffer.from(bytes).toString('latin1');
    },
  });
  return { code, ...said };
}

describe.skipIf(reference === null)('a file that is not whole', () => {
  const work = join(place, 'work');
  const kept: string[] = [];
  beforeAll(async () => {
    mkdirSync(work);
    await makeTree(work);
    const shell = join(repositoryRoot, 'tests', 'support', 'lsh.sh');
    const server = wrapper(work, 'server', '', reference!.command);
    for (const [name, options] of [
      ['capture', kernelName === 'portable' ? ['-aH', '--delete'] : ['-aHX', '--delete']],
      ['capture29', ['-aH', '--protocol=29', '--no-W', '-z']],
    ] as const) {
      const words = [...options, '-e', shell, `--rsync-path=${server}`, 'src/', `h:${work}/${name}.dst/`];
      await run([...ours().command, ...words], { cwd: work, env: { OC_RSYNC_TRACE: `capture:${name}` } });
      kept.push(join(work, name));
    }
    for (const protocol of [32, 28]) {
      const words = [
        '-aH',
        `--protocol=${protocol}`,
        `--write-batch=batch${protocol}`,
        'src/',
        `new${protocol}/`,
      ];
      await run([...reference!.command, ...words], { cwd: work });
      kept.push(join(work, `batch${protocol}`));
    }
  });

  test('what was kept whole is decoded', async () => {
    for (const name of kept) expect(await decoded(name)).toMatchObject({ code: 0, err: '' });
  });

  test.each([0, 1, 2, 3])('is shown as far as it goes, wherever it is cut (%d)', async (which) => {
    const whole = readFileSync(kept[which]!);
    const piece = join(place, `piece${which}`);
    const near = [...Array(120).keys()].map((k) => k * 7 + 1);
    const far = [...Array(60).keys()].map((k) => Math.floor((whole.length * (k + 1)) / 61));
    const lengths = [...near, ...far, whole.length - 1].filter((length) => length < whole.length);
    for (const length of someOf(lengths, 30)) {
      writeFileSync(piece, whole.subarray(0, length));
      const { code, err } = await decoded(piece);
      expect([11, 12], `${length}: ${err}`).toContain(code);
      expect(err).toMatch(/^oc-rsync: .+: .+\n$/);
    }
  });

  test.each([0, 1, 2, 3])('is told of, whatever its bytes are (%d)', async (which) => {
    const whole = readFileSync(kept[which]!);
    const bent = join(place, `bent${which}`);
    for (let k = 0; k < 30; k++) {
      const bytes = Buffer.from(whole.subarray(0, Math.min(whole.length, 400_000)));
      for (let n = 0; n <= k % 5; n++) {
        const at = (k * 7919 + n * 104729) % Math.min(bytes.length, k % 2 === 0 ? 1500 : bytes.length);
        bytes[at]! ^= 1 << ((k + n) % 8);
      }
      writeFileSync(bent, bytes);
      const { code, out, err } = await decoded(bent);
      expect([0, 11, 12], err).toContain(code);
      expect(err).not.toContain('the decoder failed');
      // Nothing that comes from the wire reaches a terminal as it is.
      expect(out + err).toMatch(/^[\t\n\x20-\x7f]*$/);
    }
  });

  test('numbers that promise much are not believed', async () => {
    const facts = Buffer.from(
      'oc-rsync capture 1\n{"kind":"shell","words":["--server","."],"server":true,"started":0}\n',
    );
    const huge = Buffer.alloc(13);
    huge.writeUInt32LE(0xffffffff, 9);
    const name = join(place, 'huge');
    writeFileSync(name, Buffer.concat([facts, huge]));
    expect(await decoded(name)).toMatchObject({
      code: 12,
      err: expect.stringContaining('goes on as no capture does'),
    });
    huge.writeUInt32LE(60_000_000, 9);
    writeFileSync(name, Buffer.concat([facts, huge, Buffer.from('abc')]));
    expect(await decoded(name)).toMatchObject({ code: 12, err: expect.stringContaining('it breaks off') });
  });

  test('says the same, however it came in pieces', async () => {
    const whole = readFileSync(kept[0]!);
    const head = whole.indexOf('}\n') + 2;
    const inPieces = (size: number) => {
      const pieces: Buffer[] = [whole.subarray(0, head)];
      for (let at = head; at < whole.length; ) {
        const frame = Buffer.alloc(13);
        frame[0] = whole[at]!;
        const length = whole.readUInt32LE(at + 9);
        const bytes = whole.subarray(at + 13, at + 13 + length);
        at += 13 + length;
        // What is literal data is long, and nothing else is.
        const step = length > 20_000 ? 1021 : size;
        for (let from = 0; from === 0 || from < length; from += step) {
          const piece = bytes.subarray(from, from + step);
          frame.writeUInt32LE(piece.length, 9);
          pieces.push(Buffer.from(frame), piece);
        }
      }
      return Buffer.concat(pieces);
    };
    const told = [];
    for (const size of [1 << 30, 1, 5]) {
      writeFileSync(join(place, 'pieces'), inPieces(size));
      told.push(await decoded(join(place, 'pieces')));
    }
    expect(told[0]).toMatchObject({ code: 0, err: '' });
    expect(told[1]).toEqual(told[0]);
    expect(told[2]).toEqual(told[0]);
  });

  test('a head without end is not held', async () => {
    const name = join(place, 'endless');
    writeFileSync(name, 'oc-rsync capture 1\n');
    truncateSync(name, 1 << 30);
    const begun = process.memoryUsage().rss;
    expect(await decoded(name)).toMatchObject({ code: 12, err: expect.stringContaining('head has no end') });
    expect(process.memoryUsage().rss - begun).toBeLessThan(200 * 1024 * 1024);
  });

  test('what waits for the other direction is not held without end', async () => {
    const words = Buffer.alloc(1024 * 1024, 'x');
    const talk = listen({ kind: 'shell', words: ['--server', '-e.LsfxCIvu', '.', 'x'] }, () => {});
    for (let k = 0; k < 20; k++) await talk.feed('there', words);
    expect((await talk.finish()).there).toMatchObject({
      bytes: 20 * 1024 * 1024,
      problem: 'too much of it waits for the other direction',
    });
  });

  test('one argument of many pieces is read once', async () => {
    const talk = listen({ kind: 'shell', words: ['--server', '-s', '.'] }, () => {});
    const piece = Buffer.from('x');
    // As a record, which begins anew with each piece, it would take minutes.
    for (let k = 0; k < 100_000; k++) await talk.feed('there', piece);
    expect((await talk.finish()).there.problem).toBe('it breaks off within the secluded arguments');
  });

  test('a batch that goes on with what is in no list ends there', async () => {
    const name = join(place, 'zeros');
    const head = Buffer.alloc(64);
    head.writeInt32LE(28, 4);
    writeFileSync(name, head);
    truncateSync(name, 1 << 30);
    expect(await decoded(name)).toMatchObject({
      code: 12,
      err: expect.stringContaining('item 0 is in no list'),
    });
  });
});
