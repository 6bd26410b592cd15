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

/**
 * Puts on `path` what differs from row `row` of `stats`, or everything when it was just made (rsync's
 * set_file_attrs). True when something was changed. `showUnchanged`: `NAME is uptodate` at -vv.
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
): boolean {
  const change = attrsFor(wanted(list, i), stats, row, ctx.attributes, flags);
  if (change.timeFailed) list.setFlag(i, EntryFlag.TimeFailed);
  if (change.changed !== 0 && !ctx.options.dryRun) {
    const errno = tree.setMeta(path, change.meta);
    if (errno !== 0) {
      const step =
        change.changed & (Item.ReportOwner | Item.ReportGroup)
          ? 'chown'
          : change.changed & Item.ReportPerms
            ? 'chmod'
            : 'utimes';
      ctx.report.print('error-xfer', text.attributesFailed(tree, path, step, errno));
    }
  }
  const updated = change.changed !== 0;
  if (report && ctx.report.info('name', 2)) {
    if (updated) ctx.report.print('client', path);
    else ctx.report.print('client', text.upToDate(path));
  }
  return updated;
}
