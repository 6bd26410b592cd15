/** `--json`: each line of real runs beside the published schema, and what stays as it was without it. */
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv/dist/2020.js';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { bytes } from '../support/bytes.ts';
import { ours, referencePeer, remoteCommand, repositoryRoot } from '../support/peers.ts';
import { killGroup, type RunOptions, run } from '../support/run.ts';
import { withWorkspace } from '../support/workspace.ts';
import { folder, lsh } from './places.ts';

interface Line {
  readonly type: string;
  readonly [name: string]: unknown;
}

const schema = JSON.parse(readFileSync(join(repositoryRoot, 'dist', 'events.schema.json'), 'utf8'));
const valid = new Ajv.default({ strict: true }).compile(schema);

/** Runs the command with --json; each line must be as the schema says, and the last tell the end. */
async function lines(args: readonly string[], options: RunOptions = {}): Promise<Line[]> {
  const { code, stdout, stderr } = await run([...ours().command, '--json', ...args], options);
  expect(stderr).toBe('');
  const all = bytes(stdout)
    .toString('utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
  for (const line of all) expect(valid(line), JSON.stringify([line, valid.errors])).toBe(true);
  expect(all.at(-1)).toMatchObject({ type: 'end', exitCode: code });
  expect(all.filter(({ type }) => type === 'end').length).toBe(1);
  return all;
}

const typesOf = (all: readonly Line[]) => [...new Set(all.map(({ type }) => type))].sort();

const peers = [ours(), referencePeer()].flatMap((peer) => peer ?? []);

describe.each(peers)('with $name at the other end', (peer) => {
  test.each(['local', 'push', 'pull'])('%s: all kinds of events are as the schema says', (way) =>
    withWorkspace(async (work) => {
      const src = folder(join(work, 'src'), { 'a/b': '1', c: 'x'.repeat(300_000), 'd e': '' });
      symlinkSync('to', join(src, 'link'));
      writeFileSync(bytes(`${src}/caf\xe9`), '');
      const dst = folder(join(work, 'dst'), { 'gone/x': '', c: 'old' });
      const far = way === 'local' ? [] : [`--rsh=${lsh}`, `--rsync-path=${remoteCommand(peer)}`];
      const [from, to] = [way === 'pull' ? `lh:${src}` : src, way === 'push' ? `lh:${dst}` : dst];
      const none = `${from}/none`;
      const args = ['-av', '--delete', '--ignore-errors', ...far, `${from}/`, none, to];
      const all = await lines(args);
      expect(all.at(-1)!.exitCode).toBe(23);
      const kinds = ['delete', 'end', 'failure', 'item', 'message', 'progress', 'scan', 'start'];
      expect(typesOf(all)).toEqual(kinds);
      expect(all).toContainEqual({
        type: 'failure',
        path: join(src, 'none'),
        errno: 2,
        reason: 'No such file or directory',
      });
      const [odd] = all.filter(({ pathBytes }) => pathBytes !== undefined);
      expect(odd).toMatchObject({
        path: 'caf\ufffd',
        pathBytes: Buffer.from('caf\xe9', 'latin1').toString('base64'),
      });

      const listed = await lines(['-r', ...far, `${from}/`]);
      expect(typesOf(listed)).toEqual(['end', 'list', 'scan', 'start']);
      expect(listed.filter(({ type }) => type === 'list').length).toBe(7);
    }),
  );
});

test.each([
  [1, ['--no-such-option', 'a', 'b']],
  [1, []],
  [1, ['--inplace', '--partial-dir=x', 'a', 'b']],
  [3, ['a:x', 'b:y']],
  [4, ['--compress-choice=none-such', '-z', 'a', 'b']],
  [5, ['--rsh=false', 'rsync://127.0.0.1:1/x', 'b'], 10],
  [12, ['--rsh=false', 'a:x', 'b']],
  [30, ['--rsh=sh -c "exec sleep 60"', '--timeout=1', 'a:x', 'b']],
] as [number, string[], number?][])(
  'a run that fails at once (%i) is told as JSON',
  async (code, args, other) => {
    const all = await lines(args);
    expect([code, other, 1]).toContain(all.at(-1)!.exitCode);
    expect(all.some(({ type, level }) => type === 'message' && level === 'error')).toBe(true);
  },
);

test('a signal ends a run with 20, in JSON too', () =>
  withWorkspace(async (work) => {
    const src = folder(join(work, 'src'), { big: 'x'.repeat(6_000_000) });
    let heard = '';
    let told = false;
    const all = await lines(['-r', '--bwlimit=1000', `${src}/`, join(work, 'dst')], {
      onStart: (child) =>
        child.stdout!.on('data', (chunk: Buffer) => {
          heard += chunk;
          // A second one would end it at once.
          if (told || !heard.includes('"progress"')) return;
          told = true;
          killGroup(child, 'SIGINT');
        }),
    });
    expect(all.at(-1)).toMatchObject({ exitCode: 20 });
  }));

test('the word is an option only where options stand, and no other', () =>
  withWorkspace(async (work) => {
    folder(join(work, 'src'), { a: '', '--json': '' });
    const excluded = await run([...ours().command, '-r', '--exclude', '--json', 'src/', 'dst'], {
      cwd: work,
    });
    expect(excluded).toMatchObject({ code: 0, stdout: '', stderr: '' });
    const named = await run([...ours().command, '-r', '--', 'src/--json', 'dst'], { cwd: work });
    expect(named).toMatchObject({ code: 0, stdout: '', stderr: '' });
    const help = await run([...ours().command, '--json', '--help']);
    expect(help.code).toBe(0);
    expect(help.stdout).toContain('Usage: ');
    const last = await run([...ours().command, '-r', 'src/', 'dst', '--json'], { cwd: work });
    expect(last.stdout).toContain('{"type":"start","sources":["src/"],"destination":"dst"');
  }));

test("nothing of it, of the library, of the wire's decoder, or of --info=progress3 and failures is reached by a plain run", async () => {
  const { metafile } = await build({
    entryPoints: [join(repositoryRoot, 'ts', 'cli', 'main.ts')],
    absWorkingDir: repositoryRoot,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['iconv-lite'],
    write: false,
    metafile: true,
  });
  const reached = new Set<string>();
  const visit = (file: string, lazily: boolean) => {
    if (reached.has(file)) return;
    reached.add(file);
    for (const { path, kind } of metafile.inputs[file]?.imports ?? [])
      if (kind !== 'dynamic-import' || lazily) visit(path, lazily);
  };
  visit('ts/cli/main.ts', false);
  // What a run then loads.
  for (const engine of ['ts/session/index.ts', 'ts/kernel/index.ts']) visit(engine, true);
  expect(reached.size).toBeGreaterThan(100);
  const apart = /\/library\/|\/trace\/|\/view\/live\/|\/report\/.*failure|\/watched/;
  expect([...reached].filter((file) => apart.test(file))).toEqual([]);
});
