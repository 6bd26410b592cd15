/**
 * TypeScript and Rust each say where the fields of their shared tables are. Here every field is written by one, at the
 * place that the other one says.
 */
import { describe, expect, it } from 'vitest';
import { FileList } from '../../ts/flist/file-list.ts';
import {
  digestMismatch,
  Extra,
  held,
  interrupted,
  receiveSteps,
  sourceChanged,
} from '../../ts/kernel/kernel.ts';
import { CodingState, codingStateWords, entryBytes } from '../../ts/kernel/listing.ts';
import { MetaField } from '../../ts/kernel/native/tree.ts';
import { nativeLayouts } from '../../ts/kernel/native.ts';
import { ReceiveBatch, ReceiveFlag, receiveRecordBytes } from '../../ts/kernel/receive-batch.ts';
import { Lacks, StatTable, statRowBytes } from '../../ts/kernel/stat-table.ts';
import { lanes } from './lanes.ts';

const native = lanes.find((lane) => lane.name === 'native')?.kernel;

/** The fields of one table, by name. */
function fieldsOf(table: string): Map<string, number> {
  const fields = [...nativeLayouts()].filter(([name]) => name.startsWith(`${table}.`));
  expect(fields.length).toBeGreaterThan(0);
  return new Map(fields.map(([name, value]) => [name.slice(table.length + 1), value]));
}

const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

describe.skipIf(native === undefined)('layouts that Rust and TypeScript share', () => {
  it('rows of status', () => {
    const fields = fieldsOf('row');
    expect(fields.get('bytes')).toBe(statRowBytes);
    fields.delete('bytes');
    const doubles = ['size', 'mtime', 'atime', 'dev'];
    const packed = new Uint8Array(2 * statRowBytes + 64);
    const view = new DataView(packed.buffer);
    let value = 1000;
    const wanted: Record<string, number> = {};
    for (const [field, at] of fields) {
      wanted[field] = ++value;
      if (doubles.includes(field)) view.setFloat64(statRowBytes + at, value, littleEndian);
      else view.setUint32(statRowBytes + at, value, littleEndian);
    }
    const put = (field: string, at: number) =>
      view.setUint32(statRowBytes + fields.get(field)!, at, littleEndian);
    const table = new StatTable(packed, 2);
    expect(table.nameOffset(1)).toBe(wanted.nameOffset);
    expect(table.nameLength(1)).toBe(wanted.nameLength);
    for (const field of fields.keys()) {
      const read = (table as unknown as Record<string, ((row: number) => number) | undefined>)[field];
      if (field !== 'linkOffset' && field !== 'linkLength')
        expect(read?.call(table, 1), field).toBe(wanted[field]);
    }
    packed.set(Buffer.from('namelink'), 2 * statRowBytes);
    put('nameOffset', 2 * statRowBytes);
    put('nameLength', 4);
    put('linkOffset', 2 * statRowBytes + 4);
    put('linkLength', 4);
    expect([table.name(1), table.link(1)]).toEqual(['name', 'link']);
  });

  it('records of a file list', () => {
    const fields = fieldsOf('entry');
    expect(fields.get('bytes')).toBe(entryBytes);
    const list = new FileList();
    list.addName('before', list.internDir('', 0), {
      mode: 0o100644,
      size: 1,
      mtime: 1,
      mtimeNsec: 1,
      uid: 1,
      gid: 1,
      flags: 0,
    });
    const entry = {
      mode: 0o100751,
      size: 2 ** 40 + 1,
      mtime: -77,
      mtimeNsec: 123,
      uid: 456,
      gid: 789,
      flags: 1 << 5,
    };
    const i = list.addName('some-name', list.internDir('dir/', 0), entry);
    const bytes = list.recordBytes(i, i + 1);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const u32 = (field: string) => view.getUint32(fields.get(field)!, littleEndian);
    const u16 = (field: string) => view.getUint16(fields.get(field)!, littleEndian);
    const f64 = (field: string) => view.getFloat64(fields.get(field)!, littleEndian);
    expect({
      mode: u16('mode'),
      size: f64('size'),
      mtime: f64('mtime'),
      mtimeNsec: u32('mtimeNsec'),
      uid: u32('uid'),
      gid: u32('gid'),
      flags: u32('flags'),
    }).toEqual(entry);
    const at = u32('name');
    expect(Buffer.from(list.names.subarray(at, at + u16('nameLength'))).toString('latin1')).toBe('some-name');
    expect(u32('dir')).toBe(list.dirNumber(i));
    expect(u32('dir')).toBeGreaterThan(0);
    expect(u32('extra')).toBe(0);
    list.setLinkTarget(i, 'target');
    expect(u32('extra')).toBeGreaterThan(0);
  });

  it('records of files that are received', () => {
    const fields = fieldsOf('receive');
    expect(fields.get('bytes')).toBe(receiveRecordBytes);
    for (const [name, bit] of Object.entries(ReceiveFlag)) expect(fields.get(`flag${name}`), name).toBe(bit);
    const batch = new ReceiveBatch({ name: 'md5', seed: 0, seedFirst: true });
    const meta = { mode: 0o640, uid: 11, gid: 22, mtime: -33.0, mtimeNsec: 44, atime: 88 };
    batch.add('path', '.temporary', meta, ReceiveFlag.Sparse, { dataAt: 55, digestAt: 66, size: 77 });
    const tree = native!.openTree('/');
    const other = native!.openTree('/');
    batch.sources.push(other);
    const second = batch.recordBytes;
    batch.addCopy('to', '.t', {}, 0, { tree, path: 'source' });
    const u32 = (field: string, at = 0) => batch.records.readUInt32LE(at + fields.get(field)!);
    const u16 = (field: string, at = 0) => batch.records.readUInt16LE(at + fields.get(field)!);
    expect({
      mode: u32('mode'),
      uid: u32('uid'),
      gid: u32('gid'),
      mtime: batch.records.readDoubleLE(fields.get('mtime')!),
      mtimeNsec: u32('mtimeNsec'),
      atime: batch.records.readDoubleLE(fields.get('atime')!),
    }).toEqual(meta);
    const { Mode, Uid, Gid, Mtime, Atime, Sparse, Verify } = ReceiveFlag;
    expect(u32('flags')).toBe(Mode | Uid | Gid | Mtime | Atime | Sparse | Verify);
    expect([u32('data'), u32('digest'), u32('size')]).toEqual([55, 66, 77]);
    expect([u16('pathLength'), u16('temporaryLength'), u16('sourceLength')]).toEqual([4, 10, 0]);
    expect([u16('pathLength', second), u16('temporaryLength', second)]).toEqual([2, 2]);
    expect([u16('sourceLength', second), u16('sourceTree', second)]).toEqual([6, 1]);
    tree.close();
    other.close();
  });

  it('steps and statuses of files that are received', () => {
    const fields = fieldsOf('step');
    for (const [i, step] of receiveSteps.entries()) if (step !== '') expect(fields.get(step), step).toBe(i);
    const statuses = { digestMismatch, sourceChanged, interrupted, held };
    for (const [name, status] of Object.entries(statuses)) expect(fields.get(`-${name}`), name).toBe(-status);
    expect(fields.size).toBe(receiveSteps.length - 1 + Object.keys(statuses).length);
  });

  it('words of the state of coding, and bits of metadata and of what is looked for beside it', () => {
    expect(fieldsOf('state')).toEqual(new Map(Object.entries({ ...CodingState, words: codingStateWords })));
    expect(fieldsOf('meta')).toEqual(new Map(Object.entries(MetaField)));
    expect(fieldsOf('extra')).toEqual(new Map(Object.entries(Extra)));
    expect(fieldsOf('lacks')).toEqual(new Map(Object.entries(Lacks)));
  });
});
