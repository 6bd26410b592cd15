import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FlistDecoder } from '../../../ts/flist/decoder.ts';
import { FlistEncoder } from '../../../ts/flist/encoder.ts';
import { EntryFlag, FileList } from '../../../ts/flist/file-list.ts';
import { SentIds } from '../../../ts/flist/id-lists.ts';
import { IdMap } from '../../../ts/flist/id-map.ts';
import { IdNames } from '../../../ts/flist/id-names.ts';
import type { FlistFormat } from '../../../ts/flist/wire-format.ts';
import { collectingWriter, readerOf, testFormat } from './wire.ts';

interface Spec {
  path: string;
  mode: number;
  size: number;
  mtime: number;
  nsec: number;
  uid: number;
  gid: number;
  major: number;
  minor: number;
  target: string;
  inode: { dev: number; inoHigh: number; inoLow: number } | undefined;
  sum: number;
  flags: number;
  atime: number;
}

const types = [0o100000, 0o040000, 0o120000, 0o020000, 0o060000, 0o010000, 0o140000];
const component = fc
  .array(
    fc.integer({ min: 1, max: 255 }).filter((c) => c !== 0x2f),
    { minLength: 1, maxLength: 40 },
  )
  .map((codes) => String.fromCharCode(...codes))
  .filter((name) => name !== '.' && name !== '..');
const longComponent = fc.integer({ min: 200, max: 255 }).map((n) => 'x'.repeat(n));
const path = fc
  .array(fc.oneof({ weight: 8, arbitrary: component }, longComponent), { minLength: 1, maxLength: 5 })
  .map((parts) => parts.join('/'));
const id = fc.oneof(fc.constant(0), fc.constant(1000), fc.integer({ min: 0, max: 0xffffffff }));

function specs(protocol: number): fc.Arbitrary<Spec[]> {
  const one = fc.record({
    path,
    mode: fc.tuple(fc.constantFrom(...types), fc.integer({ min: 0, max: 0o7777 })).map(([t, p]) => t | p),
    size: fc.oneof(fc.integer({ min: 0, max: 70000 }), fc.integer({ min: 0, max: 2 ** 50 })),
    mtime:
      protocol >= 30
        ? fc.oneof(fc.constant(1700000000), fc.integer({ min: -(2 ** 34), max: 2 ** 34 }))
        : fc.integer({ min: 0, max: 0xffffffff }),
    nsec: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 999999999 })),
    uid: id,
    gid: id,
    major: fc.integer({ min: 0, max: 0xfff }),
    minor: fc.oneof(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 0xfffff })),
    target: fc.array(component, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/')),
    inode: fc.option(
      fc.record({
        dev: fc.integer({ min: 0, max: 2 ** 40 }),
        inoHigh: fc.constantFrom(0, 0, 0, 1, 0xffffffff),
        inoLow: fc.constantFrom(1, 2, 3, 0x80000000, 0xffffffff),
      }),
      { nil: undefined },
    ),
    sum: fc.integer({ min: 0, max: 255 }),
    flags: fc.constantFrom(
      EntryFlag.ContentDir,
      EntryFlag.ContentDir | EntryFlag.TopDir,
      EntryFlag.ImpliedDir,
      0,
    ),
    atime: fc.integer({ min: 0, max: 2 ** 34 }),
  });
  return fc.array(one, { minLength: 0, maxLength: 30 });
}

function build(specs: readonly Spec[], format: FlistFormat, ndxStart: number): FileList {
  const list = new FileList();
  list.ndxStart = ndxStart;
  for (const spec of specs) {
    const at = spec.path.lastIndexOf('/') + 1;
    const name = Buffer.from(spec.path.slice(at), 'latin1');
    const type = spec.mode & 0o170000;
    const i = list.add(name, 0, name.length, list.internDir(spec.path.slice(0, at), 0), {
      mode: spec.mode,
      size: type === 0o100000 || type === 0o120000 || type === 0o040000 ? spec.size : 0,
      mtime: spec.mtime,
      mtimeNsec: spec.nsec,
      uid: spec.uid,
      gid: spec.gid,
      flags: type === 0o040000 ? spec.flags : 0,
    });
    if (type === 0o120000) list.setLinkTarget(i, spec.target);
    if (type === 0o020000 || type === 0o060000) list.setRdev(i, spec.major, spec.minor);
    if (format.atimes && type !== 0o040000) list.setAtime(i, spec.atime);
  }
  return list;
}

const noNames = new IdNames(() => '');

async function roundTrip(
  specs: readonly Spec[],
  format: FlistFormat,
  piece: number,
): Promise<{ sent: FileList; got: FileList; left: number }> {
  const { writer, bytes } = collectingWriter(format.protocol);
  const ndxStart = format.incRecurse ? 1 : 0;
  const sent = build(specs, format, ndxStart);
  const encoder = new FlistEncoder({ writer, format, ids: new SentIds(noNames) });
  const inodeModes = new Map<string, number>();
  specs.forEach((spec, i) => {
    const type = spec.mode & 0o170000;
    let inode = format.hardLinks && type !== 0o040000 ? spec.inode : undefined;
    if (inode !== undefined) {
      // Names of one inode agree in everything that the inode holds.
      const key = JSON.stringify(inode);
      if (inodeModes.has(key)) inode = undefined;
      else inodeModes.set(key, i);
    }
    const sum = type === 0o100000 ? new Uint8Array(format.sumLength).fill(spec.sum) : undefined;
    if (sum !== undefined && format.sumLength > 0) sent.setChecksum(i, sum, 0, format.sumLength);
    encoder.entry(sent, i, inode, sum);
  });
  encoder.end(0);
  const wire = Buffer.concat([await bytes(), Buffer.from([0x5a])]);
  const reader = readerOf(wire, format.protocol, piece);
  const got = new FileList();
  got.ndxStart = ndxStart;
  const decoder = new FlistDecoder({
    reader,
    format,
    ids: new IdMap({ amRoot: true, memberOf: () => [], names: noNames }),
    amRoot: true,
    allowMissing: false,
  });
  while (await reader.record(() => decoder.entry(got, undefined)));
  const left = await reader.record(() => reader.byte());
  return { sent, got, left };
}

function facts(list: FileList, i: number, protocol: number) {
  return {
    path: list.path(i),
    mode: list.mode(i),
    size: list.size(i),
    mtime: list.mtime(i),
    nsec: protocol >= 31 ? list.mtimeNsec(i) : 0,
    uid: list.uid(i),
    gid: list.gid(i),
    target: list.linkTarget(i),
    major: list.rdevMajor(i),
    minor: list.rdevMinor(i),
    sum: list.checksum(i) && Buffer.from(list.checksum(i) as Uint8Array).toString('hex'),
    atime: list.atime(i),
    dirFlags:
      protocol >= 30 ? list.flags(i) & (EntryFlag.TopDir | EntryFlag.ContentDir | EntryFlag.ImpliedDir) : 0,
  };
}

describe('entries survive the wire', () => {
  for (const protocol of [28, 29, 30, 31, 32]) {
    const formats: [string, Partial<FlistFormat>][] = [
      ['plain', {}],
      ['-H -c', { hardLinks: true, sumLength: 16 }],
      ['-U', { atimes: protocol >= 30 }],
      ['flags of two bytes', { varintFlags: false }],
    ];
    if (protocol >= 30) formats.push(['incremental', { incRecurse: true, hardLinks: true }]);
    for (const [title, changes] of formats)
      it(`protocol ${protocol}, ${title}`, async () => {
        const format = testFormat(protocol, changes);
        await fc.assert(
          fc.asyncProperty(specs(protocol), fc.constantFrom(1, 7, 1000, 1 << 20), async (list, piece) => {
            const { sent, got, left } = await roundTrip(list, format, piece);
            expect(left).toBe(0x5a);
            expect(got.count).toBe(sent.count);
            for (let i = 0; i < sent.count; i++)
              expect(facts(got, i, protocol)).toEqual(facts(sent, i, protocol));
          }),
          { numRuns: 60 },
        );
      });
  }
});

describe('hard links', () => {
  const inode = { dev: 5, inoHigh: 0, inoLow: 77 };
  const base = {
    size: 3,
    mtime: 9,
    nsec: 1,
    uid: 1,
    gid: 2,
    major: 0,
    minor: 0,
    target: '',
    sum: 1,
    flags: 0,
    atime: 0,
  };
  for (const protocol of [28, 29, 30, 32])
    it(`names of one inode share a group (protocol ${protocol})`, async () => {
      const format = testFormat(protocol, { hardLinks: true, sumLength: 16 });
      const { writer, bytes } = collectingWriter(protocol);
      const sent = build(
        ['b', 'a', 'other', 'c'].map((name) => ({ ...base, path: name, mode: 0o100644, inode: undefined })),
        format,
        0,
      );
      const encoder = new FlistEncoder({ writer, format, ids: new SentIds(noNames) });
      const sum = new Uint8Array(16).fill(7);
      for (let i = 0; i < 4; i++) encoder.entry(sent, i, i === 2 ? undefined : inode, sum);
      encoder.end(0);
      const reader = readerOf(await bytes(), protocol);
      const decoder = new FlistDecoder({
        reader,
        format,
        ids: new IdMap({ amRoot: true, memberOf: () => [], names: noNames }),
        amRoot: true,
        allowMissing: false,
      });
      const got = new FileList();
      while (await reader.record(() => decoder.entry(got, undefined)));
      expect([0, 1, 3].map((i) => got.hardLinkGroupOf(i))).toEqual([0, 0, 0]);
      expect(got.hardLinkGroupOf(2)).toBe(-1);
      for (const i of [0, 1, 2, 3]) {
        expect(got.size(i)).toBe(3);
        expect(got.checksum(i)?.[0]).toBe(7);
        expect((got.flags(i) & EntryFlag.Hlinked) !== 0).toBe(i !== 2);
      }
    });
});
