import { SysError } from '../errors.ts';
import { isDeviceMode, isSpecialMode } from '../flist/file-list.ts';
import { isUnsafeLink } from '../flist/unsafe-link.ts';
import type { ByteString, Meta, Tree } from '../kernel/kernel.ts';
import type { StatTable } from '../kernel/stat-table.ts';
import type { Present } from '../metadata/compare.ts';
import { backupName } from '../metadata/names.ts';
import type { Options } from '../options/options.ts';
import * as text from '../report/messages.ts';
import * as traces from '../report/trace-messages.ts';
import { putMeta } from './attributes.ts';
import type { RoleContext } from './context.ts';
import { tellIfRefused } from './refused.ts';

/** Where a backup goes. */
export interface Backup {
  /** As messages name it. */
  readonly name: ByteString;
  /** Absolute below a --backup-dir: that is the user's, and links on the way to it may be followed. */
  readonly path: ByteString;
}

/** Where a backup of `path` goes (rsync's get_backup_name); `undefined` where the name would be too long. */
export function backupOf(options: Options, tree: Tree, path: ByteString): Backup | undefined {
  const name = backupName(path, options.backupDir, options.suffix);
  if (name === undefined) return undefined;
  return { name, path: options.backupDir === '' ? name : absoluteIn(tree, name) };
}

/** As `backupOf`; its folders are made, as those of `path` are. */
export function prepareBackup(
  ctx: RoleContext,
  tree: Tree,
  path: ByteString,
  who: text.Who,
): Backup | undefined {
  const { options, report } = ctx;
  const backup = backupOf(options, tree, path);
  if (backup === undefined) {
    report.print('error', text.backupNameTooLong(path));
    return undefined;
  }
  if (options.backupDir !== '' && !options.dryRun) copyParents(ctx, tree, path, backup, who);
  return backup;
}

function absoluteIn(tree: Tree, path: ByteString): ByteString {
  if (path.startsWith('/')) return path;
  return tree.path.endsWith('/') ? `${tree.path}${path}` : `${tree.path}/${path}`;
}

/**
 * Keeps what lies at `path` under its backup name (rsync's make_backup): a hard link where the file is about
 * to be replaced anyway, else a rename; where the backup is on another file system, a copy. With `away`
 * nothing is left at `path` afterwards. Answers 0, or the errno of why it could not be kept, which has been told;
 * only a copy takes its time.
 */
export function makeBackup(
  ctx: RoleContext,
  tree: Tree,
  path: ByteString,
  away: boolean,
  who: text.Who,
): number | Promise<number> {
  const stats = lookUp(tree, path);
  if (stats === undefined) return 0;
  const backup = prepareBackup(ctx, tree, path, who);
  if (backup === undefined) return text.ENAMETOOLONG;
  if (ctx.options.links && ctx.options.safeLinks && stats.isLink() && !isSafeLink(ctx, tree, path)) {
    told(ctx, path, backup.name);
    return away && !ctx.options.dryRun ? attempt(() => tree.unlink(path)) : 0;
  }
  const move = () => linkOrRename(ctx, { tree, path, stats }, backup.path, away);
  let errno = ctx.options.dryRun ? 0 : move();
  if (errno === text.EEXIST || errno === text.EISDIR) {
    removeTree(tree, backup.path);
    errno = move();
  }
  if (errno !== 0) return copyToBackup(ctx, { stats, row: 0, tree, path }, backup, away, who);
  told(ctx, path, backup.name);
  return 0;
}

/** --safe-links: an unsafe symbolic link is not kept, which is told. */
function isSafeLink({ report }: RoleContext, tree: Tree, path: ByteString): boolean {
  let target: ByteString | undefined;
  try {
    target = tree.readlink(path);
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
  }
  if (target !== undefined && target !== '' && !isUnsafeLink(target, path)) return true;
  if (report.info('symsafe')) report.print('info', text.noBackupOfLink(path, target || undefined));
  return false;
}

function tellKept(
  { report }: RoleContext,
  how: Parameters<typeof traces.backedUpBy>[0],
  path: ByteString,
): void {
  report.trace('backup', () => traces.backedUpBy(how, path));
}

function told(ctx: RoleContext, path: ByteString, name: ByteString): void {
  if (ctx.report.info('backup')) ctx.report.print('info', text.backedUp(path, name));
}

async function copyToBackup(
  ctx: RoleContext,
  original: Present,
  { name, path: target }: Backup,
  away: boolean,
  who: text.Who,
): Promise<number> {
  const { options, report } = ctx;
  const { stats, tree, path } = original;
  const mode = stats.mode();
  try {
    if (stats.isRegular()) {
      const errno = attempt(() => tree.unlink(target));
      if (errno !== 0 && errno !== text.ENOENT) {
        tellIfRefused(ctx, target, errno);
        report.print('error-xfer', text.unlinkFailed(tree, target, errno, who));
        report.print('error', text.keepBackupFailed(tree, path, name, errno, who));
        return errno;
      }
      await tree.copyFile(path, target, mode);
    } else if (stats.isLink() && options.links) tree.symlink(tree.readlink(path), target);
    else if (
      (isDeviceMode(mode) && options.devices && ctx.amRoot) ||
      (isSpecialMode(mode) && options.specials)
    )
      tree.mknod(target, mode, stats.rdevMajor(0), stats.rdevMinor(0));
    else {
      // It stays, and rsync goes on as if it had not.
      if (report.info('nonreg')) report.print('info', text.noBackupOfNonRegular(path));
      return 0;
    }
    tellKept(ctx, stats.isRegular() ? 'COPY' : stats.isLink() ? 'SYMLINK' : 'DEVICE', path);
    dressBackup(ctx, original, target, stats.isRegular() ? 'copied' : 'made', who);
    told(ctx, path, name);
    if (away) tree.unlink(path);
    return 0;
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    report.print('error', text.keepBackupFailed(tree, path, name, error.errno, who));
    return error.errno;
  }
}

/**
 * Gives a copy the attributes of the original that are preserved. rsync notes a backup's time as a file list
 * would: with nanoseconds from protocol 31 on.
 */
export function dressBackup(
  ctx: RoleContext,
  original: Present,
  name: ByteString,
  how: 'copied' | 'made',
  who: text.Who,
): void {
  const { options } = ctx;
  const { tree, stats, row } = original;
  // As with rsync, attributes go with a file's content.
  if (how === 'copied') ctx.extras?.copyXattrs(original, name);
  const meta: Meta = {
    mode: stats.mode(row) & 0o7777,
    uid: options.owner && ctx.amRoot ? stats.uid(row) : undefined,
    gid: options.group ? stats.gid(row) : undefined,
    mtime: options.times ? stats.mtime(row) : undefined,
    atime: options.atimes > 0 ? stats.atime(row) : undefined,
    mtimeNsec: options.times ? (ctx.negotiated.protocol >= 31 ? stats.mtimeNsec(row) : 0) : undefined,
  };
  if (putMeta(ctx, { tree, path: name }, meta, who) === undefined) ctx.extras?.copyAcls(original, name);
}

function linkOrRename(
  ctx: RoleContext,
  { tree, path: from, stats }: { tree: Tree; path: ByteString; stats: StatTable },
  to: ByteString,
  away: boolean,
): number {
  if (!away) {
    const errno = tellIfRefused(
      ctx,
      to,
      attempt(() => tree.link(from, to)),
    );
    if (errno === 0) tellKept(ctx, 'HLINK', from);
    if (errno === 0 || errno === text.EEXIST || errno === text.EISDIR) return errno;
  }
  const errno = tellIfRefused(
    ctx,
    to,
    attempt(() => tree.rename(from, to)),
  );
  if (errno === 0) tellKept(ctx, 'RENAME', from);
  // A rename onto another name of the same inode does nothing, and says so to nobody.
  if (errno === 0 && stats.nlink() > 1 && !stats.isDir()) attempt(() => tree.unlink(from));
  return errno;
}

/** Makes the folders of `name` below the backup folder, with the attributes of those of `path`. */
function copyParents(ctx: RoleContext, tree: Tree, path: ByteString, backup: Backup, who: text.Who): void {
  const base = absoluteIn(tree, ctx.options.backupDir).replace(/\/+$/, '');
  makeAll(tree, base);
  // Below the directory that the user named lies what peers have named: links in it lead nowhere, whenever they come.
  if (base !== '') attempt(() => tree.admit(base));
  for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
    const target = `${base}/${path.slice(0, slash)}`;
    if (target.length >= backup.path.length) break;
    const folder = path.slice(0, slash);
    const source = lookUp(tree, folder);
    if (!makeFolder(tree, target) || source === undefined) continue;
    dressBackup(ctx, { stats: source, row: 0, tree, path: folder }, target, 'made', who);
  }
}

/**
 * Makes a folder on the way to a backup. Whatever else has its name, a symbolic link of an earlier backup for one,
 * gives way: what is kept must never go through it. False where the folder was there.
 */
function makeFolder(tree: Tree, path: ByteString): boolean {
  if (attempt(() => tree.mkdir(path, 0o777)) === 0) return true;
  const there = lookUp(tree, path);
  if (there === undefined || there.isDir()) return false;
  attempt(() => tree.unlink(path));
  return attempt(() => tree.mkdir(path, 0o777)) === 0;
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
