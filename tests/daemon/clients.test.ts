/** Clients of all ages at our daemon: each protocol, each way to prove a password, both families of addresses. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { freePort, type Guarded, startGuarded, waitForPort } from '../support/guarded.ts';
import { isRoot, ours, realPeers } from '../support/peers.ts';
import { run } from '../support/run.ts';
import { test } from '../support/tables.ts';
import { removeTree } from '../support/workspace.ts';

const identity = isRoot ? 'uid = 0\ngid = 0\n' : '';
const digests = ['sha512', 'sha256', 'sha1', 'md5', 'md4'];
const hasIpv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
);
const password = 'wonder land';

describe.each([...realPeers(), ours()])('$name at our daemon', (client) => {
  let dir: string;
  let server: Guarded;
  let port: number;
  let ipv6: number;
  let second: Guarded;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'oc-rsync-clients-'));
    mkdirSync(join(dir, 'm', 'sub'), { recursive: true });
    writeFileSync(join(dir, 'm', 'one'), 'one\n'.repeat(50_000));
    writeFileSync(join(dir, 'm', 'sub', 'two'), 'two\n');
    writeFileSync(join(dir, 'secrets'), `alice:${password}\n`);
    chmodSync(join(dir, 'secrets'), 0o600);
    const config = join(dir, 'rsyncd.conf');
    const locked = (digest: string) =>
      `[${digest}]\npath = ${dir}/m\nauth users = alice\nsecrets file = ${dir}/secrets\nauth digest = ${digest}\n`;
    writeFileSync(
      config,
      `use chroot = no\nreverse lookup = no\n${identity}log file = ${dir}/log\n[m]\npath = ${dir}/m\nread only = no\n[any]\npath = ${dir}/m\nauth users = alice\nsecrets file = ${dir}/secrets\n${digests.map(locked).join('')}`,
    );
    const start = (address: string, at: number) =>
      startGuarded([
        ...ours().command,
        '--daemon',
        '--no-detach',
        `--config=${config}`,
        `--address=${address}`,
        `--port=${at}`,
      ]);
    [port, ipv6] = [await freePort(), await freePort()];
    [server, second] = [start('127.0.0.1', port), start('::1', ipv6)];
    await waitForPort(port, server);
  });
  afterAll(async () => {
    await server?.stop();
    await second?.stop();
    removeTree(dir);
  });

  const pull = (url: string, ...options: string[]) =>
    run([...client.command, '-a', ...options, url, `${dir}/to/`], { env: { RSYNC_PASSWORD: password } });
  const expectWhole = (result: { code: number | null; stderr: string }) => {
    expect(result.code, result.stderr).toBe(0);
    expect(readFileSync(join(dir, 'to', 'one'), 'utf8')).toBe('one\n'.repeat(50_000));
    expect(readFileSync(join(dir, 'to', 'sub', 'two'), 'utf8')).toBe('two\n');
    removeTree(join(dir, 'to'));
  };

  const spoken = [28, 29, 30, 31].filter((protocol) => protocol <= client.protocol);

  test.each(spoken)('protocol %i, both ways', async (protocol) => {
    expectWhole(await pull(`rsync://127.0.0.1:${port}/m/`, `--protocol=${protocol}`));
    const from = join(dir, `from${protocol}`);
    mkdirSync(from);
    writeFileSync(join(from, 'up'), `${protocol}`.repeat(100_000));
    const pushed = await run([
      ...client.command,
      '-a',
      `--protocol=${protocol}`,
      from,
      `rsync://127.0.0.1:${port}/m/`,
    ]);
    expect(pushed.code, pushed.stderr).toBe(0);
    expect(readFileSync(join(dir, 'm', `from${protocol}`, 'up'), 'utf8')).toBe(`${protocol}`.repeat(100_000));
  });

  test('a password over each protocol', async () => {
    for (const protocol of spoken)
      expectWhole(await pull(`rsync://alice@127.0.0.1:${port}/any/`, `--protocol=${protocol}`));
    expectWhole(await pull(`rsync://alice@127.0.0.1:${port}/any/`));
  });

  test.each(digests)('a password with %s at least, or not at all', async (digest) => {
    const got = await pull(`rsync://alice@127.0.0.1:${port}/${digest}/`);
    // Before 3.2.8 a client knows MD5 and MD4 alone.
    if (got.code === 0) return expectWhole(got);
    expect(got.code).toBe(5);
    expect(digest).toMatch(/^sha/);
    expect(got.stderr).toContain(`@ERROR: auth failed on module ${digest}`);
  });

  test.skipIf(!hasIpv6)('by IPv6', async () => {
    const url = `rsync://[::1]:${ipv6}/m/`;
    let got = await pull(url);
    // Nothing else waits for this one.
    for (let k = 0; k < 50 && got.code === 10; k++) got = await pull(url);
    expectWhole(got);
    expect(readFileSync(join(dir, 'log'), 'utf8')).toContain('connect from UNDETERMINED (::1)');
  });
});
