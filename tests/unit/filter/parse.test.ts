import { describe, expect, it } from 'vitest';
import { RsyncError } from '../../../ts/errors.ts';
import { ImpliedIncludes, parseFilterArgs } from '../../../ts/filter/index.ts';
import type { FilterArg } from '../../../ts/options/options.ts';
import { filterContext, testSite } from '../../support/host.ts';
import { filesInMemory } from './peer.ts';

function failure(args: readonly FilterArg[], files: Readonly<Record<string, string>> = {}) {
  try {
    parseFilterArgs(args, filterContext({ readFile: filesInMemory(files) }));
  } catch (error) {
    if (error instanceof RsyncError) return [error.exitCode, error.message];
    throw error;
  }
  return undefined;
}
const filter = (rule: string): FilterArg => ({ kind: 'filter', rule });

describe('filter rules that are wrong', () => {
  it.each([
    ['foo', 'Unknown filter rule: foo'],
    ['excludes x', 'Unknown filter rule: excludes x'],
    ['clear x', "'!' rule has trailing characters: clear x"],
    ['!x', "'!' rule has trailing characters: !x"],
    ['-', 'unexpected end of filter rule: -'],
    ['-z foo', "invalid modifier 'z' at position 1 in filter rule: -z foo"],
    ['Ps foo', "invalid modifier 's' at position 1 in filter rule: Ps foo"],
    ['-n foo', "invalid modifier 'n' at position 1 in filter rule: -n foo"],
    [':! foo', "invalid modifier '!' at position 1 in filter rule: :! foo"],
  ])('%s', (rule, message) => {
    expect(failure([filter(rule)])).toEqual([1, message]);
  });

  it('does not show what a file holds', () => {
    expect(failure([filter('. rules')], { rules: '- ok\n\nsecret line\n' })).toEqual([
      1,
      'Unknown filter rule: <rule from rules line 3>',
    ]);
    expect(failure([filter('. rules')], { rules: '. other', other: 'secret' })).toEqual([
      1,
      'Unknown filter rule: <rule from a file named at rules line 1>',
    ]);
    expect(failure([filter('. rules')], { rules: '. missing' })).toEqual([
      11,
      'failed to open exclude file <rule from rules line 1>',
    ]);
    expect(failure([filter('.s rules')], { rules: 'P x' })).toEqual([
      1,
      'specified-side merge file contains specified-side filter: <rule from rules line 1>',
    ]);
  });

  it('ends the run when a file cannot be opened', () => {
    expect(failure([{ kind: 'include-from', file: 'none' }])).toEqual([
      11,
      'rsync: [client] failed to open include file none: No such file or directory (2)',
    ]);
  });

  it('stops merge files that include themselves', () => {
    expect(failure([filter('. loop')], { loop: '. loop' })?.[0]).toBe(11);
  });
});

describe('rule files', () => {
  const verdicts = (args: readonly FilterArg[], files: Record<string, string>) => {
    const chain = parseFilterArgs(args, filterContext({ readFile: filesInMemory(files) }));
    return (name: string, isDir = false) => chain.check(name, isDir, 'hide');
  };

  it('skip comments and empty lines, and end lines with CR, LF or both', () => {
    const check = verdicts([{ kind: 'exclude-from', file: 'f' }], { f: '# c\n;d\r\na\r\n\nb\rc' });
    expect(['a', 'b', 'c', '# c', ';d'].map((name) => check(name))).toEqual([
      'excluded',
      'excluded',
      'excluded',
      'none',
      'none',
    ]);
  });

  it('are separated by null bytes where --from0 stood before', () => {
    const check = verdicts([{ kind: 'exclude-from', file: 'f', from0: true }], { f: 'a\nb\0+ c\0' });
    expect(['a', 'a\nb', 'c'].map((name) => check(name))).toEqual(['none', 'excluded', 'included']);
  });

  it('give words with the w modifier', () => {
    const check = verdicts([filter('.w- f')], { f: 'a b\n#c\td' });
    expect(['a', 'b', '#c', 'd'].map((name) => check(name))).toEqual(Array(4).fill('excluded'));
  });

  it('can clear what came before', () => {
    const check = verdicts(
      [
        { kind: 'exclude', pattern: 'a' },
        { kind: 'exclude', pattern: '!' },
        { kind: 'exclude', pattern: 'b' },
      ],
      {},
    );
    expect(check('a')).toBe('none');
    expect(check('b')).toBe('excluded');
  });

  it('keep names that are not UTF-8 apart', () => {
    const check = verdicts([{ kind: 'exclude', pattern: '*\xff' }], {});
    expect(check('a\xff')).toBe('excluded');
    expect(check('a\xfe')).toBe('none');
  });
});

describe('sides', () => {
  const args = [filter('H h'), filter('P p'), filter('- both'), filter('-p perishable')];
  it('decide which action a rule takes part in', () => {
    const chain = parseFilterArgs(args, filterContext({ side: 'receiver' }));
    expect(chain.check('h', false, 'hide')).toBe('excluded');
    expect(chain.check('h', false, 'protect')).toBe('none');
    expect(chain.check('p', false, 'protect')).toBe('excluded');
    expect(chain.check('p', false, 'hide')).toBe('none');
    expect(chain.check('both', false, 'protect')).toBe('excluded');
  });

  it('--delete-excluded protects nothing that is merely excluded', () => {
    const chain = parseFilterArgs(args, filterContext({ side: 'receiver' }), { deleteExcluded: true });
    expect(chain.check('both', false, 'protect')).toBe('none');
    expect(chain.check('both', false, 'hide')).toBe('excluded');
    expect(chain.check('p', false, 'protect')).toBe('excluded');
  });

  it('perishable rules do not count while a directory is deleted', () => {
    const chain = parseFilterArgs(args, filterContext({ side: 'receiver' }));
    expect(chain.check('perishable', false, 'protect')).toBe('excluded');
    chain.ignorePerishable = true;
    expect(chain.check('perishable', false, 'protect')).toBe('none');
  });

  it('an empty chain says so', () => {
    expect(parseFilterArgs([], filterContext()).isEmpty).toBe(true);
    expect(parseFilterArgs([filter('- x')], filterContext()).isEmpty).toBe(false);
  });

  it('rules for extended attributes do not match files', () => {
    const chain = parseFilterArgs([filter('-x user.*')], filterContext());
    expect(chain.check('user.a', false, 'hide')).toBe('none');
    expect(chain.checkXattr('user.a', 'hide')).toBe('excluded');
  });
});

describe('directories', () => {
  const files = {
    '/top/.f': '- /src/only\n- everywhere',
    '/top/src/.f': '- /here\n- below',
    '/top/src/d/.f': '+ below',
  };
  const chainWith = (rule: string) => {
    const chain = parseFilterArgs([filter(rule)], filterContext({ readFile: filesInMemory(files) }));
    chain.setRoot({ path: '/top/src' });
    return chain;
  };
  const root = { path: '/top/src' };

  it('inherit, override and forget', () => {
    const chain = chainWith(': .f');
    chain.enterDir(root, '.');
    expect(chain.check('here', false, 'hide')).toBe('excluded');
    expect(chain.check('d/here', false, 'hide')).toBe('none');
    expect(chain.check('below', false, 'hide')).toBe('excluded');
    chain.enterDir(root, 'd');
    expect(chain.check('d/below', false, 'hide')).toBe('included');
    chain.enterDir(root, 'e');
    expect(chain.check('e/below', false, 'hide')).toBe('excluded');
    chain.leaveAll();
    expect(chain.check('below', false, 'hide')).toBe('none');
  });

  it('search the parents of the transfer where the name says so', () => {
    const chain = chainWith(': /.f');
    chain.enterDir(root, '');
    expect(chain.check('only', false, 'hide')).toBe('excluded');
    expect(chain.check('d/only', false, 'hide')).toBe('none');
    expect(chain.check('d/everywhere', false, 'hide')).toBe('excluded');
  });

  it('do not inherit with the n modifier', () => {
    const chain = chainWith(':n .f');
    chain.enterDir(root, '');
    chain.enterDir(root, 'e');
    expect(chain.check('e/below', false, 'hide')).toBe('none');
  });

  it('are read where names are absolute, as --relative sends them', () => {
    const chain = chainWith(': .f');
    chain.enterDir({ path: '/elsewhere' }, '/top/src');
    expect(chain.check('/top/src/below', false, 'hide')).toBe('excluded');
    chain.enterDir({ path: '/elsewhere' }, '/top/src/d');
    expect(chain.check('/top/src/d/below', false, 'hide')).toBe('included');
    expect(chain.check('/top/src/here', false, 'hide')).toBe('excluded');
  });

  it('match absolute paths below a module', () => {
    const chain = parseFilterArgs(
      [filter('-/ /src/x')],
      filterContext({ site: testSite({ moduleDir: '/top' }) }),
    );
    chain.setRoot(root);
    expect(chain.check('x', false, 'hide')).toBe('excluded');
    expect(chain.check('src/x', false, 'hide')).toBe('none');
  });
});

describe('what a pull asked for', () => {
  const asked = (
    args: readonly string[],
    options: { relative?: boolean; recursive?: boolean; dirs?: boolean; module?: boolean } = {},
  ) => {
    const implied = new ImpliedIncludes({
      relative: options.relative ?? false,
      recursive: options.recursive ?? true,
      dirs: options.dirs ?? true,
    });
    for (const arg of args) implied.add(arg, options.module ?? false);
    return implied;
  };

  it('covers an argument and what lies in it', () => {
    const implied = asked(['some/dir', 'f*']);
    expect(implied.allows('dir', true)).toBe(true);
    expect(implied.allows('dir/a/b', false)).toBe(true);
    expect(implied.allows('foo/x', false)).toBe(true);
    expect(implied.allows('other', false)).toBe(false);
    expect(implied.allows('x/dir', true)).toBe(false);
    expect(implied.allows('.', true)).toBe(true);
  });

  it('covers everything with a slash at the end', () => {
    expect(asked(['some/dir/']).allows('any/thing', false)).toBe(true);
    expect(asked(['mod'], { module: true }).allows('any/thing', false)).toBe(true);
    expect(asked(['mod/a/b'], { module: true }).allows('any', false)).toBe(false);
  });

  it('covers no more than a level without recursion', () => {
    const implied = asked(['dir/'], { recursive: false });
    expect(implied.allows('a', false)).toBe(true);
    expect(implied.allows('a/b', false)).toBe(false);
  });

  it('covers the parents of a relative argument, as directories without content', () => {
    const implied = asked(['x/./a//b/./c/'], { relative: true });
    expect(implied.allows('a', true)).toBe(true);
    expect(implied.allows('a', false)).toBe(false);
    expect(implied.allows('a/b', true)).toBe(true);
    expect(implied.allows('a/b/c/d', false)).toBe(true);
    expect(implied.allows('a/x', true)).toBe(false);
    expect(implied.isImpliedParent('a/b')).toBe(true);
    expect(implied.isImpliedParent('a/b/c')).toBe(false);
    expect(implied.isImpliedParent('.')).toBe(true);
    expect(asked(['/'], { relative: true }).isImpliedParent('.')).toBe(false);
  });

  it('takes brackets as a class and as themselves', () => {
    const implied = asked(['[ab]']);
    expect(implied.allows('a', false)).toBe(true);
    expect(implied.allows('[ab]', false)).toBe(true);
    expect(implied.allows('c', false)).toBe(false);
  });

  it('keeps backslashes', () => {
    expect(asked(['a\\b']).allows('a\\b/c', false)).toBe(true);
    expect(asked(['a\\b*']).allows('a\\bc', false)).toBe(true);
    expect(asked(['a\\*']).allows('a*', false)).toBe(true);
    expect(asked(['a\\*']).allows('ab', false)).toBe(false);
  });
});
