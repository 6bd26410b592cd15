import { linkSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFilters } from '../../../ts/filter/index.ts';
import { IdMap } from '../../../ts/flist/id-map.ts';
import { IdNames } from '../../../ts/flist/id-names.ts';
import { FlistReceiver } from '../../../ts/flist/receive.ts';
import { SegmentPass } from '../../../ts/flist/segment-pass.ts';
import { FlistSender } from '../../../ts/flist/send.ts';
import { defaultOptions } from '../../../ts/options/defaults.ts';
import type { Options } from '../../../ts/options/options.ts';
import { ndxFlistEof, ndxFlistOffset } from '../../../ts/wire/constants.ts';
import { filterContext } from '../../support/host.ts';
import { diskKernel } from './disk.ts';
import { collectingWriter, readerOf, testContext, testNegotiated } from './wire.ts';

let base: string;
beforeAll(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), 'pass-')));
  for (const dir of ['src/a/b', 'src/a/empty', 'src/d', 'src/both', 'more/d/deep', 'more/a'])
    mkdirSync(join(base, dir), { recursive: true });
  for (const name of ['src/f', 'src/a/x', 'src/a/b/y', 'src/d/1', 'more/f', 'more/d/2', 'more/both'])
    writeFileSync(join(base, name), `content of ${name}`);
  linkSync(join(base, 'src/f'), join(base, 'src/a/f2'));
  linkSync(join(base, 'src/f'), join(base, 'src/a/f3'));
  linkSync(join(base, 'src/a/x'), join(base, 'src/d/x2'));
  symlinkSync('to/\u00ff', join(base, 'src/link'));
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

/** Names that lead from one id to another, as where two users share a name. */
const names = () =>
  new IdNames((file) =>
    file === 'passwd'
      ? `first:x:77:\ntwin:x:${process.getuid?.()}:\nfirst:x:${process.getuid?.()}:\n`
      : `grp:x:78:\nother:x:${process.getgid?.()}:\n`,
  );

/** All that the receiving side knows after a list has come. */
async function received(
  changes: Partial<Options>,
  inc: boolean,
  protocol: number,
  passing: boolean,
  leavesSums = false,
) {
  const options = defaultOptions({
    recursive: true,
    dirs: true,
    links: true,
    times: true,
    perms: true,
    owner: true,
    group: true,
    ...changes,
  });
  const negotiated = testNegotiated(protocol, { incRecurse: inc });
  const segments = passing ? new SegmentPass() : undefined;
  const shared = { filesByName: false, listsAsTheyAre: passing, sumsWhereCompared: leavesSums };
  const sending = testContext(diskKernel, options, negotiated, shared);
  const { writer, bytes } = collectingWriter(protocol);
  const sender = new FlistSender({
    now: Date.now,
    ...sending,
    segments,
    writer,
    filters: createFilters(options, filterContext()),
    cwd: base,
    names: names(),
  });
  const sent = await sender.sendInitial(['src/', 'more/']);
  while (!sent.eof) await sender.sendMore(-1);

  const wire = await bytes();
  const reader = readerOf(wire, protocol);
  const context = { ...testContext(diskKernel, options, negotiated, shared), segments };
  const receiver = new FlistReceiver({
    ...context,
    reader,
    cwd: '/',
    amRoot: true,
    memberOf: () => [],
    ids: new IdMap({ amRoot: true, memberOf: () => [], names: names() }),
  });
  await receiver.receive(-1);
  while (!receiver.lists.eof) {
    const ndx = await reader.record(() => reader.ndx());
    if (ndx === ndxFlistEof) break;
    await receiver.receive(ndxFlistOffset - ndx);
  }
  const { lists, hardLinks } = receiver;
  const entries = lists.segments.map((list) =>
    Array.from({ length: list.count }, (_, i) => [
      i + list.ndxStart,
      list.path(i),
      list.isActive(i),
      list.mode(i),
      list.size(i),
      list.mtime(i),
      list.mtimeNsec(i),
      list.uid(i),
      list.gid(i),
      list.flags(i),
      list.linkTarget(i),
      list.checksum(i) && Buffer.from(list.checksum(i) as Uint8Array).toString('hex'),
      hardLinks.place(list, i),
    ]),
  );
  const segmentsOf = lists.segments.map(({ low, high, parentDirNdx, dirStart, dirCount }) => {
    return { low, high, parentDirNdx, dirStart, dirCount };
  });
  const { wireBytes: _, buildTime: _b, transferTime: _t, ...totals } = lists.totals;
  return { entries, segmentsOf, totals, ioError: context.state.ioError, wire: wire.length };
}

describe('lists that pass as they are', () => {
  it('hold no checksums that are left to who compares', async () => {
    const [left, made] = await Promise.all(
      [true, false].map((leaves) => received({ checksum: true }, true, 32, true, leaves)),
    );
    const sums = ({ entries }: typeof made) => entries.flat().map((entry) => entry[11]);
    expect(sums(made).some((sum) => sum !== undefined)).toBe(true);
    expect(sums(left).every((sum) => sum === undefined)).toBe(true);
    expect(left.totals).toEqual(made.totals);
  });

  // Incremental recursion does not go with --prune-empty-dirs.
  const cases: [string, Partial<Options>][] = [
    ['plain', {}],
    ['hard links', { hardLinks: true }],
    ['checksums', { checksum: true }],
    ['numeric ids', { numericIds: true, hardLinks: true }],
    ['pruned', { pruneEmptyDirs: true }],
    ['without owners', { owner: false, group: false, checksum: true, hardLinks: true }],
  ];
  for (const protocol of [30, 31, 32])
    for (const inc of [false, true])
      it.each(inc ? cases.filter(([, { pruneEmptyDirs }]) => !pruneEmptyDirs) : cases)(
        `are what the wire would have made of them (${protocol}, ${inc}): %s`,
        async (_, options) => {
          const byWire = await received(options, inc, protocol, false);
          const passed = await received(options, inc, protocol, true);
          expect(passed.wire).toBeLessThan(byWire.wire / 2);
          expect({ ...passed, wire: 0 }).toEqual({ ...byWire, wire: 0 });
        },
      );
});
