import { EntryFlag, type FileList } from '../../flist/file-list.ts';
import type { ByteString } from '../../kernel/kernel.ts';
import { S_IFDIR, S_IFLNK, S_IFMT, S_IFREG, type StatTable } from '../../kernel/stat-table.ts';
import { sameTime } from '../../metadata/quick-check.ts';
import { Item, significantItems } from '../../wire/constants.ts';
import type { Generator } from './state.ts';

const permBits = 0o7777;

/**
 * Tells what is different about an entry (rsync's itemize): to the sender, which logs it or passes it on,
 * or below protocol 29 straight to the log. `stats` undefined means that it is new. `ndx` below 0: the
 * index is on the wire already.
 */
export function itemize(
  gen: Generator,
  list: FileList,
  i: number,
  ndx: number,
  stats: StatTable | undefined,
  row: number,
  iflags: number,
  basisType = 0,
  xname: ByteString | undefined = undefined,
): void {
  const { options, negotiated, writer, report } = gen.ctx;
  let flags = iflags;
  if (stats === undefined) flags |= Item.IsNew;
  else flags |= differences(gen, list, i, stats, row, iflags, xname);
  flags &= 0xffff;
  const worthIt =
    (flags & significantItems) !== 0 ||
    report.info('name', 2) ||
    report.formatHasI > 1 ||
    (xname !== undefined && xname !== '');
  if (!worthIt) return;
  if (negotiated.protocol >= 29) {
    if (ndx >= 0) writer.ndx(ndx);
    writer.short(flags);
    if (flags & Item.BasisTypeFollows) writer.byte(basisType);
    if (flags & Item.XnameFollows) writer.vstring(xname ?? '');
  } else if (ndx >= 0 && !options.server) gen.ctx.items.now(list, i, flags, xname ?? '');
}

function differences(
  gen: Generator,
  list: FileList,
  i: number,
  stats: StatTable,
  row: number,
  iflags: number,
  xname: ByteString | undefined,
): number {
  const { options, negotiated, amRoot } = gen.ctx;
  const mode = list.mode(i);
  const type = mode & S_IFMT;
  let flags = 0;
  const keepTime =
    options.times &&
    (type === S_IFDIR ? !options.omitDirTimes : type === S_IFLNK ? !options.omitLinkTimes : true);
  if (type === S_IFREG && list.size(i) !== stats.size(row)) flags |= Item.ReportSize;
  if (list.flags(i) & EntryFlag.TimeFailed) {
    if (iflags & Item.LocalChange) {
      flags |= Item.ReportTime;
      if (negotiated.protocol >= 30 || !options.server) flags |= Item.ReportTimeFail;
    }
  } else if (
    keepTime
      ? !sameTime(
          list.mtime(i),
          list.mtimeNsec(i),
          stats.mtime(row),
          stats.mtimeNsec(row),
          options.modifyWindow,
        )
      : (iflags & (Item.Transfer | Item.LocalChange)) !== 0 &&
        !(iflags & Item.Matched) &&
        (!(iflags & Item.XnameFollows) || xname !== '')
  )
    flags |= Item.ReportTime;
  if (
    options.atimes > 0 &&
    type !== S_IFDIR &&
    type !== S_IFLNK &&
    !sameTime(list.atime(i), 0, stats.atime(row), 0, options.modifyWindow)
  )
    flags |= Item.ReportAtime;
  if (type !== S_IFLNK) {
    const now = stats.mode(row);
    if (options.perms) {
      if (((now ^ mode) & permBits) !== 0) flags |= Item.ReportPerms;
    } else if (options.executability && ((now & 0o111) !== 0) !== ((mode & 0o111) !== 0))
      flags |= Item.ReportPerms;
  }
  if (options.owner && amRoot && list.uid(i) !== stats.uid(row)) flags |= Item.ReportOwner;
  if (options.group && !(list.flags(i) & EntryFlag.SkipGroup) && list.gid(i) !== stats.gid(row))
    flags |= Item.ReportGroup;
  return flags;
}
