/** Random combinations of all options, drawn from their definitions: an option that is new joins by itself. */
import fc from 'fast-check';
import type { Switch } from '../../ts/options/definition.ts';
import type { Draft } from '../../ts/options/options.ts';
import { allSwitches } from '../../ts/options/switches.ts';
import type { ByteString } from './bytes.ts';

/** Options that are not drawn, by their long names, and why. */
export const leftOut: Readonly<Record<string, string>> = {
  help: 'tells and ends: interop/option-table.test.ts',
  version: 'tells and ends',
  daemon: 'the daemon server is no client',
  config: 'of the daemon server',
  dparam: 'of the daemon server',
  detach: 'of the daemon server',
  'no-detach': 'of the daemon server',
  server: 'what a client says to its server',
  sender: 'what a client says to its server',
  rsh: 'the test decides how the other side is reached',
  'rsync-path': 'the test decides how the other side is reached',
  protocol: 'drawn by itself',
};

/** Options after which lines are not compared, but the trees and exit codes are, and why. */
export const linesUnlike: Readonly<Record<string, string>> = {
  debug: 'its lines tell how the program works inside',
};

/** One way to say an option. */
type Way = Switch<unknown, Draft>;

/** What an argument may be: right values, and such as rsync complains of. */
interface Values {
  readonly right: readonly ByteString[];
  readonly wrong?: readonly ByteString[];
}

const rule: Values = {
  right: [
    '- *o*',
    '+ f*',
    'P f*',
    'H *.c',
    'R [a-m]*',
    'S z*',
    '-! */',
    '-s *.o',
    '-r a*',
    '-p x*',
    '- /half/**',
    '+ equal/***',
    'merge ../rules',
    '. ../rules',
    ': .more',
    'dir-merge,- .more',
    ':n .rsync-filter',
    ':C',
    '-C',
    '!',
  ],
  wrong: ['x', 'merge ../none', '- '],
};
const sums: Values = {
  right: ['md4', 'md5', 'sha1', 'xxh64', 'xxh3', 'xxh128', 'none', 'auto', 'md5,xxh64', 'XXH3,md4'],
  wrong: ['crc', 'md5,', 'md5,none'],
};
const methods: Values = { right: ['zlib', 'zlibx', 'lz4', 'zstd', 'none', 'auto'], wrong: ['gzip'] };
const format: Values = {
  right: ['%n', '%i %n%L', '%o %f %l', '%M %n', '%U:%G %B %n', '%C %n', '%i', 'x', '%20n|%-9l|%8o', '%%%n'],
};
const otherTree: Values = { right: ['../prev', '../prev', '../prev/half', '../none'] };
const minutes: Values = { right: ['5', '60'], wrong: ['0', 'x'] };

/** By the argument's name in the help. */
const byArgument: Readonly<Record<string, Values>> = {
  SIZE: { right: ['0', '1', '700', '2K', '1.5k', '64KiB', '1MB', '1K+1', '1m-1'], wrong: ['x', '-1', '1q'] },
  RULE: rule,
  PATTERN: { right: ['*o*', '/half/', 'f*', '*.o', '**/a', '[a-f]*', 'equal/***', '*/', 'fo?', '!'] },
  FILE: { right: ['../rules'], wrong: ['../none'] },
  CHMOD: {
    right: ['ug=rwX,o=rX', 'D755,F644', 'a-w', 'go-rwx', 'u+s', '+t', 'Dg+s', 'F+X', '0600', 'D700', 'a=rwx'],
    wrong: ['z+x', '99', 'u~x'],
  },
  'USER:GROUP': { right: ['nobody', '12345:99', ':7', 'daemon:daemon', '1:'], wrong: ['nosuchuser:1'] },
  'USER[:GROUP]': { right: ['nobody', '0:0', '1:1'], wrong: ['nosuchuser'] },
  NUM: { right: ['0', '1', '2', '7'], wrong: ['x', '1x'] },
  SECONDS: { right: ['0', '50'], wrong: ['x'] },
  PORT: { right: ['873', '0'], wrong: ['70000', '-1', 'x'] },
  ADDRESS: { right: ['127.0.0.1'] },
  OPTIONS: { right: ['SO_KEEPALIVE', 'SO_SNDBUF=65536'] },
  RATE: { right: ['0', '100M', '10m'], wrong: ['x', '0.1'] },
  MINS: minutes,
  'y-m-dTh:m': { right: ['2099-1-1T0:0', '2099-12-31'], wrong: ['2001-1-1', 'x'] },
  FLAGS: {
    right: [
      'name0',
      'name',
      'name2,del',
      'skip',
      'skip2',
      'stats',
      'misc2',
      'flist2',
      'copy',
      'backup',
      'none',
    ],
    wrong: ['nothing', 'name2x'],
  },
  'e|a|c': { right: ['errors', 'all', 'client', 'e', 'a', 'c'], wrong: ['x'] },
  'N|L|B': { right: ['N', 'L', 'B', 'none', 'line'], wrong: ['x'] },
  FORMAT: format,
  FMT: format,
  LIST: { right: ['o/c', '', 'gz', '*'] },
  CONVERT_SPEC: { right: ['utf8,latin1', 'latin1', '.', '-', 'utf8,utf8'], wrong: ['nocharset'] },
  OPT: {
    // What both sides must know alike, as --numeric-ids, would leave one of them waiting for what the other never reads.
    right: ['--delete', '--omit-dir-times', '--no-t', '--log-file=/dev/null', '-I'],
    wrong: ['x', '--nothing'],
  },
  SUFFIX: { right: ['.old', '~', '-'], wrong: ['', 'a/b'] },
  DIR: { right: ['.dir', '../dir'] },
};

/** By the option's name, where the argument's does not say enough. */
const byOption: Readonly<Record<string, Values>> = {
  'files-from': { right: ['../list'], wrong: ['../none'] },
  'max-alloc': { right: ['0', '1G', '64M'], wrong: ['1', 'x'] },
  'block-size': { right: ['0', '700', '1K', '4096', '8K', '131072'], wrong: ['x', '-1', '1M'] },
  'max-delete': { right: ['0', '1', '2', '5', '100', '-1'], wrong: ['x'] },
  'modify-window': { right: ['0', '1', '10', '-1'], wrong: ['x'] },
  'checksum-seed': { right: ['1', '77', '-5'], wrong: ['x'] },
  'compress-level': { right: ['0', '1', '6', '9', '22', '100', '-1'], wrong: ['x'] },
  zl: { right: ['1', '9'], wrong: ['x'] },
  'checksum-choice': sums,
  cc: sums,
  'compress-choice': methods,
  zc: methods,
  usermap: {
    right: ['*:nobody', '0:1,1:0', 'root:daemon', '1-99:12345', ':7'],
    wrong: ['x', '0:nosuchuser', '9-1:0'],
  },
  groupmap: {
    right: ['*:nogroup', '0:1,1:0', 'root:daemon', '1-99:12345', ':7'],
    wrong: ['x', '0:nosuchgroup'],
  },
  'compare-dest': otherTree,
  'copy-dest': otherTree,
  'link-dest': otherTree,
  'backup-dir': { right: ['../saved', '.saved', '../saved/deep'] },
  'partial-dir': { right: ['.part', '../part', '.'] },
  // One that leads up is refused by rsync 3.5.0 alone (docs/compatibility.md); one in the tree changes its directory's time
  // before or after that is set.
  'temp-dir': { right: ['/tmp', '/dev/shm', '/tmp/.'], wrong: ['none'] },
  'confine-root': { right: ['/'], wrong: ['x', '/nothing'] },
  debug: { right: ['all', 'none', 'del2,flist', 'filter', 'recv,send'], wrong: ['nothing'] },
  'log-file': { right: ['log'] },
  'write-batch': { right: ['batch'] },
  'only-write-batch': { right: ['batch'] },
  'read-batch': { right: ['none'] },
};

/** An option without values here must get some, or leave its reason in `leftOut`. */
export function valuesOf(one: Way): Values | undefined {
  return byOption[one.long ?? ''] ?? byArgument[one.argName ?? ''];
}

/** All that are drawn. */
export const drawn: readonly Way[] = allSwitches()
  .filter(({ how: { long = '' } }) => !(long in leftOut))
  .map(({ how }) => how);

function spelled(one: Way): fc.Arbitrary<readonly ByteString[]> {
  const { long, short } = one;
  const names = [...(long === undefined ? [] : [`--${long}`]), ...(short === undefined ? [] : [`-${short}`])];
  if (one.arg === 'none') return fc.constantFrom(...names).map((name) => [name]);
  const { right, wrong = [] } = valuesOf(one)!;
  const value = fc.oneof(
    { weight: 14, arbitrary: fc.constantFrom(...right) },
    ...(wrong.length === 0 ? [] : [{ weight: 1, arbitrary: fc.constantFrom(...wrong) }]),
  );
  return fc
    .tuple(fc.constantFrom(...names), value, fc.boolean())
    .map(([name, text, apart]) =>
      apart ? [name, text] : [name.startsWith('--') ? `${name}=${text}` : name + text],
    );
}

/** What is in the help, more often than other spellings and what switches off. */
export const someOption = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...drawn.filter(({ help }) => help !== undefined)).chain(spelled) },
  { weight: 1, arbitrary: fc.constantFrom(...drawn).chain(spelled) },
);

const start = fc.constantFrom(
  ['-a'],
  ['-ai'],
  ['-ai'],
  ['-aii'],
  ['-aiH'],
  ['-rlti'],
  ['-rti'],
  ['-ri'],
  ['-d'],
  ['-a', '--stats'],
  ['-av'],
  [],
);

/** Options of which the second, or a value of it, goes where there is the first, and why. */
const apart: readonly (readonly [with_: readonly string[], goes: string, why: string])[] = [
  [
    ['secluded-args', 'protect-args', 's'],
    'only-write-batch',
    'a far rsync writes then (docs/compatibility.md)',
  ],
  [
    ['compress-choice', 'zc', 'new-compress'],
    'only-write-batch',
    'a far rsync refuses what it would itself read (docs/compatibility.md)',
  ],
  [
    ['inplace', 'write-devices'],
    'backup-dir=../',
    'rsync loses the mode of what is saved above the destination (docs/compatibility.md)',
  ],
  ...['fuzzy', 'y', 'compare-dest', 'copy-dest', 'link-dest'].map(
    (goes) =>
      [
        ['append', 'append-verify'],
        goes,
        'rsync appends to what has no beginning (docs/compatibility.md)',
      ] as const,
  ),
];

/** The options of a command line, each with its argument. */
export const anyOptions: fc.Arbitrary<readonly (readonly ByteString[])[]> = fc
  .tuple(start, fc.array(someOption, { minLength: 1, maxLength: 7, size: 'max' }))
  .map(([first, more]) => [first, ...more].filter((words) => words.length > 0))
  .map((options) =>
    apart.reduce(
      (left, [with_, goes]) => (gives(left, ...with_) ? left.filter((one) => !begins(one, goes)) : left),
      options,
    ),
  );

/** Whether an option is the long one `name`, or begins with its `name=value`. */
function begins(option: readonly ByteString[], name: string): boolean {
  return name.includes('=') ? option.join('=').startsWith(`--${name}`) : gives([option], name);
}

/** Whether one of the options was given, by its long name or letter. */
export function gives(options: readonly (readonly ByteString[])[], ...names: readonly string[]): boolean {
  return options.some(([word = '']) =>
    names.some((name) =>
      name.length === 1 ? /^-[^-]/.test(word) && word.includes(name) : word.split('=')[0] === `--${name}`,
    ),
  );
}

/** How often a letter was given, or its long name. */
export function timesGiven(
  options: readonly (readonly ByteString[])[],
  letter: string,
  long: string,
): number {
  return options
    .map(([word = '']) =>
      word === `--${long}` ? 1 : /^-[a-zA-Z]+$/.test(word) ? word.split(letter).length - 1 : 0,
    )
    .reduce((sum, n) => sum + n, 0);
}

/** The sizes, times and speeds that may differ, also in a log. All other figures must not. */
const differs: readonly [RegExp, string][] = [
  // A log tells when, and which process, and in which line of the program.
  [/^(log: )[\d/]{10} [\d:]{8} \[\d+\] /gm, '$1'],
  [/^(log: .*) at [\w./-]+\(\d+\)/gm, '$1'],
  [/^(log: .*\[\w+)=[\w.+-]+\]/gm, '$1]'],
  // What passes on the wire depends on how it is framed.
  [/\bsent [\d,.]+\w? bytes {2}received [\d,.]+\w? bytes .*$/gm, 'sent and received'],
  [/(bytes (?:sent|received)): [\d,.]+\w?/gi, '$1'],
  // The receiver counts what it happened to read meanwhile, the sender what it happened to write.
  [/^((?:log: )?File list size):.*$/gm, '$1'],
  [/ {2}speedup is [\d,.]+\w?/g, ''],
  [/^((?:log: )?File list (?:generation|transfer) time):.*$/gm, '$1'],
  // Progress tells of speed, and how far the list was known by then.
  [/^.*\r.*$|^ +[\d,.]+\w? +\d+% .*$/gm, 'progress'],
  // What is wrong with an option is in rsync's log where --log-file came before it.
  [/^log: .*\[client\].*\n/gm, ''],
  // Whether a mode is set before attributes are read decides whether their owner may (docs/compatibility.md).
  [/^rsync: \[\w+\] get_xattr_data: lgetxattr\(.*Permission denied \(13\)\n/gm, ''],
  // What the far side says of a connection that closes is heard, or not, whichever side is quicker.
  [
    /^(?:log: )?rsync: connection unexpectedly closed .*\n(?:(?:log: )?rsync error: .* \(code 12\).*\n)?/gm,
    '',
  ],
  // rsync is three processes, of which one ends the others.
  [/^(?:log: )?rsync error: received SIGUSR1 \(code 19\).*\n/gm, ''],
  // The words of the help are our own.
  [
    /^(?:log: )?(?:oc-)?rsync {2}version (?:.*\n)*?(?:log: )?(?:See https:..rsync.samba.org|oc-rsync help OPTION tells).*$/gm,
    'usage',
  ],
];

/** How often a foreign link is refused depends on how often it is come across (docs/compatibility.md). */
const refusal = /^refusing to follow a symlink .*\n/gm;

export function steadyFigures(text: ByteString): ByteString {
  let refusals = 0;
  const once = text.replace(refusal, (line) => (refusals++ === 0 ? line : ''));
  return differs.reduce((now, [what, to]) => now.replace(what, to), once);
}
