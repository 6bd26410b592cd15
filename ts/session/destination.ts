import { ExitCode, RsyncError, SysError } from '../errors.ts';
import { followErrno } from '../flist/dead-end.ts';
import { EntryFlag } from '../flist/file-list.ts';
import type { FileLists } from '../flist/file-lists.ts';
import { linkOwner, type Module, type Site } from '../host.ts';
import type { ByteString, Tree } from '../kernel/kernel.ts';
import type { StatTable } from '../kernel/stat-table.ts';
import { isRefused } from '../kernel/trusted-path.ts';
import type { Options } from '../options/options.ts';
import * as text from '../report/messages.ts';
import * as traces from '../report/trace-messages.ts';
import type { Destination } from '../roles/destination.ts';
import type { End } from './end.ts';

/**
 * Finds out what the destination argument means for what is coming (rsync's get_local_name): a directory
 * that is there or has to be made, or the name of a single file. Folders that the options name are made
 * absolute where they lead out of it; what a relative one of backups stands for, `backupPath` knows.
 */
export function openDestination(
  end: End,
  options: Options,
  lists: FileLists,
  argument: ByteString | undefined,
): { destination: Destination; options: Options } {
  const { cwd } = end.setup.site;
  const place = locate(end, options, lists, argument);
  const base = place.missing ? join(cwd, place.base) : place.at;
  const { tree, localName, missing } = place;
  const { module, moduleDir } = end.setup.site;
  // In a module all of them lie in it, however they are named, and whatever links it has.
  const boundary = module === undefined || moduleDir === '' ? undefined : moduleDir;
  const within = (dir: ByteString): ByteString => {
    if (boundary !== undefined) return clamp(boundary, base, dir);
    return dir.startsWith('/') ? dir : missing ? collapse(join(base, dir)) : join(base, dir);
  };
  const resolved: Options = {
    ...options,
    alternateDests: options.alternateDests.map(({ kind, dir }) => ({
      kind,
      dir: trimSlash(within(dir)),
    })),
    tempDir: options.tempDir === '' ? '' : join(base, options.tempDir),
    partialDir:
      boundary === undefined ? outside(base, options.partialDir) : partialWithin(within, options.partialDir),
  };
  checkFolders(end, place, options, resolved);
  return { destination: { tree, localName, missing }, options: resolved };
}

interface Place {
  readonly tree: Tree;
  readonly localName: ByteString | undefined;
  readonly missing: boolean;
  readonly base: ByteString;
  /** Absolute path of what the tree stands for. */
  readonly at: ByteString;
}

function locate(end: End, options: Options, lists: FileLists, argument: ByteString | undefined): Place {
  const { setup } = end;
  const { kernel } = setup;
  const { cwd, module } = setup.site;
  const access = {
    beneath: module?.boundary,
    keepAccessTimes: options.openNoatime,
    notesLinks: true,
    trustedLinks: !options.insecureLinks,
  };
  const open = (path: ByteString, number: 1 | 2 | 3): Place => {
    try {
      const tree = kernel.openTree(join(cwd, path), {
        ...access,
        confineRoot: options.confineRoot || undefined,
        // With --no-implied-dirs the directories that are there are used as they are, links too.
        followParents:
          options.keepDirlinks || (options.relative && !options.impliedDirs)
            ? options.insecureLinks && module?.boundary === undefined
              ? 'anywhere'
              : 'below'
            : undefined,
      });
      if (path !== '.')
        end.report.trace('chdir', () => traces.enteringDirectory('Receiver', text.collapsed(tree.path)));
      return { tree, localName: undefined, missing: false, base: path, at: tree.path };
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      const owner = linkOwner(end.setup.io.host, options.insecureLinks);
      if (error.code === 'ELOOP' && isRefused(join(cwd, path), owner))
        end.report.print('error', text.refusingLink);
      throw new RsyncError(
        ExitCode.FileSelect,
        text.destinationEnterFailed(number, { path: cwd }, path, error.errno),
      );
    }
  };
  // Nothing is looked at in it: who may not enter it (--copy-as) has a list all the same.
  if (options.listOnly)
    return openOr(
      () => open('.', 1),
      () => ({ ...open('/', 1), at: cwd }),
    );
  if (argument === undefined) return open('.', 1);
  const path = argument === '' ? '.' : argument;
  refuseExcluded(end, path);
  const { entries } = lists.totals;
  const makesPath = options.mkpath && (path.includes('/') || entries > 1);
  const here = openHere(end, path, makesPath, () => kernel.openTree(cwd, access));
  try {
    const slash = path.endsWith('/');
    let stats = look(here, setup.site, path);
    if (makesPath && typeof stats === 'number') {
      makeMissing(end, options, lists, here, path);
      stats = look(here, setup.site, path);
    }
    if (typeof stats !== 'number') {
      if (stats.isDir()) return open(path, 1);
      if (entries > 1) throw new RsyncError(ExitCode.FileSelect, text.destinationMustBeDirectory());
      if (entries === 1 && lists.segments[0].isDir(0))
        throw new RsyncError(ExitCode.FileSelect, text.cannotOverwriteWithDirectory());
      if (slash) throw new RsyncError(ExitCode.Syntax, text.destinationIsNoDirectory());
    } else if (stats !== text.ENOENT)
      throw new RsyncError(ExitCode.FileSelect, text.destinationStatFailed(here, path, stats));

    if (entries > 1 || slash) {
      const base = make(end, options, lists, here, path);
      return options.dryRun ? { ...open('.', 2), missing: true, base } : open(base, 2);
    }
    const cut = path.lastIndexOf('/');
    if (cut < 0) return { ...open('.', 3), localName: path };
    const dir = cut === 0 ? '/' : path.slice(0, cut);
    const localName = path.slice(cut + 1);
    // --mkpath would have made it.
    if (options.dryRun && options.mkpath && typeof look(here, setup.site, dir) === 'number')
      return { ...open('.', 3), localName, missing: true, base: dir };
    return { ...open(dir, 3), localName };
  } finally {
    here.close();
  }
}

/** No option may name what a module hides. */
function refuseHidden(
  { module, moduleDir }: { readonly module: Module; readonly moduleDir: ByteString },
  dirs: readonly ByteString[],
): void {
  for (const dir of dirs) {
    const inside = dir.startsWith('/') ? dir.slice(moduleDir.length + 1) : '';
    if (inside !== '' && module.rules?.excludes(inside, true))
      throw new RsyncError(ExitCode.Syntax, text.optionsRejected);
  }
}

/** A place to write to is not passed over as one to look at is. */
function refuseLeadingOut(dir: ByteString, stat: (dir: ByteString) => unknown): void {
  const looked = dir.startsWith('/') ? orError(() => stat(dir)) : undefined;
  if (looked instanceof SysError && [text.ELOOP, text.EXDEV].includes(looked.errno))
    throw new RsyncError(ExitCode.Syntax, text.optionsRejected);
}

/** A module may hide what is named as the destination. */
function refuseExcluded({ setup }: End, path: ByteString): void {
  const rules = setup.site.module?.rules;
  const name = path.replace(/\/\.?$/, '');
  if (rules === undefined || name === '.' || name === '') return;
  if (rules.excludes(name, false) || rules.excludes(name, true))
    throw new RsyncError(ExitCode.FileSelect, text.destinationExcluded(path));
}

/** --mkpath: makes the directories that lead to a destination, and that itself where it has to be one. */
function makeMissing(end: End, options: Options, lists: FileLists, here: Tree, path: ByteString): void {
  const { report, setup } = end;
  const many = lists.totals.entries > 1;
  const name = path.slice(0, path.lastIndexOf('/'));
  const last = many && !path.endsWith('/') ? path : name;
  const made = makeDirectories(here, last, setup.site, options.dryRun);
  if (made instanceof SysError)
    throw new RsyncError(ExitCode.FileIo, text.destinationMkdirFailed(here, path, made.errno));
  if (made > 0 && (report.info('name') || report.formatHasI > 0))
    report.print('info', text.createdDirectories(made, last));
}

/** Makes what is missing of a directory and those that it is in (rsync's make_path): how many, or what failed. */
function makeDirectories(here: Tree, path: ByteString, site: Site, dryRun: boolean): number | SysError {
  const dirs: ByteString[] = [];
  for (const part of path.split('/'))
    if (part !== '') dirs.push(`${dirs.at(-1) ?? (path.startsWith('/') ? '' : '.')}/${part}`);
  const at = (dir: ByteString) => join(site.cwd, dir);
  const failed = (dir: ByteString): SysError | undefined => {
    const error = orError(() => (dryRun ? here.stat(at(dir)) : here.mkdir(at(dir), 0o777)));
    if (!(error instanceof SysError)) return undefined;
    if (!dryRun || followErrno(here, site.module?.boundary, at(dir), error) !== text.ENOENT) return error;
    return new SysError(text.ENOENT, 'ENOENT', error.syscall);
  };
  // From the deepest up to the first that is there, or could be made.
  let missing = dirs.length;
  let made = 0;
  for (; missing > 0; missing--) {
    const error = failed(dirs[missing - 1]);
    if (error === undefined && !dryRun) {
      made++;
      break;
    }
    if (error?.errno === text.ENOENT) continue;
    const stats = orError(() => here.stat(at(dirs[missing - 1])));
    if (error !== undefined && error.errno !== text.EEXIST) return error;
    if (!(stats instanceof SysError) && !stats.isDir())
      return error ?? new SysError(text.ENOTDIR, 'ENOTDIR', 'mkdir');
    break;
  }
  for (const dir of dirs.slice(missing)) {
    const error = dryRun ? undefined : failed(dir);
    if (error !== undefined) return error;
    made++;
  }
  return made;
}

function orError<T>(call: () => T): T | SysError {
  try {
    return call();
  } catch (error) {
    if (error instanceof SysError) return error;
    throw error;
  }
}

/** Makes a directory that is not there yet; its name. */
function make(end: End, options: Options, lists: FileLists, here: Tree, path: ByteString): ByteString {
  const { report } = end;
  const name = path.length > 1 ? trimSlash(path) : path;
  if (!options.dryRun) {
    const { site } = end.setup;
    const place = join(site.cwd, name);
    try {
      here.mkdir(place, 0o777);
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      const errno = followErrno(here, site.module?.boundary, place, error);
      // A link of others: rsync makes it all the same, and then finds that it cannot be entered.
      if (errno === text.ELOOP) return name;
      throw new RsyncError(ExitCode.FileIo, text.destinationMkdirFailed(here, name, errno));
    }
  }
  const first = lists.segments[0];
  if (first.high >= first.low && first.isDotDir(first.low)) first.setFlag(first.low, EntryFlag.DirCreated);
  if (report.info('name') || report.formatHasI > 0) report.print('info', text.createdDirectory(name));
  return name;
}

function look(here: Tree, site: Site, path: ByteString): StatTable | number {
  const place = join(site.cwd, path);
  try {
    return here.stat(place);
  } catch (error) {
    if (error instanceof SysError) return followErrno(here, site.module?.boundary, place, error);
    throw error;
  }
}

/** Alternate directories are only warned of, --backup-dir may be made, --temp-dir has to be a directory. */
function checkFolders(end: End, place: Place, given: Options, resolved: Options): void {
  const { report } = end;
  const { tree, at } = place;
  const statOf = (dir: ByteString): StatTable | number => {
    try {
      return tree.stat(dir.startsWith('/') ? dir : join(at, dir));
    } catch (error) {
      if (error instanceof SysError) return error.errno;
      throw error;
    }
  };
  const { module, moduleDir } = end.setup.site;
  if (module !== undefined) {
    const alternates = resolved.alternateDests.map(({ dir }) => dir);
    refuseHidden({ module, moduleDir }, [...alternates, resolved.partialDir]);
    // An older client's may be of no use, but that shows in time.
    if ((report.negotiated?.protocol ?? 32) >= 30)
      refuseLeadingOut(resolved.partialDir, (dir) => tree.stat(dir));
  }
  const shownOf = alternatesShown(end.setup.site, place);
  for (const [k, { kind, dir }] of given.alternateDests.entries()) {
    const stats = statOf(resolved.alternateDests[k]!.dir);
    const shown = shownOf(dir, resolved.alternateDests[k]!.dir);
    if (typeof stats === 'number') report.print('warning', text.alternateMissing(`${kind}-dest`, shown));
    else if (!stats.isDir()) report.print('warning', text.alternateNoDirectory(`${kind}-dest`, shown));
  }
  if (resolved.backupDir !== '') {
    const stats = statOf(resolved.backupDir);
    if (typeof stats !== 'number') {
      if (!stats.isDir())
        throw new RsyncError(ExitCode.Syntax, `The backup-dir is not a directory: ${given.backupDir}`);
    } else if (stats !== text.ENOENT)
      throw new RsyncError(ExitCode.FileIo, text.folderStatFailed(given.backupDir, stats));
    if (report.info('backup'))
      report.print('info', `${typeof stats === 'number' ? '(new) ' : ''}backup_dir is ${given.backupDir}`);
  }
  if (resolved.tempDir !== '') {
    const stats = statOf(resolved.tempDir);
    if (typeof stats !== 'number') {
      if (!stats.isDir())
        throw new RsyncError(ExitCode.Syntax, `The temp-dir is not a directory: ${given.tempDir}`);
    } else if (stats === text.ENOENT)
      throw new RsyncError(ExitCode.Syntax, `The temp-dir does not exist: ${given.tempDir}`);
    else throw new RsyncError(ExitCode.FileIo, text.folderStatFailed(`temp-dir ${given.tempDir}`, stats));
  }
}

/** How an alternate directory is named, given as it is and as it counts: from the destination, or where that would be. */
function alternatesShown(
  { cwd, module, moduleDir }: Site,
  { at, base, missing }: Place,
): (given: ByteString, counted: ByteString) => ByteString {
  const from = missing ? join(cwd, base) : at;
  const outside = (dir: ByteString): ByteString => text.alternateShown(from, dir, missing);
  if (module === undefined || moduleDir === '') return outside;
  const depth = text.collapsed(from).slice(moduleDir.length).split('/').filter(Boolean).length;
  // Where a module lies is not its clients' to know, but in a root of its own.
  const hidden = module.inside === module.fullPath ? moduleDir.length : 0;
  return (given, counted) => {
    if (given.startsWith('/')) return counted.slice(hidden) || '/';
    const inside = sanitized(given, depth);
    return missing ? outside(inside).slice(hidden) : inside;
  };
}

/** A relative name as rsync has it in a module: without `..` but at its start, and there no more than lead up to that. */
function sanitized(dir: ByteString, depth: number): ByteString {
  const up: ByteString[] = [];
  const kept: ByteString[] = [];
  for (const part of dir.split('/'))
    if (part === '..') {
      if (kept.pop() === undefined && up.length < depth) up.push(part);
    } else if (part !== '' && part !== '.') kept.push(part);
  return [...up, ...kept].join('/') || '.';
}

function join(base: ByteString, path: ByteString): ByteString {
  if (path.startsWith('/')) return path;
  return base.endsWith('/') ? base + path : `${base}/${path}`;
}

/** Without `.` and `..`: a path through a directory that is not there yet. */
function collapse(path: ByteString): ByteString {
  const parts: ByteString[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/** A name in the module: an absolute one starts at its root, and no `..` leads out of it. */
function clamp(boundary: ByteString, base: ByteString, dir: ByteString): ByteString {
  const from = dir.startsWith(`${boundary}/`) ? dir.slice(boundary.length) : dir;
  const inside = from.startsWith('/') ? from : `${base.slice(boundary.length)}/${from}`;
  const path = collapse(inside);
  return path === '/' ? boundary : boundary + path;
}

/** One beside each file is a name there; any other is a place in the module. */
function partialWithin(within: (dir: ByteString) => ByteString, dir: ByteString): ByteString {
  const isPlace = dir.startsWith('/') || dir.split('/').includes('..');
  return dir !== '' && isPlace ? within(dir) : dir;
}

function trimSlash(path: ByteString): ByteString {
  return path.replace(/(.)\/+$/s, '$1');
}

/** A folder named by the user: kept relative while it stays below `base`. */
function outside(base: ByteString, dir: ByteString): ByteString {
  if (dir === '' || dir.startsWith('/') || !dir.split('/').includes('..')) return dir;
  return join(base, dir);
}

function openOr<T>(open: () => T, other: () => T): T {
  try {
    return open();
  } catch (error) {
    if (error instanceof RsyncError) return other();
    throw error;
  }
}

/** The working directory; who may not enter it (--copy-as) can see nothing in it. */
function openHere({ setup }: End, path: ByteString, makesPath: boolean, open: () => Tree): Tree {
  try {
    return open();
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    const place = { path: setup.site.cwd };
    if (makesPath)
      throw new RsyncError(ExitCode.FileIo, text.destinationMkdirFailed(place, path, error.errno));
    throw new RsyncError(ExitCode.FileSelect, text.destinationStatFailed(place, path, error.errno));
  }
}
