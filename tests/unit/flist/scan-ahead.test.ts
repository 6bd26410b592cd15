import { describe, expect, it } from 'vitest';
import { SysError } from '../../../ts/errors.ts';
import { ScanAhead, type Scanned } from '../../../ts/flist/scan-ahead.ts';
import type { ByteString, Tree } from '../../../ts/kernel/kernel.ts';
import { StatTable, statRowBytes } from '../../../ts/kernel/stat-table.ts';

/** A tree whose directories have as many rows as their names say, and which knows what was read. */
function treeOf(settings: { broken?: boolean } = {}) {
  const read: ByteString[] = [];
  const scan = (dir: ByteString): StatTable => {
    read.push(dir);
    if (dir.startsWith('bad')) throw new SysError(13, 'EACCES', 'open');
    const rows = Number.parseInt(dir.slice(1), 10);
    return new StatTable(new Uint8Array(rows * statRowBytes), rows);
  };
  const tree = {
    scan,
    async scanMany(dirs: readonly ByteString[], _: unknown, enough: number): Promise<Scanned[]> {
      await new Promise((resolve) => setImmediate(resolve));
      if (settings.broken) throw new Error('broken');
      const all: Scanned[] = [];
      let rows = 0;
      for (const dir of dirs) {
        if (rows >= enough && all.length > 0) break;
        try {
          const table = scan(dir);
          rows += table.count;
          all.push(table);
        } catch (error) {
          all.push(error as SysError);
        }
      }
      return all;
    },
  };
  return { tree: tree as unknown as Tree, read };
}

async function readAll(root: { tree: Tree }, dirs: readonly ByteString[]): Promise<Scanned[]> {
  const scans = new ScanAhead({});
  const all: Scanned[] = [];
  for (let k = 0; k < dirs.length; k++)
    all.push(
      await scans.scan(root, dirs[k], (take) => {
        for (let next = k + 1; next < dirs.length && take(root, dirs[next]); next++);
      }),
    );
  return all;
}

describe('reading ahead', () => {
  it('reads each directory once, and gives each what is in it', async () => {
    const { tree, read } = treeOf();
    const dirs = Array.from({ length: 500 }, (_, k) => `d${k * 7}`);
    const all = await readAll({ tree }, dirs);
    expect(all.map((table) => (table as StatTable).count)).toEqual(dirs.map((dir) => Number(dir.slice(1))));
    expect([...read].sort()).toEqual([...dirs].sort());
  });

  it('keeps what a directory cannot be read for until its turn comes', async () => {
    const { tree } = treeOf();
    const all = await readAll({ tree }, ['d1', 'bad1', 'd2', 'bad2', 'bad3', 'd3']);
    expect(all.map((table) => (table instanceof SysError ? table.errno : table.count))).toEqual([
      1, 13, 2, 13, 13, 3,
    ]);
  });

  it('reads no more ahead than may wait', async () => {
    const { tree, read } = treeOf();
    const scans = new ScanAhead({});
    const dirs = Array.from({ length: 200 }, () => 'd5000').map((dir, k) => `${dir}.${k}`);
    await scans.scan({ tree }, 'd5000', (take) => {
      for (const dir of dirs) if (!take({ tree }, dir)) return;
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(read.length).toBeGreaterThan(1);
    expect(read.length).toBeLessThanOrEqual(4);
  });

  it('fails where the result is needed, and nowhere else', async () => {
    const { tree } = treeOf({ broken: true });
    const scans = new ScanAhead({});
    const first = await scans.scan({ tree }, 'd1', (take) => {
      take({ tree }, 'd2');
    });
    expect((first as StatTable).count).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    await expect(async () => scans.scan({ tree }, 'd2', () => {})).rejects.toThrow('broken');
  });
});
