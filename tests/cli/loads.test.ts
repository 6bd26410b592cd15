/** What of Node a run loads: each module that it does not need is milliseconds of its start. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withoutLosses } from '../support/messages.ts';
import { kernelName, ours } from '../support/peers.ts';
import { run } from '../support/run.ts';

/** Sockets, children, a terminal's streams, and what sets flags of V8's in Node's own way, which brings streams along. */
const large = ['child_process', 'dns/promises', 'net', 'stream', 'tty', 'v8'];
const hook = `process.on('exit', () => require('node:fs').writeFileSync(process.env.LOADED,
  process.moduleLoadList.filter((name) => ${JSON.stringify(large)}.includes(name.slice('NativeModule '.length))).join()));`;

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'oc-rsync-loads-'));
  writeFileSync(join(dir, 'hook.cjs'), hook);
  for (let i = 0; i < 400; i++) {
    mkdirSync(join(dir, 'src', `${i}`), { recursive: true });
    writeFileSync(join(dir, 'src', `${i}`, 'file'), `${i}`);
  }
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function loaded(...args: string[]): Promise<string[]> {
  const env = { NODE_OPTIONS: `--require ${dir}/hook.cjs`, LOADED: join(dir, 'loaded'), XDG_CACHE_HOME: dir };
  const { code, stderr } = await run([...ours().command, ...args], { env });
  expect({ code, stderr: withoutLosses(stderr) }).toEqual({ code: 0, stderr: '' });
  return readFileSync(env.LOADED, 'utf8')
    .split(',')
    .map((name) => name.replace('NativeModule ', ''));
}

test('a local run loads nothing of Node that only others need', async () => {
  const copy = ['-a', `${dir}/src/`, `${dir}/dst/`];
  await loaded(...copy);
  // With code that was kept, and long enough to be told so.
  const modules = await loaded(...copy);
  // Plain Node makes streams of its hashes, and has nothing but a module of its own to set flags.
  const expected =
    kernelName === 'portable' ? modules.filter((name) => ['stream', 'v8'].includes(name)) : [''];
  expect(modules).toEqual(expected);
});

test('a run with another host does load sockets and children', async () => {
  const lsh = join(import.meta.dirname, '..', 'support', 'lsh.sh');
  const remote = [
    '-an',
    '-e',
    lsh,
    '--rsync-path',
    ours().command.join(' '),
    `${dir}/src/`,
    `host:${dir}/far/`,
  ];
  expect(await loaded(...remote)).toEqual(expect.arrayContaining(['net', 'child_process']));
});
