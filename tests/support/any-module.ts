/**
 * Random configurations of a daemon, drawn from the table of its parameters: one that is new has to get values here, or its
 * reason. TWIN stands for the folder that all of it is in.
 */
import fc from 'fast-check';
import {
  type GlobalName,
  globalParameters,
  type ModuleName,
  moduleParameters,
} from '../../ts/daemon/config/parameters.ts';
import type { ByteString } from './bytes.ts';

type Name = GlobalName | ModuleName;

/** Parameters that are not drawn, and why. */
export const parametersLeftOut: Readonly<Partial<Record<Name, string>>> = {
  address: 'of a daemon that stands: daemon/standalone',
  port: 'of a daemon that stands: daemon/standalone',
  'pid file': 'of a daemon that stands: daemon/standalone',
  'socket options': 'of a daemon that stands: daemon/standalone',
  'listen backlog': 'of a daemon that stands: daemon/standalone',
  'daemon chroot': 'none of the programs that the test needs would be left: daemon/rights',
  'proxy protocol': 'a client has to say so: daemon/tls',
  'proxy protocol hosts': 'a client has to say so: daemon/tls',
  'syslog facility': 'of the system’s log: daemon/syslog',
  'syslog tag': 'of the system’s log: daemon/syslog',
  'reverse lookup': 'whom an address belongs to is the machine’s to say: daemon/rights',
  'forward lookup': 'whom an address belongs to is the machine’s to say: daemon/rights',
};

/** What a value may be: such as most clients get in with, and such as few do. */
interface Values {
  readonly right: readonly ByteString[];
  readonly wrong?: readonly ByteString[];
  /** Only root can have those; `native`: nor plain Node. */
  readonly root?: true;
  readonly native?: true;
}

const hook = (what: string): readonly ByteString[] => [
  `TWIN/hook ${what}`,
  `TWIN/hook ${what} %RSYNC_MODULE_NAME% %HOME%`,
  `TWIN/hook ${what} "%RSYNC_HOST_ADDR%" '%RSYNC_USER_NAME%' %RSYNC_NOT_SET%`,
];
const chmods: Values = {
  right: ['a+r', 'Dg+s,Fo-rwx', 'D755,F644', 'u+w,go-w', 'F+X', 'ug=rwX'],
  wrong: ['nonsense'],
};
const hosts: readonly ByteString[] = [
  '127.0.0.1',
  'localhost',
  '10.0.0.0/8 127.*',
  '*',
  '127.0.0.0/8, ::1',
  '10.0.0.1',
];
const yesOrNo: Values = { right: ['yes', 'no', 'true', '0'], wrong: ['perhaps'] };

/** The values of each parameter. */
export const parameterValues: Readonly<Partial<Record<Name, Values>>> = {
  'motd file': { right: ['TWIN/motd'], wrong: ['TWIN/none'] },
  // One that there is not ends a connection before anything is said, so that the client may see a reset or an end.
  'daemon uid': { right: ['0', 'nobody', '65534'], root: true, native: true },
  'daemon gid': { right: ['0', 'nogroup', '1'], root: true, native: true },

  'auth digest': { right: ['md5', 'sha256,md5', 'sha512 md4'], wrong: ['nosuch'] },
  'auth users': {
    right: [
      'me',
      'me:ro',
      'me:rw',
      'other, me',
      'm*',
      'm*:ro other:rw',
      'other:deny me',
      '@nogroup me',
      '@root:rw, *',
    ],
    wrong: ['other', 'me:deny', '@nosuch'],
  },
  'secrets file': { right: ['TWIN/secrets'], wrong: ['TWIN/open-secrets', 'TWIN/none'] },
  'strict modes': yesOrNo,
  charset: { right: ['utf-8', 'latin1', ''], wrong: ['nosuch'] },
  comment: { right: ['a comment', '%PLACE% and %HOME%', 'caf\xe9', ''] },
  'dont compress': { right: ['*.o', '*', '*.c foo'] },
  'early exec': { right: [...hook('early'), 'cat >>TWIN/hooks'] },
  'pre-xfer exec': {
    right: hook('before'),
    wrong: ['echo no; echo again; exit 3', 'kill -9 $$', 'TWIN/none'],
  },
  'post-xfer exec': { right: [...hook('after'), 'exit 3'] },
  'name converter': { right: ['TWIN/converter'], native: true },
  exclude: { right: ['*.o', '/half/', 'f* z~', '/equal/*** foo', '"a b"', '+ foo - f*', '[a-f]*'] },
  include: { right: ['foo', '*/ *.c', '/half/ foo'] },
  filter: {
    right: [
      '- *.o',
      'P foo',
      'H f* S foo',
      // One that keeps files out (`-! */`) has rsync pass over `exclude from` and the like (docs/compatibility.md).
      '+! *.c',
      '+ f* - *',
      'R *',
      '-s x*',
      '-r a*',
      'merge TWIN/rules',
      '! - *.o',
    ],
    wrong: ['nonsense'],
  },
  'exclude from': { right: ['TWIN/rules'], wrong: ['TWIN/none'] },
  'include from': { right: ['TWIN/rules'], wrong: ['TWIN/none'] },
  uid: { right: ['0', 'nobody', '12345'], wrong: ['nosuch'], root: true, native: true },
  gid: { right: ['0', 'nogroup', '1 2', '*', 'daemon, 12345'], wrong: ['nosuch'], root: true, native: true },
  'hosts allow': { right: hosts, wrong: ['10.0.0.1', '127.0.0.0/33'] },
  'hosts deny': { right: ['10.0.0.1', '10.0.0.0/255.0.0.0'], wrong: ['*', 'localhost'] },
  'incoming chmod': chmods,
  'outgoing chmod': chmods,
  'lock file': { right: ['TWIN/lock'], wrong: ['TWIN/none/lock'], native: true },
  'max connections': { right: ['1', '0'], wrong: ['-1'], native: true },
  'log file': { right: ['TWIN/served2', 'TWIN/served'] },
  'log format': {
    right: [
      '%o %h [%a] %m (%u) %f %l',
      '%i %n%L',
      '%M %P %f',
      '%B %U:%G %l',
      '%C %n',
      '%b %c %f',
      'x%%%n%Q',
      '',
    ],
  },
  'transfer logging': yesOrNo,
  name: { right: ['other', 'o p'] },
  'refuse options': {
    right: [
      'compress',
      'delete-*',
      '* !a !v !i !r !t !delete*',
      'c !checksum',
      'no-such fuzzy',
      'checksum* z',
      'log*',
    ],
    wrong: ['delete', 'a', '*', 'r t', 'archive'],
  },
  path: {
    right: [
      'TWIN/m',
      'TWIN/m/',
      'TWIN/m/half',
      'TWIN/./m',
      'TWIN/m/./half',
      'TWIN/%RSYNC_MODULE_NAME%',
      'm',
      'TWIN/to-m',
    ],
    wrong: ['TWIN/none', 'TWIN/motd', ''],
  },
  // One in the tree changes its directory's time before or after that is set.
  'temp dir': { right: ['/tmp', 'TWIN/tmp'], wrong: ['none'] },
  'max verbosity': { right: ['0', '1', '2', '4'], wrong: ['x'] },
  timeout: { right: ['30', '0'] },
  'fake super': { ...yesOrNo, native: true },
  'ignore errors': yesOrNo,
  'ignore nonreadable': yesOrNo,
  'insecure links': yesOrNo,
  list: yesOrNo,
  'munge symlinks': { right: ['yes', 'no', 'unset'], wrong: ['perhaps'] },
  'numeric ids': { right: ['yes', 'no', 'unset'] },
  'open noatime': { right: ['yes', 'no', 'unset'] },
  'read only': { right: ['no', 'no', 'no', 'yes'] },
  'write only': { right: ['no', 'no', 'yes'] },
  'use chroot': { right: ['yes', 'unset', 'no'], root: true, native: true },
};

/** All parameters that there are. */
export const parameterNames = Object.keys({ ...globalParameters, ...moduleParameters }) as Name[];

type Line = readonly [name: Name, value: ByteString];

/** Who serves: not all can do all. */
export interface Server {
  readonly root: boolean;
  readonly native: boolean;
}

function drawn(names: readonly Name[], { root, native }: Server): Name[] {
  return names.filter((name) => {
    const values = parameterValues[name];
    return values !== undefined && (root || values.root !== true) && (native || values.native !== true);
  });
}

function lineOf(name: Name): fc.Arbitrary<Line> {
  const { right, wrong = [] } = parameterValues[name]!;
  const value = fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(...right) },
    ...(wrong.length === 0 ? [] : [{ weight: 1, arbitrary: fc.constantFrom(...wrong) }]),
  );
  return value.map((text) => [name, text]);
}

function lines(names: readonly Name[], most: number): fc.Arbitrary<readonly Line[]> {
  return fc.array(fc.constantFrom(...names).chain(lineOf), { maxLength: most, size: 'max' });
}

/** A module: its lines, of which the path is the first. */
export interface AnyModule {
  readonly name: ByteString;
  readonly lines: readonly Line[];
  /** It stands in a file of its own, which a directive brings in. */
  readonly apart: '' | '&include' | '&merge';
}

export interface AnyConfig {
  readonly globals: readonly Line[];
  readonly modules: readonly AnyModule[];
}

export const moduleNames = ['m', 'n', 'two words'] as const;

function anyModule(name: ByteString, server: Server): fc.Arbitrary<AnyModule> {
  const own = drawn(Object.keys(moduleParameters) as ModuleName[], server).filter((one) => one !== 'path');
  const path = fc.oneof(
    { weight: 3, arbitrary: fc.constant<Line>(['path', 'TWIN/m']) },
    { weight: 1, arbitrary: lineOf('path') },
  );
  return fc.record({
    name: fc.constant(name),
    lines: fc
      .tuple(path, lineOf('read only'), lines(own, 6))
      .map(([first, second, rest]) => [first, second, ...rest]),
    apart: fc.constantFrom('', '', '', '', '&include', '&merge'),
  });
}

/** What comes before all that is drawn, so that it can be drawn otherwise. */
export function always({ root }: Server): readonly Line[] {
  return [
    ['use chroot', 'no'],
    ['log file', 'TWIN/served'],
    ['lock file', 'TWIN/lock'],
    ['secrets file', 'TWIN/secrets'],
    ...(root
      ? ([
          ['uid', '0'],
          ['gid', '0'],
        ] as const)
      : []),
  ];
}

export function anyConfig(server: Server): fc.Arbitrary<AnyConfig> {
  const global = drawn(Object.keys(globalParameters) as GlobalName[], server);
  const defaults = drawn(Object.keys(moduleParameters) as ModuleName[], server);
  return fc.record({
    globals: fc.tuple(lines(global, 1), lines(defaults, 2)).map((both) => both.flat()),
    modules: fc
      .constantFrom(...[1, 2, 2, 3].map((count) => moduleNames.slice(0, count)))
      .chain((names) => fc.tuple(...names.map((name) => anyModule(name, server)))),
  });
}

const textOf = (all: readonly Line[]): ByteString =>
  all.map(([name, value]) => `${name} = ${value}\n`).join('');

/** The files of a configuration: `rsyncd.conf`, and what it includes. */
export function configFiles({ globals, modules }: AnyConfig, server: Server): Record<string, ByteString> {
  const files: Record<string, ByteString> = {};
  const parts = modules.map(({ name, lines, apart }, i) => {
    const text = `[${name}]\n${textOf(lines)}`;
    if (apart === '') return text;
    files[`part${i}`] = text;
    return `${apart} TWIN/part${i}\n`;
  });
  files['rsyncd.conf'] = textOf([...always(server), ...globals]) + parts.join('');
  return files;
}
