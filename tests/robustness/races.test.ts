import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { exchange } from '../support/exchange.ts';
import { ours } from '../support/peers.ts';
import { run } from '../support/run.ts';
import { withWorkspace } from '../support/workspace.ts';

const seconds = Number(process.env.OC_RSYNC_RACE_SECONDS ?? '2');
const files = 40;

function fill(dir: string, content: string): void {
  mkdirSync(join(dir, 'deep'), { recursive: true });
  for (let i = 0; i < files; i++) writeFileSync(join(dir, `f${i}`), `${content} ${i}`);
  for (let i = 0; i < files; i++) writeFileSync(join(dir, 'deep', `g${i}`), `${content} ${i}`);
}

/** What all files below `dir` hold. */
function contentOf(dir: string): string {
  if (!existsSync(dir)) return '';
  const found: string[] = [];
  for (const entry of readdirSync(dir, { withFileTypes: true, recursive: true }))
    if (entry.isFile()) found.push(readFileSync(join(entry.parentPath, entry.name), 'latin1'));
  return found.join('\n');
}

async function race(command: (round: number) => string[], look: () => void, cwd: string, place: string) {
  const swapper = exchange(place);
  try {
    const end = Date.now() + seconds * 1000;
    for (let round = 0; round === 0 || Date.now() < end; round++) {
      const result = await run(command(round), { cwd, timeout: 20_000 });
      expect(result.timedOut).toBe(false);
      // 2: the basis of a difference is gone, and rsync gives up too.
      expect([0, 2, 11, 23, 24], result.stderr).toContain(result.code);
      look();
    }
  } finally {
    swapper.kill('SIGKILL');
  }
}

describe('a directory that is exchanged for a link', () => {
  const program = ours().command;

  test.for([['-r'], ['-rl', '--no-i-r'], ['-rc'], ['-rlR'], ['-rW', '--inplace']])(
    'leads the sender nowhere: %s',
    (options) =>
      withWorkspace(async (work) => {
        fill(join(work, 's', 'sub.dir'), 'fine');
        fill(join(work, 'out'), 'secret');
        symlinkSync('../out', join(work, 's', 'sub.link'));
        await race(
          (round) => [...program, ...options, '--delete', 's/', `d${round % 3}/`],
          () => {
            for (const name of ['d0', 'd1', 'd2'])
              expect(contentOf(join(work, name))).not.toContain('secret');
          },
          work,
          join(work, 's', 'sub'),
        );
      }),
  );

  test.for([
    ['-r'],
    ['-r', '--delete'],
    ['-r', '--inplace', '-I'],
    ['-rb', '-I'],
    ['-rI', '--no-W'],
    ['-rIR', '--no-implied-dirs'],
  ])('leads the receiver nowhere: %s', (options) =>
    withWorkspace(async (work) => {
      fill(join(work, 's', 'sub'), 'new');
      fill(join(work, 'd', 'sub.dir'), 'old');
      fill(join(work, 'out'), 'untouched');
      symlinkSync('../out', join(work, 'd', 'sub.link'));
      const before = contentOf(join(work, 'out'));
      await race(
        () => [...program, ...options, options.includes('--no-implied-dirs') ? 's/./sub/deep' : 's/', 'd/'],
        () => {
          expect(readdirSync(join(work, 'out')).length).toBe(files + 1);
          expect(readdirSync(join(work, 'out', 'deep')).length).toBe(files);
          expect(contentOf(join(work, 'out'))).toBe(before);
        },
        work,
        join(work, 'd', 'sub'),
      );
    }),
  );

  // Run for run the destination's files are old again, so that each has its backup made.
  test.for([
    ['-b', '--backup-dir=../bk'],
    ['-b', '--backup-dir=../bk', '--inplace'],
    ['-b', '--backup-dir=bk'],
    ['--delete', '-b', '--backup-dir=../bk'],
  ])('leads backups nowhere: %s', (options) =>
    withWorkspace(async (work) => {
      const backups = join(work, options.includes('--backup-dir=bk') ? 'd/bk' : 'bk');
      fill(join(work, 's', 'sub'), 'new');
      fill(join(work, 'out'), 'untouched');
      for (const name of readdirSync(join(work, 'out')))
        if (name.startsWith('f')) rmSync(join(work, 'out', name));
      mkdirSync(join(backups, 'sub.dir', 'deep'), { recursive: true });
      symlinkSync(join(work, 'out'), join(backups, 'sub.link'));
      const before = contentOf(join(work, 'out'));
      await race(
        (round) => {
          fill(join(work, 'd', 'sub'), `old ${round}`);
          if (options.includes('--delete')) fill(join(work, 'd', 'sub', 'gone'), `old ${round}`);
          return [...program, '-rI', ...options, 's/', 'd/'];
        },
        () => {
          expect(readdirSync(join(work, 'out'))).toEqual(['deep']);
          expect(contentOf(join(work, 'out'))).toBe(before);
        },
        work,
        join(backups, 'sub'),
      );
    }),
  );
});
