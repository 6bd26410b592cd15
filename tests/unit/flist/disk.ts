import { createHash } from 'node:crypto';
import {
  type BigIntStats,
  closeSync,
  lstatSync,
  opendirSync,
  openSync,
  readFileSync,
  readlinkSync,
  statSync,
} from 'node:fs';
import { SysError } from '../../../ts/errors.ts';
import type { ByteString, FileSums, Kernel, NameRuns, ScanOptions, Tree } from '../../../ts/kernel/kernel.ts';
import { pathAt } from '../../../ts/kernel/portable/tree/file-sums.ts';
import { StatTable, statRowBytes } from '../../../ts/kernel/stat-table.ts';

const bytes = (text: ByteString): Buffer => Buffer.from(text, 'latin1');

function sysError(error: unknown): SysError {
  const { errno, code, syscall } = error as NodeJS.ErrnoException;
  return new SysError(-(errno ?? 0), code ?? '', syscall ?? '');
}

interface Row {
  name: ByteString;
  stat?: BigIntStats;
  link?: ByteString;
  errno?: number;
}

function pack(rows: readonly Row[]): StatTable {
  const tail = rows.reduce((sum, { name, link }) => sum + name.length + (link?.length ?? 0), 0);
  const buffer = Buffer.from(new ArrayBuffer(rows.length * statRowBytes + tail));
  let at = rows.length * statRowBytes;
  rows.forEach(({ name, stat, link, errno }, i) => {
    const f64 = new Float64Array(buffer.buffer, i * statRowBytes, 4);
    const u32 = new Uint32Array(buffer.buffer, i * statRowBytes, 24);
    if (stat !== undefined) {
      const floor = (ns: bigint): bigint =>
        (ns - (((ns % 1000000000n) + 1000000000n) % 1000000000n)) / 1000000000n;
      f64.set([
        Number(stat.size),
        Number(floor(stat.mtimeNs)),
        Number(floor(stat.atimeNs)),
        Number(stat.dev),
      ]);
      u32[8] = Number(stat.ino & 0xffffffffn);
      u32[9] = Number(stat.ino >> 32n);
      u32[10] = Number(stat.mtimeNs - floor(stat.mtimeNs) * 1000000000n);
      u32[12] = Number(stat.mode);
      u32[13] = Number(stat.uid);
      u32[14] = Number(stat.gid);
      u32[15] = Number(stat.nlink);
      u32[16] = Number((stat.rdev >> 8n) & 0xfffn);
      u32[17] = Number((stat.rdev & 0xffn) | ((stat.rdev >> 12n) & 0xfff00n));
    }
    u32[18] = errno ?? 0;
    for (const [column, text] of [
      [19, name],
      [21, link ?? ''],
    ] as const) {
      u32[column] = at;
      u32[column + 1] = text.length;
      buffer.write(text, at, 'latin1');
      at += text.length;
    }
  });
  return new StatTable(buffer, rows.length);
}

class DiskTree {
  readonly path: ByteString;
  constructor(path: ByteString) {
    this.path = path;
  }
  close(): void {}
  private full(path: ByteString): Buffer {
    return bytes(path.startsWith('/') ? path : `${this.path}/${path}`);
  }
  /** In the order of the directory itself, as rsync reads it. */
  scan(dir: ByteString, options: { links?: boolean; follow?: boolean } = {}): StatTable {
    try {
      const rows: Row[] = [];
      const handle = opendirSync(this.full(dir), { encoding: 'latin1' as BufferEncoding });
      for (let entry = handle.readSync(); entry !== null; entry = handle.readSync()) {
        const full = Buffer.concat([this.full(dir), bytes(`/${entry.name}`)]);
        let stat = lstatSync(full, { bigint: true });
        if (options.follow) stat = statSync(full, { bigint: true, throwIfNoEntry: false }) ?? stat;
        const isLink = (Number(stat.mode) & 0o170000) === 0o120000;
        rows.push({ name: entry.name, stat, link: isLink ? readlinkSync(full, 'latin1') : '' });
      }
      handle.closeSync();
      return pack(rows);
    } catch (error) {
      throw sysError(error);
    }
  }
  /** Settles later than any work that could overtake it. */
  async scanMany(dirs: readonly ByteString[], options: ScanOptions): Promise<(StatTable | SysError)[]> {
    await new Promise((resolve) => setImmediate(resolve));
    return dirs.map((dir) => {
      try {
        return this.scan(dir, options);
      } catch (error) {
        if (error instanceof SysError) return error;
        throw error;
      }
    });
  }
  lstat(path: ByteString): StatTable {
    try {
      return pack([{ name: '', stat: lstatSync(this.full(path), { bigint: true }) }]);
    } catch (error) {
      throw sysError(error);
    }
  }
  stat(path: ByteString): StatTable {
    try {
      return pack([{ name: '', stat: statSync(this.full(path), { bigint: true }) }]);
    } catch (error) {
      throw sysError(error);
    }
  }
  readlink(path: ByteString): ByteString {
    return readlinkSync(this.full(path), 'latin1');
  }
  async fileSums(names: NameRuns, sizes: Float64Array): Promise<FileSums> {
    const sums = Array.from(sizes, (size, k) =>
      createHash('md5')
        .update(readFileSync(this.full(pathAt(names, k * 3))).subarray(0, size))
        .digest(),
    );
    return { status: new Int32Array(sizes.length), sums: Buffer.concat(sums) };
  }
}

/** As much of a kernel as a file list needs, with MD5 as the only digest. */
export const diskKernel = {
  name: 'portable',
  digests: ['md5', 'md4', 'none'],
  compressions: ['zlibx', 'zlib', 'none'],
  can: { mknod: true, nanoseconds: true, linkTimes: true },
  openTree(path: ByteString): Tree {
    try {
      closeSync(openSync(bytes(`${path}/.`), 'r'));
    } catch (error) {
      throw sysError(error);
    }
    return new DiskTree(path) as unknown as Tree;
  },
} as unknown as Kernel;
