/**
 * Signals in the middle of a file: the old file is still whole, no temporary file stays, and `--partial`
 * keeps what it promises.
 */
import { mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { attribute, attributed, canExtras } from '../support/extras.ts';
import { steadyMessages } from '../support/messages.ts';
import { kernelName, ours, type Peer, referencePeer, remoteCommand } from '../support/peers.ts';
import { fewer } from '../support/property.ts';
import { killGroup, type RunResult, run } from '../support/run.ts';
import { withWorkspace } from '../support/workspace.ts';

const reference = referencePeer();
const lsh = join(import.meta.dirname, '..', 'support', 'lsh.sh');
const big = Buffer.alloc(6_000_000, 'the new content ');

/** Starts a slow transfer over an old file, and signals its group as soon as a temporary file grows. */
async function interrupted(
  who: Peer,
  way: string,
  signal: NodeJS.Signals,
  options: string[],
  after: (dst: string, result: RunResult) => void,
): Promise<number | null> {
  return withWorkspace(async (work) => {
    const [src, dst] = [join(work, 'src'), join(work, 'dst')];
    mkdirSync(src);
    mkdirSync(dst);
    writeFileSync(join(src, 'big'), big);
    writeFileSync(join(dst, 'big'), 'the old one');
    const far = way === 'local' ? [] : [`--rsh=${lsh}`, `--rsync-path=${remoteCommand(who)}`];
    const from = way === 'pull' ? `lh:${src}/` : `${src}/`;
    const to = way === 'push' ? `lh:${dst}/` : `${dst}/`;
    const begun = () =>
      readdirSync(dst, { recursive: true, withFileTypes: true }).some((entry) => {
        const path = join(entry.parentPath, entry.name);
        try {
          return entry.isFile() && statSync(path).size >= 32_768;
        } catch {
          return false;
        }
      });
    const result = await run([...who.command, ...far, '-r', '--bwlimit=1500', ...options, from, to], {
      timeout: 25_000,
      onStart: (child) => {
        const timer = setInterval(() => {
          if (!begun()) return;
          clearInterval(timer);
          killGroup(child, signal);
        }, 20);
        child.on('exit', () => clearInterval(timer));
      },
    });
    expect(result.timedOut, 'it does not end').toBe(false);
    // The far end learns of it a moment later.
    await new Promise((resolve) => setTimeout(resolve, 700));
    after(dst, result);
    return result.code;
  });
}

const temporaries = (dst: string) => readdirSync(dst).filter((name) => /^\.big\./.test(name));

const oldIsWhole = (dst: string) => {
  expect(readFileSync(join(dst, 'big'), 'latin1').slice(0, 100)).toBe('the old one');
  expect(temporaries(dst), 'a temporary file stays').toEqual([]);
};

const partIsKept = (name: string) => (dst: string) => {
  const kept = readFileSync(join(dst, name));
  expect(kept.length).toBeGreaterThanOrEqual(4096);
  expect(kept.equals(big.subarray(0, kept.length)), 'the kept part is a beginning of the new file').toBe(
    true,
  );
  expect(temporaries(dst), 'a temporary file stays').toEqual([]);
};

describe.skipIf(reference === null)('a signal in the middle', () => {
  const ways = ['local', 'push', 'pull'];
  const rows = [
    ...ways.map((way) => ({ way, signal: 'SIGINT' as const })),
    { way: 'local', signal: 'SIGTERM' as const },
    { way: 'pull', signal: 'SIGHUP' as const },
  ];
  test.each(fewer(rows))('$signal, $way: the old file stays whole', async ({ way, signal }) => {
    const code = await interrupted(ours(), way, signal, [], oldIsWhole);
    expect(code).toBe(20);
  });
  test('a large file between two folders: it ends at once', () =>
    withWorkspace(async (work) => {
      const [src, dst] = [join(work, 'src'), join(work, 'dst')];
      for (const folder of [src, dst]) mkdirSync(folder);
      // All hole: long to read, and nothing on the disk.
      writeFileSync(join(src, 'big'), '');
      truncateSync(join(src, 'big'), 256 * 1024 ** 3);
      writeFileSync(join(dst, 'big'), 'the old one');
      let signalled = 0;
      const result = await run([...ours().command, '-rS', `${src}/`, `${dst}/`], {
        timeout: 25_000,
        onStart: (child) => {
          const timer = setInterval(() => {
            if (temporaries(dst).length === 0) return;
            clearInterval(timer);
            signalled = performance.now();
            killGroup(child, 'SIGINT');
          }, 20);
          child.on('exit', () => clearInterval(timer));
        },
      });
      expect(performance.now() - signalled).toBeLessThan(3000);
      expect(result.code).toBe(20);
      oldIsWhole(dst);
    }));
  test.each(fewer(ways))('SIGINT with --partial: %s', async (way) => {
    const code = await interrupted(ours(), way, 'SIGINT', ['--partial'], partIsKept('big'));
    expect(code).toBe(20);
  });
  test.each(fewer(ways))('SIGINT with --partial-dir: %s', async (way) => {
    const code = await interrupted(ours(), way, 'SIGINT', ['--partial-dir=.part'], (dst) => {
      expect(readFileSync(join(dst, 'big'), 'latin1').slice(0, 100)).toBe('the old one');
      partIsKept('.part/big')(dst);
    });
    expect(code).toBe(20);
  });
});

/** Their content is written by other threads, and then they wait for what Node gives them. */
describe.skipIf(!canExtras || kernelName === 'portable')('SIGINT while files with attributes come', () => {
  test.each(['local', 'push'])('%s: what has its name has its attributes, and nothing else stays', (way) =>
    withWorkspace(async (work) => {
      const [src, dst] = [join(work, 'src'), join(work, 'dst')];
      for (const folder of [src, dst]) mkdirSync(folder);
      for (let i = 0; i < 6000; i++) writeFileSync(join(src, `f${i}`), `${i}`);
      attribute(src);
      const far = way === 'local' ? [] : [`--rsh=${lsh}`, `--rsync-path=${remoteCommand(ours())}`];
      const to = way === 'push' ? `lh:${dst}/` : `${dst}/`;
      const result = await run([...ours().command, ...far, '-rX', `${src}/`, to], {
        timeout: 25_000,
        onStart: (child) => {
          const timer = setInterval(() => {
            if (readdirSync(dst).length === 0) return;
            clearInterval(timer);
            killGroup(child, 'SIGINT');
          }, 2);
          child.on('exit', () => clearInterval(timer));
        },
      });
      expect(result.code).toBe(20);
      await new Promise((resolve) => setTimeout(resolve, 700));
      const names = readdirSync(dst);
      expect(names.length).toBeGreaterThan(0);
      expect(names.length).toBeLessThan(6000);
      expect(names.filter((name) => name.startsWith('.'))).toEqual([]);
      expect(attributed(dst)).toBe(names.length);
    }),
  );
});

/** What rsync ends its own processes with. */
describe.skipIf(reference === null)('SIGUSR1', () => {
  test.each(['local', 'push', 'pull'])('%s: ends as rsync does', async (way) => {
    const said: string[][] = [];
    for (const who of [reference!, ours()]) {
      const code = await interrupted(who, way, 'SIGUSR1', [], (dst, { stderr }) => {
        oldIsWhole(dst);
        said.push(steadyMessages(stderr));
      });
      expect(code).toBe(19);
    }
    // rsync is three processes, each of which says so.
    expect(said[1]).not.toEqual([]);
    expect(said[0]).toEqual(expect.arrayContaining(said[1]!));
  });
});
