/**
 * What a run does by its shortcuts it does without them: each set of options is run twice on twins, once as it is
 * and once with every fast path closed, and leaves the same on the disk and says the same of it.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { createFilters } from '../../ts/filter/index.ts';
import { loadKernel } from '../../ts/kernel/index.ts';
import type { FastPaths } from '../../ts/options/fast-paths.ts';
import { parseClientArgs, parseServerArgs } from '../../ts/options/parse.ts';
import { serverArgs } from '../../ts/options/server-args.ts';
import { runClient } from '../../ts/session/client.ts';
import { runClientEnd } from '../../ts/session/client-end.ts';
import { exitCodeOf, openEnd } from '../../ts/session/end.ts';
import { runServerEnd } from '../../ts/session/server-end.ts';
import { memoryPair } from '../../ts/transport/memory.ts';
import { pairs } from '../support/cases.ts';
import { filterContext, testIo, testSite } from '../support/host.ts';
import { kernelName } from '../support/peers.ts';
import { fewer, forAll, propertyTimeout } from '../support/property.ts';
import { compareSnapshots, takeSnapshot } from '../support/snapshot.ts';
import { materialize, pack } from '../support/tree.ts';
import { withWorkspace } from '../support/workspace.ts';

/** Paths that were open in a run as it is. */
const taken = vi.hoisted(() => ({ closed: false, open: new Set<string>() }));

vi.mock('../../ts/options/fast-paths.ts', async (load) => {
  const real = await load<typeof import('../../ts/options/fast-paths.ts')>();
  const decided = (paths: FastPaths): FastPaths => {
    const entries = Object.entries(paths);
    if (taken.closed) return Object.fromEntries(entries.map(([name]) => [name, false])) as never;
    for (const [name, open] of entries) if (open) taken.open.add(name);
    return paths;
  };
  const mocked: typeof real = {
    ...real,
    fastPaths: (options, ends) => decided(real.fastPaths(options, ends)),
    sharedPaths: (...both) => (taken.closed ? real.apart : real.sharedPaths(...both)),
  };
  return mocked;
});

/** What a run said, sorted, and its exit value. */
interface Said {
  readonly lines: readonly string[];
  readonly code: number;
}

function listener(dir: string): { io: ReturnType<typeof testIo>; said(): string[] } {
  let all = '';
  const io = testIo({
    workingDirectory: () => dir,
    stdout: (text: string) => {
      all += text;
    },
    stderr: (bytes: Uint8Array) => {
      all += Buffer.from(bytes).toString('latin1');
    },
  });
  return { io, said: () => all.split('\n').sort() };
}

function parsed(argv: readonly string[]) {
  const command = parseClientArgs(argv, { env: {}, now: Date.now });
  if (command.kind !== 'run') throw new Error(command.kind);
  return command.options;
}

/** Both ends in one process, as a local run has them. */
async function together(dir: string, argv: readonly string[]): Promise<Said> {
  const { io, said } = listener(dir);
  const { code } = await runClient(parsed([...argv, 'src/', 'dst/']), ['src/', 'dst/'], io);
  return { lines: said(), code };
}

/** Two ends with a wire between them. */
async function apart(dir: string, argv: readonly string[]): Promise<Said> {
  const options = parsed([...argv, 'src/', 'host:dst/']);
  const far = { sender: false, protocol: options.protocol, daemon: false };
  const remote = parseServerArgs([...serverArgs(options, far), '.', 'dst/'], { env: {}, now: Date.now });
  const { io, said } = listener(dir);
  const [ours, theirs] = memoryPair();
  const common = { io, kernel: await loadKernel(io.host), site: testSite({ cwd: dir }) };
  const client = openEnd({ ...common, duplex: ours, options, server: false, sender: true });
  const server = openEnd({ ...common, duplex: theirs, options: remote.options, server: true, sender: false });
  const ends = {
    sender: true,
    remote: undefined,
    sources: ['src/'],
    destination: undefined,
    remotePaths: ['dst/'],
    args: [],
  };
  const filters = createFilters(options, filterContext({ site: common.site }));
  const farFilters = createFilters(remote.options, filterContext({ side: 'receiver', site: common.site }));
  await Promise.all([
    runClientEnd(client, options, ends, filters, {}),
    runServerEnd(server, remote.options, { args: remote.args, filters: farFilters }, {}),
  ]);
  client.timeout.stop();
  server.timeout.stop();
  return { lines: said(), code: Math.max(exitCodeOf(client), exitCodeOf(server)) };
}

const sets = [
  '-ai',
  '-aii',
  '-ain',
  '-aic',
  '-aiH',
  '-aiHc --delete',
  // Else reading changes what is compared.
  '-aiU --open-noatime',
  ...(kernelName === 'portable' ? [] : ['-aiX', '-aiA']),
  '-aiR',
  '-aiR --no-implied-dirs',
  '-aiFF',
  '-aiC --exclude=/*b* --include=*/',
  '-ri',
  '-rtni',
  '-rlti',
  '-rlpgi',
  '-di',
  '-aiO',
  '-aiJ',
  '-aix',
  '-aiS',
  '-aiE --no-p',
  '-ai --no-o --no-g --numeric-ids',
  '-ai --chmod=D700,F640',
  '-ai --chown=1:2',
  '-ai --drop-D',
  '-ai --super',
  '-ai --delete',
  '-ai --delete-before --exclude=*a*',
  '-ai --delete-after',
  '-ai --delete-delay --max-delete=3',
  '-aib --delete',
  '-aib --backup-dir=old --delete',
  '-aiu',
  '-aiI',
  '-ai --size-only',
  '-ai --existing --del',
  '-ai --ignore-existing',
  '-ai --max-size=500',
  '-ai --min-size=100 -m --no-m',
  '-ai --modify-window=2',
  '-ai -@-1',
  '-ai --inplace',
  '-ai --inplace --backup --no-W',
  '-ai --append',
  '-ai --append-verify -c',
  '-ai --partial',
  '-ai --partial-dir=.part --del',
  '-ai --delay-updates --del',
  '-ai --no-W -I',
  '-aiz --no-W',
  '-aiz --zc=lz4 -I',
  '-ai --bwlimit=100m',
  '-ai --preallocate --fsync',
  '-ai --link-dest=../beside',
  '-ai --copy-dest=../beside -c',
  '-ai --compare-dest=../beside --delete',
  '-ai --exclude=*.o -F',
  '-ai --info=name2 --force',
  '-ai --debug=genr',
  '-a --out-format=%i:%n:%l:%L',
  '-ac --out-format=%i:%n:%C',
  '-ai --protocol=29',
  '-ai --protocol=28 --delete',
  '-aiH --no-i-r --delete',
  '-aiL',
  '-aik --no-i-r',
  '-aiK --delete',
  '-ai --copy-unsafe-links -c',
  '-aib --safe-links --delete',
  '-ai --munge-links -M--munge-links',
  '-ai --delete-missing-args --mkpath',
  '-ai --confine-root=/ --trust-sender -s',
];

/** Gives all files below `dir` an access time; else it is when their twin was made. */
function accessed(dir: string, seconds: number): void {
  const touch = ['touch', '-a', '-d', `@${seconds}`, '{}', '+'];
  expect(spawnSync('find', [dir, '-type', 'f', '-exec', ...touch]).status).toBe(0);
}

const shell = (dir: string, script: string): string => {
  const { status, stdout, stderr } = spawnSync('sh', ['-ec', script], { cwd: dir, encoding: 'latin1' });
  expect(status, stderr).toBe(0);
  return stdout;
};

/** What a source and a destination with attributes have of them, or have otherwise. */
const attributed = `find src -type f -exec setfattr -n user.a -v b {} + -exec setfacl -m u:1:r {} +
  find src -type d -exec setfattr -n user.long -v ${'x'.repeat(200)} {} + -exec setfacl -d -m g:2:rx {} +
  find dst -type f -exec setfattr -n user.a -v c {} + -exec setfacl -m u:3:rw {} +`;
/** Of what is no link: the rest has none. */
const toldOfAttributes = `cd dst; find . -type f -o -type d | sort | tr '\\n' '\\0' | xargs -0 sh -c 'getfacl -n "$@"; getfattr -d "$@"' sh`;

/** Sockets have the time at which they were made, and twins are made one after the other. */
const kinds = ['file', 'dir', 'symlink', 'hardlink', 'fifo', 'char', 'block'] as const;

const ways = { together, apart } as const;
/** Most of what can go wrong does so in one process already. */
const setsOf = { together: sets, apart: sets.filter((_, i) => i % 3 === 0) } as const;

describe.each(Object.keys(ways) as (keyof typeof ways)[])('%s', (way) => {
  it.each(fewer(setsOf[way]))(
    '%s',
    (set) =>
      forAll(`fast paths: ${set}`, pairs({ entries: 7, only: kinds }), async ({ source, destination }) => {
        await withWorkspace(async (work) => {
          const since = Date.now();
          const twins: { said: Said[]; told: string; left: ReturnType<typeof takeSnapshot> }[] = [];
          const packed = { source: pack(source), destination: pack(destination) };
          for (const closed of [false, true]) {
            const dir = join(work, closed ? 'long' : 'short');
            for (const name of ['src', 'dst']) mkdirSync(join(dir, name), { recursive: true });
            await materialize(packed.source, join(dir, 'src'));
            await materialize(packed.destination, join(dir, 'dst'));
            if (set.includes('beside')) await materialize(packed.destination, join(dir, 'beside'));
            if (set.includes('U')) {
              accessed(join(dir, 'src'), 1_200_000_000);
              accessed(join(dir, 'dst'), 1_100_000_000);
            }
            const hasAttributes = /^-ai[AX]$/.test(set);
            if (hasAttributes) shell(dir, attributed);
            taken.closed = closed;
            const said: Said[] = [];
            // What is up to date takes other ways than what is not.
            for (let turn = 0; turn < 2; turn++) {
              const { lines, code } = await ways[way](dir, set.split(' '));
              said.push({ lines: lines.map((line) => line.replaceAll(dir, 'DIR')), code });
            }
            const told = hasAttributes ? shell(dir, toldOfAttributes) : '';
            twins.push({ said, told, left: takeSnapshot(join(dir, 'dst'), since) });
          }
          const [short, long] = twins;
          expect(short!.said).toEqual(long!.said);
          expect(short!.told).toBe(long!.told);
          expect(compareSnapshots(long!.left, short!.left, { atimes: set.includes('U') })).toEqual([]);
        });
      }),
    propertyTimeout,
  );

  // A sample of the options takes a sample of the shortcuts.
  it.skipIf(process.env.OC_RSYNC_FEWER !== undefined)('the shortcuts were taken', () => {
    const here = ['filesByName', 'listsAsTheyAre', 'listShared', 'sumsWhereCompared'];
    const all = [
      'sourceRecords',
      'passesOver',
      'looksAhead',
      'scansAhead',
      'extrasLookedUp',
      'writesTogether',
    ];
    expect([...taken.open]).toEqual(
      expect.arrayContaining(
        way === 'together' ? [...all, ...here] : [...all, 'plainEntriesIn', 'answersTogether'],
      ),
    );
  });
});
