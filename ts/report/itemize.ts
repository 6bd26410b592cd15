import { Item } from '../wire/constants.ts';
import { isDir, isLink, typeLetter } from './mode.ts';

/** What `%i` depends on besides the item itself. */
export interface ItemizeContext {
  /** First letter of a transfer: `<` for a sender whose receiver is remote, else `>`. */
  readonly transferSign: '<' | '>';
  /** -t is in force. */
  readonly times: boolean;
  /** The receiver can set times of symbolic links. */
  readonly linkTimes: boolean;
}

const times = Item.ReportAtime | Item.ReportCrtime;

/**
 * The eleven characters of `%i`: update type, file type, then what differs (`cstpoguax`), or all `+` for a
 * new file, all `?` for one of which nothing is known, all blank where nothing differs.
 */
export function itemString(iflags: number, mode: number, context: ItemizeContext): string {
  if (iflags & Item.Deleted) return '*deleting  ';
  const update =
    iflags & Item.LocalChange
      ? iflags & Item.XnameFollows
        ? 'h'
        : 'c'
      : iflags & Item.Transfer
        ? context.transferSign
        : '.';
  const head = update + typeLetter(mode);
  if (iflags & Item.IsNew) return `${head}+++++++++`;
  if (iflags & Item.MissingData) return `${head}?????????`;
  const rest =
    (iflags & Item.ReportChange ? 'c' : '.') +
    sizeAndTime(iflags, mode, context) +
    (iflags & Item.ReportPerms ? 'p' : '.') +
    (iflags & Item.ReportOwner ? 'o' : '.') +
    (iflags & Item.ReportGroup ? 'g' : '.') +
    accessAndCreation(iflags & times) +
    (iflags & Item.ReportAcl ? 'a' : '.') +
    (iflags & Item.ReportXattr ? 'x' : '.');
  if (rest === '.........' && !(iflags & Item.Transfer && update !== 'c' && update !== 'h'))
    return `${head}         `;
  return head + rest;
}

function sizeAndTime(iflags: number, mode: number, context: ItemizeContext): string {
  if (isLink(mode)) {
    if (!(iflags & Item.ReportTime)) return '..';
    const set = context.times && context.linkTimes && !(iflags & Item.ReportTimeFail);
    return set ? '.t' : '.T';
  }
  const time = iflags & Item.ReportTime ? (context.times ? 't' : 'T') : '.';
  return (iflags & Item.ReportSize ? 's' : '.') + time;
}

function accessAndCreation(flags: number): string {
  return flags === 0 ? '.' : flags === times ? 'b' : flags === Item.ReportAtime ? 'u' : 'n';
}

/** Whether an item is a directory's, whose name is shown with a slash. */
export function shownName(path: string, mode: number): string {
  return isDir(mode) ? `${path}/` : path;
}
