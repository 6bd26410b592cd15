/**
 * The data sets, made once a run and only when a scenario asks for them; the same bytes on every machine
 * (but for `usr`, which is a copy of what the system has).
 */
import { execFileSync } from 'node:child_process';
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

const MiB = 1024 * 1024;
/** 2024-01-02 03:04:05 UTC: old enough that no quick check is in doubt. */
const mtime = 1704164645;
const usrParts = ['/usr/include', '/usr/share/perl', '/usr/share/doc'];

/** Endless bytes that do not compress: AES in counter mode over zeros. */
const randomBytes = (seed) => {
  const key = Buffer.alloc(16, seed);
  const cipher = createCipheriv('aes-128-ctr', key, Buffer.alloc(16));
  return (n) => cipher.update(Buffer.alloc(n));
};

const writeFile = (path, total, next) => {
  const fd = openSync(path, 'w');
  for (let left = total; left > 0; ) {
    const piece = next(Math.min(left, MiB));
    writeSync(fd, piece);
    left -= piece.length;
  }
  closeSync(fd);
  utimesSync(path, mtime, mtime);
};

const settle = (dir) => utimesSync(dir, mtime, mtime);

/** One file that does not compress. */
const big = (dir, scale) => {
  writeFile(join(dir, 'big'), Math.round(307 * scale) * MiB, randomBytes(1));
};

/** `big` with one percent changed: 1 KiB in every 100. */
const bigChanged = (dir, _scale, sets) => {
  const bytes = readFileSync(join(sets('big'), 'big'));
  const random = randomBytes(2);
  for (let at = 50 * 1024; at + 1024 <= bytes.length; at += 100 * 1024) random(1024).copy(bytes, at);
  writeFileSync(join(dir, 'big'), bytes);
  utimesSync(join(dir, 'big'), mtime + 60, mtime + 60);
};

/** 30,000 files of 0 to 4,000 bytes in 100 folders. */
const small = (dir, scale) => {
  const random = randomBytes(3);
  const count = Math.max(100, Math.round(30_000 * scale));
  const perFolder = Math.ceil(count / 100);
  for (let i = 0; i < count; i++) {
    const folder = join(dir, `d${Math.floor(i / perFolder)}`);
    if (i % perFolder === 0) mkdirSync(folder, { recursive: true });
    const size = random(2).readUInt16LE(0) % 4001;
    const path = join(folder, `file-${i}.dat`);
    writeFileSync(path, random(size));
    utimesSync(path, mtime, mtime);
  }
  for (let k = 0; k * perFolder < count; k++) settle(join(dir, `d${k}`));
};

/** A real tree that nobody made for this; below scale 1 only its first part. */
const usr = (dir, scale) => {
  const parts = (scale < 1 ? usrParts.slice(0, 1) : usrParts).filter((part) => existsSync(part));
  execFileSync('cp', ['-a', ...parts, dir]);
};

/** Words, the frequent ones frequent: what compresses well. */
const text = (dir, scale) => {
  const random = randomBytes(4);
  const words = Array.from({ length: 4096 }, () => {
    const letters = random(12);
    const length = 2 + (letters[0] % 9);
    return Buffer.from(letters.subarray(1, 1 + length).map((byte) => 97 + (byte % 26))).toString();
  });
  const pick = (n) => {
    const draws = random(n);
    let out = '';
    for (let at = 0; at + 4 <= draws.length && out.length < n; at += 4) {
      // The product of two draws prefers low numbers.
      const rank = (draws.readUInt16LE(at) * draws.readUInt16LE(at + 2)) >>> 20;
      out += words[rank] + (draws[at] % 12 === 0 ? '\n' : ' ');
    }
    return Buffer.from(out.slice(0, n));
  };
  writeFile(join(dir, 'words.txt'), Math.round(60 * scale) * MiB, pick);
};

const tiny = (dir) => writeFile(join(dir, 'tiny'), 100, randomBytes(5));

/** Empty files, 1,000 in a folder. */
const files = (dir, count) => {
  for (let i = 0; i < count; i++) {
    const folder = join(dir, `d${Math.floor(i / 1000)}`);
    if (i % 1000 === 0) mkdirSync(folder);
    closeSync(openSync(join(folder, `f${i}`), 'w'));
  }
};
const million = (dir, scale) => files(dir, Math.round(1_000_000 * scale));

/** One file of so many MiB; none for 0. */
const one = (dir, count) => {
  if (count > 0) writeFile(join(dir, 'one'), count * MiB, randomBytes(6));
};

const makers = { big, bigChanged, small, usr, text, tiny, million };
/** Data sets of a given size, whatever the scale: `files-1000`. */
const countedMakers = { files, one };

const make = (name, dir, scale, sets) => {
  const [kind, count] = name.split('-');
  if (count === undefined) makers[kind](dir, scale, sets);
  else countedMakers[kind](dir, Number(count));
};

/** A function that gives a data set's folder, making it the first time. */
export function dataSets(root, scale) {
  const sets = (name) => {
    const dir = join(root, 'data', name);
    if (!existsSync(dir)) {
      mkdirSync(dir, { recursive: true });
      make(name, dir, scale, sets);
      settle(dir);
    }
    return dir;
  };
  return sets;
}
