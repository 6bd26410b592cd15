import { EntryFlag, type FileList } from '../../flist/file-list.ts';
import type { StatTable } from '../../kernel/stat-table.ts';
import { destMode } from '../../metadata/modes.ts';
import * as text from '../../report/messages.ts';
import { inModule } from '../module-mode.ts';
import { below } from './below.ts';
import { fileType, unchangedByKind } from './compare.ts';
import { defaultPermsAt } from './default-perms.ts';
import { deleteMissing } from './delete.ts';
import { generateDirectory, touchParent } from './directory.ts';
import { linkToLeader, skipHardLink } from './hard-links.ts';
import { generateNode, generateSymlink } from './nodes.ts';
import { generateFile } from './regular.ts';
import type { Entry, Generator } from './state.ts';

/** How a directory is met: its content comes later (`early`), or is next. */
export type DirectoryTurn = 'early' | 'now';

/**
 * Brings one entry of the file list up to date, or asks the sender for it (rsync's recv_generator). Entries
 * come in list order, so a directory always before what is in it.
 */
export function generateEntry(gen: Generator, entry: Entry, turn: DirectoryTurn): Promise<void> | undefined {
  const { options, report } = gen.ctx;
  const { list, i } = entry;
  const isDir = list.isDir(i);
  if (gen.traces) report.print('info', text.generatorItem(list.path(i), entry.ndx));
  const isDeclined = (list.flags(i) & EntryFlag.Declined) !== 0;
  if (options.listOnly) {
    if (isDeclined) return undefined;
    if (!isDir || (turn === 'now' && (options.impliedDirs || !(list.flags(i) & EntryFlag.ImpliedDir))))
      report.list(gen.ctx.items.at(list, i));
    return undefined;
  }

  if (gen.skipBelow !== undefined) {
    if (entry.path.startsWith(gen.skipBelow)) {
      if (isDir) list.setFlag(i, EntryFlag.MissingDir);
      else skipHardLink(gen, list, i);
      return undefined;
    }
    gen.skipBelow = undefined;
  }
  if (isDeclined) {
    if (!isDir) skipHardLink(gen, list, i);
    return undefined;
  }
  // `''` has everything below it.
  if (gen.dryMissingBelow && !entry.path.startsWith(gen.dryMissingBelow)) gen.dryMissingBelow = undefined;
  if (gen.ctx.refuses?.(entry.path, isDir)) return refuse(gen, entry, isDir, turn);
  if (gen.destination.missing || gen.dryMissingBelow !== undefined) {
    entry.stats = undefined;
    entry.errno = text.ENOENT;
  }

  if (options.missingArgs === 'delete' && list.mode(i) === 0) {
    // rsync asks for them as soon as it comes to a directory, and tells of one that is not there.
    if (!options.perms) defaultPermsAt(gen, entry);
    return deleteMissing(gen, entry);
  }

  if (gen.rules.existing && entry.stats === undefined && entry.errno === text.ENOENT) {
    if (isDir) {
      if (turn === 'early') return undefined;
      gen.skipBelow = below(entry.path);
      list.setFlag(i, EntryFlag.MissingDir);
    } else skipHardLink(gen, list, i);
    if (report.info('skip')) report.print('info', text.notCreating(isDir, entry.path));
    return undefined;
  }
  const { stats, row } = entry;
  const presentDir = stats?.isDir(row) === true;
  if (gen.rules.ignoreExisting && stats !== undefined && !(isDir && presentDir)) {
    if (report.info('skip') && !(isDir && turn === 'early'))
      report.print('info', text.exists(entry.path, report.info('skip', 2) ? skipReason(gen, entry) : ''));
    if (!isDir) skipHardLink(gen, list, i);
    return undefined;
  }

  if (isDir) {
    return turn === 'early' ? touchParent(gen, entry) : generateDirectory(gen, entry);
  }

  if (!options.perms) {
    // What gives way to a regular file has no say in its mode: it is gone when the file comes.
    const keeps = list.isRegular(i) ? stats?.isRegular(row) === true : stats !== undefined && !presentDir;
    const kept = keeps ? (stats as StatTable).mode(row) : undefined;
    const perms = kept === undefined ? defaultPermsAt(gen, entry) : gen.defaultPerms;
    entry.sentMode = list.mode(i);
    list.setMode(i, inModule(gen.ctx, destMode(entry.sentMode, kept, perms, options)));
  }
  if (options.hardLinks && isLaterName(list.flags(i)) && linkToLeader(gen, entry)) return undefined;
  if (list.isRegular(i)) return generateFile(gen, entry);
  if (list.isLink(i) && options.links) return generateSymlink(gen, entry);
  if (makesNode(gen, list, i)) return generateNode(gen, entry);
  if (report.info('nonreg')) report.print('info', text.skippingNonRegular(list.path(i)));
  return undefined;
}

/** A module takes no such name. */
function refuse(gen: Generator, { list, i, path }: Entry, isDir: boolean, turn: DirectoryTurn): undefined {
  if (isDir && turn === 'early') return undefined;
  if (isDir) {
    gen.skipBelow = below(path);
    list.setFlag(i, EntryFlag.MissingDir);
  } else skipHardLink(gen, list, i);
  gen.ctx.report.print('error-xfer', text.refusedToReceive(isDir, path));
  if (isDir) gen.ctx.report.print('error', text.skippingContents);
  return undefined;
}

/** Whether a device, fifo or socket is to be there; --drop-D leaves those that are there alone. */
function makesNode({ ctx }: Generator, list: FileList, i: number): boolean {
  const { options } = ctx;
  if (options.dropDevices) return false;
  return list.isDevice(i) ? options.devices && ctx.amRoot : list.isSpecial(i) && options.specials;
}

function isLaterName(flags: number): boolean {
  return (flags & (EntryFlag.Hlinked | EntryFlag.HlinkFirst)) === EntryFlag.Hlinked;
}

function skipReason(gen: Generator, entry: Entry): string {
  const { list, i, stats, row } = entry;
  if (fileType(list.mode(i)) !== fileType(stats!.mode(row))) return ' (type change)';
  switch (unchangedByKind(gen, entry)) {
    case 'content':
      return gen.rules.checksum ? ' (sum change)' : ' (file change)';
    case 'attributes':
      return ' (attr change)';
    default:
      return ' (uptodate)';
  }
}
