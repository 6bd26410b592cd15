/** V8's compiled code of the program, kept on disk from one run to the next (docs/decisions/0010-compiled-code.md). */

const { getBuiltinModule } = process;
const fs = getBuiltinModule('node:fs');

/** Entries older than this are removed whenever one is written: they are of versions that were replaced. */
const keptDays = 60;

/** What an earlier run left, if it did, and a way to leave some. */
export interface CompiledCode {
  readonly data?: Buffer;
  /** Keeps `data` for later runs. What fails here fails silently: the next run compiles once more. */
  keep(data: Uint8Array): void;
}

/** The compiled code called `name`, which tells versions of Node and of the program apart. */
export function compiledCode(name: string): CompiledCode {
  const folder = ownFolder();
  if (folder === undefined) return { keep: () => {} };
  const path = `${folder}/${name}`;
  return {
    data: read(path),
    keep(data) {
      write(path, data);
      removeOld(folder);
    },
  };
}

/**
 * A folder that nobody else can write to, for what lies there is run: never one in a shared place such as
 * /tmp, which is where Node would put it. Undefined where there is none.
 */
function ownFolder(): string | undefined {
  const { XDG_CACHE_HOME: cache, HOME: home } = process.env;
  const base = cache?.startsWith('/') ? cache : home?.startsWith('/') ? `${home}/.cache` : undefined;
  if (base === undefined || process.geteuid === undefined) return undefined;
  const folder = `${base}/oc-rsync`;
  try {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    const stat = fs.lstatSync(folder);
    const mine = stat.isDirectory() && stat.uid === process.geteuid() && (stat.mode & 0o022) === 0;
    return mine ? folder : undefined;
  } catch {
    return undefined;
  }
}

function read(path: string): Buffer | undefined {
  try {
    return fs.readFileSync(path);
  } catch {
    return undefined;
  }
}

/** The name appears once the bytes are on the disk: V8 does not find every damage. */
function write(path: string, data: Uint8Array): void {
  const unfinished = `${path}.${process.pid}`;
  try {
    const fd = fs.openSync(unfinished, 'wx', 0o600);
    try {
      for (let done = 0; done < data.length; ) done += fs.writeSync(fd, data, done);
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
    fs.renameSync(unfinished, path);
  } catch {
    try {
      fs.rmSync(unfinished, { force: true });
    } catch {
      // A folder that cannot be written to keeps nothing.
    }
  }
}

function removeOld(folder: string): void {
  const oldest = Date.now() - keptDays * 24 * 60 * 60 * 1000;
  try {
    for (const name of fs.readdirSync(folder)) {
      const path = `${folder}/${name}`;
      if (fs.lstatSync(path).mtimeMs < oldest) fs.rmSync(path, { force: true, recursive: true });
    }
  } catch {
    // Another process may be cleaning up as well.
  }
}
