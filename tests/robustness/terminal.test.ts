/** --info=progress3 in a real pseudo-terminal: what is seen there, and what is left. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ours, remoteCommand } from '../support/peers.ts';
import { run } from '../support/run.ts';
import { havePty, inTerminal } from '../support/terminal.ts';
import { withWorkspace } from '../support/workspace.ts';

const small = Array.from({ length: 30 }, (_, k) => `file ${k + 10}`);
/** Its name is as wide as 80 columns are not. */
const wideName = '\u65e5\u672c\u8a9e\u306e\u540d\u524d'.repeat(8);
const lsh = join(import.meta.dirname, '..', 'support', 'lsh.sh');
/** A run with it takes about two seconds. */
const slowly = ['--bwlimit=3m', '--info=progress3'];
const bar = /^\[[#-]+\] *(\d+)?/;

function source(dir: string): string {
  const src = join(dir, 'src');
  mkdirSync(src);
  for (const name of small) writeFileSync(join(src, name), name);
  writeFileSync(join(src, wideName), Buffer.alloc(6_000_000, 'x'));
  return 'src/';
}

/** rsync itself is tested. */
const another = process.env.OC_RSYNC_BIN !== undefined;
const command = (...args: string[]) => [...ours().command, '-r', ...args];

describe.skipIf(!havePty || another)('--info=progress3 in a terminal', () => {
  test.each([20, 80, 200])('of %d columns', (columns) =>
    withWorkspace(async (cwd) => {
      const line = command(...slowly, source(cwd), 'dst');
      const { frames, screen, raw, code, stderr } = await inTerminal(line, { size: `${columns}x24`, cwd });
      expect([code, stderr]).toEqual([0, '']);
      const blocks = frames.map(({ lines }) => lines).filter(([first = '']) => bar.test(first));
      expect(blocks.length).toBeGreaterThan(1);
      for (const lines of blocks) {
        // Of wide chars the second halves take a column each.
        for (const text of lines)
          expect([...text].reduce((n, char) => n + (char > '\u2e80' ? 2 : 1), 0)).toBeLessThan(columns);
        expect(lines.length).toBeLessThanOrEqual(4);
      }
      const parts = blocks.map(([first = '']) => Number(bar.exec(first)?.[1] ?? 0));
      expect(parts).toEqual([...parts].sort((a, b) => a - b));
      const [first, last] = [frames[0]!, frames.at(-1)!];
      const drawn = raw.split('\x1b[?7l').length - 1;
      expect(drawn).toBeLessThanOrEqual((last.at - first.at) / 100 + 3);
      expect(blocks.some((lines) => lines.at(-1)?.includes('\u540d\u524d'))).toBe(true);
      expect(screen.lines.join('')).toMatch(
        /^31 files, 6\.00M transferred \(6\.00M literal, 0 matched\), 32 entries/,
      );
    }),
  );

  test('messages stand above it, each on a line of its own', () =>
    withWorkspace(async (cwd) => {
      const src = source(cwd);
      const { screen, code } = await inTerminal(command('-v', ...slowly, src, 'dst'), {
        size: '200x24',
        cwd,
      });
      const { stdout } = await run(command('-v', src, 'dst2'), { cwd, env: { LC_ALL: 'C.UTF-8' } });
      expect(code).toBe(0);
      const said = Buffer.from(stdout, 'latin1').toString('utf8').split('\n').slice(0, -4);
      expect(screen.lines.map((line) => line.replace('dst', 'dst2')).slice(0, said.length)).toEqual(
        said.map((line) => line.trimEnd()),
      );
      expect(screen.lines.at(-1)).toMatch(/^31 files/);
      expect(screen.lines.filter((line) => bar.test(line))).toEqual([]);
    }));

  test('a terminal whose size changes has one block, and none at the end', () =>
    withWorkspace(async (cwd) => {
      const line = command('-v', ...slowly, source(cwd), 'dst');
      const later = ['400:40x24', '800:20x30', '1200:120x20'];
      const { frames, screen, code } = await inTerminal(line, { size: '200x24', later, cwd });
      expect(code).toBe(0);
      for (const { lines } of frames)
        expect(lines.filter((one) => bar.test(one)).length).toBeLessThanOrEqual(1);
      expect(screen.lines.filter((one) => bar.test(one))).toEqual([]);
      expect(screen.lines).toContain('file 10');
    }));

  test('an interrupt leaves the terminal as it was', () =>
    withWorkspace(async (cwd) => {
      const line = command(...slowly, source(cwd), 'dst');
      const { frames, screen, code } = await inTerminal(line, { size: '120x24', later: ['500:SIGINT'], cwd });
      expect(code).toBe(20);
      expect(frames.some(({ lines }) => bar.test(lines[0] ?? ''))).toBe(true);
      expect([screen.cursorShown, screen.breaks]).toEqual([true, true]);
      expect(screen.lines.filter((one) => bar.test(one))).toEqual([]);
      expect(screen.lines.some((one) => /^30 of 31 files, .* transferred/.test(one))).toBe(true);
      expect(screen.lines.at(-1)).toMatch(/^rsync error: received SIGINT/);
    }));

  test('a stop that the system does not grant stops nothing', () =>
    withWorkspace(async (cwd) => {
      const line = command(...slowly, source(cwd), 'dst');
      const { frames, screen, code } = await inTerminal(line, {
        size: '120x24',
        later: ['500:SIGTSTP'],
        cwd,
      });
      expect(code).toBe(0);
      const seen = frames.filter(({ at }) => at > 600).map(({ lines }) => lines[0] ?? '');
      expect(seen.some((one) => bar.test(one))).toBe(true);
      expect(screen.lines).toHaveLength(1);
    }));

  test('colours, and none of them with NO_COLOR; lines with TERM=dumb', () =>
    withWorkspace(async (cwd) => {
      const src = source(cwd);
      const seen = async (env: Record<string, string>, to: string) =>
        inTerminal(command('--bwlimit=12m', '--info=progress3', src, to), { size: '80x24', env, cwd });
      expect((await seen({}, 'a')).screen.coloured).toBe(true);
      const plain = await seen({ NO_COLOR: '1' }, 'b');
      expect(plain.screen.coloured).toBe(false);
      expect(plain.raw).toContain('\x1b[K');
      const dumb = await seen({ TERM: 'dumb' }, 'c');
      expect(dumb.raw).not.toContain('\x1b');
      expect(dumb.raw).toMatch(/^31 files, 6\.00M transferred .*\r\n$/);
    }));

  test('what is redirected is as it would be without it', () =>
    withWorkspace(async (cwd) => {
      const line = command('-v', '--bwlimit=12m', '--info=progress3', source(cwd), '"$0"').join(' ');
      const shell = (redirected: string) => ['sh', '-c', `exec ${line} ${redirected}`];
      const out = await inTerminal([...shell('>out'), 'a'], { size: '80x24', cwd });
      expect(readFileSync(join(cwd, 'out'), 'utf8')).not.toMatch(/\x1b|\r|transferred/);
      expect(out.frames.some(({ lines }) => bar.test(lines[0] ?? ''))).toBe(true);
      const err = await inTerminal([...shell('2>err'), 'b'], { size: '80x24', cwd });
      expect(err.raw).not.toContain('\x1b');
      expect(readFileSync(join(cwd, 'err'), 'utf8')).toMatch(/^31 files, 6\.00M transferred .*\n$/);
    }));

  test('names do nothing to the terminal', () =>
    withWorkspace(async (cwd) => {
      const src = join(cwd, 'src');
      mkdirSync(src);
      const names = ['\x1b[2J\x07\n\tclear', '\x9b2J', '\xff\xfe', '\xe2\x80\xaeright', '\xc2\x9b2J'];
      for (const [k, name] of names.entries())
        writeFileSync(Buffer.from(`${src}/${name}${k}`, 'latin1'), Buffer.alloc(700_000));
      const line = command('--bwlimit=2m', '--info=progress3', 'src/', 'dst');
      const { raw, code } = await inTerminal(line, { size: '80x24', cwd });
      expect(code).toBe(0);
      expect(raw.replaceAll(/\x1b\[(\d*[AKJm]|\?7[hl])/g, '').match(/[^\x20-\x7e\r\n]/g)).toBe(null);
      expect(raw).toContain('\\#033[2J\\#007\\#012\\#011clear0');
      expect(raw).toContain('\\#377\\#3762');
    }));
});

describe.skipIf(another)('--info=progress3 and failures without a terminal', () => {
  test.each([['2>/dev/full'], ['2>&-'], ['2>&1 >/dev/null | true']])(
    'a run goes on whose stderr is %s',
    (how) =>
      withWorkspace(async (cwd) => {
        if (how.includes('/dev/full') && !existsSync('/dev/full')) return;
        const line = command('--bwlimit=12m', '--info=progress3,failures', source(cwd), 'dst').join(' ');
        await run(['sh', '-c', `${line} ${how}; :`], { cwd });
        expect(readdirSync(join(cwd, 'dst'))).toHaveLength(31);
      }),
  );

  test('a run that fails at once says why, and no more', async () => {
    const { code, stderr } = await run(command('--info=progress3,failures', '--nothing', 'a', 'b'));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^rsync: --nothing: unknown option\nrsync error: .*\n$/);
    const gone = await run(command('-e', '/nothing/here', '--info=progress3,failures', 'x:y', 'b'));
    expect(gone.stderr).not.toMatch(/transferred|failed:/);
    expect(gone.code).not.toBe(0);
  });

  test.each([
    ['a local copy', 'src/', 'dst/'],
    ['a push', 'src/', 'lh:DIR/dst/'],
    ['a pull', 'lh:DIR/src/', 'dst/'],
  ])('what vanishes is wanted no longer: %s', (_, from, to) =>
    withWorkspace(async (cwd) => {
      mkdirSync(join(cwd, 'src'));
      writeFileSync(join(cwd, 'src', 'a'), Buffer.alloc(6_000_000, 'x'));
      for (const name of ['b', 'c', 'd']) writeFileSync(join(cwd, 'src', name), name);
      const far = ['-e', lsh, `--rsync-path=${remoteCommand(ours())}`];
      const words = [...far, '--bwlimit=3m', '--info=progress3', from, to];
      const line = command(...words.map((word) => word.replace('DIR', cwd)));
      const { code, stderr } = await run(line, {
        cwd,
        onStart: () => setTimeout(() => ['b', 'c'].map((name) => rmSync(join(cwd, 'src', name))), 1000),
      });
      expect(code).toBe(24);
      expect(stderr).toMatch(/^2 files, 6\.00M transferred \(.* matched\), 2 failed, 5 entries/m);
    }),
  );

  test('what failed is listed by reason, before the last line', () =>
    withWorkspace(async (cwd) => {
      source(cwd);
      const line = command('--info=failures', 'src/file 10', 'src/no', 'src/none\x1b', 'dst/');
      const { code, stderr } = await run(line, { cwd });
      expect(code).toBe(23);
      const lines = stderr.trimEnd().split('\n');
      expect(lines.slice(2, -1)).toEqual([
        'failed:',
        '  No such file or directory (2):',
        `    ${cwd}/src/no`,
        `    ${cwd}/src/none\\#033`,
      ]);
      expect(lines.at(-1)).toMatch(/^rsync error: some files/);
      const whole = await run(command('--info=failures', 'src/file 10', 'dst/'), { cwd });
      expect(whole).toMatchObject({ code: 0, stderr: '', stdout: '' });
    }));
});
