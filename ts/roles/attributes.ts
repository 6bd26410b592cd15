import { EntryFlag, type FileList } from '../flist/file-list.ts';
import type { ByteString, Meta, Tree } from '../kernel/kernel.ts';
import type { StatTable } from '../kernel/stat-table.ts';
import { AttrFlag, attrsFor, unchangedAttrs, type WantedAttributes } from '../metadata/attributes.ts';
import * as text from '../report/messages.ts';
import { Item } from '../wire/constants.ts';
import type { RoleContext } from './context.ts';

/** The attributes an entry shall have. */
export function wanted(list: FileList, i: number): WantedAttributes {
  return {
    mode: list.mode(i),
    mtime: list.mtime(i),
    mtimeNsec: list.mtimeNsec(i),
    atime: list.atime(i),
    uid: list.uid(i),
    gid: list.gid(i),
    skipGroup: (list.flags(i) & EntryFlag.SkipGroup) !== 0,
  };
}

/** What to put on a file that was just written. */
export function newFileMeta(ctx: RoleContext, list: FileList, i: number): Meta {
  return attrsFor(wanted(list, i), undefined, 0, ctx.attributes, AttrFlag.AccurateTime).meta;
}

/** True when all that is preserved is as it should be (rsync's unchanged_attrs). */
export function attributesMatch(
  ctx: RoleContext,
  list: FileList,
  i: number,
  stats: StatTable,
  row: number,
): boolean {
  return unchangedAttrs(wanted(list, i), stats, row, {
    ...ctx.attributes,
    executability: ctx.options.executability,
  });
}

/** What `setAttributes` did. */
export interface AttributesSet {
  readonly updated: boolean;
  /** The state in between, where setting the owner took setuid or setgid bits away: rsync compares with that. */
  readonly refreshed: StatTable | undefined;
}

const unchanged: AttributesSet = { updated: false, refreshed: undefined };
const changed: AttributesSet = { updated: true, refreshed: undefined };
const specialBits = 0o6000;

/**
 * Puts on `path` what differs from row `row` of `stats`, or everything when it was just made (rsync's
 * set_file_attrs). `report`: changed and unchanged names are told at -vv.
 */
export function setAttributes(
  ctx: RoleContext,
  tree: Tree,
  path: ByteString,
  list: FileList,
  i: number,
  stats: StatTable | undefined,
  row: number,
  flags = 0,
  report = false,
): AttributesSet {
  const want = wanted(list, i);
  let change = attrsFor(want, stats, row, ctx.attributes, flags);
  if (change.timeFailed) list.setFlag(i, EntryFlag.TimeFailed);
  const updated = change.changed !== 0;
  let refreshed: StatTable | undefined;
  if (updated && !ctx.options.dryRun) {
    if (stats !== undefined && change.changed & ownership && stats.mode(row) & specialBits) {
      apply(ctx, tree, path, { uid: change.meta.uid, gid: change.meta.gid }, ownership);
      refreshed = tree.lstat(path);
      change = attrsFor(want, refreshed, 0, ctx.attributes, flags);
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
