import { mkdirSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { errnoText } from '../../../ts/errno.ts';
import * as text from '../../../ts/report/messages.ts';
import { haveRsync, run, withFolder } from './real-rsync.ts';

it('makes names absolute, quotes them and names the module', () => {
  expect(text.fullName({ path: '/srv' }, 'a/b')).toBe('"/srv/a/b"');
  expect(text.fullName({ path: '/' }, 'a')).toBe('"/a"');
  expect(text.fullName({ path: '/srv' }, '/abs')).toBe('"/abs"');
  expect(text.fullName({ path: '/', module: 'mod' }, 'a')).toBe('"/a" (in mod)');
});

it('has the text of every errno this system knows', () => {
  expect(errnoText(2)).toBe('No such file or directory');
  expect(errnoText(28)).toBe('No space left on device');
  expect(errnoText(9999)).toBe('Unknown error 9999');
  for (const errno of Object.values(constants.errno)) expect(errnoText(errno)).not.toMatch(/^Unknown/);
  expect(text.ENOENT).toBe(constants.errno.ENOENT);
  expect(text.ENOTEMPTY).toBe(constants.errno.ENOTEMPTY);
});

describe.skipIf(!haveRsync)('says what rsync says', () => {
  it('of a source that is missing, a folder without -r, and a destination that cannot be made', () => {
    withFolder((dir) => {
      mkdirSync(`${dir}/sub`);
      writeFileSync(`${dir}/file`, 'x');
      const missing = run(['-a', `${dir}/missing`, `${dir}/sub`, `${dir}/d/`]);
      expect(missing.stderr.split('\n')[0]).toBe(text.linkStatFailed({ path: dir }, 'missing', 2));
      const skipped = run([`${dir}/sub`, `${dir}/file`, `${dir}/d/`]);
      expect(skipped.stdout).toBe(`${text.skippingDirectory('sub')}\n`);
      const deep = run(['-r', `${dir}/sub/`, `${dir}/no/such/`]);
      expect(deep.stderr.split('\n')[0]).toBe(text.destinationMkdirFailed({ path: dir }, 'no/such', 2));
      const several = run([`${dir}/file`, `${dir}/file`, `${dir}/other`, `${dir}/file`]);
      expect(several.stderr).toContain(text.linkStatFailed({ path: dir }, 'other', 2));
    });
  });

  it('of options that leave files out', () => {
    withFolder((dir) => {
      mkdirSync(`${dir}/s`);
      mkdirSync(`${dir}/d`);
      writeFileSync(`${dir}/s/big`, 'xxxxxxxx');
      writeFileSync(`${dir}/s/tiny`, '');
      writeFileSync(`${dir}/s/there`, 'xx');
      writeFileSync(`${dir}/d/there`, 'yy');
      const lines = run([
        '-r',
        '--info=skip1',
        '--max-size=4',
        '--min-size=1',
        '--ignore-existing',
        `${dir}/s/`,
        `${dir}/d/`,
      ]).stdout;
      expect(lines.trim().split('\n')).toEqual([
        text.overMaxSize('big'),
        text.exists('there', ''),
        text.underMinSize('tiny'),
      ]);
      const existing = run(['-r', '--info=skip1', '--existing', `${dir}/s/`, `${dir}/d/`]).stdout;
      expect(existing.trim().split('\n')).toEqual([
        text.notCreating(false, 'big'),
        text.notCreating(false, 'tiny'),
      ]);
    });
  });
});

it('says how a failed verification ends', () => {
  expect(text.failedVerification('f', 'discarded', 'will')).toBe(
    'WARNING: f failed verification -- update discarded (will try again).',
  );
  expect(text.failedVerification('f', 'put into partial-dir', undefined)).toBe(
    'ERROR: f failed verification -- update put into partial-dir.',
  );
});

it('tells the range that an index should have been in', () => {
  const lists = { segments: [{ ndxStart: 5, count: 10 }], dirs: { length: 3 } };
  expect(text.badNdx(99, lists, 'sender')).toBe(
    'File-list index 99 not in 4 - 14 (read_ndx_and_attrs) [sender]',
  );
  expect(text.badNdx(-7, lists, 'sender')).toBe('Invalid file index: -7 (-1 - 14) [sender]');
  expect(text.badDirNdx(-105, lists, 'receiver')).toBe('Invalid dir index: -105 (-101 - -103) [receiver]');
});
