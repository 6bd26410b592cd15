/** V8's compiled code of the program, kept on disk from one run to the next (docs/decisions/0010-compiled-code.md). */

import type { Stats } from 'node:fs';

const { getBuiltinModule } = process;
const fs = getBuiltinModule('node:fs');
const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = fs.constants;

/** Entries older than this are removed whenever one is written: they are of versions that were replaced. */
const keptDays = 60;
/** What entries, and those that were not finished, are called: nothing else in the folder is touched. */
const entryName = /^v\d+\.\d+\.\d+-\w+-[0-9a-f]{16}-[\w-]+(\.\d+)?$/;
const othersWrite = 0o022;
/** So long after an entry was written a run may see whether it has more to keep; then once it is twice as old, and so on. */
const firstReviewMs = 5000;

/** What earlier runs left, and a way to leave some; each by a name that tells versions of Node and of the program apart. */
export interface CompiledCode {
  /** There is a place for it. */
  readonly isKept: boolean;
  find(name: string): Kept | undefined;
  /** Keeps `entries` for later runs. What fails here fails silently: the next run compiles once more. */
  keep(entries: readonly Entry[]): void;
  /** That a run had no more to keep than what it found under `name`. */
  reviewed(name: string): void;
}

export interface Kept {
  readonly data: Buffer;
  /** It is time that a run sees whether it has more to keep. */
  readonly isDue: boolean;
}

type Entry = readonly [name: string, data: Uint8Array];

const nothingKept: CompiledCode = {
  isKept: false,
  find: () => undefined,
  keep: () => {},
  reviewed: () => {},
};

/** The compiled code of this user. `OC_RSYNC_CODE_CACHE=off` switches it off; only Linux has the means to be sure of the folder. */
export function compiledCode(): CompiledCode {
  const base = cacheFolder();
  if (base === undefined) return nothingKept;
  let folder = openOwn(`${base}/oc-rsync`);
  return {
    isKept: true,
    find: (name) => (folder === undefined ? undefined : read(folder, name)),
    keep(entries) {
      if (entries.length === 0) return;
      folder ??= makeOwn(`${base}/oc-rsync`);
      if (folder === undefined) return;
      for (const [name, data] of entries) write(folder, name, data);
      removeOld(folder);
    },
    reviewed(name) {
      if (folder !== undefined) markReviewed(folder, name);
    },
  };
}

/**
 * The user's folder for such things, where it is there and nobody else can put anything into it: what lies in it is
 * run. So it is none of root's where HOME is another user's (sudo -E, su -m), and never a shared place such as /tmp.
 */
function cacheFolder(): string | undefined {
  const { XDG_CACHE_HOME: cache, HOME: home, OC_RSYNC_CODE_CACHE: wanted } = process.env;
  if (wanted === 'off' || process.platform !== 'linux') return undefined;
  const base = cache?.startsWith('/') ? cache : home?.startsWith('/') ? `${home}/.cache` : undefined;
  if (base === undefined) return undefined;
  try {
    const stat = fs.statSync(base);
    return stat.isDirectory() && isOurs(stat) ? base : undefined;
  } catch {
    return undefined;
  }
}

function isOurs(stat: { readonly uid: number; readonly mode: number }): boolean {
  return stat.uid === process.geteuid?.() && (stat.mode & othersWrite) === 0;
}

/** Holds the folder, by a path through the descriptor: whoever renames it afterwards changes nothing. */
function openOwn(path: string): string | undefined {
  try {
    const fd = fs.openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (isOurs(fs.fstatSync(fd))) return `/proc/self/fd/${fd}`;
    fs.closeSync(fd);
  } catch {
    // There is none, or it is none of ours.
  }
  return undefined;
}

function makeOwn(path: string): string | undefined {
  try {
    fs.mkdirSync(path, { mode: 0o700 });
  } catch {
    // It may have been made meanwhile.
  }
  return openOwn(path);
}

function read(folder: string, name: string): Kept | undefined {
  try {
    const fd = fs.openSync(`${folder}/${name}`, O_RDONLY | O_NOFOLLOW);
    try {
      const stat = fs.fstatSync(fd);
      if (!stat.isFile() || stat.nlink !== 1 || !isOurs(stat)) return undefined;
      return { data: fs.readFileSync(fd), isDue: isDue(stat) };
    } finally {
      fs.closeSync(fd);
    }
  } catch {
    return undefined;
  }
}

/** Its time of modification is that of the last review. */
function isDue({ birthtimeMs, mtimeMs }: Stats): boolean {
  return Date.now() - mtimeMs >= Math.max(firstReviewMs, mtimeMs - birthtimeMs);
}

function markReviewed(folder: string, name: string): void {
  const now = new Date();
  try {
    fs.lutimesSync(`${folder}/${name}`, now, now);
  } catch {
    // Another process may have removed it.
  }
}

/** The name appears once the bytes are on the disk: V8 does not find every damage. */
function write(folder: string, name: string, data: Uint8Array): void {
  const unfinished = `${folder}/${name}.${process.pid}`;
  try {
    const fd = fs.openSync(unfinished, 'wx', 0o600);
    try {
      for (let done = 0; done < data.length; ) done += fs.writeSync(fd, data, done);
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
    fs.renameSync(unfinished, `${folder}/${name}`);
  } catch {
    try {
      fs.unlinkSync(unfinished);
    } catch {
      // A folder that cannot be written to keeps nothing.
    }
  }
}

function removeOld(folder: string): void {
  const oldest = Date.now() - keptDays * 24 * 60 * 60 * 1000;
  try {
    for (const name of fs.readdirSync(folder)) {
      if (!entryName.test(name)) continue;
      const path = `${folder}/${name}`;
      if (fs.lstatSync(path).mtimeMs < oldest) fs.unlinkSync(path);
    }
  } catch {
    // Another process may be cleaning up as well.
  }
}
