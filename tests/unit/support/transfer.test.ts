/**
 * The comparison itself: it finds each kind of harm that a wrong program can do, and none in a right one.
 */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Peer, referencePeer } from '../../support/peers.ts';
import { run } from '../../support/run.ts';
import { compareRuns } from '../../support/transfer.ts';
import type { Entry, Tree } from '../../support/tree.ts';
import { withWorkspace } from '../../support/workspace.ts';

const reference = referencePeer();
const common = {
  mode: 0o640,
  mtime: -1_500_000_001n,
  uid: process.getuid?.() ?? 0,
  gid: process.getgid?.() ?? 0,
};
const file = (path: string): Entry => ({
  ...common,
  path,
  type: 'file',
  content: { kind: 'random', seed: 3, size: 5000, edits: [] },
});
const source: Tree = [
  file('plain'),
  file('\xff\n-odd'),
  { ...common, path: 'again', type: 'hardlink', to: 'plain' },
  { ...common, path: 'link', type: 'symlink', target: '\xfenowhere' },
  { ...common, path: 'dir', type: 'dir', mode: 0o2750 },
  { ...common, path: 'dir/fifo', type: 'fifo' },
];

/** Real rsync behind a script that does something wrong before or after. */
async function spoiled(before: string, after: string): Promise<readonly string[]> {
  return withWorkspace(async (dir) => {
    const path = join(dir, 'spoiled');
    writeFileSync(
      path,
      `#!/bin/bash\n${before}\n${reference!.command[0]} "$@"\ncode=$?\n${after}\nexit $code\n`,
    );
    chmodSync(path, 0o755);
    const subject: Peer = { ...reference!, command: [path] };
    const { differences } = await compareRuns(
      {
        transfer: { direction: 'local', peer: reference!, options: ['-aiH'] },
        source,
        before: { dst: [file('dir-to-be')] },
        output: 'exact',
        messages: true,
      },
      subject,
      reference!,
    );
    return differences;
  });
}

describe.skipIf(reference === null)('a comparison with real rsync', () => {
  test('finds nothing wrong with real rsync', async () => {
    expect(await spoiled('', '')).toEqual([]);
  });
  test.each([
    [
      'a byte',
      'printf x | dd of=dst/plain bs=1 conv=notrunc status=none; touch -r ../src/plain dst/plain',
      /hash/,
    ],
    ['a nanosecond', 'touch -h -d @-2.499999998 dst/link', /link: mtime/],
    ['a folder’s time', 'touch -d @5 dst/dir', /dir: mtime/],
    ['a mode', 'chmod g-s dst/dir', /dir: mode/],
    ['a hard link', 'cp -p dst/plain dst/p; mv dst/p dst/plain', /linkedTo/],
    ['a link’s target', 'ln -sfn other dst/link; touch -hr ../src/link dst/link', /link: target/],
    ['a name', 'rm dst/dir/fifo; touch -r ../src/dir dst/dir', /fifo: missing/],
    ['a new name', 'touch -d @1 dst/.plain.abc123; touch -r ../src dst', /should not be there/],
    ['the exit code', 'code=23', /exit code/],
    ['a line of output', 'echo ">f+++++++++ other"', /output has/],
    ['a message', 'echo "some warning" >&2', /output has: some warning/],
    ['the source', 'touch -d @7 ../src/plain', /source: .*plain: mtime/],
  ])('finds the loss of %s', async (_, after, found) => {
    expect((await spoiled('', after)).join('\n')).toMatch(found);
  });
});

describe('running a program', () => {
  test('hands over every byte of its arguments', async () => {
    let every = '';
    for (let byte = 1; byte < 256; byte++) every += String.fromCharCode(byte);
    const { stdout } = await run(['printf', '%s|', every, '', "it's", '-n']);
    expect(stdout).toBe(`${every}||it's|-n|`);
  });
  test('keeps exit code, signal and both streams apart', async () => {
    const ended = await run(['sh', '-c', 'printf "\\377"; printf "\\376" >&2; exit 3']);
    expect(ended).toMatchObject({ code: 3, signal: null, stdout: '\xff', stderr: '\xfe', timedOut: false });
    expect(await run(['sh', '-c', 'kill -9 $$'])).toMatchObject({ code: null, signal: 'SIGKILL' });
  });
  test('ends a program with all its children at the time limit', async () => {
    const ended = await run(['sh', '-c', 'sleep 20 & sleep 20'], { timeout: 200 });
    expect(ended.timedOut).toBe(true);
    expect(ended.ms).toBeLessThan(5000);
  });
});
