import { describe, expect, it } from 'vitest';
import { EntryFlag } from '../../../ts/flist/file-list.ts';
import { receiveIdLists, SentIds } from '../../../ts/flist/id-lists.ts';
import { IdMap } from '../../../ts/flist/id-map.ts';
import { IdNames } from '../../../ts/flist/id-names.ts';
import { listOf } from './lists.ts';
import { collectingWriter, readerOf, testFormat } from './wire.ts';

const theirs = new IdNames((file) =>
  file === 'passwd'
    ? 'root:x:0:0:::\nann:x:1000:1000::/home/ann:\nbob:x:1001:1:::\n'
    : 'root:x:0:\nstaff:x:50:ann\nmine:x:70:\n',
);
const ours = new IdNames((file) =>
  file === 'passwd'
    ? '#comment:x:9\nann:x:501:20:::\nann:x:502:20:::\nroot:x:0:0:::\n'
    : 'staff:x:20:\nadm:x:4:\n',
);

describe('names of ids', () => {
  it('are told once, the first time an id is met', () => {
    const ids = new SentIds(theirs);
    expect([1000, 1000, 7, 7, 0].map((id) => ids.addUser(id))).toEqual([
      'ann',
      undefined,
      undefined,
      undefined,
      'root',
    ]);
    expect(ids.addGroup(50)).toBe('staff');
  });

  for (const protocol of [28, 30, 32])
    for (const id0Names of protocol >= 31 ? [false, true] : [false])
      it(`cross the wire and map owners (protocol ${protocol}, id 0 ${id0Names})`, async () => {
        const format = testFormat(protocol, { numericIds: false, idLists: true, id0Names });
        const ids = new SentIds(theirs);
        for (const uid of [1000, 1001, 0]) ids.addUser(uid);
        for (const gid of [50, 70, 0]) ids.addGroup(gid);
        const { writer, bytes } = collectingWriter(protocol);
        ids.send(writer, format);
        writer.byte(0x5a);
        const list = listOf(['a', 'b', 'c', 'd'], { uid: 1000, gid: 50 });
        list.setUid(1, 1001);
        list.setGid(1, 70);
        list.setUid(2, 0);
        list.setGid(2, 0);
        list.setUid(3, 77);
        list.setGid(3, 78);
        const reader = readerOf(await bytes(), protocol, 3);
        const map = new IdMap({ amRoot: true, memberOf: () => [], names: ours });
        await receiveIdLists(reader, format, map, list);
        expect(await reader.record(() => reader.byte())).toBe(0x5a);
        expect([0, 1, 2, 3].map((i) => [list.uid(i), list.gid(i)])).toEqual([
          [501, 20],
          [1001, 70],
          [0, 0],
          [77, 78],
        ]);
      });

  it('leave users alone and mark foreign groups where we are not root', async () => {
    const format = testFormat(32, { numericIds: true });
    const list = listOf(['a', 'b'], { uid: 1000, gid: 20 });
    list.setGid(1, 4);
    const map = new IdMap({ amRoot: false, names: ours, memberOf: () => [20] });
    await receiveIdLists(readerOf(new Uint8Array(0), 32), format, map, list);
    expect(list.uid(0)).toBe(1000);
    expect([0, 1].map((i) => list.flags(i) & EntryFlag.SkipGroup)).toEqual([0, EntryFlag.SkipGroup]);
  });
});
