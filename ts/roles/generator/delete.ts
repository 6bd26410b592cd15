import { IoError, SysError } from '../../errors.ts';
import { candidateAt } from '../../flist/choice.ts';
import { EntryFlag, type FileList } from '../../flist/file-list.ts';
import type { NamesInDir } from '../../flist/listed-names.ts';
import { compareSiblings } from '../../flist/sort.ts';
import { type ToldRow, tellRows } from '../../flist/tell-entries.ts';
import type { ByteString } from '../../kernel/kernel.ts';
import { S_IFDIR, S_IFLNK, S_IFMT, type StatTable } from '../../kernel/stat-table.ts';
import * as text from '../../report/messages.ts';
import * as traces from '../../report/trace-messages.ts';
import { makeBackup } from '../backup.ts';
import { countDeleted } from '../counts.ts';
import { fileType } from './compare.ts';
import { enterFileSystem } from './file-systems.ts';
import { directoryBehind, insideOf } from './keep-dirlinks.ts';
import type { Entry, Generator } from './state.ts';

/**
 * Deletes what lies in a directory and is not in its file list (rsync's delete_in_dir).
 * `scanned` is the directory's content, where it was read ahead.
 */
export function deleteInDirectory(
  gen: Generator,
  list: FileList,
  path: ByteString,
  scanned?: StatTable | SysError,
): Promise<void> | undefined {
  const { options, report, state } = gen.ctx;
  report.trace('del', () => traces.deleteInDir(path), 2);
  if (state.ioError & IoError.General && !options.ignoreErrors) {
    if (!gen.ioErrorSaid) report.print('info', text.ioErrorSkipsDeletion());
    gen.ioErrorSaid = true;
    return undefined;
  }
  gen.filters.enterDir(gen.destination.tree, path);
  const isEmpty = scanned !== undefined && !(scanned instanceof SysError) && scanned.count === 0;
  if (isEmpty && !report.debug('flist', 3)) return undefined;
  return deleteUnlisted(gen, list, path, scanned);
}

function deleteUnlisted(
  gen: Generator,
  list: FileList,
  path: ByteString,
  scanned: StatTable | SysError | undefined,
): Promise<void> | undefined {
  const { options, writer } = gen.ctx;
  const listed = () => gen.listed.in(gen.contentList(list), path === '.' ? '' : path);
  const content = entriesToDelete(gen, path, listed, scanned)?.doomed;
  if (content === undefined) return undefined;
  const done = fromLast(content, ({ name, mode }) => {
    const target = path === '.' ? name : `${path}/${name}`;
    if (options.delete === 'delay') {
      gen.delayedDeletes.push({ path: target, mode });
      return true;
    }
    const deleted = deleteItem(gen, target, mode, DeleteFlag.Recurse);
    return writer.full ? writer.drain().then(() => deleted) : deleted;
  });
  return done instanceof Promise ? done.then(() => {}) : undefined;
}

/** Does something with each, from the last to the first, and waits only where that does. True where all said so. */
function fromLast<T>(
  items: readonly T[],
  step: (item: T) => boolean | Promise<boolean>,
): boolean | Promise<boolean> {
  let all = true;
  const from = (last: number): boolean | Promise<boolean> => {
    for (let k = last; k >= 0; k--) {
      const done = step(items[k]);
      if (done instanceof Promise)
        return done.then((ok) => {
          all &&= ok;
          return from(k - 1);
        });
      all &&= done;
    }
    return all;
  };
  return from(items.length - 1);
}

/** The whole pass of --delete-before and --delete-after. */
export async function deletePass(gen: Generator): Promise<void> {
  const { options, report } = gen.ctx;
  if (gen.destination.missing || options.listOnly) return;
  for (const list of gen.lists.segments) {
    for (let i = 0; i < list.count; i++) {
      if (!list.isActive(i) || list.flags(i) & EntryFlag.Declined) continue;
      const path = list.path(i);
      if (!(list.flags(i) & EntryFlag.ContentDir)) {
        // rsync enters files as well, to no effect but what is told of it.
        if (list.isDir(i) || report.debug('filter', 2)) gen.filters.enterDir(gen.destination.tree, path);
        continue;
      }
      if (list.flags(i) & EntryFlag.TopDir) gen.ctx.report.trace('del', () => traces.deletingIn(path));
      let stats: StatTable;
      try {
        stats = gen.destination.tree.lstat(path);
      } catch (error) {
        if (error instanceof SysError) continue;
        throw error;
      }
      if (options.keepDirlinks && stats.isLink())
        stats = directoryBehind(gen.destination.tree, path) ?? stats;
      if (stats.isDir() && staysHere(gen, list, i, stats.dev())) await deleteInDirectory(gen, list, path);
    }
  }
  gen.filters.leaveAll();
}

/** Whether a directory with this device is one that -x lets us delete in. */
export function staysHere(gen: Generator, list: FileList, i: number, dev: number): boolean {
  return enterFileSystem(gen.fileSystems, dev, (list.flags(i) & EntryFlag.TopDir) !== 0);
}

/** Carries out what --delete-delay remembered. */
export async function deleteDelayed(gen: Generator): Promise<void> {
  for (const { path, mode } of gen.delayedDeletes) await deleteItem(gen, path, mode, DeleteFlag.Recurse);
  gen.delayedDeletes.length = 0;
}

/**
 * Takes away what is in the way of an entry of another type. A directory goes with its content only where
 * deleting was asked for. True when the way is free.
 */
export async function makeRoom(
  gen: Generator,
  path: ByteString,
  mode: number,
  newMode: number,
): Promise<boolean> {
  const { options, report } = gen.ctx;
  // As in rsync, not where a link or a node is to come.
  const type = fileType(newMode);
  if (type === 'file' || type === 'dir') openToDelete(gen, path, mode);
  const recurses = options.delete !== undefined || options.force ? DeleteFlag.Recurse : 0;
  if (await deleteItem(gen, path, mode, recurses | (type === 'unsupported' ? roomFor.file : roomFor[type])))
    return true;
  report.print('error-xfer', text.couldNotMakeWay(path, obstacleFor(newMode)));
  return false;
}

/**
 * --delete-missing-args: takes away what the sender was asked for and does not have, unless filters keep it. A directory
 * with content goes only where deleting or forcing was asked for.
 */
export function deleteMissing(gen: Generator, { path, stats, row }: Entry): Promise<void> | undefined {
  const { options } = gen.ctx;
  if (!gen.filters.isEmpty && gen.filters.check(path, false, 'protect') === 'excluded') return undefined;
  if (stats === undefined || gen.ctx.protects?.(candidateAt(path, stats, row, ''))) return undefined;
  const recurses = options.delete !== undefined || options.force ? DeleteFlag.Recurse : 0;
  const gone = deleteItem(gen, path, stats.mode(row), recurses);
  return gone instanceof Promise ? gone.then(() => {}) : undefined;
}

const noNames: NamesInDir = { has: () => false };

interface Doomed {
  readonly name: ByteString;
  readonly mode: number;
}

/**
 * The content of a directory that is not `listed` and that filters do not protect, in list order, and how
 * much they do.
 */
function entriesToDelete(
  gen: Generator,
  path: ByteString,
  listed: () => NamesInDir = () => noNames,
  scanned?: StatTable | SysError,
): { doomed: Doomed[]; kept: number } | undefined {
  const { tree } = gen.destination;
  const { filters } = gen;
  let content: StatTable | SysError;
  try {
    const dir = path === '.' ? '' : path;
    content = scanned ?? tree.scan(gen.ctx.options.keepDirlinks && dir !== '' ? insideOf(dir) : dir);
    if (content instanceof SysError) throw content;
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    if (error.errno !== text.ENOENT) {
      gen.ctx.state.ioError |= IoError.General;
      gen.ctx.report.print('error-xfer', text.opendirFailed(tree, path, error.errno, 'generator'));
    }
    return undefined;
  }
  const doomed: Doomed[] = [];
  let kept = 0;
  const names = content.count > 0 ? listed() : noNames;
  const { protects } = gen.ctx;
  const tells = gen.ctx.report.debug('flist', 2);
  const told: Told[] = [];
  for (let k = 0; k < content.count; k++) {
    const name = content.name(k);
    const mode = content.mode(k);
    if (!filters.isEmpty || tells) {
      const target = path === '.' || path === '' ? name : `${path}/${name}`;
      if (!filters.isEmpty && filters.check(target, isDir(mode), 'protect') === 'excluded') {
        kept++;
        continue;
      }
      if (tells) gen.ctx.report.print('info', traces.makingEntry('generator', target, 2));
      told.push({ name, mode, path: target, row: k });
    }
    if (gen.fileSystems !== undefined && isDir(mode) && content.dev(k) !== gen.fileSystems.current) {
      kept++;
      tellOfMount(gen, path === '.' || path === '' ? name : `${path}/${name}`);
      continue;
    }
    if (names.has(name)) continue;
    if (protects?.(candidateAt(path === '.' || path === '' ? name : `${path}/${name}`, content, k, ''))) {
      kept++;
      continue;
    }
    doomed.push({ name, mode });
  }
  const { protocol } = gen.ctx.negotiated;
  const inOrder = (a: Doomed, b: Doomed) =>
    compareSiblings(a.name, isDir(a.mode), b.name, isDir(b.mode), protocol);
  doomed.sort(inOrder);
  if (gen.ctx.report.debug('flist', 3)) {
    const { options, report, amRoot } = gen.ctx;
    tellRows(told.sort(inOrder), content, {
      options,
      report,
      texts: { traces: { entryIs: traces.entryIs, listIs: traces.listIs } },
      showsUsers: amRoot,
    });
  }
  return { doomed, kept };
}

interface Told extends Doomed, ToldRow {}

function tellOfMount(gen: Generator, path: ByteString): void {
  const { options, report } = gen.ctx;
  if (!report.info('mount')) return;
  const twice = options.oneFileSystem > 1;
  report.print('info', twice ? text.skippingMountPoint('generator', path) : text.cannotDeleteMount(path));
}

function obstacleFor(mode: number): text.ObstacleFor {
  switch (fileType(mode)) {
    case 'dir':
      return 'directory';
    case 'symlink':
      return 'symlink';
    case 'device':
      return 'device file';
    case 'special':
      return 'special file';
    default:
      return 'regular file';
  }
}

function isDir(mode: number): boolean {
  return (mode & S_IFMT) === S_IFDIR;
}

/**
 * What its owner may not write is made writable first: else nothing could be taken out of such a directory. Whose it
 * is need not be asked: another's mode cannot be changed.
 */
function openToDelete(gen: Generator, path: ByteString, mode: number): void {
  const { amRoot, options } = gen.ctx;
  if (amRoot || options.dryRun || (mode & 0o200) !== 0 || (mode & S_IFMT) === S_IFLNK) return;
  gen.destination.tree.setMeta(path, { mode: (mode & 0o7777) | 0o200 });
}

/** How something is deleted, as --debug=DEL shows it. */
const DeleteFlag = { NoUidWrite: 1, Recurse: 2, DirIsEmpty: 4 } as const;
const roomFor = { file: 8, dir: 16, symlink: 32, device: 64, special: 128 } as const;
const makesRoom = 0xf8;

function tellOfItem(gen: Generator, path: ByteString, mode: number, flags: number): void {
  const { report, amRoot } = gen.ctx;
  if (!report.debug('del', 2)) return;
  const opened = !amRoot && (mode & 0o200) === 0 && (flags & DeleteFlag.DirIsEmpty) === 0;
  report.print('info', traces.deleteItem(path, mode, flags | (opened ? DeleteFlag.NoUidWrite : 0)));
}

/** Deletes one thing, a directory with its content when `flags` say so. True when it is gone. */
function deleteItem(
  gen: Generator,
  path: ByteString,
  mode: number,
  flags: number,
): boolean | Promise<boolean> {
  const makingRoom = (flags & makesRoom) !== 0;
  tellOfItem(gen, path, mode, flags);
  if (!makingRoom) openToDelete(gen, path, mode);
  if (!isDir(mode)) return removeItem(gen, path, mode, makingRoom);
  gen.filters.ignorePerishable = true;
  const go = (empty: boolean): boolean | Promise<boolean> => {
    gen.filters.ignorePerishable = false;
    return empty && removeItem(gen, path, mode, makingRoom);
  };
  const emptied = emptyDirectory(gen, path, flags);
  return emptied instanceof Promise ? emptied.then(go) : go(emptied);
}

/** Deletes one file or empty directory. */
function removeItem(
  gen: Generator,
  path: ByteString,
  mode: number,
  makingRoom: boolean,
): boolean | Promise<boolean> {
  const { options, report, stats } = gen.ctx;
  const { tree } = gen.destination;
  const dir = isDir(mode);
  if (!makingRoom && options.maxDelete !== undefined && stats.deletedFiles >= options.maxDelete) {
    gen.skippedDeletes++;
    return false;
  }
  const what = dir ? 'rmdir' : 'unlink';
  if (!dir && gen.rules.backup && (options.backupDir !== '' || !path.endsWith(options.suffix))) {
    const kept = makeBackup(gen.ctx, tree, path, true, 'generator');
    const after = (errno: number): boolean => {
      if (errno !== 0) report.print('error-xfer', text.deleteFailed(tree, path, 'make_backup', errno));
      else if (!makingRoom) countOne(gen, path, mode);
      return errno === 0;
    };
    return kept instanceof Promise ? kept.then(after) : after(kept);
  }
  if (!options.dryRun) {
    try {
      if (dir) tree.rmdir(path);
      else tree.unlink(path);
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      if (dir && error.errno === text.ENOTEMPTY) {
        report.print('info', text.cannotDeleteNonEmpty(path));
        return false;
      }
      if (error.errno === text.ENOENT) return true;
      report.print('error-xfer', text.deleteFailed(tree, path, what, error.errno));
      return false;
    }
  }
  if (!makingRoom) countOne(gen, path, mode);
  return true;
}

function countOne(gen: Generator, path: ByteString, mode: number): void {
  gen.ctx.report.logDelete(path, mode);
  countDeleted(gen.ctx.stats, mode);
}

/** Empties a directory (rsync's delete_dir_contents); without `Recurse` it only looks. */
function emptyDirectory(gen: Generator, path: ByteString, flags: number): boolean | Promise<boolean> {
  const { tree } = gen.destination;
  gen.ctx.report.trace('del', () => traces.deleteContents(path, flags), 3);
  gen.filters.pushDir(tree, path);
  const { doomed: content, kept } = entriesToDelete(gen, path) ?? { doomed: [], kept: 0 };
  const leave = (all: boolean): boolean => {
    const empty = all && kept === 0;
    gen.filters.leaveDir();
    if (!empty) gen.ctx.report.print('info', text.cannotDeleteNonEmpty(path));
    return empty;
  };
  if ((flags & DeleteFlag.Recurse) === 0) return leave(content.length === 0);
  const emptied = fromLast(content, ({ name, mode }) => {
    const target = `${path}/${name}`;
    openToDelete(gen, target, mode);
    if (!isDir(mode)) {
      tellOfItem(gen, target, mode, DeleteFlag.DirIsEmpty);
      return removeItem(gen, target, mode, false);
    }
    // As rsync does, also what could not be emptied is tried, and named once more.
    const below = emptyDirectory(gen, target, DeleteFlag.DirIsEmpty | DeleteFlag.Recurse);
    return below instanceof Promise
      ? below.then((empty) => andRemove(gen, target, mode, empty))
      : andRemove(gen, target, mode, below);
  });
  return emptied instanceof Promise ? emptied.then(leave) : leave(emptied);
}

function andRemove(
  gen: Generator,
  path: ByteString,
  mode: number,
  empty: boolean,
): boolean | Promise<boolean> {
  tellOfItem(gen, path, mode, DeleteFlag.DirIsEmpty);
  const removed = removeItem(gen, path, mode, false);
  return removed instanceof Promise ? removed.then((gone) => gone && empty) : removed && empty;
}
