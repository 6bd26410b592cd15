/** The data sets, made once a run and only when a scenario asks for them; the same bytes on every machine. */
import { execFile } from 'node:child_process';
import { createCipheriv } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ExitCode, RsyncError } from '../errors.ts';

/** Lets a signal be heard between two pieces of long work; rejects once the run shall end. */
export type Pause = () => Promise<void>;

/** What the maker of a set is given beside its folder. */
export interface Making {
  /** 1 is the full size. */
  readonly scale: number;
  /** Behind the dash of a set's name: `files-1000`. */
  readonly count: number;
  readonly pause: Pause;
  /** The folder of another set. */
  readonly folderOf: DataSets;
}

export type Maker = (dir: string, making: Making) => void | Promise<void>;

/** Gives a data set's folder, making it the first time. */
export type DataSets = (name: string) => Promise<string>;

/** How much there is in a set. */
export interface Amount {
  readonly bytes: number;
  readonly files: number;
}

const MiB = 1024 * 1024;
/** 2024-01-02 03:04:05 UTC: old enough that no quick check is in doubt. */
const mtime = 1704164645;
const smallFolders = 100;
/** Work of this many pieces takes no longer than somebody who presses Ctrl-C may wait. */
const untilPause = 200;

/** Endless bytes that do not compress: AES in counter mode over zeros. */
export function randomBytes(seed: number): (n: number) => Buffer {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16));
  return (n) => cipher.update(Buffer.alloc(n));
}

/** Writes a file of so many bytes, as `next` gives them. */
export async function writeLarge(
  path: string,
  total: number,
  next: (n: number) => Buffer,
  pause: Pause,
): Promise<void> {
  const fd = openSync(path, 'w');
  try {
    for (let left = total; left > 0; ) {
      const piece = next(Math.min(left, MiB));
      writeSync(fd, piece);
      left -= piece.length;
      await pause();
    }
  } finally {
    closeSync(fd);
  }
  utimesSync(path, mtime, mtime);
}

const settle = (dir: string): void => utimesSync(dir, mtime, mtime);

const bigBytes = (scale: number): number => Math.max(1, Math.round(307 * scale)) * MiB;
const textBytes = (scale: number): number => Math.max(1, Math.round(60 * scale)) * MiB;
const smallCount = (scale: number): number => Math.max(smallFolders, Math.round(30_000 * scale));
/** What goes of `smallExtra` where it becomes `small`: one file more for each five. */
const extraCount = (scale: number): number => Math.ceil(smallCount(scale) / 5);
/** Files of 0 to 4,000 bytes, of which each takes a block. */
const smallBlock = 4096;

/** One file that does not compress. */
const big: Maker = (dir, { scale, pause }) =>
  writeLarge(join(dir, 'big'), bigBytes(scale), randomBytes(1), pause);

/** `big` with one percent changed: 1 KiB in every 100. */
const bigChanged: Maker = async (dir, { folderOf }) => {
  const bytes = readFileSync(join(await folderOf('big'), 'big'));
  const random = randomBytes(2);
  for (let at = 50 * 1024; at + 1024 <= bytes.length; at += 100 * 1024) random(1024).copy(bytes, at);
  writeFileSync(join(dir, 'big'), bytes);
  utimesSync(join(dir, 'big'), mtime + 60, mtime + 60);
};

/** 30,000 files of 0 to 4,000 bytes in 100 folders. */
const small: Maker = async (dir, { scale, pause }) => {
  const random = randomBytes(3);
  const count = smallCount(scale);
  const perFolder = Math.ceil(count / smallFolders);
  for (let i = 0; i < count; i++) {
    const folder = join(dir, `d${Math.floor(i / perFolder)}`);
    if (i % perFolder === 0) mkdirSync(folder, { recursive: true });
    const path = join(folder, `file-${i}.dat`);
    writeFileSync(path, random(random(2).readUInt16LE(0) % 4001));
    utimesSync(path, mtime, mtime);
    if (i % untilPause === 0) await pause();
  }
  for (let k = 0; k * perFolder < count; k++) settle(join(dir, `d${k}`));
};

/** `small`, and files beside its own that a mirror deletes. */
const smallExtra: Maker = async (dir, { scale, pause, folderOf }) => {
  await copyTree(await folderOf('small'), dir);
  const random = randomBytes(7);
  for (let i = 0; i < extraCount(scale); i++) {
    const path = join(dir, `d${i % smallFolders}`, `extra-${i}.dat`);
    writeFileSync(path, random(1000));
    utimesSync(path, mtime, mtime);
    if (i % untilPause === 0) await pause();
  }
  for (let k = 0; k < smallFolders; k++) if (existsSync(join(dir, `d${k}`))) settle(join(dir, `d${k}`));
};

/** Words, the frequent ones frequent: what compresses well. */
const text: Maker = (dir, { scale, pause }) => {
  const random = randomBytes(4);
  const words = Array.from({ length: 4096 }, () => {
    const letters = random(12);
    const length = 2 + (letters[0]! % 9);
    return Buffer.from(letters.subarray(1, 1 + length).map((byte) => 97 + (byte % 26))).toString();
  });
  const pick = (n: number): Buffer => {
    const draws = random(n);
    let out = '';
    for (let at = 0; at + 4 <= draws.length && out.length < n; at += 4) {
      // The product of two draws prefers low numbers.
      const rank = (draws.readUInt16LE(at) * draws.readUInt16LE(at + 2)) >>> 20;
      out += words[rank] + (draws[at]! % 12 === 0 ? '\n' : ' ');
    }
    return Buffer.from(out.slice(0, n));
  };
  return writeLarge(join(dir, 'words.txt'), textBytes(scale), pick, pause);
};

const tiny: Maker = (dir, { pause }) => writeLarge(join(dir, 'tiny'), 100, randomBytes(5), pause);

/** The sets that a machine needs nothing for. */
export const standardMakers = { big, bigChanged, small, smallExtra, text, tiny } satisfies Record<
  string,
  Maker
>;

/** Name of one of them. */
export type StandardSet = keyof typeof standardMakers;

/** What they take. */
export const amountOf: Readonly<Record<StandardSet, (scale: number) => Amount>> = {
  big: (scale) => ({ bytes: bigBytes(scale), files: 1 }),
  bigChanged: (scale) => ({ bytes: bigBytes(scale), files: 1 }),
  small: (scale) => ({ bytes: smallCount(scale) * smallBlock, files: smallCount(scale) }),
  smallExtra: (scale) => {
    const files = smallCount(scale) + extraCount(scale);
    return { bytes: files * smallBlock, files };
  },
  text: (scale) => ({ bytes: textBytes(scale), files: 1 }),
  tiny: () => ({ bytes: smallBlock, files: 1 }),
};

/** The sets of a run, below `root`. */
export function dataSets(
  root: string,
  scale: number,
  pause: Pause,
  makers: Readonly<Record<string, Maker>>,
): DataSets {
  const folderOf: DataSets = async (name) => {
    const dir = join(root, 'data', name);
    if (existsSync(dir)) return dir;
    const [kind = '', count = ''] = name.split('-');
    const make = makers[kind];
    if (make === undefined) throw new Error(`there is no data set ${name}`);
    mkdirSync(dir, { recursive: true });
    await make(dir, { scale, count: Number(count), pause, folderOf });
    settle(dir);
    return dir;
  };
  return folderOf;
}

const execute = promisify(execFile);

/** Runs one of the system's programs; what it cannot do ends the run, with the first that it says. */
async function systemProgram(program: string, ...args: readonly string[]): Promise<void> {
  try {
    await execute(program, args);
  } catch (error) {
    const { stderr = '', message } = error as Error & { readonly stderr?: string };
    const [first = ''] = stderr.trim().split('\n');
    throw new RsyncError(ExitCode.FileIo, first || message);
  }
}

/** Makes `to`, which may be there, a copy of what is in `from`. */
export function copyTree(from: string, to: string): Promise<void> {
  return systemProgram('cp', '-a', `${from}/.`, to);
}

/** Removes a tree: `rm` is several times as fast as Node with a million files. */
export function removeTree(path: string): Promise<void> {
  return systemProgram('rm', '-rf', '--', path);
}
