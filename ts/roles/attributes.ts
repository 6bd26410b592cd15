import { EntryFlag, type FileList } from '../flist/file-list.ts';
import type { ByteString, Meta, Tree } from '../kernel/kernel.ts';
import { attrsFor } from '../metadata/attributes.ts';
import { AttrFlag, type Present, unchangedAttrs } from '../metadata/compare.ts';
import * as text from '../report/messages.ts';
import { Item } from '../wire/constants.ts';
import type { RoleContext } from './context.ts';
import type { Listed, Place } from './listed.ts';

/** What to put on a file that was just written. */
export function newFileMeta(ctx: RoleContext, list: FileList, i: number): Meta {
  return attrsFor(ctx.wanted.at(list, i), undefined, ctx.attributes, AttrFlag.AccurateTime).meta;
}

/** True when all that is preserved is as it should be (rsync's unchanged_attrs). */
export function attributesMatch(ctx: RoleContext, { list, i }: Listed, present: Present): boolean {
  return unchangedAttrs(ctx.wanted.at(list, i), present, ctx.attributes);
}

/** What `setAttributes` did. */
export interface AttributesSet {
  readonly updated: boolean;
  /** The state in between, where setting the owner took setuid or setgid bits away: rsync compares with that. */
  readonly refreshed: Present | undefined;
}

const unchanged: AttributesSet = { updated: false, refreshed: undefined };
const changed: AttributesSet = { updated: true, refreshed: undefined };
const specialBits = 0o6000;

/**
 * Puts on an entry what differs from what is there, or everything when it was just made (rsync's set_file_attrs).
 * `report`: changed and unchanged names are told at -vv.
 */
export function setAttributes(
  ctx: RoleContext,
  place: Place,
  present: Present | undefined,
  flags = 0,
  report = false,
): AttributesSet {
  const { tree, path, list, i } = place;
  const want = ctx.wanted.at(list, i);
  let change = attrsFor(want, present, ctx.attributes, flags);
  if (change.timeFailed) list.setFlag(i, EntryFlag.TimeFailed);
  const updated = change.changed !== 0;
  let refreshed: Present | undefined;
  if (updated && !ctx.options.dryRun) {
    if (
      present !== undefined &&
      change.changed & ownership &&
      present.stats.mode(present.row) & specialBits
    ) {
      apply(ctx, tree, path, { uid: change.meta.uid, gid: change.meta.gid }, ownership);
      refreshed = { stats: tree.lstat(path), row: 0 };
      change = attrsFor(want, refreshed, ctx.attributes, flags);
    }
    apply(ctx, tree, path, change.meta, change.changed);
  }
  if (report && ctx.report.info('name', 2)) ctx.report.print('client', updated ? path : text.upToDate(path));
  if (refreshed !== undefined) return { updated, refreshed };
  return updated ? changed : unchanged;
}

const ownership = Item.ReportOwner | Item.ReportGroup;

function apply(ctx: RoleContext, tree: Tree, path: ByteString, meta: Meta, what: number): void {
  if (what === 0) return;
  const errno = tree.setMeta(path, meta);
  if (errno === 0) return;
  const step = what & ownership ? 'chown' : what & Item.ReportPerms ? 'chmod' : 'utimes';
  ctx.report.print('error-xfer', text.attributesFailed(tree, path, step, errno));
}
