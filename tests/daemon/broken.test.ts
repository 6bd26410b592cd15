/**
 * Conversations between real rsync and a daemon of ours that break off after any byte, either way, gently or not, and in
 * which any byte is bent. All places with OC_RSYNC_ALL, else some. Each is written down, the next client is served, and
 * the daemon holds nothing of it.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Between, type Fault, type Way } from '../support/between.ts';
import { type Peer, realPeers } from '../support/peers.ts';
import { someOf } from '../support/property.ts';
import { type RunResult, run } from '../support/run.ts';
import { residentMiB, type Standing, sharedDaemon, soon } from '../support/standing.ts';

const [client] = realPeers();
const sizes = [0, 1, 700, 3000, 20_000];

/** What is there before, and what a push brings. */
const old = (k: number): Buffer => Buffer.alloc(sizes[k]!, `old ${k} `);
const fresh = (k: number): Buffer => Buffer.alloc(sizes[k]! + 1, `new ${k} `);

function fill(dir: string, content: (k: number) => Buffer): void {
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(join(dir, 'sub'), { recursive: true });
  for (const [k] of sizes.entries())
    for (const name of [`f${k}`, `sub/g${k}`]) writeFileSync(join(dir, name), content(k));
}

function prepare(dir: string): void {
  fill(join(dir, 'src'), fresh);
  fill(join(dir, 'm'), old);
  mkdirSync(join(dir, 'out'), { recursive: true });
  writeFileSync(join(dir, 'out', 'kept'), 'kept');
  writeFileSync(join(dir, 'secrets'), 'alice:wonder\n', { mode: 0o600 });
}

const config = `timeout = 2
[m]
path = TWIN/m
read only = no
[auth]
path = TWIN/src
auth users = alice
secrets file = TWIN/secrets
`;

const conversations: Readonly<Record<string, (url: string) => string[]>> = {
  'a list of modules': (url) => [`${url}/`],
  'a pull': (url) => ['-rtI', '--no-W', `${url}/m/`, 'to/'],
  'a compressed pull': (url) => ['-rtz', '--zc=zlib', `${url}/m/`, 'to/'],
  'a push': (url) => ['-rtI', '--no-W', 'src/', `${url}/m/`],
  'a push that deletes': (url) => ['-rtI', '--delete', '--no-i-r', 'src/', `${url}/m/`],
  'a pull with a password': (url) => ['-rt', `${url.replace('//', '//alice@')}/auth/`, 'to/'],
};

describe.skipIf(client === undefined)('a conversation with a daemon', () => {
  const here = sharedDaemon({ config, prepare });
  const lengths = new Map<string, Between['counts']>();

  const converse = async (
    daemon: Standing,
    who: Peer,
    what: string,
    fault?: Fault,
  ): Promise<{ result: RunResult; counts: Between['counts'] }> => {
    prepare(daemon.dir);
    rmSync(join(daemon.dir, 'to'), { recursive: true, force: true });
    const between = new Between(daemon.port, fault);
    await between.open();
    try {
      const args = conversations[what]!(`rsync://127.0.0.1:${between.port}`);
      const env = { RSYNC_PASSWORD: 'wonder' };
      const result = await run([...who.command, '--timeout=2', ...args], {
        cwd: daemon.dir,
        env,
        timeout: 15_000,
      });
      return { result, counts: between.counts };
    } finally {
      between.close();
    }
  };

  /** Whole files, as they were or as they come, and nothing half-way. */
  const expectWhole = (dir: string, account: string): void => {
    for (const folder of ['', 'sub'])
      for (const entry of readdirSync(join(dir, 'm', folder), { withFileTypes: true })) {
        expect(entry.name, account).toMatch(/^(sub|[fg]\d)$/);
        if (!entry.isFile()) continue;
        const content = readFileSync(join(dir, 'm', folder, entry.name));
        const k = Number(entry.name[1]);
        expect(content.equals(old(k)) || content.equals(fresh(k)), `${entry.name}: ${account}`).toBe(true);
      }
  };

  const check = async (daemon: Standing, what: string, fault: Fault): Promise<void> => {
    const before = daemon.log().length;
    const { result } = await converse(daemon, client!, what, fault);
    const lines = () => daemon.log().slice(before);
    const account = () => `${what}, ${JSON.stringify(fault)}: ${result.code} ${result.stderr}\n${lines()}`;
    // Who got as far as to ask for something has an end that is told.
    const over = () =>
      !/ rsync (on|to) | allowed access /.test(lines()) ||
      /rsync error: |sent \S+ bytes {2}|auth failed/.test(lines());
    await soon(over, 6000);
    expect.soft(over(), account()).toBe(true);
    await daemon.settles();
    expect.soft(lines(), account()).not.toMatch(/\bat .*\.[cm]?[jt]s:\d|node:internal|TypeError|RangeError/);
    expect(readdirSync(join(daemon.dir, 'out')), account()).toEqual(['kept']);
    if (fault.flip === undefined) {
      expect.soft(result.timedOut, account()).toBe(false);
      expectWhole(daemon.dir, account());
    }
  };

  let memory = 0;
  beforeAll(async () => {
    for (const what of Object.keys(conversations)) {
      const { result, counts } = await converse(here(), client!, what);
      expect(result.code, `${what}: ${result.stderr}`).toBe(0);
      lengths.set(what, { ...counts });
    }
    memory = residentMiB(here().pid);
  });
  afterAll(async () => {
    const daemon = here();
    const { result } = await converse(daemon, client!, 'a pull');
    expect(result.code, result.stderr).toBe(0);
    expect(residentMiB(daemon.pid)).toBeLessThan(memory + 20);
  });

  const table = Object.keys(conversations).flatMap((what) =>
    (['there', 'back'] as const).map((way) => ({ what, way })),
  );
  const limit = 60 * 60_000;
  const places = (what: string, way: Way) => Array.from({ length: lengths.get(what)![way] }, (_, at) => at);

  test.each(table)('$what may break off $way', { timeout: limit }, async ({ what, way }) => {
    const all = places(what, way).map((at) => ({ way, at, hard: at % 2 === 1 }));
    for (const fault of someOf(all, 5)) await check(here(), what, fault);
  });

  test.each(table)('$what may be bent $way', { timeout: limit }, async ({ what, way }) => {
    const all = places(what, way).flatMap((at) => [0x01, 0x80, 0xff].map((flip) => ({ way, at, flip })));
    for (const fault of someOf(all, 4)) await check(here(), what, fault);
  });
});
