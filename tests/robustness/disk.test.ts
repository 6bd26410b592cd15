/**
 * A destination without room: rsync's error and exit code, and what was there before is still whole.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { attribute, attributed, canExtras } from '../support/extras.ts';
import { expectSameFailure } from '../support/failures.ts';
import { isRoot, kernelName, ours, referencePeer, remoteCommand } from '../support/peers.ts';
import { fewer } from '../support/property.ts';
import { run } from '../support/run.ts';
import { expectSameScript, ways } from '../support/script.ts';
import { withSmallDisk } from '../support/small-disk.ts';
import { withWorkspace } from '../support/workspace.ts';

const reference = referencePeer();
const lsh = join(import.meta.dirname, '..', 'support', 'lsh.sh');

const withAttributes = canExtras && kernelName !== 'portable';
const optionSets = [['-a'], ['-a', '--inplace'], ['-az'], ['-a', '--partial'], ['-a', '--delay-updates']];
if (withAttributes) optionSets.push(['-aX']);
const rows = ['local', 'push', 'pull'].flatMap((way) => optionSets.map((options) => ({ way, options })));

describe.skipIf(reference === null || !isRoot)('a full disk (needs root, to mount a small one)', () => {
  test.for(fewer(rows))('$way $options', ({ way, options }, context) =>
    withWorkspace(async (work) => {
      const src = join(work, 'src');
      mkdirSync(src);
      writeFileSync(join(src, 'big'), Buffer.alloc(5_000_000, 'no room for this '));
      writeFileSync(join(src, 'a small one'), 'fits');
      writeFileSync(join(src, 'small'), 'fits');
      if (options.includes('-aX'))
        spawnSync('setfattr', ['-n', 'user.a', '-v', 'b', join(src, 'a small one')]);
      const mounted = await withSmallDisk(work, (disk) =>
        expectSameFailure(
          {
            before: () => {
              spawnSync('sh', ['-c', 'rm -rf -- "$1"/* "$1"/.[!.]*', 'sh', disk]);
              writeFileSync(join(disk, 'big'), 'the old one');
            },
            command: (who) => {
              const far = [`--rsh=${lsh}`, `--rsync-path=${remoteCommand(who)}`];
              const command = [...who.command, ...options];
              if (way === 'local') return [...command, `${src}/`, `${disk}/`];
              if (way === 'push') return [...command, ...far, `${src}/`, `lh:${disk}/`];
              return [...command, ...far, `lh:${src}/`, `${disk}/`];
            },
            // A sender at the other end of a pull may have the last word, when its wire breaks.
            says: [/No space left on device \(28\)/, /error in file IO \(code 11\)/],
            codes: [11],
            after: () => {
              const names = readdirSync(disk);
              const temporary = names.filter((name) => name.startsWith('.') && name !== '.~tmp~');
              expect(temporary, 'a temporary file stays').toEqual([]);
              if (options.includes('--inplace') || options.includes('--partial')) return;
              expect(readFileSync(join(disk, 'big'), 'latin1')).toBe('the old one');
            },
          },
          ours(),
          reference!,
        ),
      );
      if (!mounted) context.skip('no small file system can be mounted here');
    }),
  );
});

/** They are written together by other threads, and then wait for what those do not give them. */
describe.skipIf(!isRoot || !withAttributes)('a disk that is full amid small files (needs root)', () => {
  test.for(['-rX', '-rb', '-rX --delay-updates'])('%s: each is whole or is not there', (options, context) =>
    withWorkspace(async (work) => {
      const src = join(work, 'src');
      mkdirSync(src);
      for (let i = 0; i < 700; i++)
        writeFileSync(join(src, `f${i}`), Buffer.alloc(i % 5 === 0 ? 0 : 4096, `${i} `));
      attribute(src);
      const mounted = await withSmallDisk(work, async (disk) => {
        const result = await run([...ours().command, ...options.split(' '), `${src}/`, `${disk}/`]);
        expect([result.code, result.stderr]).toEqual([
          11,
          expect.stringContaining('No space left on device (28)'),
        ]);
        const at = options.includes('delay') ? join(disk, '.~tmp~') : disk;
        const names = readdirSync(at);
        expect(names.length).toBeGreaterThan(100);
        expect([...names, ...readdirSync(disk)].filter((name) => /^\.f/.test(name))).toEqual([]);
        for (const name of names)
          expect(readFileSync(join(at, name)).equals(readFileSync(join(src, name))), name).toBe(true);
        if (!options.includes('X')) return;
        expect(attributed(at)).toBe(names.length);
      });
      if (!mounted) context.skip('no small file system can be mounted here');
    }),
  );
});

/** Files that come whole, then one for which there is no room. `whole FILE` says where it is whole. */
const files = `mkdir s full orig; seq 60000 >s/big; echo 1 >s/a; seq 50000 >s/z; cp s/* orig
  mount -t tmpfs -o size=420k tmpfs full || exit 77; trap "umount -l $PWD/full" EXIT
  for f in a big z; do echo old >full/$f; done; touch -d @1000 full/*
  whole() { local f; for f in a big z; do for d in s full full/.~tmp~; do cmp -s orig/$f $d/$f && echo "$f: $d"; done; done; }`;

describe.skipIf(reference === null || !isRoot).each(ways)('nothing is lost on a full disk: %s', (way) => {
  test.each([
    '--delay-updates',
    '--delay-updates --delete-after',
    '--remove-source-files',
    '--remove-source-files --delay-updates',
    '--remove-source-files --inplace',
    '--remove-source-files --partial -b',
    '--remove-source-files --partial-dir=.p',
  ])('%s', (options) =>
    expectSameScript(
      {
        way,
        script: `${files}\nsync -rt ${options} 2>&1 | grep -o 'No space left.*'; whole; head -c 4 full/a full/z; ls -A full
          rm -rf full/* full/.??*; sync -rt ${options} 2>/dev/null; whole; rm -rf s`,
      },
      reference!,
    ),
  );
});
