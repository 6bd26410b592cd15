import { EntryFlag } from '../../flist/file-list.ts';
import type { ByteString } from '../../kernel/kernel.ts';
import { S_IFLNK, S_IFMT } from '../../kernel/stat-table.ts';
import { differences, keepsTime, type Present, reportedBits } from '../../metadata/compare.ts';
import { BasisType, Item, significantItems } from '../../wire/constants.ts';
import { carriesXattrs, writeItem } from '../../wire/item.ts';
import type { Listed } from '../listed.ts';
import type { Generator } from './state.ts';

/** An entry as the wire names it. */
export interface Indexed extends Listed {
  readonly ndx: number;
}

/** Flags that have a place on the wire. */
const wireFlags = 0xffff;

/**
 * Tells what is different about an entry without transfer (rsync's itemize): to the sender, which logs it or passes
 * it on, or below protocol 29 straight to the log. Without `present` it is new.
 */
export function itemize(
  gen: Generator,
  entry: Indexed,
  present: Present | undefined,
  iflags: number,
  xname?: ByteString,
): void {
  const { options, negotiated, report } = gen.ctx;
  const flags = itemFlags(gen, entry, present, iflags, xname);
  const worthIt =
    (flags & (significantItems | Item.ReportXattr)) !== 0 ||
    report.info('name', 2) ||
    report.formatHasI > 1 ||
    (xname !== undefined && xname !== '');
  if (!worthIt) return;
  if (negotiated.protocol >= 29) {
    gen.item.basisType = BasisType.Fname;
    write(gen, entry, present, flags, xname);
  } else if (!options.server && gen.link.replay === undefined)
    gen.ctx.items.now(entry.list, entry.i, flags, xname ?? '');
}

/** Asks the sender for an entry's content; `present` is what its flags compare with. */
export function requestItem(
  gen: Generator,
  entry: Indexed,
  present: Present | undefined,
  basisType: number,
  xname?: ByteString,
): void {
  gen.changed = true;
  let flags: number = Item.Transfer;
  if (gen.rules.checksum) flags |= Item.ReportChange;
  if (basisType !== BasisType.Fname) flags |= Item.BasisTypeFollows;
  if (xname !== undefined) flags |= Item.XnameFollows;
  gen.item.basisType = basisType;
  write(gen, entry, present, itemFlags(gen, entry, present, flags, xname), xname);
}

/** Writes `gen.item`, whose basis is said already. */
function write(
  gen: Generator,
  { list, i, ndx }: Indexed,
  present: Present | undefined,
  flags: number,
  xname = '',
): void {
  const { item, ctx } = gen;
  const { replay } = gen.link;
  if (replay !== undefined) {
    if (flags & Item.Transfer) replay.want(ndx);
    return;
  }
  item.ndx = ndx;
  item.iflags = flags;
  item.xname = xname;
  if (ctx.itemForm.xattrs && flags & (Item.ReportXattr | Item.Transfer)) {
    const asked = ctx.extras?.askFor(ctx.wanted.at(list, i), present, carriesXattrs(ctx.itemForm, flags));
    item.xattrs = (asked ?? []).map((num) => ({ num, value: undefined }));
  }
  writeItem(ctx.writer, ctx.itemForm, item);
}

function itemFlags(
  gen: Generator,
  { list, i }: Indexed,
  present: Present | undefined,
  iflags: number,
  xname: ByteString | undefined,
): number {
  const { options, negotiated, attributes, extras } = gen.ctx;
  if (present === undefined) {
    const differs = attributes.xattrs && extras?.xattrsDiffer(gen.ctx.wanted.at(list, i), undefined);
    const more = differs ? Item.ReportXattr : 0;
    return (iflags | Item.IsNew | more) & wireFlags;
  }
  const type = list.mode(i) & S_IFMT;
  let found = differences(gen.ctx.wanted.at(list, i), present, attributes) & reportedBits;
  if (type === S_IFLNK) found &= ~Item.ReportAtime;
  if (list.flags(i) & EntryFlag.TimeFailed) {
    found &= ~Item.ReportTime;
    if (iflags & Item.LocalChange) {
      found |= Item.ReportTime;
      if (negotiated.protocol >= 30 || !options.server) found |= Item.ReportTimeFail;
    }
  } else if (!keepsTime(type, attributes) && getsNewTime(iflags, xname)) found |= Item.ReportTime;
  return (iflags | found) & wireFlags;
}

/** What is made or filled anew gets the time of the run, where none is preserved. */
function getsNewTime(iflags: number, xname: ByteString | undefined): boolean {
  if ((iflags & (Item.Transfer | Item.LocalChange)) === 0 || iflags & Item.Matched) return false;
  return !(iflags & Item.XnameFollows) || xname !== '';
}
