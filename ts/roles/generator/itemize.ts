import { EntryFlag } from '../../flist/file-list.ts';
import type { ByteString } from '../../kernel/kernel.ts';
import { S_IFLNK, S_IFMT } from '../../kernel/stat-table.ts';
import { differences, keepsTime, type Present, reportedBits } from '../../metadata/compare.ts';
import { BasisType, Item, significantItems } from '../../wire/constants.ts';
import { writeItem } from '../../wire/item.ts';
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
    (flags & significantItems) !== 0 ||
    report.info('name', 2) ||
    report.formatHasI > 1 ||
    (xname !== undefined && xname !== '');
  if (!worthIt) return;
  if (negotiated.protocol >= 29) write(gen, entry.ndx, flags, BasisType.Fname, xname);
  else if (!options.server) gen.ctx.items.now(entry.list, entry.i, flags, xname ?? '');
}

/** Asks the sender for an entry's content; `present` is what its flags compare with. */
export function requestItem(
  gen: Generator,
  entry: Indexed,
  present: Present | undefined,
  basisType: number,
): void {
  let flags: number = Item.Transfer;
  if (gen.rules.checksum) flags |= Item.ReportChange;
  if (basisType !== BasisType.Fname) flags |= Item.BasisTypeFollows;
  write(gen, entry.ndx, itemFlags(gen, entry, present, flags, undefined), basisType, undefined);
}

function write(
  gen: Generator,
  ndx: number,
  iflags: number,
  basisType: number,
  xname: ByteString | undefined,
): void {
  const { item, ctx } = gen;
  item.ndx = ndx;
  item.iflags = iflags;
  item.basisType = basisType;
  item.xname = xname ?? '';
  writeItem(ctx.writer, ctx.negotiated.protocol, item);
}

function itemFlags(
  gen: Generator,
  { list, i }: Indexed,
  present: Present | undefined,
  iflags: number,
  xname: ByteString | undefined,
): number {
  if (present === undefined) return (iflags | Item.IsNew) & wireFlags;
  const { options, negotiated, attributes } = gen.ctx;
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
