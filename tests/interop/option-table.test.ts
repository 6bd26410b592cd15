/**
 * The table of options beside the installed rsync: its help, and what it answers to each of our names. The words of a
 * help are our own; names, arguments, levels and order are rsync's.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { oursMark, usageText } from '../../ts/options/help.ts';
import { debugFlags, flagsHelp, infoFlags, oursAlone } from '../../ts/options/output-flags.ts';
import { parseClientArgs } from '../../ts/options/parse.ts';
import { allSwitches, longSwitch, type OptionSwitch, shortSwitch } from '../../ts/options/switches.ts';
import { ours, referencePeer } from '../support/peers.ts';
import { removeTree } from '../support/workspace.ts';

const reference = referencePeer();
const place = mkdtempSync(join(tmpdir(), 'oc-rsync-table-'));
afterAll(() => removeTree(place));

function says(...words: string[]): string {
  const [program = '', ...before] = reference!.command;
  // A name that takes an argument may take --help for a file's.
  const { status, stdout, stderr } = spawnSync(program, [...before, ...words], {
    cwd: place,
    encoding: 'latin1',
  });
  return status === 0 ? stdout + stderr : '';
}

interface Named {
  readonly long?: string;
  readonly short?: string;
  /** Name of the argument. */
  readonly argument?: string;
}

/** The options that a help names, with their arguments; `(*)` and what follows is a remark. */
function namedIn(help: string): Named[] {
  return help
    .split('\n')
    .filter((line) => line.startsWith('-') && !line.endsWith(oursMark))
    .flatMap((line) => {
      const spec = line.slice(0, 24).replace('(*)', '').trim();
      const words = spec.split(', ');
      const [long = '', argument] = (words[0] ?? '').startsWith('--') ? words[0]!.slice(2).split('=') : [''];
      // Two long names: one is another name of the same.
      const more = words.slice(1).filter((word) => word.startsWith('--'));
      const letter = words.find((word) => /^-[^-]$/.test(word))?.slice(1);
      return [
        { ...(long === '' ? {} : { long }), ...(letter === undefined ? {} : { short: letter }), argument },
        ...more.map((word) => ({ long: word.slice(2), argument })),
      ];
    });
}

/** What rsync's help writes on one line and ours on two, or in brackets, and what stands for others; --json is ours. */
const written = ({ long }: Named) => long !== 'no-OPTION' && long !== 'json';

/** The arguments that an rsync takes of a name, found out by what becomes of the --help behind it. */
function arity(asks: (...words: string[]) => boolean, name: string): 'none' | 'one' | 'unknown' {
  if (asks(name, '--help')) return 'none';
  const values = [
    '1',
    'errors',
    'u+r',
    'name',
    'md5',
    'zlib',
    '--x',
    'N',
    '/',
    '2099-1-1',
    '0:0',
    '1M',
    '- x',
    '/dev/null',
  ];
  return values.some((value) => asks(name, value, '--help')) ? 'one' : 'unknown';
}

const realAsks = (...words: string[]) => says(...words).includes('\nUsage: ');
const oursAsks = (...words: string[]) => {
  try {
    return parseClientArgs(words, { env: {}, now: Date.now }).kind === 'help';
  } catch {
    return false;
  }
};

/** Ends or changes what a command line is, before --help is met. */
const notBeside = new Set(['help', 'server', 'sender', 'daemon', 'quiet']);

describe.skipIf(reference === null)('the table of options', () => {
  const theirs = () => namedIn(says('--help')).filter(written);

  test('has every option of the help, with its letter and its argument', () => {
    const lacking = theirs().filter(({ long, short, argument }) => {
      const one = (longSwitch(long ?? '') ?? shortSwitch(short ?? ''))?.how;
      const sameLetter = short === undefined || short === 'h' || one?.short === short;
      return one === undefined || !sameLetter || (one.arg !== 'none') !== (argument !== undefined);
    });
    expect(lacking).toEqual([]);
  });

  test('is helped with as rsync helps: the same names and arguments, and no others', () => {
    const key = ({ long, short, argument }: Named) => `${long ?? ''} ${short ?? ''} ${argument ?? ''}`;
    const [want, got] = [theirs().map(key), namedIn(usageText()).filter(written).map(key)];
    // Second names on the line of the first are in ours in the text.
    const aside = new Set(['no-W  ', 'i-r  ']);
    expect(got.filter((one) => !want.includes(one))).toEqual([]);
    expect(want.filter((one) => !got.includes(one) && !aside.has(one))).toEqual([]);
  });

  const names = ({ how: one }: OptionSwitch) => [
    ...(one.long === undefined ? [] : [`--${one.long}`]),
    ...(one.short === undefined || one.short === 'h' ? [] : [`-${one.short}`]),
  ];
  const all = allSwitches()
    .filter((one) => !notBeside.has(one.option) && !one.how.ours)
    .flatMap(names);
  test('names nothing that rsync does not know, and takes arguments where it does', () => {
    const differing = all.flatMap((name) => {
      const [want, got] = [arity(realAsks, name), arity(oursAsks, name)];
      return want === got ? [] : [`${name}: rsync ${want}, ours ${got}`];
    });
    expect(differing).toEqual([]);
  });

  test.each([
    [infoFlags, '--info=help'],
    [debugFlags, '--debug=help'],
  ] as const)('has the flags of %$, in their order, with their levels', (set, option) => {
    // Of each line its name and its figures; what the levels of -v add is the same to the letter.
    const shape = (text: string) =>
      text.split('\n').map((line) => {
        if (/^\d\) /.test(line)) return line;
        const name = /^[A-Z]+(?= {2,})/.exec(line)?.[0];
        return name === undefined ? line !== '' : `${name} ${line.match(/\d/g)?.join(' ') ?? ''}`;
      });
    const help = flagsHelp(set as typeof infoFlags);
    // What is ours alone is a part of its own.
    const known = help
      .split('\n\n')
      .filter((part) => !part.startsWith(oursAlone))
      .join('\n\n');
    expect(shape(known)).toEqual(shape(says(option)));
  });
});

describe.skipIf(reference === null)('what only prints goes where messages go', () => {
  test.each([
    '--quiet --help',
    '--help --quiet',
    '--msgs2stderr --help',
    '--stderr=all --help',
    '--stderr=client --help',
    '--stderr=all --no-msgs2stderr --help',
    '--version -q',
    '--version --stderr=all',
    '-VV -q',
    '-VV --stderr=all',
    '-V -q --help',
    '--msgs2stderr -q --help',
    '-q --info=help',
    '--stderr=all --debug=help',
    '--info=help -q',
    '-h',
    '-h -q',
  ])('%s', (line) => {
    const [mine, theirs] = [ours(), reference!].map(({ command: [program = '', ...before] }) => {
      const { status, stdout, stderr } = spawnSync(program, [...before, ...line.split(' ')], { cwd: place });
      return { status, stdout: stdout.length > 0, stderr: stderr.length > 0 };
    });
    expect(mine).toEqual(theirs);
  });
});
