import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseChmod, tweakMode } from '../../../ts/metadata/chmod.ts';

const peer = process.env.OC_RSYNC_PEER ?? 'rsync';
const hasPeer = spawnSync(peer, ['--version']).status === 0;
const umask = 0o027;

const modes: Readonly<Record<string, number>> = {
  f: 0o100640,
  x: 0o100751,
  n: 0o100000,
  s: 0o106711,
  d: 0o040755,
  t: 0o041777,
};

/** As rsync lists a mode. */
function modeText(mode: number): string {
  const letters = [...'rwxrwxrwx'].map((letter, i) => (mode & (0o400 >> i) ? letter : '-'));
  const special = (bit: number, at: number, letter: string) => {
    if (mode & bit) letters[at] = letters[at] === 'x' ? letter : letter.toUpperCase();
  };
  special(0o4000, 2, 's');
  special(0o2000, 5, 's');
  special(0o1000, 8, 't');
  return ((mode & 0o170000) === 0o040000 ? 'd' : '-') + letters.join('');
}

describe.runIf(hasPeer)('--chmod, compared with the real rsync', () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'oc-rsync-chmod-'));
    for (const [name, mode] of Object.entries(modes)) {
      if ((mode & 0o170000) === 0o040000) mkdirSync(join(dir, name));
      else writeFileSync(join(dir, name), '');
      chmodSync(join(dir, name), mode & 0o7777);
    }
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  const part = fc
    .tuple(
      fc.constantFrom('', '', 'D', 'F', 'DF'),
      fc.constantFrom('', 'u', 'g', 'o', 'a', 'ug', 'go', 'uo'),
      fc.constantFrom('+', '-', '=', ''),
      fc.oneof(
        fc.constantFrom('', 'r', 'rw', 'x', 'X', 'rX', 's', 't', 'ts', 'st', 'u', 'g', 'o', 'ur', 'rwx', 'q'),
        fc.constantFrom('644', '0755', '7777', '17777', '8', '2750', '0'),
      ),
    )
    .map((parts) => parts.join(''));

  it('does the same with any value', () => {
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 3 }), (parts) => {
        const value = parts.join(',');
        const run = spawnSync(
          'sh',
          ['-c', 'umask 027; exec "$@"', 'sh', peer, '-rp', '--list-only', `--chmod=${value}`, '.'],
          {
            cwd: dir,
            encoding: 'latin1',
          },
        );
        const steps = parseChmod(value, umask);
        if (steps === undefined) {
          expect([value, run.status]).toEqual([value, 1]);
          return;
        }
        const listed = run.stdout
          .split('\n')
          .filter((line) => /[^.]$/.test(line))
          .map((line) => `${line.slice(0, 10)} ${line.slice(-1)}`)
          .sort();
        const ours = Object.entries(modes)
          .map(([name, mode]) => `${modeText(tweakMode(mode, steps))} ${name}`)
          .sort();
        expect([value, listed]).toEqual([value, ours]);
      }),
      { numRuns: Number(process.env.OC_RSYNC_FUZZ_RUNS ?? 120) },
    );
  }, 60_000);
});

describe('--chmod', () => {
  it.each(['', ',', 'u', 'u+r,', 'DF644', 'u644', '+ur', 'x+r', '99'])('refuses %j', (value) => {
    expect(parseChmod(value, 0)).toBeUndefined();
  });

  it('keeps the file type', () => {
    expect(tweakMode(0o120777, parseChmod('000', 0) ?? [])).toBe(0o120000);
  });
});
