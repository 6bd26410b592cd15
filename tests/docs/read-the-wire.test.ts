/** Each command of docs/how-to/read-the-wire.md does what is said there. */
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ours, repositoryRoot } from '../support/peers.ts';
import { run } from '../support/run.ts';
import { endsOf, linesOf, wrapper } from '../support/traced.ts';
import { withWorkspace } from '../support/workspace.ts';

const page = readFileSync(join(repositoryRoot, 'docs', 'how-to', 'read-the-wire.md'), 'utf8');
const commands = [...page.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, text]) => text!.trim());
const allDecoded = expect.stringMatching(/^\d+ bytes, all decoded$/);

test('has its commands', () => {
  expect(commands.length).toBeGreaterThan(5);
});

test.each(commands)('%s', (command) =>
  withWorkspace(async (dir) => {
    const bin = join(dir, 'bin');
    mkdirSync(join(dir, 'src', 'sub'), { recursive: true });
    mkdirSync(bin);
    writeFileSync(join(dir, 'src', 'a'), 'hello\n');
    writeFileSync(join(dir, 'src', 'sub', 'b'), 'more of it');
    for (const name of ['oc-rsync', 'rsync']) wrapper(bin, name, '', ours().command);
    copyFileSync(join(repositoryRoot, 'tests', 'support', 'lsh.sh'), join(bin, 'ssh'));
    chmodSync(join(bin, 'ssh'), 0o755);
    const env = { PATH: `${bin}:${process.env.PATH}`, HOME: dir };
    const line = command.replaceAll('/tmp/trace', join(dir, 'trace'));
    const { code, stdout, stderr } = await run(['sh', '-c', line], { cwd: dir, env });
    expect(code, stderr).toBe(0);
    const told = existsSync(join(dir, 'trace'))
      ? linesOf(join(dir, 'trace'))
      : `${stdout}${stderr}`.split('\n');
    const { there, back } = endsOf(told);
    expect(back).toEqual(allDecoded);
    if (!command.includes('batch')) expect(there).toEqual(allDecoded);
    expect(told.some((one) => /item \d+ sub\/b/.test(one))).toBe(true);
  }),
);
