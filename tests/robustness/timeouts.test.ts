/**
 * --timeout: a peer that says nothing any more ends the run with exit 30, a slow or a busy one does not. Each test
 * waits for seconds: they wait together.
 */
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { show } from '../support/bytes.ts';
import { startDaemon } from '../support/daemon.ts';
import { expectSameFailure } from '../support/failures.ts';
import { ours, type Peer, referencePeer, remoteCommand } from '../support/peers.ts';
import { fewer } from '../support/property.ts';
import { lingeringShell, type Relay, relayShell } from '../support/rsh.ts';
import { killGroup, type RunResult, run } from '../support/run.ts';
import { compareSnapshots, takeSnapshot } from '../support/snapshot.ts';
import { removeTree, withWorkspace } from '../support/workspace.ts';

const reference = referencePeer();
const realOne = process.env.OC_RSYNC_BIN !== undefined;
const kib = 1024;

type Way = 'push' | 'pull';
const roleBeforeTheList = { push: 'sender', pull: 'Receiver' } as const;
const timedOut = (who: string) => new RegExp(`^\\[${who}\\] io timeout after \\d+ seconds -- exiting$`, 'm');

/** `count` files of `size` bytes that nothing compresses or matches. */
function makeSource(dir: string, count: number, size: number): string {
  const src = join(dir, 'src');
  mkdirSync(src);
  for (let i = 0; i < count; i++) {
    const content = Buffer.alloc(size);
    for (let at = 0; at + 4 <= size; at += 4) content.writeUInt32LE((at * 2654435761 + i) >>> 0, at);
    writeFileSync(join(src, `file-${i}`), content);
    utimesSync(join(src, `file-${i}`), 1_300_000_000, 1_300_000_000 + i);
  }
  utimesSync(src, 1_300_000_000, 1_300_000_000);
  return `${src}/`;
}

/** A transfer over a link to real rsync: as a command for either program, into folders of their own. */
function transfer(work: string, way: Way, options: readonly string[], relay: Relay) {
  const shell = relayShell(work, 'relay', relay);
  const destination = (who: Peer) => join(work, `to-${who.name === ours().name ? 'ours' : 'real'}`);
  return {
    destination,
    command(who: Peer, source: string): string[] {
      const to = `${destination(who)}/`;
      const [from, into] = way === 'push' ? [source, `lh:${to}`] : [`lh:${source}`, to];
      const program = `--rsync-path=${remoteCommand(reference!)}`;
      return [...who.command, '-a', ...options, `--rsh=${shell}`, program, from, into];
    },
  };
}

function accountOf(result: RunResult): string {
  return `exit ${result.code} after ${Math.round(result.ms)} ms: ${show(result.stderr).replaceAll('\\x0a', '\n')}`;
}

describe.skipIf(reference === null).concurrent('a peer that falls silent', () => {
  // Protocol 29 has no flags and no lists of names: its seed ends with the eighth byte.
  const early = [
    ...(['push', 'pull'] as const).flatMap((way) => [
      { way, at: 'in the version', bytes: 3, options: [] },
      { way, at: 'behind the version', bytes: 4, options: [] },
      { way, at: 'behind the seed', bytes: 8, options: ['--protocol=29'] },
    ]),
    { way: 'pull' as const, at: 'behind the seed', bytes: 10, options: ['--checksum-choice=md5'] },
    { way: 'pull' as const, at: 'in the file list', bytes: 150, options: [] },
    { way: 'pull' as const, at: 'in the file list', bytes: 90, options: ['--protocol=29'] },
  ];
  test.each(fewer(early))('$way, $at ($bytes bytes, $options)', ({ way, bytes, options }) =>
    withWorkspace(async (work) => {
      const source = makeSource(work, 40, 2000);
      const { command } = transfer(work, way, ['--timeout=2', ...options], { silentAfter: bytes });
      const failure = {
        command: (who: Peer) => command(who, source),
        says: [timedOut(roleBeforeTheList[way])],
        codes: [30],
      };
      await expectSameFailure(failure, ours(), reference!);
    }),
  );

  test('push, and the peer takes nothing more either', () =>
    withWorkspace(async (work) => {
      const source = makeSource(work, 4, 2048 * kib);
      const relay = { silentAfter: 130, deaf: true };
      const { command } = transfer(work, 'push', ['--timeout=2'], relay);
      const failure = {
        command: (who: Peer) => command(who, source),
        says: [timedOut('sender')],
        codes: [30],
      };
      await expectSameFailure(failure, ours(), reference!);
    }));

  // rsync's own keep-alives let it wait for ever: what can be sent is a sign of life to it.
  test.skipIf(realOne).each([
    { way: 'push', bytes: 130, who: 'sender' },
    { way: 'pull', bytes: 20_000, who: 'generator' },
  ] as const)('$way, in the middle of the transfer', ({ way, bytes, who }) =>
    withWorkspace(async (work) => {
      const { command } = transfer(work, way, ['--timeout=2'], { silentAfter: bytes });
      const result = await run(command(ours(), makeSource(work, 40, 2000)), { timeout: 50_000 });
      const account = accountOf(result);
      expect(result.code, account).toBe(30);
      expect(result.stderr, account).toMatch(timedOut(who));
      expect(result.ms, account).toBeGreaterThan(15_000);
    }),
  );
});

describe.skipIf(reference === null).concurrent('a daemon that falls silent', () => {
  const greeting = 40;
  const consent = '@RSYNCD: OK\n';
  interface Row {
    readonly way: Way;
    readonly at: string;
    readonly bytes: number;
    readonly options?: readonly string[];
    readonly once?: string;
  }
  test.each<Row>([
    { way: 'push', at: 'before it greets', bytes: 0 },
    { way: 'pull', at: 'in its greeting', bytes: 20 },
    { way: 'push', at: 'behind its greeting', bytes: greeting },
    { way: 'pull', at: 'in the file list', bytes: greeting + 250 },
    // Flags have two bytes, and without lists of names the seed's four come next.
    ...(['push', 'pull'] as const).flatMap((way) => [
      { way, at: 'behind its consent', bytes: 0, options: [], once: consent },
      { way, at: 'in its flags', bytes: 1, options: [], once: consent },
      { way, at: 'behind its flags', bytes: 2, options: [], once: consent },
      { way, at: 'in its list of digests', bytes: 8, options: [], once: consent },
      { way, at: 'in its seed', bytes: 4, options: ['--checksum-choice=md5'], once: consent },
      { way, at: 'behind its seed', bytes: 4, options: ['--protocol=29'], once: consent },
    ]),
    { way: 'pull', at: 'behind its seed', bytes: 6, options: ['--checksum-choice=md5'], once: consent },
  ])('$way, $at ($options)', ({ way, bytes, options = [], once }) =>
    withWorkspace(async (work) => {
      const daemon = await startDaemon(reference!, work);
      const relay = await silentRelay(daemon.port, bytes, once);
      try {
        const source = makeSource(work, 40, 2000);
        const module = `rsync://127.0.0.1:${relay.port}/rw/`;
        const seed = join(work, 'seed');
        await run([...reference!.command, '-a', source, `${daemon.url}/rw/`]);
        const ends = way === 'push' ? [source, module] : [module, `${seed}/`];
        const failure = {
          before: () => removeTree(seed),
          command: (who: Peer) => [...who.command, '-a', '--timeout=2', ...options, ...ends],
          says: [timedOut(roleBeforeTheList[way])],
          codes: [30],
        };
        await expectSameFailure(failure, ours(), reference!);
      } finally {
        relay.stop();
        await daemon.stop();
      }
    }),
  );

  // rsync's sender sends keep-alives from protocol 30 on, and takes them for a sign of life: for minutes, as measured.
  test.skipIf(realOne)('push, behind its seed, where keep-alives can leave', () =>
    withWorkspace(async (work) => {
      const daemon = await startDaemon(reference!, work);
      const relay = await silentRelay(daemon.port, 6, consent);
      try {
        const module = `rsync://127.0.0.1:${relay.port}/rw/`;
        const options = ['-a', '--timeout=2', '--checksum-choice=md5'];
        const result = await run([...ours().command, ...options, makeSource(work, 40, 2000), module], {
          timeout: 50_000,
        });
        const account = accountOf(result);
        expect(result.code, account).toBe(30);
        expect(result.stderr, account).toMatch(timedOut('sender'));
      } finally {
        relay.stop();
        await daemon.stop();
      }
    }),
  );
});

/** Passes connections on to `port`, but only so many bytes back, counted from behind `once`; they stay open. */
async function silentRelay(port: number, bytes: number, once = ''): Promise<{ port: number; stop(): void }> {
  const open = new Set<{ destroy(): void }>();
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on('error', () => {});
    }
    let [text, passed] = ['', 0];
    near.pipe(far);
    near.on('close', () => far.destroy());
    far.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      const at = text.indexOf(once);
      const most = at < 0 ? text.length : at + once.length + bytes;
      const some = chunk.subarray(0, Math.max(0, most - passed));
      passed += some.length;
      if (some.length > 0) near.write(some);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as { port: number }).port,
    stop() {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}

describe.skipIf(reference === null).concurrent('a server whose client falls silent', () => {
  test.each([
    { role: 'sender', letters: ['--sender'] },
    { role: 'Receiver', letters: [] },
  ])('as $role', ({ role, letters }) =>
    withWorkspace(async (work) => {
      const serve = (who: Peer) =>
        [...who.command, '--server', ...letters, '-re.iLsfxCIvu', '--timeout=2', '.', work].join(' ');
      const failure = {
        command: (who: Peer) => ['bash', '-c', `sleep 7 | ${serve(who)} >/dev/null; exit \${PIPESTATUS[1]}`],
        says: [timedOut(role)],
        codes: [30],
      };
      await expectSameFailure(failure, ours(), reference!);
    }),
  );
});

describe.skipIf(reference === null).concurrent("a daemon's own timeout", () => {
  test.each([
    { given: [], told: true },
    { given: ['--timeout=60'], told: true },
    { given: ['--timeout=3'], told: false },
  ])('is taken over where it is shorter ($given)', ({ given, told }) =>
    withWorkspace(async (work) => {
      const source = makeSource(work, 2, 2000);
      const config = join(work, 'rsyncd.conf');
      const identity = process.getuid?.() === 0 ? 'uid = 0\ngid = 0\n' : '';
      writeFileSync(config, `${identity}use chroot = no\n[m]\npath = ${source}\ntimeout = 20\n`);
      const env = { RSYNC_CONNECT_PROG: `${remoteCommand(reference!)} --config=${config} --daemon` };
      const results = await Promise.all(
        [reference!, ours()].map((who) =>
          run(
            [
              ...who.command,
              '-a',
              '--info=misc2',
              ...given,
              'rsync://h/m/',
              `${work}/${who.name === ours().name}`,
            ],
            {
              env,
            },
          ),
        ),
      );
      const lines = results.map(({ code, stdout }) => [code, /^Setting --timeout=.*$/m.exec(stdout)?.[0]]);
      expect(lines).toEqual(Array(2).fill([0, told ? 'Setting --timeout=20 to match server' : undefined]));
    }),
  );
});

describe.skipIf(reference === null).concurrent('what takes long, but goes on, is no silence', () => {
  // Long enough for a relay that has to wait for a busy processor.
  const rows = (['push', 'pull'] as const).flatMap((way) => [
    { way, what: 'a slow link, one large file', files: 1, size: 3000 * kib, rate: 250 * kib },
    { way, what: 'a slow link, many files', files: 100, size: 30 * kib, rate: 250 * kib },
  ]);
  test.each(fewer(rows))('$way, $what', ({ way, files, size, rate }) =>
    withWorkspace((work) => expectSuccess(work, way, ['--timeout=3'], { rate }, { files, size })),
  );
  test.each(fewer(['push', 'pull'] as const))('%s, --bwlimit', (way) =>
    withWorkspace((work) =>
      expectSuccess(work, way, ['--timeout=3', '--bwlimit=100'], {}, { files: 1, size: 700 * kib }),
    ),
  );
  test.each([
    { way: 'push', bytes: 130 },
    { way: 'pull', bytes: 20_000 },
  ] as const)('$way, a peer that is busy for some seconds', ({ way, bytes }) =>
    withWorkspace((work) =>
      expectSuccess(
        work,
        way,
        ['--timeout=3'],
        { silentAfter: bytes, silence: 6 },
        { files: 40, size: 2000 },
      ),
    ),
  );
});

async function expectSuccess(
  work: string,
  way: Way,
  options: readonly string[],
  relay: Relay,
  content: { readonly files: number; readonly size: number },
): Promise<void> {
  const source = makeSource(work, content.files, content.size);
  const { command, destination } = transfer(work, way, options, relay);
  const results = await Promise.all(
    [reference!, ours()].map((who) => run(command(who, source), { timeout: 50_000 })),
  );
  const account = results.map(accountOf).join('\n');
  expect(
    results.map(({ code }) => code),
    account,
  ).toEqual([0, 0]);
  // Fast enough for either, and nobody had to wait.
  expect(results[1]!.ms, account).toBeGreaterThan(2500);
  const differences = compareSnapshots(takeSnapshot(destination(ours())), takeSnapshot(source));
  expect(differences, account).toEqual([]);
}

describe
  .skipIf(reference === null || realOne)
  .concurrent('a remote shell that stays when all is done', () => {
    test('is waited for as long as --timeout says', () =>
      withWorkspace(async (work) => {
        const result = await run(lingering(work, ['--timeout=2']), { timeout: 20_000 });
        const account = accountOf(result);
        expect(result.code, account).toBe(30);
        expect(result.stderr, account).toMatch(timedOut('sender'));
      }));
    test('is not waited for after a signal', () =>
      withWorkspace(async (work) => {
        const result = await run(lingering(work, []), {
          timeout: 20_000,
          onStart: (child) => setTimeout(() => killGroup(child, 'SIGTERM'), 2500),
        });
        const account = accountOf(result);
        expect(result.code, account).toBe(20);
        expect(result.ms, account).toBeLessThan(8000);
      }));

    function lingering(work: string, options: readonly string[]): string[] {
      const program = `--rsync-path=${remoteCommand(reference!)}`;
      const source = makeSource(work, 3, 2000);
      const shell = `--rsh=${lingeringShell(work)}`;
      return [...ours().command, '-a', ...options, shell, program, source, `lh:${join(work, 'to')}/`];
    }
  });
