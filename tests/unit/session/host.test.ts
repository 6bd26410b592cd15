/** Sessions know of the process only what their host and their site say: two of them in one process differ. */
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Host } from '../../../ts/host.ts';
import { pathAt } from '../../../ts/host.ts';
import { parseClientArgs } from '../../../ts/options/parse.ts';
import { runClient } from '../../../ts/session/index.ts';
import { testIo } from '../../support/host.ts';
import { withWorkspace } from '../../support/workspace.ts';

/** Runs a command line with a host of its own; answers its exit code and what it said. */
async function runIn(dir: string, args: readonly string[], host: Partial<Host> = {}) {
  let said = '';
  const command = parseClientArgs(args, { env: {}, now: Date.now });
  if (command.kind !== 'run') throw new Error('no run');
  const io = testIo({
    workingDirectory: () => dir,
    stdout: (text) => {
      said += text;
    },
    stderr: (bytes) => {
      said += Buffer.from(bytes).toString('latin1');
    },
    ...host,
  });
  const code = await runClient(command.options, [...command.args], io).then(
    (end) => end.code,
    (error) => {
      said += error.message;
      return error.exitCode as number;
    },
  );
  return { code, said };
}

/** A folder with `a`, `b`, `c` and the rules and names that a run there goes by. */
function makeSource(work: string, name: string, rules: string, names: string): string {
  const dir = join(work, name);
  mkdirSync(join(dir, 'src/sub'), { recursive: true });
  for (const file of ['a', 'b', 'c']) writeFileSync(join(dir, 'src', file), `${file} of ${name}`);
  writeFileSync(join(dir, 'rules'), rules);
  writeFileSync(join(dir, 'names'), names);
  return dir;
}

describe('two sessions of one process', () => {
  it('take names from where each of them lives', () =>
    withWorkspace(async (work) => {
      const one = makeSource(work, 'one', 'a\n', 'a\nb\n');
      const two = makeSource(work, 'two', 'b\n', 'b\nc\n');
      const runs = [one, two].flatMap((dir) => [
        runIn(dir, ['-r', '--exclude-from=rules', 'src/', 'excluded/']),
        runIn(dir, ['-r', '--files-from=names', 'src/', 'named/']),
      ]);
      expect(await Promise.all(runs)).toEqual(Array(4).fill({ code: 0, said: '' }));
      const listed = [one, two].map((dir) => ['excluded', 'named'].map((to) => readdirSync(join(dir, to))));
      expect(listed).toEqual([
        [
          ['b', 'c', 'sub'],
          ['a', 'b'],
        ],
        [
          ['a', 'c', 'sub'],
          ['b', 'c'],
        ],
      ]);
    }));

  it('go by the umask, the variables and the charset of their hosts', () =>
    withWorkspace(async (work) => {
      const dir = makeSource(work, 'x', '', '');
      const wide = { umask: () => 0, env: { CVSIGNORE: 'a' }, charset: 'bytes' } as const;
      const narrow = { umask: () => 0o77, env: { CVSIGNORE: 'b' }, charset: 'ascii' } as const;
      await runIn(dir, ['-aC', '--chmod=F+x', 'src/', 'open/'], wide);
      await runIn(dir, ['-aC', '--chmod=F+x', 'src/', 'shut/'], narrow);
      expect([readdirSync(join(dir, 'open')), readdirSync(join(dir, 'shut'))]).toEqual([
        ['b', 'c', 'sub'],
        ['a', 'c', 'sub'],
      ]);
      const modes = ['open', 'shut'].map((to) => statSync(join(dir, to, 'c')).mode & 0o111);
      expect(modes).toEqual([0o111, 0o100]);
      const complaints = await Promise.all(
        [wide, narrow].map((host) => runIn(dir, ['-a', 'no\xe9', 'to/'], host)),
      );
      expect(complaints.map(({ said }) => /no(.*?)"/.exec(said)?.[1])).toEqual(['\xe9', '\\#351']);
    }));

  it('end with 3 where there is no working directory any more', async () => {
    const gone = () => {
      throw Object.assign(new Error('ENOENT'), { code: 'ENOENT' });
    };
    const { code, said } = await runIn('/', ['-a', 'src/', 'to/'], { workingDirectory: gone });
    expect([code, said]).toEqual([3, expect.stringContaining('No such file or directory (2)')]);
  });
});

it('a name is taken from the site unless it is absolute', () => {
  expect(pathAt({ cwd: '/a' }, 'b/c')).toBe('/a/b/c');
  expect(pathAt({ cwd: '/' }, 'b')).toBe('/b');
  expect(pathAt({ cwd: '/a' }, '/b')).toBe('/b');
});
