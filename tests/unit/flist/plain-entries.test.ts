/** The kernel's calls for plain entries do what the file list does by itself. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FlistDecoder } from '../../../ts/flist/decoder.ts';
import { FlistEncoder } from '../../../ts/flist/encoder.ts';
import { FileList } from '../../../ts/flist/file-list.ts';
import { FileLists } from '../../../ts/flist/file-lists.ts';
import { SentIds } from '../../../ts/flist/id-lists.ts';
import { IdMap } from '../../../ts/flist/id-map.ts';
import { IdNames } from '../../../ts/flist/id-names.ts';
import { sortList } from '../../../ts/flist/sort.ts';
import type { FlistFormat } from '../../../ts/flist/wire-format.ts';
import type { Kernel } from '../../../ts/kernel/kernel.ts';
import { kernels } from '../../contract/lanes.ts';
import { collectingWriter, readerOf, testFormat } from './wire.ts';

interface File {
  dir: string;
  name: string;
  mode: number;
  size: number;
  mtime: number;
  nsec: number;
  uid: number;
  gid: number;
}
type Coder = Pick<Kernel, 'encodeEntries' | 'decodeEntries' | 'sortEntries'>;

const mostlyPlain = <T>(plain: T, other: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 12, arbitrary: fc.constant(plain) }, { weight: 1, arbitrary: other });

const name = fc.oneof(
  fc.integer({ min: 0, max: 400 }).map((n) => `file-${n}.dat`),
  fc.constantFrom('...', '.x', 'a', 'a'.repeat(254), '\xff\x80'),
);
const file: fc.Arbitrary<File> = fc.record({
  dir: mostlyPlain<string>('', fc.constantFrom('', 'd/', 'd/e/', `${'x'.repeat(250)}/${'y'.repeat(250)}/`)),
  name,
  mode: mostlyPlain<number>(0o100644, fc.constantFrom(0o100755, 0o040755, 0o120777, 0o010644)),
  size: fc.oneof(fc.integer({ min: 0, max: 1 << 24 }), fc.integer({ min: 0, max: 2 ** 50 })),
  mtime: mostlyPlain(1_700_000_000, fc.integer({ min: -(2 ** 33), max: 2 ** 33 })),
  nsec: mostlyPlain(0, fc.integer({ min: 0, max: 999_999_999 })),
  uid: mostlyPlain<number>(0, fc.constantFrom(0, 1000)),
  gid: mostlyPlain<number>(0, fc.constantFrom(0, 1000)),
});
const formats = fc.record({
  protocol: fc.constantFrom(30, 31, 32),
  varintFlags: fc.boolean(),
  owner: fc.boolean(),
  group: fc.boolean(),
});

const none: Coder = {};
const noNames = new IdNames(() => '');

function listOf(files: readonly File[]): FileList {
  const list = new FileList();
  for (const { dir, name: base, nsec, ...fields } of files) {
    const i = list.addName(base, list.internDir(dir, 0), { ...fields, mtimeNsec: nsec, flags: 0 });
    if (list.isLink(i)) list.setLinkTarget(i, 'target');
  }
  return list;
}

async function encoded(files: readonly File[], format: FlistFormat, coder: Coder): Promise<Buffer> {
  const { writer, bytes } = collectingWriter(format.protocol);
  const encoder = new FlistEncoder({
    writer,
    format,
    ids: new SentIds(noNames),
    encodeEntries: coder.encodeEntries,
  });
  encoder.entries(listOf(files), 0, files.length);
  encoder.end(0);
  return Buffer.concat([await bytes(), Buffer.from([0x5a])]);
}

async function decoded(wire: Buffer, format: FlistFormat, piece: number, coder: Coder) {
  const reader = readerOf(wire, format.protocol, piece);
  const { totals } = new FileLists(false);
  const list = new FileList();
  const decoder = new FlistDecoder({
    reader,
    format,
    ids: new IdMap({ amRoot: true, memberOf: () => [], names: noNames }),
    amRoot: true,
    allowMissing: false,
    decodeEntries: coder.decodeEntries,
  });
  let single = 0;
  for (;;) {
    decoder.plainEntries(list, totals);
    if (!(await reader.record(() => decoder.entry(list, undefined)))) break;
    single++;
  }
  expect(await reader.record(() => reader.byte())).toBe(0x5a);
  expect(totals.files + single).toBe(list.count);
  return { list, single };
}

function facts(list: FileList) {
  return Array.from({ length: list.count }, (_, i) => [
    list.path(i),
    list.mode(i),
    list.size(i),
    list.mtime(i),
    list.mtimeNsec(i),
    list.uid(i),
    list.gid(i),
    list.flags(i),
    list.linkTarget(i),
  ]);
}

const native = kernels.find(({ encodeEntries }) => encodeEntries !== undefined);

describe.skipIf(native === undefined)('plain entries', () => {
  const kernel = native as Kernel;

  it('are encoded, decoded and sorted to the same bytes and lists', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(file, { maxLength: 120 }),
        formats,
        fc.constantFrom(1, 7, 100, 1 << 20),
        async (files, changes, piece) => {
          const format = testFormat(changes.protocol, changes);
          const wire = await encoded(files, format, none);
          expect((await encoded(files, format, kernel)).equals(wire)).toBe(true);
          const plain = await decoded(wire, format, piece, none);
          const fast = await decoded(wire, format, piece, kernel);
          expect(facts(fast.list)).toEqual(facts(plain.list));
          sortList(plain.list, changes.protocol);
          sortList(fast.list, changes.protocol, kernel.sortEntries);
          expect(facts(fast.list)).toEqual(facts(plain.list));
        },
      ),
      { numRuns: 200, seed: 1 },
    ));

  it('are what most of a directory is', async () => {
    const files = Array.from({ length: 1000 }, (_, n) => ({
      dir: 'd/',
      name: `file-${n}`,
      mode: 0o100644,
      size: n,
      mtime: 1_700_000_000,
      nsec: n,
      uid: 0,
      gid: 0,
    }));
    const format = testFormat(32);
    const { list, single } = await decoded(await encoded(files, format, kernel), format, 1 << 20, kernel);
    expect(list.count).toBe(1000);
    expect(single).toBeLessThan(10);
  });
});
