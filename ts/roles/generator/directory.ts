import { SysError } from '../../errors.ts';
import { EntryFlag } from '../../flist/file-list.ts';
import type { StatTable } from '../../kernel/stat-table.ts';
import { AttrFlag, type Present } from '../../metadata/compare.ts';
import { chmodBits, destMode } from '../../metadata/modes.ts';
import * as text from '../../report/messages.ts';
import { Item } from '../../wire/constants.ts';
import { setAttributes, undressed } from '../attributes.ts';
import { inModule } from '../module-mode.ts';
import { presentAt } from '../present-at.ts';
import { tryAlternateNode } from './alternate-dest.ts';
import { below } from './below.ts';
import { defaultPermsAt } from './default-perms.ts';
import { deleteInDirectory, makeRoom, staysHere } from './delete.ts';
import { itemize } from './itemize.ts';
import { insideOf } from './keep-dirlinks.ts';
import { makePath } from './make-path.ts';
import type { Entry, Generator } from './state.ts';

/**
 * A directory whose content comes in a later segment: it is made while its parent is at hand, so that the
 * parent's time can be set right after.
 */
export function touchParent(gen: Generator, entry: Entry): Promise<void> | undefined {
  const { options } = gen.ctx;
  const { list, i, path, stats, row } = entry;
  if (!options.times || options.omitDirTimes || options.dryRun) return undefined;
  if (!options.impliedDirs && list.flags(i) & EntryFlag.ImpliedDir) return undefined;
  const make = (free: boolean): undefined => {
    if (!free) return;
    try {
      gen.destination.tree.mkdir(path, list.mode(i) & 0o700);
      list.setFlag(i, EntryFlag.DirCreated);
    } catch {
      // Told when the directory's turn comes.
    }
  };
  if (stats === undefined) return make(true);
  if (stats.isDir(row)) return undefined;
  return makeRoom(gen, path, stats.mode(row), list.mode(i)).then(make);
}

/** A directory whose content is next. */
export function generateDirectory(gen: Generator, entry: Entry): Promise<void> | undefined {
  const { list, i, path, stats, row } = entry;
  if (!gen.ctx.options.impliedDirs && list.flags(i) & EntryFlag.ImpliedDir) return undefined;
  if (stats === undefined || stats.isDir(row)) return prepareDirectory(gen, entry, entry.present);
  return makeRoom(gen, path, stats.mode(row), list.mode(i)).then((free) => {
    if (free) return prepareDirectory(gen, entry, undefined);
    skipContents(gen, entry);
    return undefined;
  });
}

/** Makes the directory, or brings the present one (a row of `stats`) up to date. */
function prepareDirectory(
  gen: Generator,
  entry: Entry,
  before: Present | undefined,
): Promise<void> | undefined {
  const { options, report } = gen.ctx;
  const { tree } = gen.destination;
  const { list, i, path } = entry;
  if (options.dryRun && before === undefined) {
    gen.dryMissingBelow ??= below(path);
    list.setFlag(i, EntryFlag.MissingDir);
  }
  let shown = before;
  if (list.flags(i) & EntryFlag.DirCreated) shown = undefined;
  if (!options.perms) {
    const perms = shown === undefined ? defaultPermsAt(gen, entry) : gen.defaultPerms;
    list.setMode(i, inModule(gen.ctx, destMode(list.mode(i), shown?.stats.mode(shown.row), perms, options)));
  }
  let { itemizing } = gen;
  let fromAlternate = false;
  if (shown === undefined && options.alternateDests.length > 0) {
    const found = tryAlternateNode(gen, entry);
    if (found !== undefined) {
      fromAlternate = true;
      if (found.told) itemizing = false;
      shown = found;
    }
  }
  if (itemizing) {
    const changes = before === undefined || shown !== before || fromAlternate;
    itemize(gen, entry, shown, changes ? Item.LocalChange : 0);
  }
  let fresh = (list.flags(i) & EntryFlag.DirCreated) !== 0;
  if (before === undefined && !options.dryRun) {
    const made = make(gen, entry);
    if (made === 'failed') {
      skipContents(gen, entry);
      return undefined;
    }
    fresh = made === 'made';
  }
  if (fromAlternate && shown !== undefined && !options.dryRun) gen.ctx.extras?.copyXattrs(shown, path);
  // What the new directory got from the one it is in: its set-group-id bit stays where permissions are not preserved.
  const isNew = before === undefined && !options.perms && !options.dryRun;
  const tells = report.info('name') && gen.nameCode !== undefined && itemizing === gen.itemizing;
  // What a new one has already is no change that is told of.
  const present =
    isNew || (tells && before === undefined && !options.dryRun) ? presentAt(tree, path) : before;
  gen.freshDir = !fresh ? undefined : path === '.' ? '' : path;
  const flags = isNew || list.flags(i) & EntryFlag.DirCreated ? AttrFlag.DirCreated : 0;
  const set = setAttributes(gen.ctx, entry, present, { flags });
  if (set === undressed) gen.retouchTimes = true;
  if (entry.isDirlink && before !== undefined) setPermsBehind(gen, entry, before);
  if (set.updated && tells && gen.nameCode !== undefined) report.print(gen.nameCode, `${path}/`);
  if (!gen.ctx.amRoot && !options.dryRun && (list.mode(i) & 0o700) !== 0o700) openForFilling(gen, entry);
  if (!gen.ctx.negotiated.incRecurse && deletesOnTheWay(gen) && gen.phase === 0)
    return deleteBelow(gen, entry);
  return undefined;
}

/** Deletes in a directory what is not in the list, where it holds content of the transfer. */
export function deleteBelow(
  gen: Generator,
  entry: Entry,
  scanned?: StatTable | SysError,
): Promise<void> | undefined {
  const { list, i, path } = entry;
  const flags = list.flags(i);
  if (
    flags & (EntryFlag.MissingDir | EntryFlag.Declined) ||
    gen.destination.missing ||
    gen.ctx.options.listOnly
  )
    return undefined;
  if (flags & EntryFlag.ContentDir) {
    const { stats, row } = entry;
    const elsewhere = stats !== undefined && !staysHere(gen, list, i, stats.dev(row));
    return elsewhere ? undefined : deleteInDirectory(gen, list, path, scanned);
  }
  gen.filters.enterDir(gen.destination.tree, path);
  return undefined;
}

/** --delete-during and --delete-delay look at each directory as it is reached. */
export function deletesOnTheWay(gen: Generator): boolean {
  const when = gen.ctx.options.delete;
  return when === 'during' || when === 'delay';
}

function make(gen: Generator, entry: Entry): 'made' | 'there' | 'failed' {
  const { options, report } = gen.ctx;
  const { tree } = gen.destination;
  const { list, i, path } = entry;
  const attempt = (): number => {
    try {
      tree.mkdir(path, list.mode(i) & 0o7777);
      return 0;
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      return error.errno;
    }
  };
  let errno = attempt();
  if (errno === text.ENOENT && options.relative && makePath(tree, path) === 0) errno = attempt();
  if (errno === 0) return 'made';
  if (errno === text.EEXIST) return 'there';
  report.print('error-xfer', text.mkdirFailed(tree, path, errno));
  return 'failed';
}

function skipContents(gen: Generator, entry: Entry): void {
  gen.ctx.report.print('error', text.skippingContents);
  gen.skipBelow = below(entry.path);
  entry.list.setFlag(entry.i, EntryFlag.MissingDir);
}

/** Permissions of a directory behind a kept link. */
function setPermsBehind(gen: Generator, entry: Entry, before: Present): void {
  const { list, i, path } = entry;
  const { options, report } = gen.ctx;
  const mode = list.mode(i) & chmodBits;
  if (options.dryRun || (before.stats.mode(before.row) & chmodBits) === mode) return;
  const errno = setPerms(gen, entry, mode);
  if (errno !== 0)
    report.print(
      'error-xfer',
      text.attributesFailed(gen.destination.tree, path, 'chmod', errno, 'generator'),
    );
}

/** Behind a kept link permissions can be set with --insecure-links alone, as in rsync. 0, or the errno. */
function setPerms(gen: Generator, { path, isDirlink }: Entry, mode: number): number {
  const { tree } = gen.destination;
  if (!isDirlink) return tree.setMeta(path, { mode });
  return gen.ctx.options.insecureLinks ? tree.setMeta(insideOf(path), { mode }) : text.ELOOP;
}

/** Lets us work in a directory that its final permissions would not let us in. */
function openForFilling(gen: Generator, entry: Entry): void {
  const { list, i, path } = entry;
  const errno = setPerms(gen, entry, (list.mode(i) & chmodBits) | 0o700);
  if (errno !== 0)
    gen.ctx.report.print('error-xfer', text.modifyPermsFailed(gen.destination.tree, path, errno));
  gen.retouchPerms = true;
  // Whatever is in it, it has to be closed again.
  gen.contentList(list).worked = true;
}
