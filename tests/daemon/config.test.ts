/** rsyncd.conf and the command line of a daemon, beside rsync's. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { expand, expandCommand } from '../../ts/daemon/config/expand.ts';
import { steadyMessages } from '../support/messages.ts';
import { ours, type Peer, referencePeer } from '../support/peers.ts';
import { run } from '../support/run.ts';
import { test } from '../support/tables.ts';
import { withWorkspace } from '../support/workspace.ts';

const reference = referencePeer();

/** What a daemon answers to who asks for its modules, and what it ends with. */
async function listed(who: Peer, config: string, more: Readonly<Record<string, string>>, args: string[]) {
  return withWorkspace(async (dir) => {
    const twin = (text: string) => text.replaceAll('TWIN', dir);
    writeFileSync(join(dir, 'rsyncd.conf'), twin(config));
    mkdirSync(join(dir, 'more'));
    for (const [name, text] of Object.entries(more)) writeFileSync(join(dir, name), twin(text));
    const command = [
      ...who.command,
      '--server',
      '--daemon',
      `--config=${join(dir, 'rsyncd.conf')}`,
      ...args,
      '.',
    ];
    const { code, stdout, stderr } = await run(command, {
      input: '@RSYNCD: 31.0\n#list\n',
      env: { PLACE: 'here', RSYNC_X: 'y' },
    });
    return {
      code,
      stdout: stdout.replaceAll(dir, 'TWIN'),
      messages: steadyMessages(stderr.replaceAll(dir, 'TWIN')),
    };
  });
}

const cases: Readonly<Record<string, string | [string, Record<string, string>, string[]?]>> = {
  'lines that go on, blanks and comments': `# a comment
    ; another
  comment  =  a \\
    comment   \\
    of several lines
[ a   module ]  behind it
\\ list = yes
[b\\
c] # no
comment=\\
d
[d]
   comment = # none
`,
  'defaults that come later': `comment = one
[a]
[global]
comment = two
[b]
[a]
comment = three
list = NO
[c]
l I s T = tru e
name = other
`,
  'what is wrong in it': `bogus = 1
comment = c
this line is bad
use chroot = maybe
[m]
port = 9
list = perhaps
= 1
`,
  'a name with a slash': '[ok]\n[c/d]\n[e]\n',
  'no name': '[ok]\n[]\n',
  'a section that does not end': '[ok]\n[abc\n',
  'a parameter without a name': '[ok]\n = 3\n',
  'an end in the middle': '[ok]\ncomment = x\n[z]\ncomment',
  'a NUL': '[ok]\ncomment = x\0y\n[z]\n',
  variables: '[a]\ncomment = %PLACE% %NOWHERE% %place% %PLACE %RSYNC_X%\nlist = %PLACE%\n',
  'files that it includes': [
    'comment = outer\n[a]\n&include TWIN/one.conf\n[b]\ncomment = b\n&merge TWIN/two.inc\n[c]\n',
    { 'one.conf': 'comment = inner\n[one]\n', 'two.inc': 'comment = merged\n[two]\n' },
  ],
  'a directory of them': [
    'comment = outer\n&include TWIN/more\n[z]\n',
    { 'more/b.conf': '[b]\n', 'more/a.conf': 'comment = a\n[a]\n', 'more/a.inc': '[no]\n' },
  ],
  'one that is not there': ['[a]\n&include TWIN/none.conf\n[b]\n', {}],
  'a directive that nobody knows': '[a]\n&exclude x\n[b]\n',
  'parameters of the command line': [
    'comment = c\n[a]\n',
    {},
    ['-M', 'comment=from outside', '--dparam=list= no'],
  ],
};

describe.skipIf(reference === null)('a configuration', () => {
  test.each(Object.entries(cases))('%s', async (_, given) => {
    const [config, more, args = []] = typeof given === 'string' ? [given, {}] : given;
    const theirs = await listed(reference!, config, more, args);
    const mine = await listed(ours(), config, more, args);
    expect(mine.stdout).toBe(theirs.stdout);
    expect(mine.code).toBe(theirs.code);
    expect(mine.messages).toEqual(theirs.messages);
  });
});

describe.skipIf(reference === null)('a command line', () => {
  test.each([
    ['--daemon', '--no-detach', '-Mfoo=3'],
    ['--daemon', '-Mfoo'],
    ['--no-detach'],
    ['--config=x', '.'],
    ['--daemon', '--nope'],
    ['-a', '--daemon', 'x'],
    ['--daemon', '--port=x'],
    ['--daemon', '--config'],
  ])('%j %j %j', async (...args) => {
    const answer = async (who: Peer) => {
      const { code, stdout, stderr } = await run([
        ...who.command,
        ...args.filter((arg) => arg !== undefined),
      ]);
      return { code, stdout, messages: steadyMessages(stderr) };
    };
    expect(await answer(ours())).toEqual(await answer(reference!));
  });

  test('help names what there is', async () => {
    const names = async (who: Peer) =>
      (await run([...who.command, '--daemon', '--help'])).stdout.match(/^--\S+(?:, -\S)?(?!.*\(ours\)$)/gm);
    expect(await names(ours())).toEqual(await names(reference!));
  });
});

describe('a command with what a client says', () => {
  const variables = (name: string) => ({ RSYNC_USER_NAME: 'me', RSYNC_BAD: 'a;b', HOME: '/h' })[name];

  test('has it as one word', () => {
    expect(expandCommand(`x %RSYNC_USER_NAME% '%RSYNC_USER_NAME%' %HOME% %NO%`, variables)).toBe(
      `x 'me' 'me' /h %NO%`,
    );
  });
  test('is refused where that could be more', () => {
    expect(() => expandCommand('x %RSYNC_BAD%', variables)).toThrow(
      /%RSYNC_BAD% holds a shell metacharacter/,
    );
    expect(expand('/home/%RSYNC_BAD%', variables)).toBe('/home/a;b');
  });
});
