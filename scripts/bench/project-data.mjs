/** Data sets beside the product's: what the system has, and what a growing amount is measured with. */
import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { randomBytes, standardMakers, writeLarge } from './shared.mjs';

const MiB = 1024 * 1024;
const usrParts = ['/usr/include', '/usr/share/perl', '/usr/share/doc'];

/** A real tree that nobody made for this; below scale 1 only its first part. */
const usr = (dir, { scale }) => {
  const parts = (scale < 1 ? usrParts.slice(0, 1) : usrParts).filter((part) => existsSync(part));
  execFileSync('cp', ['-a', ...parts, dir]);
};

const emptyFiles = (dir, count) => {
  for (let i = 0; i < count; i++) {
    const folder = join(dir, `d${Math.floor(i / 1000)}`);
    if (i % 1000 === 0) mkdirSync(folder);
    closeSync(openSync(join(folder, `f${i}`), 'w'));
  }
};

const million = (dir, { scale }) => emptyFiles(dir, Math.round(1_000_000 * scale));

// Sets of a given size, whatever the scale: `files-1000`.

/** Empty files, 1,000 in a folder. */
const files = (dir, { count }) => emptyFiles(dir, count);

/** One file of so many MiB; none for 0. */
const one = async (dir, { count, pause }) => {
  if (count > 0) await writeLarge(join(dir, 'one'), count * MiB, randomBytes(6), pause);
};

export const makers = { ...standardMakers, usr, million, files, one };
