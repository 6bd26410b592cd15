/**
 * What peers that know the protocol and mean ill may say, to a client or to a server.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { Item, Msg, ndxDelStats, ndxDone, ndxFlistEof, ndxFlistOffset } from '../../ts/wire/constants.ts';
import type { Writer } from '../../ts/wire/writer.ts';
import { show } from './bytes.ts';
import {
  type Attack,
  directory,
  type HostileEntry,
  sayEnd,
  sayEntry,
  sayFile,
  sayItem,
  sayList,
  sayNoRules,
  symlink,
} from './hostile-peer.ts';
import { kernelName } from './peers.ts';

export type End = 'client' | 'server';

export interface Row extends Attack {
  readonly what: string;
  /** Exit codes of ours, where they need not be real rsync's; else the same. */
  readonly codes?: readonly number[];
  /** Makes what is at the destination before. */
  readonly prepare?: (dst: string) => void;
  /** What must be so at the destination afterwards. */
  readonly look?: (dst: string) => void;
  /** It makes sense against this end alone. */
  readonly only?: End;
  /** No run leaves it out: it came through once. */
  readonly always?: boolean;
}

const top = directory('.');
const int = (...values: number[]) => {
  const out = Buffer.alloc(values.length * 4);
  for (const [i, value] of values.entries()) out.writeInt32LE(value | 0, i * 4);
  return out;
};

/** A whole transfer of these entries: each index is answered as if it were a file. */
const sends =
  (entries: readonly HostileEntry[], files = entries.map((_, i) => i)) =>
  (writer: Writer, to: End) => {
    sayList(writer, entries);
    for (const ndx of files) sayFile(writer, ndx);
    sayEnd(writer, to);
  };
const after =
  (entries: readonly HostileEntry[], then: (writer: Writer, to: End) => void | Promise<void>) =>
  (writer: Writer, to: End) => {
    sayList(writer, entries);
    return then(writer, to);
  };
const one = [top, { name: 'file' }];

/** Content for a file whose basis lies outside: its first block, by a sum head of `head`, and then `digest` of it all. */
const basisOutside = (head: readonly number[], digest: Uint8Array) =>
  after(one, (writer, to) => {
    writer.ndx(1);
    writer.short(Item.Transfer | Item.BasisTypeFollows | Item.XnameFollows);
    writer.byte(0x83);
    writer.vstring('../out/kept');
    for (const value of head) writer.int(value);
    writer.int(-1);
    writer.int(0);
    writer.bytes(digest);
    sayEnd(writer, to);
  });

const names: readonly Row[] = [
  '../out/planted',
  'sub/../../out/planted',
  '/etc/planted',
  '..',
  'sub/..',
  'sub/planted',
  'a//b',
  './file',
  'file/',
  '',
  'nul\0inside',
  `${'long/'.repeat(819)}x`,
  'n'.repeat(4096),
  'n'.repeat(70_000),
].map((name) => ({
  what: `a name: ${name.length > 40 ? `${name.length} bytes of ${name.slice(0, 5)}` : show(name)}`,
  peer: 'sender',
  say: sends([top, { name }], [1]),
  // It is refused before it can be one of a list's: not as rsync, which cuts it short, or takes it for unrequested.
  codes: name === '' || name.includes('\0') ? [2] : undefined,
}));

const links: readonly Row[] = [
  {
    what: 'a file below a link of the list',
    peer: 'sender',
    say: sends([top, symlink('l', '../out'), { name: 'l/planted' }], [2]),
  },
  {
    what: 'a link and a directory of one name',
    peer: 'sender',
    say: sends([top, symlink('l', '../out'), directory('l'), { name: 'l/planted' }], [1, 2, 3]),
  },
  {
    what: 'a directory where there is a link at the destination',
    peer: 'sender',
    // The file comes unasked, before or after the directory is made.
    codes: [0, 23],
    prepare: (dst) => symlinkSync('../out', join(dst, 'l')),
    say: sends([top, directory('l'), { name: 'l/planted' }], [2]),
  },
  {
    what: 'a file where there is a link at the destination',
    peer: 'sender',
    prepare: (dst) => symlinkSync('../out/kept', join(dst, 'l')),
    say: sends([top, { name: 'l' }], [1]),
  },
  {
    what: 'a basis that leads out',
    peer: 'sender',
    codes: [0, 2, 11, 12, 23],
    say: basisOutside([1, 700, 16, 4], Buffer.alloc(16)),
  },
  { what: 'a link without a target', peer: 'sender', say: sends([top, symlink('l', '')], []) },
  {
    what: 'a link whose target is too long',
    peer: 'sender',
    say: sends([top, symlink('l', 't'.repeat(5000))], []),
  },
  // rsync cuts it there.
  {
    what: 'a link with NUL in its target',
    peer: 'sender',
    codes: [23],
    say: sends([top, symlink('l', 'a\0b')], []),
  },
];

/** What an entry may say of itself. */
const values: readonly Row[] = [
  ['a size below zero', { name: 'file', size: -1 }],
  ['a size of 2^62', { name: 'file', size: 2 ** 62 }],
  ['a size beyond 2^53', { name: 'file', size: 2 ** 53 + 2 }],
  ['a time long ago', { name: 'file', mtime: -(2 ** 50) }],
  ['a time far away', { name: 'file', mtime: 2 ** 62 }],
  ['a time beyond 2^53', { name: 'file', mtime: 2 ** 53 + 2 }],
  ['no kind of file', { name: 'file', mode: 0 }],
  ['all bits of a mode', { name: 'file', mode: -1 }],
  ['a fifo that was not asked for', { name: 'file', mode: 0o10644 }],
  ['a device that was not asked for', { name: 'file', mode: 0o20644 }],
].map(([what, entry]) => ({
  what: what as string,
  peer: 'sender',
  say: sends([top, entry as HostileEntry], [1]),
}));

/** Device numbers, of which the kernel takes 12 bits and 20. */
const devices: readonly Row[] = (
  [
    [1, 3],
    [4095, 0xfffff],
    [4096, 1],
    [1, 1 << 20],
    [-1, -1],
    [0x7fffffff, -0x80000000],
  ] as const
).map((device) => ({
  what: `the device ${device.join(', ')}`,
  peer: 'sender',
  options: ['--devices'],
  // Plain Node makes none.
  codes: kernelName === 'portable' ? [0, 23] : undefined,
  say: sends([top, { name: 'device', mode: 0o20644, size: 0, device }], []),
}));

/** A peer that was told what to leave out, and sends it all the same: a file that is here must stay. */
const excluded: readonly Row[] = [
  { what: 'without its directory', rule: '--exclude=secret/', list: [] },
  {
    what: 'without its directory, from a deep one',
    rule: '--exclude=/a/secret',
    list: [directory('a')],
    at: 'a/',
  },
  { what: 'with its directory', rule: '--exclude=secret/', list: [directory('secret')] },
  { what: 'as a file of its own', rule: '--exclude=keys', list: [directory('secret')] },
].map(({ what, rule, list, at = '' }) => ({
  what: `what ${rule} leaves out, ${what}`,
  peer: 'sender',
  only: 'client',
  always: true,
  // Both say 2 or 4, but on a busy machine rsync's receiver and generator may each be the first to end the run.
  codes: [2, 4, 12],
  options: [rule],
  prepare: (dst) => {
    mkdirSync(join(dst, `${at}secret`), { recursive: true });
    writeFileSync(join(dst, `${at}secret/keys`), 'ours');
  },
  say: sends([top, ...list, { name: `${at}secret/keys` }], [list.length + 1]),
  look: (dst) => expect(readFileSync(join(dst, `${at}secret/keys`), 'latin1')).toBe('ours'),
}));

const lists: readonly Row[] = [
  { what: 'an empty list', peer: 'sender', codes: [0, 12], say: sends([]) },
  { what: 'a list without a top', peer: 'sender', say: sends([{ name: 'a' }, { name: 'b' }]) },
  { what: 'one name twice', peer: 'sender', say: sends([top, { name: 'a' }, { name: 'a' }], [1]) },
  {
    what: 'an I/O error of all bits',
    peer: 'sender',
    codes: [12, 23],
    say: (writer, _to) => sayList(writer, one, -1),
  },
  {
    what: 'more of the last name than there is',
    peer: 'sender',
    codes: [2],
    say: (writer, _to) => {
      writer.varint(0x38);
      writer.byte(200);
      writer.byte(1);
      writer.string('x');
      writer.varlong(1, 3);
      writer.varlong(1, 4);
      writer.int(0o100644);
    },
  },
  ...[0x7fffffff, -1, 5000].map(
    (length): Row => ({
      what: `a name of ${length} bytes`,
      peer: 'sender',
      say: (writer, _to) => {
        writer.varint(0x58);
        writer.varint(length);
        writer.string('x'.repeat(100));
      },
    }),
  ),
  {
    what: 'flags that nobody knows',
    peer: 'sender',
    codes: [0, 2, 12, 20, 22, 23, 30],
    say: (writer, _to) => sayEntry(writer, { name: 'x', flags: 1 << 25 }),
  },
  {
    what: 'a varint of too many bytes',
    peer: 'sender',
    say: (writer, _to) => writer.bytes(Buffer.alloc(64, 0xff)),
  },
  {
    what: '300,000 entries of one letter',
    peer: 'sender',
    say: after(
      Array.from({ length: 300_000 }, (_, i): HostileEntry => ({ name: `${i}` })),
      () => {},
    ),
  },
  ...[0, 1, 99, -1].map(
    (first): Row => ({
      what: `a hard link to number ${first}`,
      peer: 'sender',
      options: ['-H'],
      codes: [0, 2, 12, 20, 22, 23],
      say: (writer, to) => {
        sayEntry(writer, top);
        writer.varint(0x18 | 0x200);
        writer.byte(1);
        writer.string('h');
        writer.varint(first);
        for (let i = 0; i < 20; i++) writer.int(0);
        sayEnd(writer, to);
      },
    }),
  ),
];

const answers: readonly Row[] = [
  // rsync takes it for a success.
  { what: 'all is done at once', peer: 'sender', codes: [12], say: after(one, sayEnd) },
  { what: 'done, and no more', peer: 'sender', say: after(one, (writer, _to) => writer.ndx(ndxDone)) },
  {
    what: 'done twenty times',
    peer: 'sender',
    codes: [2, 12],
    say: after(one, (writer) => {
      for (let i = 0; i < 20; i++) writer.ndx(ndxDone);
    }),
  },
  ...[2, 5000, 0x7ffffff, -4, -50, ndxFlistEof, ndxFlistOffset, ndxFlistOffset - 1000].map(
    (ndx): Row => ({
      what: `an answer for number ${ndx}`,
      peer: 'sender',
      codes: [2, 12, 20],
      say: after(one, (writer, _to) => sayFile(writer, ndx)),
    }),
  ),
  {
    what: 'data for a directory',
    peer: 'sender',
    say: after([top, directory('d')], (writer, to) => {
      sayFile(writer, 1);
      sayEnd(writer, to);
    }),
  },
  {
    what: 'data for a link',
    peer: 'sender',
    say: after([top, symlink('l', 'x')], (writer, to) => {
      sayFile(writer, 1);
      sayEnd(writer, to);
    }),
  },
  {
    what: 'data that nobody asked for',
    peer: 'sender',
    options: ['-n'],
    codes: [0, 2, 12],
    say: after(one, (writer, to) => {
      sayFile(writer, 1);
      sayEnd(writer, to);
    }),
  },
  {
    what: 'the same file a hundred times',
    peer: 'sender',
    codes: [0, 2, 12, 23],
    say: after(one, (writer, to) => {
      for (let i = 0; i < 100; i++) sayFile(writer, 1);
      sayEnd(writer, to);
    }),
  },
  ...(
    [
      ['count', { count: 0x7fffffff, length: 700, strong: 16 }],
      ['count below zero', { count: -1, length: 700, strong: 16 }],
      ['block length', { count: 1, length: 0x7fffffff, strong: 16 }],
      ['block length below zero', { count: 1, length: -5, strong: 16 }],
      ['sum', { count: 1, length: 700, strong: 100 }],
      ['remainder', { count: 1, length: 700, strong: 16, rest: 701 }],
    ] as const
  ).map(
    ([what, head]): Row => ({
      what: `a sum head with a bad ${what}`,
      peer: 'sender',
      codes: [2, 12, 22],
      say: after(one, (writer) => {
        sayItem(writer, 1, Item.Transfer, head);
        writer.int(0);
        writer.bytes(Buffer.alloc(16));
      }),
    }),
  ),
  ...[0x7fffffff, 32 * 1024 + 1, -1, -1000, -0x80000000].map(
    (token): Row => ({
      what: `the token ${token}`,
      peer: 'sender',
      codes: [2, 12],
      say: after(one, (writer) => {
        sayItem(writer, 1);
        writer.int(token);
        writer.bytes(Buffer.alloc(70_000));
      }),
    }),
  ),
  {
    what: 'a wrong digest',
    peer: 'sender',
    say: after(one, (writer, to) => {
      for (let phase = 0; phase < 2; phase++) {
        sayItem(writer, 1);
        writer.int(5);
        writer.string('wrong');
        writer.int(0);
        writer.bytes(Buffer.alloc(16));
        if (phase === 0) writer.ndx(ndxDone);
      }
      for (let phase = 0; phase < 2; phase++) writer.ndx(ndxDone);
      if (to === 'client') for (let counter = 0; counter < 5; counter++) writer.varlong(0, 3);
      writer.ndx(ndxDone);
    }),
  },
];

const messages: readonly Row[] = (['sender', 'receiver'] as const).flatMap((peer) => {
  const begin = (writer: Writer, to: End) => {
    if (peer === 'sender') sayList(writer, one);
    else sayNoRules(writer, to);
  };
  const row = (
    what: string,
    say: (writer: Writer, to: End) => void | Promise<void>,
    codes?: readonly number[],
  ): Row => ({
    what: `${what}, from a ${peer}`,
    peer,
    codes,
    say: (writer, to) => {
      begin(writer, to);
      return say(writer, to);
    },
  });
  const payloads = [
    int(0),
    int(1),
    int(256),
    int(-1),
    int(0x7fffffff),
    Buffer.alloc(0),
    Buffer.alloc(2),
    Buffer.alloc(8),
  ];
  const late = [2, 12, 30];
  return [
    ...payloads.map((payload) =>
      row(
        `MSG_ERROR_EXIT of ${payload.toString('hex')}`,
        (writer) => writer.message(Msg.ErrorExit, payload),
        [1, 2, 12, 30],
      ),
    ),
    ...([Msg.NoSend, Msg.Redo, Msg.Success] as const).flatMap((tag) =>
      [int(0), int(999_999), int(-1), Buffer.alloc(3)].map((payload) =>
        row(`message ${tag} of ${payload.toString('hex')}`, (writer) => writer.message(tag, payload), [
          ...late,
          20,
          22,
        ]),
      ),
    ),
    row('MSG_IO_TIMEOUT of 0', (writer) => writer.message(Msg.IoTimeout, int(0)), late),
    row(
      'MSG_DELETED of a name that leads out',
      (writer) => writer.message(Msg.Deleted, Buffer.from('../../etc/passwd')),
      late,
    ),
    row('MSG_STATS', (writer) => writer.message(Msg.Stats, Buffer.alloc(3)), late),
    row('an unknown message', (writer) => writer.message(99 as Msg, Buffer.from('x')), late),
    row(
      '100,000 empty frames',
      (writer) => {
        for (let i = 0; i < 100_000; i++) writer.message(Msg.Data, Buffer.alloc(0));
      },
      late,
    ),
    row('a message of 16 MiB', (writer) => writer.message(Msg.Info, Buffer.alloc(0xffffff, 7)), late),
    row(
      '20,000 lines',
      async (writer) => {
        for (let i = 0; i < 20_000; i++) {
          writer.message(Msg.Info, Buffer.from('\x1b[2Jrsync error: forged\r'.repeat(20)));
          if (writer.full) await writer.drain();
        }
      },
      late,
    ),
  ];
});

const delStats = (writer: Writer, values: readonly number[]) => {
  writer.ndx(ndxDelStats);
  for (const value of values) writer.varint(value);
};

/** Messages and counts that have their place: in it they do no harm, out of it they end the run as rsync's ends. */
const asides: readonly Row[] = (['sender', 'receiver'] as const).flatMap((peer) => {
  /** A whole transfer, with something said at one of its moments. */
  const whole =
    (moment: 'listed' | 'answered' | 'done', aside: (writer: Writer, to: End) => void) =>
    (writer: Writer, to: End) => {
      if (peer === 'sender') sayList(writer, one);
      else sayNoRules(writer, to);
      if (moment === 'listed') aside(writer, to);
      if (peer === 'sender') sayFile(writer, 1);
      else sayItem(writer, 1);
      if (moment === 'answered') aside(writer, to);
      sayEnd(writer, to);
      if (moment === 'done') aside(writer, to);
    };
  const row = (what: string, say: Row['say']): Row => ({
    what: `${what}, from a ${peer}`,
    peer,
    // All has come: rsync's receiver may hear one more word while it waits for its generator, ours is gone.
    codes: what.endsWith('done') && peer === 'sender' ? [0, 2, 12] : undefined,
    say,
  });
  const noSend = (ndx: number) => (writer: Writer) => writer.message(Msg.NoSend, int(ndx));
  return [
    ...(['listed', 'answered', 'done'] as const).flatMap((moment) => [
      row(
        `MSG_NOOP, ${moment}`,
        whole(moment, (writer) => writer.message(Msg.Noop, Buffer.alloc(0))),
      ),
      row(
        `MSG_NOOP of four bytes, ${moment}`,
        whole(moment, (writer) => writer.message(Msg.Noop, int(0))),
      ),
      row(`MSG_NO_SEND of a file that came, ${moment}`, whole(moment, noSend(1))),
      row(`MSG_NO_SEND of a directory, ${moment}`, whole(moment, noSend(0))),
      row(`MSG_NO_SEND of nothing, ${moment}`, whole(moment, noSend(50))),
      row(
        `counts of deletions, ${moment}`,
        whole(moment, (writer) => delStats(writer, [1, 2, 3, 4, 5])),
      ),
      row(
        `counts of deletions below zero, ${moment}`,
        whole(moment, (writer) => delStats(writer, [-1, 0, 0, 0, 0])),
      ),
      row(
        `too few counts of deletions, ${moment}`,
        whole(moment, (writer) => delStats(writer, [1])),
      ),
    ]),
  ];
});

const requests: readonly Row[] = [
  ...[3, 5000, 0x7ffffff, -2, -4, -50, ndxFlistOffset].map(
    (ndx): Row => ({
      what: `a request for number ${ndx}`,
      peer: 'receiver',
      codes: [2, 12, 20],
      say: (writer, to) => {
        sayNoRules(writer, to);
        sayItem(writer, ndx);
      },
    }),
  ),
  {
    what: 'a request for a directory',
    peer: 'receiver',
    codes: [2, 12],
    say: (writer, to) => {
      sayNoRules(writer, to);
      sayItem(writer, 0);
    },
  },
  {
    what: 'the same file a thousand times',
    peer: 'receiver',
    codes: [12, 30],
    say: (writer, to) => {
      sayNoRules(writer, to);
      for (let i = 0; i < 1000; i++) sayItem(writer, 1);
    },
  },
  ...(
    [
      ['count', { count: 0x7fffffff, length: 700, strong: 16 }],
      ['count below zero', { count: -1, length: 700, strong: 16 }],
      ['block length', { count: 1, length: 0x7fffffff, strong: 16 }],
      ['block length of zero', { count: 1000, length: 0, strong: 16 }],
      ['sum', { count: 1, length: 700, strong: 100 }],
      ['remainder', { count: 1, length: 700, strong: 16, rest: 701 }],
    ] as const
  ).map(
    ([what, head]): Row => ({
      what: `a request with a bad ${what}`,
      peer: 'receiver',
      codes: [2, 12, 22],
      say: (writer, to) => {
        sayNoRules(writer, to);
        sayItem(writer, 1, Item.Transfer, head);
        writer.bytes(Buffer.alloc(70_000));
      },
    }),
  ),
  {
    what: 'a name behind a request',
    peer: 'receiver',
    codes: [2, 12],
    say: (writer, to) => {
      sayNoRules(writer, to);
      writer.ndx(1);
      writer.short(Item.Transfer | Item.BasisTypeFollows | Item.XnameFollows);
      writer.byte(3);
      writer.vstring('../'.repeat(1000));
      for (let i = 0; i < 4; i++) writer.int(0);
    },
  },
  {
    what: 'done twenty times, to a sender',
    peer: 'receiver',
    say: (writer, to) => {
      sayNoRules(writer, to);
      for (let i = 0; i < 20; i++) writer.ndx(ndxDone);
    },
  },
  {
    what: 'statistics of deletions below zero',
    peer: 'receiver',
    codes: [2, 12, 16],
    say: (writer, to) => {
      sayNoRules(writer, to);
      writer.ndx(-3);
      for (let i = 0; i < 5; i++) writer.varint(-1);
    },
  },
  ...[0x7fffffff, -1, 100_000].map(
    (length): Row => ({
      what: `a filter rule of ${length} bytes`,
      peer: 'receiver',
      codes: [2, 12, 22],
      say: (writer, _to) => {
        writer.int(length);
        writer.bytes(Buffer.alloc(8000, 45));
      },
    }),
  ),
];

/** Bytes of compressed tokens: one block, a run of blocks, either by number or by distance from the last one. */
const longToken = (number: number) => Buffer.concat([Buffer.of(0x20), int(number)]);
const longRun = (number: number, run: number) =>
  Buffer.concat([Buffer.of(0x21), int(number), Buffer.of(run & 0xff, run >> 8)]);
const nearRun = (distance: number, run: number) => Buffer.of(0xc0 | distance, run & 0xff, run >> 8);

const tokens = (what: string, bytes: Buffer): Row => ({
  what: `compressed tokens: ${what}`,
  peer: 'sender',
  options: ['-z', '--zc=zlib'],
  codes: [2, 12],
  prepare: (dst) => writeFileSync(join(dst, 'file'), 'x'.repeat(3000)),
  say: after(one, (writer) => {
    sayItem(writer, 1, Item.Transfer, { count: 5, length: 700, strong: 16, rest: 200 });
    writer.bytes(bytes);
    writer.bytes(Buffer.alloc(4000));
  }),
});

/** The transfer root as a list that comes in pieces has it, and a list of something below it. */
const startOfPieces = 1;
const subList = (writer: Writer, parent: number, entries: readonly HostileEntry[]) => {
  writer.ndx(ndxFlistOffset - parent);
  sayList(writer, entries);
};
const hardLinked = 0x200;
const firstOfLinks = 0x1000;
const topOfTransfer = 1;

/** What CVEs of rsync 3.4.0, 3.4.3 and 3.5.0 were about; docs/security.md names each. */
const published: readonly Row[] = [
  ...(['sender', 'receiver'] as const).flatMap((peer) =>
    ([9, 16, 64] as const).map(
      (strong): Row => ({
        what: `sums of ${strong} bytes where a digest has eight, from a ${peer}`,
        peer,
        options: ['--cc=xxh64'],
        codes: [2],
        say: (writer, to) => {
          if (peer === 'sender') sayList(writer, one);
          else sayNoRules(writer, to);
          sayItem(writer, 1, Item.Transfer, { count: 1, length: 700, strong, rest: 4 });
          writer.bytes(Buffer.alloc(70_000));
        },
      }),
    ),
  ),
  {
    what: 'a basis that leads out, and is guessed right',
    peer: 'sender',
    codes: [0, 2, 11, 12, 23],
    say: basisOutside([1, 4, 16, 0], createHash('md5').update('kept').digest()),
    look: (dst) => {
      const file = join(dst, 'file');
      if (existsSync(file)) expect(readFileSync(file, 'latin1')).not.toContain('kept');
    },
  },
  {
    what: 'a link and a directory of one name, and a list of that directory',
    peer: 'sender',
    incremental: true,
    codes: [0, 2, 12, 23],
    say: after([top, symlink('l', '../out'), directory('l')], (writer, to) => {
      subList(writer, 1, [{ name: 'l/planted' }]);
      writer.ndx(ndxFlistEof);
      sayFile(writer, startOfPieces + 4);
      sayEnd(writer, to);
    }),
  },
  tokens('a number that is too large', longToken(0x7fffffff)),
  tokens('a number below zero', longToken(-5)),
  tokens('a run that goes beyond 2^31', longRun(0x7fffffff, 0xffff)),
  tokens('a run behind the last block', longRun(3, 0xffff)),
  tokens(
    'runs until a counter is full',
    Buffer.concat(Array.from({ length: 33_000 }, () => nearRun(0, 0xffff))),
  ),
  ...([0, Item.Transfer] as const).flatMap((flags) =>
    (['sender', 'receiver'] as const).map(
      (peer): Row => ({
        what: `the directory above the first list, with ${flags === 0 ? 'nothing' : 'data'}, from a ${peer}`,
        peer,
        incremental: true,
        codes: [0, 2, 12],
        say: (writer, to) => {
          if (peer === 'sender') {
            // Without a top there is no directory that the list could be of.
            sayList(writer, [{ name: 'file' }]);
            writer.ndx(ndxFlistEof);
          } else sayNoRules(writer, to);
          sayItem(writer, startOfPieces - 1, flags);
          sayEnd(writer, to);
        },
      }),
    ),
  ),
  ...[0o100644, 0o120777].map(
    (mode): Row => ({
      what: `a top of mode ${mode.toString(8)} in a list that comes in pieces`,
      peer: 'sender',
      incremental: true,
      codes: [0, 2, 12, 22, 23],
      say: (writer, to) => {
        sayList(writer, [
          { name: '.', mode, ...(mode === 0o120777 && { link: 'x', size: 1 }) },
          { name: 'file' },
        ]);
        subList(writer, 0, [{ name: 'planted' }]);
        writer.ndx(ndxFlistEof);
        sayFile(writer, startOfPieces);
        sayFile(writer, startOfPieces + 1);
        sayEnd(writer, to);
      },
    }),
  ),
  ...[-1, 1, 7, 100_000].map(
    (parent): Row => ({
      what: `a list of directory ${parent}, which there is not`,
      peer: 'sender',
      incremental: true,
      codes: [2, 12],
      say: (writer) => {
        sayList(writer, one);
        subList(writer, parent, [{ name: 'planted' }]);
      },
    }),
  ),
  {
    what: 'two lists of one directory, and one of it that is gone',
    peer: 'sender',
    incremental: true,
    codes: [2, 12],
    say: (writer, to) => {
      sayList(writer, [top, directory('d')]);
      for (let k = 0; k < 3; k++) subList(writer, 1, [{ name: 'd/f' }]);
      writer.ndx(ndxFlistEof);
      writer.ndx(ndxFlistEof);
      subList(writer, 1, [{ name: 'd/g' }]);
      sayEnd(writer, to);
    },
  },
  ...[1, 3].map(
    (parent): Row => ({
      what: `ends of lists that were never asked for, and a list of directory ${parent} after them`,
      peer: 'sender',
      incremental: true,
      codes: [2, 12],
      say: (writer, to) => {
        sayList(writer, [top, directory('d'), directory('e')]);
        subList(writer, 1, [directory('d/f')]);
        subList(writer, 2, [{ name: 'e/f' }]);
        for (let k = 0; k < 2; k++) writer.ndx(ndxDone);
        subList(writer, parent, [{ name: parent === 1 ? 'd/g' : 'd/f/g' }]);
        writer.ndx(ndxFlistEof);
        sayEnd(writer, to);
      },
    }),
  ),
  ...[hardLinked, hardLinked | firstOfLinks].map(
    (flags): Row => ({
      what: `a hard link (${flags.toString(16)}) that nobody asked for`,
      peer: 'sender',
      codes: [0, 2, 12, 20],
      say: (writer, to) => {
        sayEntry(writer, top);
        writer.varint(0x18 | flags);
        writer.byte(1);
        writer.string('h');
        writer.varint(0);
        for (let i = 0; i < 20; i++) writer.int(0);
        sayEnd(writer, to);
      },
    }),
  ),
  {
    what: 'a directory on the way to what was asked for, with all that is in it to be deleted',
    peer: 'sender',
    only: 'client',
    options: ['-R', '--delete'],
    path: 'sub/deep/',
    codes: [0, 2, 12, 23],
    prepare: (dst) => {
      mkdirSync(join(dst, 'sub', 'deep'), { recursive: true });
      for (const name of ['kept', 'sub/kept', 'sub/deep/old']) writeFileSync(join(dst, name), name);
    },
    say: sends(
      [
        { ...directory('.'), flags: topOfTransfer },
        { ...directory('sub'), flags: topOfTransfer },
        { ...directory('sub/deep'), flags: topOfTransfer },
      ],
      [],
    ),
    look: (dst) => {
      for (const name of ['kept', 'sub/kept']) expect(existsSync(join(dst, name)), name).toBe(true);
    },
  },
  {
    what: 'a directory to be emptied where a file was asked for',
    peer: 'sender',
    only: 'client',
    options: ['--delete'],
    path: 'file',
    codes: [0, 2, 12, 23],
    prepare: (dst) => writeFileSync(join(dst, 'kept'), 'kept'),
    say: sends([{ ...directory('.'), flags: topOfTransfer }, { name: 'file' }], [1]),
    look: (dst) => expect(existsSync(join(dst, 'kept'))).toBe(true),
  },
  ...['x\\', 'x\\\\', '*\\', '[\\'].flatMap((pattern): Row[] => [
    {
      what: `a source that ends in a backslash: ${pattern}`,
      peer: 'sender',
      only: 'client',
      path: pattern,
      codes: [0, 2, 4, 12, 23],
      say: sends(one, [1]),
    },
    {
      what: `a rule that ends in a backslash: ${pattern}`,
      peer: 'receiver',
      codes: [0, 2, 12],
      say: (writer, to) => {
        if (to === 'server') {
          writer.int(pattern.length + 2);
          writer.string(`- ${pattern}`);
        }
        sayNoRules(writer, to);
        sayEnd(writer, to);
      },
    },
  ]),
  {
    what: 'sums of 60,000 equal blocks, and none of them ours',
    peer: 'receiver',
    stays: 20_000,
    // At work still, or done by the time that the other end goes.
    codes: [0, 12, 30],
    // Each place in it looks like each of the blocks.
    prepare: (dst) => writeFileSync(join(dst, '..', 'src', 'a'), Buffer.alloc(1 << 16)),
    say: (writer, to) => {
      sayNoRules(writer, to);
      const count = 60_000;
      sayItem(writer, 1, Item.Transfer, { count, length: 700, strong: 16, rest: 0 });
      for (let k = 0; k < count; k++) {
        writer.int(0);
        writer.bytes(Buffer.alloc(16, k));
      }
      sayEnd(writer, to);
    },
  },
  ...[0, -1, 0x7fffffff, -0x80000000].map(
    (seconds): Row => ({
      what: `${seconds} as a timeout, and then silence`,
      peer: 'sender',
      only: 'client',
      stays: 12_000,
      codes: [30],
      say: (writer) => writer.message(Msg.IoTimeout, int(seconds)),
    }),
  ),
];

/** All of it. */
export const hostileRows: readonly Row[] = [
  ...names,
  ...links,
  ...values,
  ...devices,
  ...excluded,
  ...lists,
  ...answers,
  ...messages,
  ...asides,
  ...requests,
  ...published,
];
