/** OC_RSYNC_TRACE and `oc-rsync decode`, with real rsync at the other end: all that passes is understood, to the last byte. */
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import zlib from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Daemon, daemonUser, startDaemon } from '../support/daemon.ts';
import { hasZstd, kernelName, ours, referencePeer, repositoryRoot } from '../support/peers.ts';
import { sampled, someOf } from '../support/property.ts';
import { cuttingShell, recordingShell } from '../support/rsh.ts';
import { run } from '../support/run.ts';
import { endsOf, linesOf, makeTree, sizeOf, wrapper } from '../support/traced.ts';
import { removeTree, withWorkspace } from '../support/workspace.ts';

const reference = referencePeer();
const shell = join(repositoryRoot, 'tests', 'support', 'lsh.sh');
const allDecoded = expect.stringMatching(/^\d+ bytes, all decoded$/);
const nodeHasZstd = 'zstdCompressSync' in zlib;
const protocols = [32, 31, 30, 29, 28];

/** Whether an option is for no protocol below. */
const oldest = (options: string): number =>
  /A|X/.test(options) ? 30 : /filter|F|fuzzy|prune/.test(options) ? 29 : 28;

/** The portable kernel has no ACLs and attributes, and not with each Node zstd. */
const isPossible = (options: string): boolean =>
  (kernelName !== 'portable' || !/^-\w*[AXU]/.test(options)) && (hasZstd || !options.includes('zstd'));

const optionSets = [
  '-a',
  '-aH',
  '-aHAX',
  '-r',
  '-aXX --delete',
  '-az --no-W',
  '-a --no-W --compress-choice=zlib --block-size=700',
  '-a --compress-choice=zlibx',
  '-a --compress-choice=lz4',
  '-a --compress-choice=zstd --no-W',
  '-ac',
  '-anv',
  '-a --append',
  '-a --append-verify',
  '-aU',
  '-a --numeric-ids',
  '-a --delete --filter=-_f1 --filter=:_.rules',
  '-aF --delete-excluded --exclude=f2',
  '-aR',
  '-a --no-i-r',
  '-a --files-from=list',
  '-a --remove-source-files',
  '-aii --delete-after',
  '-a --iconv=utf-8,latin1',
  '-aA --numeric-ids',
  '-ac --checksum-choice=xxh64,sha1',
  '-a --checksum-choice=none',
  '-as',
  '-a --only-write-batch=B',
  '-a --delete --max-delete=1',
  '-a --link-dest=../ref --delay-updates --fuzzy',
  '-d',
  '-a --prune-empty-dirs --existing',
  '--list-only -r',
  '-aH --no-specials --no-devices',
];

const rows = protocols.flatMap((protocol) =>
  optionSets
    .filter((options) => protocol >= oldest(options) && isPossible(options))
    .flatMap((options) =>
      (['push', 'pull'] as const).flatMap((way) =>
        (['client', 'server'] as const).map((end) => ({ protocol, options, way, end })),
      ),
    ),
);

/** The command of a run between ours and rsync, where ours is told to trace by `variables`. */
function commandOf(
  dir: string,
  { protocol, options, way, end }: (typeof rows)[number],
  variables: string,
  rsh = shell,
): string[] {
  const traced = wrapper(dir, 'traced', variables, ours().command);
  const real = wrapper(dir, 'real', '', reference!.command);
  const [client, server] = end === 'client' ? [traced, real] : [real, traced];
  const places = way === 'push' ? ['src/', `host:${dir}/dst/`] : [`host:${dir}/src/`, 'dst/'];
  const words = options.split(' ').map((word) => word.replaceAll('_', ' '));
  return [client, ...words, `--protocol=${protocol}`, '-e', rsh, `--rsync-path=${server}`, ...places];
}

describe.skipIf(reference === null)('all that passes is understood', () => {
  const some = sampled(someOf(rows, 48));
  test.each(some)('$options, $way, protocol $protocol, as $end', (row) =>
    withWorkspace(async (dir) => {
      if (row.options.startsWith('--list-only') && row.way === 'push') return;
      await makeTree(dir);
      const trace = join(dir, 'trace');
      // What rsync reads from may not block, which what records does not know.
      const records = row.end === 'client';
      const rsh = records ? recordingShell(dir) : shell;
      const command = commandOf(dir, row, `OC_RSYNC_TRACE='wire:${trace}'`, rsh);
      const { code, stderr } = await run(command, { cwd: dir });
      expect([0, 25], stderr).toContain(code);
      const lines = linesOf(trace);
      expect(endsOf(lines)).toEqual({
        there: records ? `${sizeOf(join(dir, 'there'))} bytes, all decoded` : allDecoded,
        back: records ? `${sizeOf(join(dir, 'back'))} bytes, all decoded` : allDecoded,
      });
      const compressed = lines.filter((line) => /tokens: .*\d (zlibx?|lz4|zstd) byte/.test(line));
      // The kernel knows zstd with each Node, a trace as Node does.
      for (const line of compressed)
        if (!line.includes('zstd') || nodeHasZstd)
          expect(line).toMatch(/: \d+ literal bytes? as |, \d+ literal bytes? as /);
      const named = lines.filter((line) => / entry /.test(line)).join('\n');
      for (const name of row.options.includes('files-from') ? ['f1', 'sub/big'] : ['f1', 'link'])
        if (!/exclude|filter|-d$/.test(row.options))
          expect(named).toMatch(new RegExp(`entry (\\S*/)?${name} `));
    }),
  );
});

const plain = { protocol: 32, options: '-a', way: 'push', end: 'client' } as const;
const withoutTime = (line: string) => line.replace(/^ *[0-9]+\.[0-9]{3} /, '');

describe.skipIf(reference === null)('a capture', () => {
  test.each([
    ['client', 'push', 32],
    ['client', 'pull', 29],
    ['server', 'push', 30],
    ['server', 'pull', 31],
  ] as const)('at the end of the %s, %s, protocol %d, says what a trace says', (end, way, protocol) =>
    withWorkspace(async (dir) => {
      await makeTree(dir);
      const row = { ...plain, end, way, protocol, options: '-aH --checksum-seed=1' };
      const variables = `OC_RSYNC_TRACE=capture:${dir}/capture`;
      expect((await run(commandOf(dir, row, variables), { cwd: dir })).code).toBe(0);
      const { code, stdout, stderr } = await run([...ours().command, 'decode', 'capture'], { cwd: dir });
      expect([code, stderr]).toEqual([0, '']);
      const [head, server, ...told] = stdout.trimEnd().split('\n');
      expect(head).toMatch(new RegExp(`^# at the ${end}'s end, 2\\d{3}-`));
      expect(server).toContain('--server');
      const times = told.map((line) => Number(/^ *([0-9]+\.[0-9]{3}) /.exec(line)?.[1]));
      expect(times).toEqual(times.toSorted((a, b) => a - b));
      const lines = told.map(withoutTime);
      expect(endsOf(lines).there).toMatch(/^\d+ bytes, all decoded$/);
      expect(endsOf(lines).back).toMatch(/^\d+ bytes, all decoded$/);
      expect(lines.filter((line) => line.startsWith('->        0'))).toEqual([
        expect.stringMatching(/protocol version \d+$/),
      ]);
    }),
  );

  test('is for nobody else to read, also in a file that was there', () =>
    withWorkspace(async (dir) => {
      await makeTree(dir);
      const there = join(dir, 'there');
      writeFileSync(there, 'before');
      chmodSync(there, 0o644);
      for (const name of ['there', 'new']) {
        const file = join(dir, name);
        expect((await run(commandOf(dir, plain, `OC_RSYNC_TRACE=capture:${file}`), { cwd: dir })).code).toBe(
          0,
        );
        expect((statSync(file).mode & 0o777).toString(8)).toBe('600');
        expect(readFileSync(file, 'latin1')).toMatch(/^oc-rsync capture 1\n/);
      }
    }));

  test('tells word for word what was traced', () =>
    withWorkspace(async (dir) => {
      await makeTree(dir);
      // The same conversation, heard at both of its ends by ours.
      const server = wrapper(dir, 'server', `OC_RSYNC_TRACE=capture:${dir}/capture`, ours().command);
      const client = wrapper(dir, 'client', `OC_RSYNC_TRACE=wire:${dir}/trace`, ours().command);
      const { code } = await run(
        [client, '-aHz', '--delete', '-e', shell, `--rsync-path=${server}`, 'src/', `host:${dir}/dst/`],
        { cwd: dir },
      );
      expect(code).toBe(0);
      const { stdout } = await run([...ours().command, 'decode', 'capture'], { cwd: dir });
      const heard = stdout.trimEnd().split('\n').slice(2).map(withoutTime);
      const traced = linesOf(join(dir, 'trace'));
      // What crosses on its way is heard in another order.
      const inOne = (arrow: string, lines: readonly string[]) =>
        lines.filter((line) => line.startsWith(arrow));
      for (const arrow of ['->', '<-']) expect(inOne(arrow, heard)).toEqual(inOne(arrow, traced));
    }));
});

describe.skipIf(reference === null)('a daemon with a password', () => {
  let dir = '';
  let daemon: Daemon;
  beforeAll(async () => {
    dir = mkdtempSync(join(process.env.OC_RSYNC_TMP ?? tmpdir(), 'oc-rsync-trace-'));
    daemon = await startDaemon(reference!, dir);
  });
  afterAll(async () => {
    await daemon.stop();
    removeTree(dir);
  });

  test.each(protocols)('protocol %d: no secret is told or kept', (protocol) =>
    withWorkspace(async (work) => {
      await makeTree(work);
      const env = { RSYNC_PASSWORD: daemonUser.password };
      const url = `rsync://${daemonUser.name}@127.0.0.1:${daemon.port}/auth/`;
      for (const [value, places] of [
        ['wire:told', ['src/', url]],
        ['capture:kept', [url, 'back/']],
      ] as const) {
        const words = ['-aH', `--protocol=${protocol}`, ...places];
        const { code } = await run([...ours().command, ...words], {
          cwd: work,
          env: { ...env, OC_RSYNC_TRACE: value },
        });
        expect(code).toBe(0);
      }
      const decoded = await run([...ours().command, 'decode', 'kept'], { cwd: work });
      expect(decoded.code).toBe(0);
      const told = linesOf(join(work, 'told'));
      for (const lines of [told, decoded.stdout.trimEnd().split('\n')]) {
        expect(endsOf(lines)).toEqual({
          there: allDecoded,
          back: allDecoded,
        });
        for (const word of [
          'module auth',
          `user ${daemonUser.name}, response (masked)`,
          'challenge (masked)',
        ])
          expect(lines.join('\n')).toContain(word);
      }
      const kept = readFileSync(join(work, 'kept'), 'latin1');
      const dialogue = kept.slice(0, kept.indexOf('@RSYNCD: OK'));
      expect(dialogue).toMatch(/AUTHREQD \*+\n/);
      expect(dialogue).toMatch(new RegExp(`${daemonUser.name} \\*+\n`));
      for (const text of [told.join('\n'), kept, decoded.stdout]) {
        expect(text).not.toContain(daemonUser.password);
        // What base64 there is of a digest is longer than any word of ours.
        expect(text.slice(0, text.indexOf('RSYNCD: OK'))).not.toMatch(/[A-Za-z0-9+/]{20}/);
      }
    }),
  );

  test('early input is masked', () =>
    withWorkspace(async (work) => {
      writeFileSync(join(work, 'secret'), 'a key that nobody else has\n');
      await makeTree(work);
      for (const value of ['wire:told', 'capture:kept']) {
        const words = ['-r', '--early-input=secret', `${daemon.url}/early/`, 'back/'];
        const { code, stderr } = await run([...ours().command, ...words], {
          cwd: work,
          env: { OC_RSYNC_TRACE: value },
        });
        expect(code, stderr).toBe(0);
      }
      expect(linesOf(join(work, 'told')).join('\n')).toContain('early input: 27 bytes (masked)');
      for (const file of ['told', 'kept'])
        expect(readFileSync(join(work, file), 'latin1')).not.toContain('nobody else has');
      expect((await run([...ours().command, 'decode', 'kept'], { cwd: work })).code).toBe(0);
    }));

  test('a refusal, and a list of modules, are conversations too', () =>
    withWorkspace(async (work) => {
      const heard = async (url: string) => {
        const command = [...ours().command, '-r', url, 'x'].filter(
          (word) => url !== `${daemon.url}/` || word !== 'x',
        );
        const { stderr } = await run(command, {
          cwd: work,
          env: { OC_RSYNC_TRACE: 'wire', RSYNC_PASSWORD: 'no' },
        });
        return stderr;
      };
      const refused = await heard(`rsync://${daemonUser.name}@127.0.0.1:${daemon.port}/auth/`);
      expect(refused).toContain('@ERROR: auth failed on module auth');
      const listed = await heard(`${daemon.url}/`);
      expect(listed).toContain('-> ');
      expect(listed).toContain('asks for the list of modules');
      expect(listed).toContain('@RSYNCD: EXIT');
      for (const text of [refused, listed])
        expect(endsOf(text.split('\n'))).toEqual({
          there: allDecoded,
          back: allDecoded,
        });
    }));
});

describe.skipIf(reference === null)('a daemon of ours', () => {
  test('is traced, each client in a file of its own', () =>
    withWorkspace(async (dir) => {
      const traced = {
        ...ours(),
        command: ['env', `OC_RSYNC_TRACE=wire:${dir}/trace`, ...ours().command],
      };
      const daemon = await startDaemon(traced, dir);
      try {
        await makeTree(dir);
        for (const places of [
          ['src/', `${daemon.url}/rw/`],
          [`${daemon.url}/rw/`, 'back/'],
        ])
          expect((await run([...reference!.command, '-a', ...places], { cwd: dir })).code).toBe(0);
      } finally {
        await daemon.stop();
      }
      const { stdout } = await run(['sh', '-c', 'ls trace.*'], { cwd: dir });
      const files = stdout.trim().split('\n');
      // Whoever looked whether the daemon was there has a file too.
      const visits = files
        .map((file) => linesOf(join(dir, file)))
        .filter((lines) => lines.some((line) => line.includes(' arguments: ')));
      expect(visits.length).toBe(2);
      for (const lines of visits)
        expect(endsOf(lines)).toEqual({
          there: allDecoded,
          back: allDecoded,
        });
    }));
});

describe.skipIf(reference === null)('a batch', () => {
  const sets = [
    '-a',
    '-aHAXUc --numeric-ids',
    '-az --no-W',
    '-aR',
    '-a --no-i-r --iconv=utf-8,latin1',
    '-rlt',
    '-aU --no-specials',
  ];
  const all = protocols.flatMap((protocol) =>
    sets.flatMap((options) => ['rsync', 'ours'].map((who) => ({ protocol, options, who }))),
  );
  const cases = sampled(
    someOf(
      all.filter(({ protocol, options }) => protocol >= oldest(options) && isPossible(options)),
      16,
    ),
  );
  test.each(cases)('of $who, $options, protocol $protocol', ({ protocol, options, who }) =>
    withWorkspace(async (dir) => {
      await makeTree(dir);
      const { command } = who === 'ours' ? ours() : reference!;
      const words = [...options.split(' '), `--protocol=${protocol}`, '--write-batch=B', 'src/', 'dst/'];
      expect((await run([...command, ...words], { cwd: dir })).code).toBe(0);
      const { code, stdout, stderr } = await run([...ours().command, 'decode', 'B'], { cwd: dir });
      expect([code, stderr]).toEqual([0, '']);
      const lines = stdout.trimEnd().split('\n');
      expect(lines[0]).toMatch(new RegExp(`^<-        0 batch of protocol ${protocol}, flags `));
      expect(endsOf(lines).back).toBe(`${sizeOf(join(dir, 'B'))} bytes, all decoded`);
      for (const name of ['f1', 'sub/big', 'delta'])
        expect(stdout).toMatch(new RegExp(` item \\d+ (src/)?${name}`));
    }),
  );
});

describe.skipIf(reference === null)('what goes wrong is no trouble of the trace', () => {
  test('a peer that ends early is told of', () =>
    withWorkspace(async (dir) => {
      await makeTree(dir);
      const { code, stderr } = await run(
        commandOf(dir, plain, 'OC_RSYNC_TRACE=wire', cuttingShell(dir, { back: 4 })),
        { cwd: dir },
      );
      expect(code).toBeGreaterThan(0);
      expect(stderr).toMatch(/^<- +4 end: 4 bytes, .*: it breaks off within /m);
      expect(stderr).toMatch(/^-> +\d+ end: /m);
    }));

  test('a trace that cannot be written ends the run, and one that gets no room ends itself', () =>
    withWorkspace(async (dir) => {
      await makeTree(dir);
      const into = (place: string) =>
        run(commandOf(dir, plain, `OC_RSYNC_TRACE=capture:${place}`), { cwd: dir });
      const { code, stderr } = await into(`${dir}/no/where`);
      expect([code, stderr]).toEqual([11, expect.stringContaining('cannot write the trace')]);
      const full = await into('/dev/full');
      expect([full.code, full.stderr]).toEqual([
        0,
        expect.stringContaining('the trace ends here: No space left'),
      ]);
      for (const value of ['wires', 'capture', 'capture:', 'x:y']) {
        const wrong = await run(commandOf(dir, plain, `OC_RSYNC_TRACE=${value}`), { cwd: dir });
        expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('OC_RSYNC_TRACE must be')]);
      }
    }));

  test('a local copy and a batch have no wire, which is said', () =>
    withWorkspace(async (dir) => {
      await makeTree(dir);
      const env = { OC_RSYNC_TRACE: 'wire' };
      const local = await run([...ours().command, '-a', '--write-batch=B', 'src/', 'new/'], {
        cwd: dir,
        env,
      });
      expect([local.code, local.stderr]).toEqual([0, expect.stringContaining('a local copy has no wire')]);
      const replayed = await run([...ours().command, '-a', '--read-batch=B', 'other/'], { cwd: dir, env });
      expect([replayed.code, replayed.stderr]).toEqual([0, expect.stringContaining('a batch is no wire')]);
    }));
});

test('what decodes is a file of its own, which no other run reads', () =>
  withWorkspace(async (dir) => {
    const dist = join(dir, 'dist');
    cpSync(join(repositoryRoot, 'dist'), dist, { recursive: true });
    rmSync(join(dist, 'parts', 'trace.cjs'));
    await makeTree(dir);
    const env = { OC_RSYNC_KERNEL: 'portable', OC_RSYNC_CODE_CACHE: 'off' };
    const program = [process.execPath, join(dist, 'oc-rsync.mjs')];
    const plainRun = await run([...program, '-r', 'src/sub/', 'dst/'], { cwd: dir, env });
    expect(plainRun.code, plainRun.stderr).toBe(0);
    const traced = await run([...program, '-r', 'src/sub/', 'dst/'], {
      cwd: dir,
      env: { ...env, OC_RSYNC_TRACE: 'wire' },
    });
    expect([traced.code, traced.stderr]).toEqual([1, expect.stringContaining('trace.cjs')]);
  }));
