import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Kernel } from '../../../ts/kernel/kernel.ts';
import { loadNativeKernel } from '../../../ts/kernel/native.ts';
import { spawnRemoteShell } from '../../../ts/transport/child.ts';
import { exitCodeOfRemote, spawnFailure } from '../../../ts/transport/child-exit.ts';
import type { ChildDuplex } from '../../../ts/transport/duplex.ts';
import { shellCommand } from '../../../ts/transport/shell-command.ts';
import { pipeKernel } from './fifo-kernel.ts';

function nativeKernel(): Kernel | undefined {
  try {
    return loadNativeKernel();
  } catch {
    return undefined;
  }
}

const kernels: [string, Kernel][] = [
  ['fifos', pipeKernel(true)],
  ["Node's socket pairs", pipeKernel(false)],
];
const native = nativeKernel();
if (native) kernels.push(['the native kernel', native]);

const dir = mkdtempSync(join(tmpdir(), 'oc-child-'));
afterAll(() => rmSync(dir, { recursive: true }));

async function drain(duplex: ChildDuplex): Promise<string> {
  const into = Buffer.alloc(1000);
  let text = '';
  for (;;) {
    const bytes = await duplex.source.read(into);
    if (bytes === 0) return text;
    text += into.toString('latin1', 0, bytes);
  }
}

function sh(kernel: Kernel, script: string, ...args: string[]): { child: ChildDuplex; stderr(): string } {
  let stderr = '';
  const child = spawnRemoteShell(kernel, ['sh', '-c', script, 'sh', ...args], {
    env: process.env,
    onStderr: (chunk) => {
      stderr += chunk.toString('latin1');
    },
  });
  return { child, stderr: () => stderr };
}

describe.each(kernels)('over %s', (name, kernel) => {
  test('both streams, stderr and the exit value', async () => {
    const { child, stderr } = sh(kernel, 'echo warn >&2; tr a-z A-Z; exit 7');
    await child.sink.write([Buffer.from('abc'), Buffer.from('def')]);
    await child.sink.end();
    expect(await drain(child)).toBe('ABCDEF');
    const exit = await child.exit;
    expect(exit).toMatchObject({ code: 7, signal: null });
    expect(stderr()).toBe('warn\n');
  });

  test('what descriptors 0, 1 and 2 are', async () => {
    const { child } = sh(kernel, 'for f in 0 1 2; do stat -L -c %F /proc/self/fd/$f; done');
    const kinds = (await drain(child)).trim().split('\n');
    if (name === "Node's socket pairs") expect(kinds).toEqual(['socket', 'socket', 'socket']);
    else expect(kinds).toEqual(['fifo', 'fifo', 'socket']);
    await child.exit;
  });

  test('nothing but 0, 1 and 2 reaches the child', async () => {
    const { child } = sh(kernel, 'ls /proc/$$/fd');
    // Whatever this process itself was started with is not ours to answer for.
    const plain = spawnSync('sh', ['-c', 'ls /proc/$$/fd'], { encoding: 'utf8' });
    expect(await drain(child)).toBe(plain.stdout);
    await child.exit;
  });

  test('stderr that a descendant keeps open is not waited for', async () => {
    const { child, stderr } = sh(kernel, 'echo early >&2; sleep 5 >/dev/null </dev/null & exit 0');
    const start = Date.now();
    await child.exit;
    expect(Date.now() - start).toBeLessThan(3000);
    expect(stderr()).toBe('early\n');
  });

  test('a program that is missing', async () => {
    const child = spawnRemoteShell(kernel, ['/nonexistent/ssh', 'host'], { onStderr() {}, env: process.env });
    expect(await drain(child).catch(() => '')).toBe('');
    const exit = await child.exit;
    expect(spawnFailure('ssh', exit)).toMatchObject({
      exitCode: 14,
      message: 'Failed to exec ssh: No such file or directory (2)',
    });
    expect(exitCodeOfRemote(exit)).toBe(14);
  });

  test('a child that is killed', async () => {
    const { child } = sh(kernel, 'kill -9 $$');
    expect(await drain(child)).toBe('');
    const exit = await child.exit;
    expect(exitCodeOfRemote(exit)).toBe(16);
    expect(exitCodeOfRemote(exit, false)).toBe(0);
    expect(spawnFailure('sh', exit)).toBeUndefined();
  });

  test('arguments that are not UTF-8', async () => {
    const odd = ["\xff\xfe'", 'plain', '\xc3\xa9', '-n \x80\n\n', '$HOME `x` "\xe9"', ''];
    const { child } = sh(kernel, `printf '%s\\0' "$@"`, ...odd);
    expect((await drain(child)).split('\0').slice(0, -1)).toEqual(odd);
    await child.exit;
  });
});

if (native)
  test('the native pipes are enlarged', async () => {
    const script = join(dir, 'sizes.py');
    writeFileSync(script, 'import fcntl\nprint(fcntl.fcntl(0, 1032), fcntl.fcntl(1, 1032))\n');
    chmodSync(script, 0o755);
    const child = spawnRemoteShell(native, ['python3', script], { onStderr() {}, env: process.env });
    const max = Number(readFileSync('/proc/sys/fs/pipe-max-size', 'utf8'));
    const sizes = (await drain(child)).trim().split(' ').map(Number);
    await child.exit;
    if (sizes.length === 2) expect(sizes).toEqual([max, max]);
  });

test.each(['/bin/sh', '/bin/bash'])('the quoting holds in %s', async (shell) => {
  const odd = ['printf', '%s\\0', '\xff\n', 'a\xc3', "it's", '\xe2\x82x\xac'];
  const { args } = shellCommand(odd);
  const child = spawnRemoteShell(pipeKernel(false), [shell, ...args], { onStderr() {}, env: process.env });
  expect((await drain(child)).split('\0').slice(0, -1)).toEqual(odd.slice(2));
  await child.exit;
});
