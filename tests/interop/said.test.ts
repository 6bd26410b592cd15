/**
 * What is said, beside real rsync: names that break lines, formats that are odd, runs that fail, and the
 * figures at the end.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ours, type Peer, referencePeer, remoteCommand } from '../support/peers.ts';
import { fewer } from '../support/property.ts';
import { type RunResult, run } from '../support/run.ts';
import { expectSameScript, ways } from '../support/script.ts';
import { withWorkspace } from '../support/workspace.ts';

const reference = referencePeer();
const lsh = join(import.meta.dirname, '..', 'support', 'lsh.sh');

/** What differs between two programs that say the same: their names, process numbers, times and rates. */
function steady(result: RunResult): { code: number | null; stdout: string; stderr: string } {
  const text = (said: string) =>
    said
      .replace(/ at \S+\(\d+\) \[\w+=[\d.]+\]/g, '')
      // rsync may add that its sender, which had nothing to send, has gone already.
      .replace(/^rsync: \[Receiver\] write error: Broken pipe \(32\)\n/m, '')
      // Or that its receiver was told to go.
      .replace(/^rsync error: received SIGUSR1 \(code 19\)\n/m, '')
      .replace(/[\d.,]+ bytes\/sec/g, 'RATE')
      .replace(/[ \d]{4}\.\d\d[kMG]B\/s +[\d:]+/g, 'PACE');
  return { code: result.code, stdout: text(result.stdout), stderr: text(result.stderr) };
}

/** Runs both programs on twins of what `make` makes, and compares what they say. */
async function sameWords(
  make: (work: string) => void,
  args: (who: Peer, work: string) => readonly string[],
  part: (stdout: string) => string = (stdout) => stdout,
): Promise<void> {
  const said: ReturnType<typeof steady>[] = [];
  for (const who of [ours(), reference!])
    await withWorkspace(async (work) => {
      make(work);
      const result = await run([...who.command, ...args(who, work)], { cwd: work });
      const { code, stdout, stderr } = steady(result);
      const placeless = (text: string) => text.replaceAll(work, 'WORK').replaceAll(basename(work), 'WORK');
      said.push({ code, stdout: part(placeless(stdout)), stderr: placeless(stderr) });
    });
  expect(said[0]).toEqual(said[1]);
}

const nothing = (work: string): void => mkdirSync(join(work, 's'));
const one = (work: string): void => {
  nothing(work);
  writeFileSync(join(work, 's', 'f'), 'content');
};

describe.skipIf(reference === null)('what is said', () => {
  test('a line end within a name does not split a message that ends the run', () =>
    sameWords(one, () => ['-r', '--exclude-from=a\nrsync error: forged', 's/', 'd/']));

  test.each([
    ['--files-from=nosuch'],
    ['--exclude-from=nosuch'],
    ['--filter=merge nosuch'],
    ['--files-from=nosuch', '--exclude-from=other'],
    ['--exclude-from=nosuch', '--contimeout=5', 's/', 'd/'],
    ['--filter=merge nosuch', 'lh:a', 's/', 'lh:b'],
    ['--files-from=nosuch', 'lh:a', 'lh:b'],
  ])('%j: a file that is not there is said before arguments that are missing or do not fit', (...given) =>
    sameWords(nothing, () => given),
  );

  test('what ends a run with an open line goes with its line end to where errors go', () =>
    sameWords(one, (_who, work) => ['-avR', '--no-i-r', `../${basename(work)}/s/`, 'd/']));

  test('nor one that a receiver gives of its destination', () =>
    sameWords(one, () => ['-r', 's/', '/proc/a\nb']));

  test.each(['%C %n', '%n %C', '%o'])('an escape %s behind a width that is too long', (text) =>
    sameWords(one, () => ['-rc', `--out-format=%${'0'.repeat(30)}${text}|%${'0'.repeat(30)}%C`, 's/', 'd/']),
  );

  test('a remote source that is not there has its statistics', () =>
    sameWords(nothing, (_who, work) => [
      '-av',
      `--rsh=${lsh}`,
      `--rsync-path=${remoteCommand(reference!)}`,
      `lh:${work}/nosuch`,
      'd/',
    ]));

  test.each([['-r'], ['-rv'], ['-rn']])(
    '--info=stats3 %j: what memory each role holds stands before the figures',
    (given) =>
      sameWords(
        one,
        () => [given, '--info=stats3', 's/', 'd/'],
        (said) => {
          // One block for each role, as rsync has a process for each; ours is one, with other figures.
          const block = /rsync\[\d+\] \(([\w ]+)\) heap statistics:\n( {2}\w+: +\d+ {3}\(.*\)\n)+/g;
          expect(said).toMatch(block);
          return said
            .replace(block, 'heap of the $1\n')
            .replace(/(sent|received|speedup is) [\d.,]+/g, '$1')
            .replace(/(time|sent|received): [\d.,]+/g, '$1');
        },
      ),
  );

  /** Lists that pass as they are in one process count as if they were sent. */
  test.each([['-av'], ['-avc'], ['-aR', '--stats'], ['-avH', '--no-i-r']])(
    '%s %s: as many bytes are sent',
    (...given) =>
      withWorkspace(async (work) => {
        nothing(work);
        for (let d = 0; d < 20; d++) {
          mkdirSync(join(work, 's', `dir${d}`));
          for (let f = 0; f < 40; f++)
            writeFileSync(join(work, 's', `dir${d}`, `file-${d * f}-${f}`), 'x'.repeat(f));
        }
        const sent: number[] = [];
        for (const who of [reference!, ours()]) {
          const args = [...given.filter((word) => word !== undefined), '-n', 's/', 'd/'];
          const { stdout } = await run([...who.command, ...args], { cwd: work });
          sent.push(Number(/^sent ([\d,]+) bytes/m.exec(stdout)?.[1].replaceAll(',', '')));
        }
        expect(sent[0]).toBeGreaterThan(10_000);
        // They frame what they send otherwise, and read directories in another order.
        expect(Math.abs(sent[1]! - sent[0]!)).toBeLessThan(sent[0]! / 10);
      }),
  );

  /** Where the roles are: what each says, in its order; between them it depends on who is faster. */
  test.each([['-r'], ['-r', '--no-i-r'], ['-rn'], ['-rI', '--no-W']])('-vvv %j', (...given) =>
    sameWords(
      one,
      () => [...given, '-vvv', 's/', 'd/'],
      (said) => {
        const lines = said.replace(/pid=\d+/g, 'pid=PID').split('\n');
        const of = (role: RegExp) => lines.filter((line) => role.test(line));
        return [
          of(/^(send_files[ (](?!mapped)|send files|send_file_list)/),
          // Told when the receiver has the file, where it passes by name.
          of(/^sender finished/),
          of(/^(recv_generator|generate_files|generator)/),
          of(/^(recv_files|server_recv|received|recv_file_list|get_local_name)/),
          of(/^renaming/).map((line) => line.replace(/\.f\.\S+/, 'TEMPORARY')),
        ]
          .flat()
          .join('\n');
      },
    ),
  );

  const some = (work: string): void => {
    for (const dir of ['a', 'b']) {
      mkdirSync(join(work, 's', dir), { recursive: true });
      for (let i = 0; i < 30; i++) writeFileSync(join(work, 's', dir, `${i}`), 'x'.repeat(i * 40));
    }
    writeFileSync(join(work, 's', 'a', 'nothing'), '');
    writeFileSync(join(work, 's', 'mid'), 'y'.repeat(200_000));
    writeFileSync(join(work, 's', 'b', 'large'), 'z'.repeat(9_000_000));
  };
  const remote = ['--rsh', lsh, '--rsync-path', reference === null ? '' : remoteCommand(reference)];
  const fromOurs = ['--rsh', lsh, '--rsync-path', remoteCommand(ours())];
  const ways: [string, (work: string) => string[]][] = [
    ['local', () => ['s/', 'd/']],
    ['push', (work) => [...remote, 's/', `lh:${work}/d/`]],
    ['pull', (work) => [...remote, `lh:${work}/s/`, 'd/']],
    ['pull from ours', (work) => [...fromOurs, `lh:${work}/s/`, 'd/']],
  ];
  describe.each(fewer(ways))('progress, %s', (way, paths) => {
    test.each(['--progress', '-i --progress', '-n --progress', '--info=progress2'])('%s', (given) =>
      sameWords(
        some,
        (_who, work) => ['-r', ...given.split(' '), ...paths(work)],
        (said) =>
          // Where a list ends among the transfers of the next one depends on how fast these are.
          given === '--info=progress2' && way === 'local' ? lastLine(said) : said,
      ),
    );
  });
});

function lastLine(said: string): string {
  return said.slice(said.lastIndexOf('\r'));
}

/** A server judges bytes one by one, whatever the locale; it is heard through the remote shell. */
describe.skipIf(reference === null).each(ways)('names that no terminal shows: %s', (way) => {
  test.each(['', '--protocol=29', '--msgs2stderr', '--no-msgs2stderr', '-8'])('%s', (options) =>
    expectSameScript(
      {
        way,
        sorted: true,
        script: `mkdir s d; bad=$(printf 'a\\177b\\001c\\303\\251d\\377'); mkdir -p "s/$bad" "d/$bad/full"; echo x >"s/f$bad"; touch "d/$bad/full/x"
          rmdir "s/$bad"; echo y >"s/$bad"; for LC_ALL in C C.UTF-8; do export LC_ALL
            sync -r ${options}; sync -r ${options} --files-from=<(printf 'no%s\\n' "$bad"); sync -r ${options} --exclude-from="no$bad"; done`,
      },
      reference!,
    ),
  );
});
