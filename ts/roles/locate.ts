import { protocolError } from '../errors.ts';
import type { EntryPlace, FileLists } from '../flist/file-lists.ts';
import * as text from '../report/messages.ts';
import { Item } from '../wire/constants.ts';
import type { ItemHeader } from '../wire/item.ts';

/** The entry of an index from the wire; the index before a segment is the segment's own directory. */
export function locate(lists: FileLists, ndx: number, who: 'sender' | 'receiver'): EntryPlace {
  const found = lists.byNdx(ndx);
  if (found === undefined) throw protocolError(text.badNdx(ndx, lists, who));
  let place = found;
  if (found.i < 0) {
    const dir = found.list.parentDirNdx;
    if (!lists.dirs.holds(dir)) throw protocolError(text.badNdx(ndx, lists, who));
    place = { list: lists.dirs.list(dir), i: lists.dirs.index(dir) };
  }
  if (!place.list.isActive(place.i)) throw protocolError(text.clearedNdx(ndx));
  return place;
}

/** Protocol 29 has no messages to keep a connection alive: it names the entry after the last. */
export function isKeepAlive(lists: FileLists, item: ItemHeader, protocol: number): boolean {
  return protocol < 30 && item.iflags === Item.IsNew && item.ndx === lists.segments[0]?.count;
}
