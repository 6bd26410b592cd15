import { SysError } from '../errors.ts';
import type { ByteString, Kernel, Tree } from '../kernel/kernel.ts';
import type { Trust } from '../kernel/trusted-path.ts';
import type { Options } from '../options/options.ts';

/** A folder that sources are relative to. */
export interface SourceRoot {
  /** Index into `FileLists.roots`; entries carry it in their `Dir`. */
  readonly index: number;
  readonly tree: Tree;
  /** The folder as the user named it; `''` for the start. */
  readonly dir: ByteString;
  /** For messages: its absolute path, and the daemon's module it is in. */
  readonly place: { readonly path: ByteString; readonly module?: ByteString };
  /** Names come from a list: what they may lead through. Undefined: wherever the user named. */
  readonly trust: Trust | undefined;
}

/** How sources are read. */
export interface SourceAccess {
  /** Daemon: what no path may lead out of. */
  readonly boundary?: ByteString | undefined;
  /** --copy-links and its like: directories of the transfer may lie behind symbolic links. */
  readonly options: Pick<Options, 'copyLinks' | 'copyDirlinks' | 'copyUnsafeLinks' | 'openNoatime'>;
  /** What names of --files-from may lead through. */
  readonly trust?: Trust | undefined;
}

/**
 * Holds the folder that sources are relative to. Symbolic links below it are not followed; those on the way to
 * what the user named are admitted one by one. Throws `SysError` where it cannot be entered.
 */
export function openSource(kernel: Kernel, cwd: ByteString, dir: ByteString, access: SourceAccess): Tree {
  const { boundary, options } = access;
  const followParents = options.copyLinks || options.copyDirlinks || options.copyUnsafeLinks;
  return kernel.openTree(absolute(cwd, dir), {
    beneath: boundary,
    followParents: !followParents ? undefined : boundary === undefined ? 'anywhere' : 'below',
    followFiles: options.copyLinks || options.copyUnsafeLinks,
    keepAccessTimes: options.openNoatime,
  });
}

/**
 * Gives what `read` gives of a path that the user named. Where a symbolic link is on the way there, it is
 * admitted to the tree first.
 */
export function throughLinks<T>(root: SourceRoot, path: ByteString, read: () => T): T {
  const { tree } = root;
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SysError) || error.code !== 'ELOOP') throw error;
    for (let end = path.indexOf('/', 1); end >= 0; end = path.indexOf('/', end + 1)) {
      const dir = path.slice(0, end);
      if (tree.lstat(dir).isLink()) admit(root, dir);
    }
    return read();
  }
}

/** Holds what a path that the user named leads to now. Throws `SysError`. */
export function admit({ tree, trust }: SourceRoot, path: ByteString): void {
  if (trust === undefined) tree.admit(path);
  else trust.through(tree.path, path, (way) => tree.admit(path, way));
}

/** Throws `SysError` where a list's name may not lead through the link that it ends in. */
export function checkLink({ tree, trust }: SourceRoot, path: ByteString): void {
  if (trust === undefined) return;
  try {
    trust.through(tree.path, path, () => {});
  } catch (error) {
    // It may lead to a file, or nowhere.
    if (error instanceof SysError && error.code === 'ELOOP') throw error;
  }
}

/** Throws `SysError` where a list names what is in a folder out of --confine-root. */
export function checkFolder({ tree, trust }: SourceRoot): void {
  if (trust?.isConfined) trust.through(tree.path, '.', () => {});
}

/** The folders that sources were found in, each opened once. */
export class SourceRoots {
  private readonly kernel: Kernel;
  private readonly trees: Tree[];
  private readonly access: SourceAccess;
  private readonly module: { readonly name: ByteString; readonly path: ByteString } | undefined;
  private readonly ahead: { readonly dir: ByteString; readonly tree: Tree } | undefined;
  private readonly byDir = new Map<ByteString, SourceRoot>();
  private readonly all: SourceRoot[] = [];
  /** Absolute path that folders are relative to. */
  cwd: ByteString;

  constructor(
    kernel: Kernel,
    trees: Tree[],
    settings: SourceAccess & {
      cwd: ByteString;
      module?: { readonly name: ByteString; readonly path: ByteString };
      /** One that is open already. */
      ahead?: { readonly dir: ByteString; readonly tree: Tree };
    },
  ) {
    this.ahead = settings.ahead;
    this.kernel = kernel;
    this.trees = trees;
    this.cwd = settings.cwd;
    this.access = settings;
    this.module = settings.module;
  }

  /** The root of a folder, `''` for the start. Throws `SysError` where it cannot be entered. */
  open(dir: ByteString): SourceRoot {
    const known = this.byDir.get(dir);
    if (known !== undefined) return known;
    const tree =
      this.ahead?.dir === dir ? this.ahead.tree : openSource(this.kernel, this.cwd, dir, this.access);
    const { trust } = this.access;
    const root = { index: this.trees.length, tree, dir, place: this.place(dir), trust };
    this.trees.push(tree);
    this.byDir.set(dir, root);
    this.all.push(root);
    return root;
  }

  byIndex(index: number): SourceRoot {
    return this.all[index];
  }

  /** How messages name a folder. */
  place(dir: ByteString): { path: ByteString; module?: ByteString } {
    const path = collapse(absolute(this.cwd, dir));
    if (this.module === undefined) return { path };
    const { name, path: base } = this.module;
    if (base === '') return { path, module: name };
    const inside = path.startsWith(base) ? path.slice(base.length).replace(/^\/+/, '') : path;
    return { path: inside === '' || inside.startsWith('/') ? inside : `/${inside}`, module: name };
  }
}

function absolute(cwd: ByteString, dir: ByteString): ByteString {
  if (dir.startsWith('/')) return dir;
  if (dir === '') return cwd;
  return cwd.endsWith('/') ? `${cwd}${dir}` : `${cwd}/${dir}`;
}

/** Takes out `.`, `..` and repeated slashes, by the letters of the path. */
function collapse(path: ByteString): ByteString {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  return `/${parts.join('/')}`;
}
