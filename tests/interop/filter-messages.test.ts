/**
 * What is said of rules and lists that cannot be read, or not as they stand.
 */
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ByteString } from '../support/bytes.ts';
import { isRoot, ours, realPeers, referencePeer } from '../support/peers.ts';
import { fewer } from '../support/property.ts';
import { run } from '../support/run.ts';
import { expectSameScript } from '../support/script.ts';
import { type Direction, expectSame } from '../support/transfer.ts';
import { type Entry, settableTime, type Tree } from '../support/tree.ts';
import { withWorkspace } from '../support/workspace.ts';

const file = (path: ByteString): Entry => ({
  path,
  type: 'file',
  mode: 0o644,
  mtime: settableTime(1_300_000_000_123_456_789n),
  uid: process.getuid?.() ?? 0,
  gid: process.getgid?.() ?? 0,
  content: { kind: 'text', seed: 1, size: 10, edits: [] },
});
const source: Tree = ['a', 'b', 'c', 'x', 'long'].map(file);

const x = (length: number) => 'x'.repeat(length);
const files: Readonly<Record<string, ByteString>> = {
  long: `- a\n- ${x(4200)}\n${x(5119)}\n${x(5120)}\n#${x(6000)}\n- /b\n`,
  lines: `a\rb\r\n\r\n;c\n#${x(5200)}\n+ x\nc \0rest`,
  overflow: `. ${'../'.repeat(300)}x\n. ${x(4090)}/${x(4)}\n`,
  blanks: '- a \n- b\t\n',
  names: 'a\nb\n',
  itself: '- a\n. ../itself\n- b\n',
  ...Object.fromEntries(
    Array.from({ length: 34 }, (_, n) => [`deep${n}`, n === 0 ? '- c\n' : `. ../deep${n - 1}\n`]),
  ),
};

interface Row {
  readonly options: readonly ByteString[];
  readonly everywhere?: boolean;
}
const rows: readonly Row[] = [
  { options: ['--exclude-from=nosuch'], everywhere: true },
  { options: ['--include-from=..'] },
  { options: ['--filter=merge nosuch'], everywhere: true },
  { options: ['--filter=no such rule'] },
  { options: ['--files-from=nosuch'], everywhere: true },
  { options: ['--exclude-from=../long'], everywhere: true },
  { options: ['--filter=merge ../long'] },
  { options: [`--exclude=${x(4096)}`, '--include=a', `--include=${x(4095)}`] },
  { options: ['--exclude-from=../lines'] },
  { options: ['-0', '--exclude-from=../lines'] },
  // A file is read where it is named: what stands behind it is for other files.
  { options: ['--exclude-from=../lines', '-0'] },
  { options: ['--filter=merge,- ../lines', '-0', '--include-from=../lines'] },
  { options: ['-0', '--exclude-from=../lines', '--no-from0', '--filter=merge,- ../lines'] },
  { options: ['--filter=merge,w- ../lines'] },
  { options: ['-0', '--filter=merge,w- ../lines'] },
  { options: ['--filter=merge ../overflow'] },
  { options: ['--filter=merge ../itself'], everywhere: true },
  ...[30, 31, 32, 33].map((depth) => ({ options: [`--filter=merge ../deep${depth}`] })),
  { options: ['--debug=filter1', '--exclude=a ', '--include=b\t', '--exclude=c'], everywhere: true },
  { options: ['--debug=filter1', '--exclude-from=../blanks'] },
  { options: ['--debug=filter1', '--filter=:e-/ .rules ', '--filter=Pp x '] },
];
const directions: readonly Direction[] = ['local', 'push to real', 'pull from real'];

const reference = referencePeer();
const peer = realPeers()[0];
const table = rows.flatMap(({ options, everywhere }) =>
  directions
    .filter((direction) => everywhere || direction === 'local')
    .map((direction) => ({
      name: `${direction}: ${options.map((option) => option.slice(0, 40)).join(' ')}`,
      options,
      direction,
    })),
);

describe.skipIf(reference === null || peer === undefined)('what is said of rules', () => {
  test.for(fewer(table))('$name', async ({ options, direction }) => {
    await expectSame(
      {
        transfer: { direction, peer: peer!, options: ['-ai', ...options] },
        source,
        before: { dst: [] },
        output: 'sorted',
        messages: true,
        files,
      },
      ours(),
      reference!,
    );
  });

  test.skipIf(!isRoot)('a link of somebody else is not followed to a list', async () => {
    await withWorkspace(async (work) => {
      writeFileSync(join(work, 'names'), 'a\n');
      writeFileSync(join(work, 'a'), '');
      await run(['sh', '-c', 'mkdir d && ln -s names theirs && chown -h 65534 theirs && ln -s theirs own'], {
        cwd: work,
      });
      for (const list of ['theirs', 'own', `${work}/theirs`]) {
        const { code } = await run([...ours().command, '-a', `--files-from=${list}`, '.', 'd/'], {
          cwd: work,
        });
        expect(code, list).toBe(1);
        const other = await run([...ours().command, '-a', `--exclude-from=${list}`, 'a', 'd/'], {
          cwd: work,
        });
        expect(other.code, list).toBe(11);
      }
      await run(['chown', '-h', '0', 'theirs'], { cwd: work });
      const { code } = await run([...ours().command, '-a', '--files-from=own', '.', 'd/'], { cwd: work });
      expect(code).toBe(0);
    });
  });
});

test('a list may come slowly through a pipe', async () => {
  await withWorkspace(async (work) => {
    const program = ours().command.join(' ');
    writeFileSync(join(work, 'a'), '');
    writeFileSync(join(work, 'b'), '');
    const { stdout } = await run(
      [
        'bash',
        '-c',
        `${program} -ai --files-from=<(sleep 0.5; echo a; echo b) --exclude-from=<(sleep 1; echo b) . d/`,
      ],
      { cwd: work },
    );
    expect(stdout.match(/^>f\S+ \w$/gm)).toEqual(['>f+++++++++ a']);
  });
});

test('a merge file may be huge', async () => {
  await withWorkspace(async (work) => {
    writeFileSync(join(work, '.rsync-filter'), '- b\n');
    truncateSync(join(work, '.rsync-filter'), 600e6);
    for (const name of ['a', 'b']) writeFileSync(join(work, name), '');
    const { code, stdout, stderr } = await run([...ours().command, '-aniF', '.', 'd/'], { cwd: work });
    expect(code).toBe(0);
    expect(stderr).toMatch(/^discarding over-long filter: <rule from .* line 2>$/m);
    expect(stdout.match(/^>f\S+ \w$/gm)).toEqual(['>f+++++++++ a']);
  });
});

test.skipIf(reference === null)(
  'the name of a merge file that a file held is not shown where it is too long',
  () =>
    expectSameScript(
      {
        sorted: true,
        script: `mkdir -p s/sub d; touch s/sub/f; for less in 4 16 28 40; do pad=$((4096 - \${#PWD} - 2 - less))
        printf ': sub/SECRET-%0*d' $pad 0 >s/.rsync-filter; sync -rF; done 2>&1 | sed 's/ at [^ ]*(.*//; s/^sent.*//'`,
      },
      reference!,
    ),
);

test
  .skipIf(reference === null)
  .each([
    '-F -vvv',
    '--debug=filter1 --exclude=x --debug=filter2 -F --debug=filter --filter=P_y --debug=filter2',
    '--debug=filter2 --exclude=x --debug=none --exclude=y -F',
    '-F --debug=filter3',
    '--filter=:C -F --debug=filter2',
    '--filter=:n_/**q --debug=filter2',
  ])('%s tells what becomes of merge files, and of those that a file named only where', (options) =>
  expectSameScript(
    {
      script: `mkdir -p s/sub/deep d; touch s/sub/f s/sub/deep/g; echo ': named-by-f[i]le' >s/.rsync-filter; echo ': **' >s/sub/.rsync-filter
          sync -r ${options} 2>&1 | grep -e 'local filters' -e _filter_ -e _rule -e named -e mergelist`,
    },
    reference!,
  ),
);
