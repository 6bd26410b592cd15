/** From what happens in a run to the events of a library. */
import type { ItemEntry, ListTotals } from '../report/item-entry.ts';
import { type ItemizeContext, itemString } from '../report/itemize.ts';
import { isLink, isRegular, typeLetter } from '../report/mode.ts';
import type { RunEvents } from '../report/report.ts';
import { Item, significantItems } from '../wire/constants.ts';
import type { FileKind, ListEntry, SyncEvent } from './events.ts';
import { nameOf, textOf } from './names.ts';

/** Between two events of progress, or of the scan, in milliseconds. */
const pause = 100;

const kinds: Readonly<Record<string, FileKind>> = {
  f: 'file',
  d: 'directory',
  L: 'symlink',
  D: 'device',
  S: 'special',
};

/** The type of a file by its mode. */
export function kindOf(mode: number): FileKind {
  return kinds[typeLetter(mode)]!;
}

/** What is told of an entry. */
export function entryOf(
  entry: Pick<ItemEntry, 'path' | 'mode' | 'size' | 'mtime' | 'mtimeNsec' | 'linkTarget'>,
): ListEntry {
  const { mode } = entry;
  return {
    ...nameOf(entry.path),
    kind: kindOf(mode),
    size: isRegular(mode) || isLink(mode) ? entry.size : 0,
    mtimeMs: entry.mtime * 1000 + Math.floor(entry.mtimeNsec / 1e6),
    mode,
    ...(isLink(mode) && entry.linkTarget !== '' ? { linkTarget: textOf(entry.linkTarget) } : {}),
  };
}

/** Tells `emit` of a run. `now` is the run's clock. */
export function runEvents(emit: (event: SyncEvent) => void, now: () => number): RunEvents {
  let context: ItemizeContext = { transferSign: '>', times: true, linkTimes: true };
  let lists: ListTotals | undefined;
  let scannedAt = 0;
  let scanned = { entries: -1, eof: false };
  let toldAt = 0;
  const done = { files: 0, bytes: 0 };
  /** The file at hand. */
  let current = { path: '', position: 0, size: 0 };
  let pending = false;

  const scan = (last = false): void => {
    if (lists === undefined) return;
    const { eof } = lists;
    const { entries, size } = lists.totals;
    if (entries === scanned.entries && eof === scanned.eof) return;
    const at = now();
    if (!last && !eof && at - scannedAt < pause) return;
    scannedAt = at;
    scanned = { entries, eof };
    emit({ type: 'scan', files: entries, bytes: size, done: eof });
  };
  const progress = (): void => {
    toldAt = now();
    pending = false;
    const { path, position, size } = current;
    emit({
      type: 'progress',
      ...nameOf(path),
      position,
      size,
      files: done.files,
      bytes: done.bytes + (path === '' || counted ? 0 : position),
      totalBytes: lists?.totals.size ?? 0,
      scanned: lists?.eof ?? false,
    });
  };
  /** The file at hand is among those that are done. */
  let counted = true;

  return {
    agreed(how) {
      context = how;
    },
    listing(these) {
      lists = these;
      scan();
    },
    item(entry, iflags, leader) {
      scan();
      const transferred = (iflags & Item.Transfer) !== 0;
      if (transferred) {
        done.files++;
        done.bytes += entry.size;
        counted = true;
        pending = true;
      }
      if ((iflags & significantItems) === 0 && leader === '') return;
      emit({
        type: 'item',
        ...entryOf(entry),
        change: itemString(iflags, entry.mode, context),
        transferred,
        created: (iflags & Item.IsNew) !== 0,
        ...(leader === '' ? {} : { hardLinkTo: textOf(leader) }),
      });
    },
    listed(entry) {
      emit({ type: 'list', ...entryOf(entry) });
    },
    deleted(path, mode) {
      scan();
      emit({ type: 'delete', ...nameOf(path), kind: kindOf(mode) });
    },
    progressed(path, position, size) {
      scan();
      current = { path, position, size };
      counted = false;
      pending = true;
      if (now() - toldAt >= pause) progress();
    },
    ended() {
      scan(true);
      if (pending) progress();
    },
  };
}
