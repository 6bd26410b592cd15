import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFilters, type FilterSide, receiveFilters, sendFilters } from '../../../ts/filter/index.ts';
import type { FilterArg } from '../../../ts/options/options.ts';
import { Reader } from '../../../ts/wire/reader.ts';
import { Writer } from '../../../ts/wire/writer.ts';
import { filterContext, testHost } from '../../support/host.ts';
import { filesInMemory, hasPeer, peer, scratch } from './peer.ts';

interface Settings {
  readonly delete?: 'during';
  readonly deleteExcluded?: boolean;
  readonly pruneEmptyDirs?: boolean;
  readonly partialDir?: string;
  readonly server?: boolean;
}

function optionsFor(filters: readonly FilterArg[], settings: Settings, protocol: number) {
  return {
    filters,
    from0: false,
    delete: settings.delete,
    deleteExcluded: settings.deleteExcluded ?? false,
    insecureLinks: false,
    confineRoot: '',
    pruneEmptyDirs: settings.pruneEmptyDirs ?? false,
    partialDir: settings.partialDir ?? '',
    server: settings.server ?? false,
    protocol,
  };
}

const quiet = filterContext({
  readFile: filesInMemory({}),
  host: testHost({ env: { HOME: '/home', CVSIGNORE: '*.cvs' } }),
});

async function sent(side: FilterSide, protocol: number, args: readonly FilterArg[], settings: Settings) {
  const chunks: Uint8Array[] = [];
  const writer = new Writer({
    write: async (some) => {
      chunks.push(...some.map((chunk) => Uint8Array.from(chunk)));
    },
    unsent: () => 0,
    end: async () => {},
  });
  const options = optionsFor(args, settings, protocol);
  const chain = createFilters(options, { ...quiet, side });
  sendFilters(writer, options, chain, protocol);
  await writer.drain();
  return { bytes: Buffer.concat(chunks), chain };
}

async function received(side: FilterSide, protocol: number, bytes: Uint8Array, settings: Settings) {
  let given = false;
  const source = {
    read: async (into: Uint8Array) => {
      if (given) return 0;
      given = true;
      into.set(bytes);
      return bytes.length;
    },
  };
  const reader = new Reader(source, { message: () => {}, beforeWait: () => {} });
  const options = optionsFor([], { ...settings, server: true }, protocol);
  const chain = createFilters(options, { ...quiet, side });
  await receiveFilters(reader, options, chain, protocol);
  return chain;
}

const exclude = (pattern: string): FilterArg => ({ kind: 'exclude', pattern });
const include = (pattern: string): FilterArg => ({ kind: 'include', pattern });
const filter = (rule: string): FilterArg => ({ kind: 'filter', rule });

/** Rule lists, and the options that they are sent with. */
const lists: readonly [string, readonly FilterArg[], Settings, readonly string[]][] = [
  ['plain', [exclude('*.o'), include('- x'), exclude('- - y'), exclude('dir/')], {}, []],
  [
    'delete',
    [exclude('*.o'), filter('P keep'), filter('H hidden'), filter('S show/'), filter('R risk')],
    { delete: 'during' },
    ['--delete-during'],
  ],
  [
    'both sides',
    [filter('-sr both'), filter('+s only'), filter('-r other')],
    { delete: 'during' },
    ['--delete-during'],
  ],
  [
    'delete excluded',
    [exclude('*.o'), filter('P keep'), filter(':n- .ign'), filter(': .rules'), filter('-r x')],
    { delete: 'during', deleteExcluded: true },
    ['--delete-during', '--delete-excluded'],
  ],
  [
    'modifiers',
    [
      filter('-! a'),
      filter('-/ b'),
      filter('-/!p c'),
      filter('-x user.*'),
      filter(':enw+ .m'),
      filter('+p d'),
    ],
    { delete: 'during' },
    ['--delete-during'],
  ],
  ['cvs', [filter('-C'), exclude('z')], { delete: 'during' }, ['--delete-during']],
  ['-C', [exclude('z'), { kind: 'cvs-exclude' }], { delete: 'during' }, ['--delete-during', '-C']],
  [
    '-FF',
    [filter(': /.rsync-filter'), exclude('q'), filter('- .rsync-filter')],
    { delete: 'during' },
    ['--delete-during'],
  ],
  [
    'partial-dir',
    [exclude('q')],
    { delete: 'during', partialDir: '.part' },
    ['--delete-during', '--partial-dir=.part'],
  ],
  ['empty', [], { delete: 'during' }, ['--delete-during']],
];

function peerArgs(args: readonly FilterArg[]): string[] {
  return args.flatMap((arg) => {
    if (arg.kind === 'filter') return [`--filter=${arg.rule}`];
    return arg.kind === 'include' || arg.kind === 'exclude' ? [`--${arg.kind}=${arg.pattern}`] : [];
  });
}

describe.runIf(hasPeer)('the filter list on the wire, compared with the real rsync', () => {
  let dir: string;
  let remove: () => void;
  beforeAll(() => {
    ({ dir, remove } = scratch());
    mkdirSync(join(dir, 'src'));
    mkdirSync(join(dir, 'home'));
  });
  afterAll(() => remove());

  const script = fileURLToPath(new URL('./fake-server.mjs', import.meta.url));

  function sentByPeer(side: FilterSide, protocol: number, args: readonly string[]): Buffer | 'refused' {
    const file = join(dir, 'capture');
    rmSync(file, { force: true });
    const ends = side === 'sender' ? ['src/', 'host:dest/'] : ['host:src/', 'dest/'];
    const run = spawnSync(
      peer,
      [
        '-r',
        `--protocol=${protocol}`,
        '-e',
        `${process.execPath} ${script} ${protocol} ${file}`,
        ...args,
        ...ends,
      ],
      {
        cwd: dir,
        env: { ...process.env, HOME: join(dir, 'home'), CVSIGNORE: '*.cvs' },
        encoding: 'latin1',
      },
    );
    if (run.stderr.includes('too modern')) return 'refused';
    return readFileSync(file);
  }

  for (const [name, args, settings, flags] of lists) {
    it.each([28, 29, 30, 32])(`${name}, protocol %i`, async (protocol) => {
      for (const side of ['sender', 'receiver'] as const) {
        // A sender sends nothing where the receiver has no use for it; then there is nothing to capture.
        if (side === 'sender' && settings.delete === undefined && !settings.pruneEmptyDirs) continue;
        if (side === 'sender' && settings.deleteExcluded && protocol < 29) continue;
        const expected = sentByPeer(side, protocol, [
          ...flags.filter((flag) => flag === '-C' || !flag.startsWith('--partial')),
          ...peerArgs(args),
          ...flags.filter((flag) => flag.startsWith('--partial')),
        ]);
        if (expected === 'refused')
          await expect(sent(side, protocol, args, settings)).rejects.toThrow(
            'filter rules are too modern for remote rsync.',
          );
        else
          expect((await sent(side, protocol, args, settings)).bytes.toString('latin1')).toBe(
            expected.toString('latin1'),
          );
      }
    });
  }
});

describe('the filter exchange', () => {
  const names: readonly [string, boolean][] = [
    ['a.o', false],
    ['keep', false],
    ['hidden', false],
    ['risk', false],
    ['both', false],
    ['dir', true],
    ['dir', false],
    ['x/core', false],
    ['only', false],
    ['.part', true],
  ];
  it.each(lists)('leaves both sides with the same verdicts: %s', async (_name, args, settings) => {
    for (const side of ['sender', 'receiver'] as const) {
      const other = side === 'sender' ? 'receiver' : 'sender';
      const { bytes, chain } = await sent(side, 32, args, settings);
      if (bytes.length === 0) continue;
      const server = await received(other, 32, bytes, settings);
      // What the client knows of the other side's rules is what the other side does.
      const action = other === 'sender' ? 'hide' : 'protect';
      if (args.some((arg) => arg.kind === 'cvs-exclude')) continue;
      for (const [name, isDir] of names)
        expect([name, server.check(name, isDir, action)]).toEqual([name, chain.check(name, isDir, action)]);
    }
  });

  it('sends nothing to a receiver that has no use for rules', async () => {
    const { bytes } = await sent('sender', 32, [exclude('x')], {});
    expect(bytes.length).toBe(0);
  });

  it('refuses a rule of impossible length', async () => {
    for (const length of [-1, 0x7fffffff, 5120]) {
      const bytes = Buffer.alloc(8);
      bytes.writeInt32LE(length, 0);
      await expect(received('sender', 32, bytes, {})).rejects.toMatchObject({ name: 'RsyncError' });
    }
  });

  it('reads prefixes as protocol 28 does', async () => {
    const bytes = Buffer.from('\x05\0\0\0P foo\x05\0\0\0+ bar\x03\0\0\0b*r\0\0\0\0', 'latin1');
    const chain = await received('sender', 28, bytes, {});
    expect(chain.check('P foo', false, 'hide')).toBe('excluded');
    expect(chain.check('bar', false, 'hide')).toBe('included');
    expect(chain.check('boor', false, 'hide')).toBe('excluded');
  });
});
