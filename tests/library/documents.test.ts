/** The examples of docs/library.md do what they say. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ours, remoteCommand, repositoryRoot } from '../support/peers.ts';
import { run } from '../support/run.ts';
import { withWorkspace } from '../support/workspace.ts';
import { folder, withoutNotice } from './places.ts';

const file = join(repositoryRoot, 'docs', 'library.md');
const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
const examples = [...text.matchAll(/^```js\n(.*?)^```/gms)].map(([, code]) => code!);

/** What each of them prints, in their order. */
const prints = [
  /^2 files, 100002 bytes\n$/,
  /^3\n$/,
  /^deleted gone\n(.*\n)*>f\+{9} a\n(.*\n)*100002 of at most 100002 bytes\n3\n$/,
  /^ERR_RSYNC_ABORTED no more time\n$/,
  /^23 \S+\/src\/none ERR_RSYNC_PARTIAL\n$/,
  /^delete gone\n(.*\n)*item a\n(.*\n)*true \[\]\n$/,
  /^me there rsync backup\n$/,
  /^(\d+ .*\n)*\[ '\.', 'song' \]\n(\d+ .*\n)*$/,
  /^sending incremental file list\n(.*\n)*0 rsync -av src\/ backup\/\n$/,
];

// A copy of the clone for another user has no documents.
test.skipIf(text === '')('there is an expectation for each', () => {
  expect(examples.length).toBe(prints.length);
});

test.each(examples.map((code, i) => [i + 1, code] as const))('example %i', (i, code) =>
  withWorkspace(async (work) => {
    mkdirSync(join(work, 'node_modules'));
    symlinkSync(repositoryRoot, join(work, 'node_modules', 'oc-rsync'));
    folder(join(work, 'src'), { a: 'x'.repeat(100_000), b: 'no' });
    folder(join(work, 'backup'), { gone: '' });
    folder(join(work, 'bin'), { rsync: `#!/bin/sh\nexec ${remoteCommand(ours())} "$@"\n` });
    chmodSync(join(work, 'bin', 'rsync'), 0o755);
    folder(join(work, 'srv/music'), { song: '' });
    folder(join(work, 'srv/inbox'), {});
    writeFileSync(join(work, 'example.mjs'), code.replaceAll("'/srv/", `'${work}/srv/`));
    const env = { PATH: `${join(work, 'bin')}:${process.env.PATH}` };
    const { code: exit, stdout, stderr } = await run([process.execPath, 'example.mjs'], { cwd: work, env });
    expect([exit, withoutNotice(stderr)]).toEqual([0, '']);
    expect(stdout).toMatch(prints[i - 1]!);
    if (code.includes('backup') && !code.includes('abort'))
      expect(readdirSync(join(work, 'backup'))).toContain('b');
  }),
);
