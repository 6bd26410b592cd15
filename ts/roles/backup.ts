import { SysError } from '../errors.ts';
import type { ByteString, Tree } from '../kernel/kernel.ts';
import type { StatTable } from '../kernel/stat-table.ts';
import { backupName } from '../metadata/names.ts';
import * as text from '../report/messages.ts';
import type { RoleContext } from './context.ts';

/** rsync notes a backup's time as a file list would: with nanoseconds from protocol 31 on. */
export function keptNsec(ctx: RoleContext, stats: StatTable, row: number): number {
  return ctx.negotiated.protocol >= 31 ? stats.mtimeNsec(row) : 0;
}

/** Where a backup of `path` goes (rsync's get_backup_name); its folders are made, as those of `path` are. */
export function prepareBackupName(ctx: RoleContext, tree: Tree, path: ByteString): ByteString | undefined {
  const { options, report } = ctx;
  const name = backupName(path, options.backupDir, options.suffix);
  if (name === undefined) {
    report.print('error', text.backupNameTooLong(path));
    return undefined;
  }
  if (options.backupDir !== '' && !options.dryRun) copyParents(ctx, tree, path, name, options.backupDir);
  return name;
}

/**
 * Keeps what lies at `path` under its backup name (rsync's make_backup): a hard link where the file is about
 * to be replaced anyway, else (or with `preferRename`) a rename. False when it could not be kept.
 */
export function makeBackup(ctx: RoleContext, tree: Tree, path: ByteString, preferRename: boolean): boolean {
  const stats = lookUp(tree, path);
  if (stats === undefined) return true;
  const name = prepareBackupName(ctx, tree, path);
  if (name === undefined) return false;
  let errno = ctx.options.dryRun ? 0 : linkOrRename(tree, path, name, preferRename, stats);
  if (errno === text.EEXIST || errno === text.EISDIR) {
    removeTree(tree, name);
    errno = linkOrRename(tree, path, name, preferRename, stats);
  }
  if (errno !== 0) {
    ctx.report.print('error', text.keepBackupFailed(tree, path, name, errno));
    return false;
  }
  if (ctx.report.info('backup')) ctx.report.print('info', text.backedUp(path, name));
  return true;
}

function linkOrRename(
  tree: Tree,
  from: ByteString,
  to: ByteString,
  preferRename: boolean,
  stats: StatTable,
): number {
  if (!preferRename) {
    const errno = attempt(() => tree.link(from, to));
    if (errno === 0 || errno === text.EEXIST || errno === text.EISDIR) return errno;
  }
  const errno = attempt(() => tree.rename(from, to));
  // A rename onto another name of the same inode does nothing, and says so to nobody.
  if (errno === 0 && stats.nlink() > 1 && !stats.isDir()) attempt(() => tree.unlink(from));
  return errno;
}

/** Makes the folders of `name` below the backup folder, with the attributes of those of `path`. */
function copyParents(
  ctx: RoleContext,
  tree: Tree,
  path: ByteString,
  name: ByteString,
  backupDir: ByteString,
): void {
  const base = backupDir.replace(/\/+$/, '');
  makeAll(tree, base);
  for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
    const target = `${base}/${path.slice(0, slash)}`;
    if (target.length >= name.length) break;
    const source = lookUp(tree, path.slice(0, slash));
    if (attempt(() => tree.mkdir(target, 0o777)) !== 0 || source === undefined) continue;
    tree.setMeta(target, {
      mode: source.mode() & 0o7777,
      uid: source.uid(),
      gid: source.gid(),
      mtime: source.mtime(),
      mtimeNsec: keptNsec(ctx, source, 0),
    });
  }
}

function makeAll(tree: Tree, path: ByteString): void {
  for (let slash = path.indexOf('/', 1); slash > 0; slash = path.indexOf('/', slash + 1))
    attempt(() => tree.mkdir(path.slice(0, slash), 0o777));
  attempt(() => tree.mkdir(path, 0o777));
}

function removeTree(tree: Tree, path: ByteString): void {
  const stats = lookUp(tree, path);
  if (stats === undefined) return;
  if (!stats.isDir()) {
    attempt(() => tree.unlink(path));
    return;
  }
  const content = tree.scan(path);
  for (let k = 0; k < content.count; k++) removeTree(tree, `${path}/${content.name(k)}`);
  attempt(() => tree.rmdir(path));
}

function lookUp(tree: Tree, path: ByteString): StatTable | undefined {
  try {
    return tree.lstat(path);
  } catch (error) {
    if (error instanceof SysError) return undefined;
    throw error;
  }
}

function attempt(call: () => void): number {
  try {
    call();
    return 0;
  } catch (error) {
    if (error instanceof SysError) return error.errno;
    throw error;
  }
}
