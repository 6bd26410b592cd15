import { EntryFlag, type FileList } from '../flist/file-list.ts';
import type { ByteString, Meta, Tree } from '../kernel/kernel.ts';
import { S_IFLNK, S_IFMT } from '../kernel/stat-table.ts';
import { type AttributeChange, attrsFor } from '../metadata/attributes.ts';
import {
  type At,
  AttrFlag,
  keepsTime,
  modeToSet,
  type Present,
  unchangedAttrs,
  type Wanted,
} from '../metadata/compare.ts';
import { chmodBits } from '../metadata/modes.ts';
import * as text from '../report/messages.ts';
import * as traces from '../report/trace-messages.ts';
import { Item } from '../wire/constants.ts';
import type { RoleContext } from './context.ts';
import type { DestinationExtras } from './extras.ts';
import type { Listed, Place } from './listed.ts';
import { presentAt } from './present-at.ts';

/** What to put on a file that was just written. */
export function newFileMeta(ctx: RoleContext, list: FileList, i: number): Meta {
  return attrsFor(ctx.wanted.at(list, i), undefined, ctx.attributes, AttrFlag.AccurateTime).meta;
}

/** True when all that is preserved is as it should be (rsync's unchanged_attrs). */
export function attributesMatch(ctx: RoleContext, { list, i }: Listed, present: Present): boolean {
  return unchangedAttrs(ctx.wanted.at(list, i), present, ctx.attributes);
}

/** How attributes are set. */
export interface Dressing {
  /** `AttrFlag` bits. */
  readonly flags?: number;
  /** Changed and unchanged names are told at -vv. */
  readonly report?: boolean;
  /** Who sets them: the generator, unless it is said. */
  readonly who?: text.Who;
  /**
   * Extended attributes are set as well (rsync does that with a file's content, or when the sender has told of them);
   * long values that did not come are those of this file.
   */
  readonly xattrsFrom?: ByteString;
}

/** What `setAttributes` did. */
export interface AttributesSet {
  readonly updated: boolean;
  /**
   * The state in between, where setting the owner took setuid or setgid bits away, or an ACL set permissions: rsync
   * compares with that.
   */
  readonly refreshed: Present | undefined;
}

const unchanged: AttributesSet = { updated: false, refreshed: undefined };
const changed: AttributesSet = { updated: true, refreshed: undefined };
/** What was told could not be set, and nothing behind it was. */
export const undressed: AttributesSet = { updated: false, refreshed: undefined };
const ownership = Item.ReportOwner | Item.ReportGroup;
const specialBits = 0o6000;
/** What a change of ACLs may take away, or must not come before. */
const allSpecialBits = 0o7000;
const ownerWrites = 0o200;
const plainly: Dressing = {};

/**
 * Puts on an entry what differs from what is there, or everything when it was just made (rsync's set_file_attrs).
 */
export function setAttributes(
  ctx: RoleContext,
  place: Place,
  present: Present | undefined,
  { flags = 0, report = false, who = 'generator', xattrsFrom }: Dressing = plainly,
): AttributesSet {
  const { tree, path, list, i } = place;
  const fake = ctx.options.superUser === 'fake';
  // Of what is faked, all but the times is noted together, when everything is known.
  const put = (meta: Meta): Step | undefined => putMeta(ctx, place, fake ? timesOf(meta) : meta, who);
  const want = ctx.wanted.at(list, i);
  let change = attrsFor(want, present, ctx.attributes, flags);
  if (change.timeFailed) list.setFlag(i, EntryFlag.TimeFailed);
  let updated = change.changed !== 0;
  let refreshed: Present | undefined;
  const { dryRun } = ctx.options;
  if (updated && !dryRun) {
    const chowns = (change.changed & ownership) !== 0;
    if (chowns && present !== undefined) tellOfOwner(ctx, path, present, change.meta);
    const loses = chowns && present !== undefined && (present.stats.mode(present.row) & specialBits) !== 0;
    // Owners first: a change of owner takes capabilities away, too.
    if (loses || (chowns && xattrsFrom !== undefined)) {
      const { uid, gid, ...others } = change.meta;
      if (put({ uid, gid }) !== undefined) return leftUndressed(place, present, who);
      change = { ...change, meta: others };
    }
    if (loses) {
      refreshed = { stats: tree.lstat(path), row: 0, tree, path };
      change = attrsFor(want, refreshed, ctx.attributes, flags);
    }
  }
  if (
    ctx.extras !== undefined &&
    !dryRun &&
    xattrsFrom !== undefined &&
    ctx.attributes.xattrs !== undefined &&
    setXattrs(ctx, ctx.extras, want, place, xattrsFrom)
  ) {
    change = withTime(ctx, want, change, flags);
    updated = change.changed !== 0;
  }
  if ((change.changed & ~Item.ReportAcl) !== 0 && !dryRun) {
    const failed = put(change.meta);
    // As in rsync, what comes behind is not for a file whose owner or time could not be set.
    if (failed === 'chown' || failed === 'utimes') return leftUndressed(place, present, who);
  }
  if (ctx.extras !== undefined && ctx.attributes.acls !== undefined) {
    const sets = present === undefined || (change.changed & Item.ReportAcl) !== 0;
    const now = sets && !dryRun ? setAcls(ctx, ctx.extras, place, refreshed ?? present) : undefined;
    if (now !== undefined) {
      updated = true;
      if (now !== 'set') refreshed = now;
    }
  }
  if (fake && !dryRun) {
    const isLink = (want.mode & S_IFMT) === S_IFLNK;
    const now = present === undefined ? 0 : present.stats.mode(present.row);
    const mode = isLink ? want.mode : modeToSet(want.mode, now, ctx.attributes, flags);
    noteAll(ctx, place, want, present === undefined, change.meta.mode ?? mode & chmodBits);
  }
  if (report && ctx.report.info('name', 2)) ctx.report.print('client', updated ? path : text.upToDate(path));
  if (refreshed !== undefined) return { updated, refreshed };
  return updated ? changed : unchanged;
}

/** A file that was just received has the permissions then with which rsync would have created it. */
function leftUndressed(
  { tree, path, list, i }: Place,
  present: Present | undefined,
  who: text.Who,
): AttributesSet {
  const isNew = present === undefined && who === 'receiver';
  if (isNew) tree.setMeta(path, { mode: (list.mode(i) & 0o700) | ownerWrites });
  return undressed;
}

/**
 * --fake-super notes what is wanted even where nothing differs: a file of another user's, or of a mode that would keep
 * us from it, is noted as that and made ours to use. What is new, and of an owner that is not kept, is root's, who would
 * have made it.
 */
function noteAll(
  { attributes, report }: RoleContext,
  { tree, path }: Place,
  want: Wanted,
  isNew: boolean,
  mode: number,
): void {
  const otherwise = isNew ? 0 : undefined;
  const errno = tree.setMeta(path, {
    mode,
    uid: attributes.owner ? want.uid : otherwise,
    gid: attributes.group && !want.skipGroup ? want.gid : otherwise,
  });
  if (errno !== 0) report.print('error-xfer', text.noteFailed(tree, path, errno));
}

/** rsync sets the time again when it has set attributes, whatever it was. */
function withTime(ctx: RoleContext, want: Wanted, change: AttributeChange, flags: number): AttributeChange {
  const type = want.mode & S_IFMT;
  if (!keepsTime(type, ctx.attributes, flags)) return change;
  const meta = { ...change.meta, mtime: want.mtime, mtimeNsec: want.mtimeNsec };
  return { ...change, meta, changed: change.changed | Item.ReportTime };
}

/** Attributes of a file that its owner may not write are set while he may. */
function setXattrs(
  ctx: RoleContext,
  extras: DestinationExtras,
  want: Wanted,
  place: Place,
  source: ByteString,
): boolean {
  const { tree, path } = place;
  const opened = ctx.amRoot || (want.mode & S_IFMT) === S_IFLNK ? undefined : openToOwner(tree, path);
  const changed = extras.setXattrs(want, place, source);
  if (opened !== undefined) tree.setMeta(path, { mode: opened });
  return changed;
}

/** Lets the owner write; the mode that it had, where that was needed. */
function openToOwner(tree: Tree, path: ByteString): number | undefined {
  const mode = tree.lstat(path).mode() & chmodBits;
  if ((mode & ownerWrites) !== 0) return undefined;
  return tree.setMeta(path, { mode: mode | ownerWrites }) === 0 ? mode : undefined;
}

/** ACLs come when the mode is set; it may lose bits by them, and gets them again. */
function setAcls(
  ctx: RoleContext,
  extras: DestinationExtras,
  place: Place,
  present: Present | undefined,
): Present | 'set' | undefined {
  const want = ctx.wanted.at(place.list, place.i);
  const { mode } = want;
  const now = extras.setAcls(want, place, present);
  if (now !== undefined && (mode & allSpecialBits) !== 0)
    putMeta(ctx, place, { mode: mode & chmodBits }, 'generator');
  return now;
}

function tellOfOwner({ report }: RoleContext, path: ByteString, { stats, row }: Present, meta: Meta): void {
  const { uid, gid } = meta;
  if (uid !== undefined && uid !== stats.uid(row))
    report.trace('own', () => traces.settingOwner('uid', path, stats.uid(row), uid));
  if (gid !== undefined && gid !== stats.gid(row))
    report.trace('own', () => traces.settingOwner('gid', path, stats.gid(row), gid));
}

/** What `putMeta` failed to set. */
type Step = 'chown' | 'utimes' | 'chmod';

/** What rsync calls it that the owner `uid` and the group could not be set there. */
export function ownerStep({ tree, path }: At, uid: number | undefined): 'chown' | 'chgrp' {
  return uid === undefined || presentAt(tree, path)?.stats.uid() === uid ? 'chgrp' : 'chown';
}

/** Sets all of it up to what cannot be set, which is told and answered. */
export function putMeta(ctx: RoleContext, { tree, path }: At, meta: Meta, who: text.Who): Step | undefined {
  if (tree.setMeta(path, meta) === 0) return undefined;
  // Which of them it was shows when they are set one by one.
  const { uid, gid, mode } = meta;
  const steps: readonly (readonly [Step, Meta])[] = [
    ['chown', { uid, gid }],
    ['utimes', timesOf(meta)],
    ['chmod', { mode }],
  ];
  for (const [step, part] of steps) {
    const errno = tree.setMeta(path, part);
    if (errno === 0) continue;
    const called = step === 'chown' ? ownerStep({ tree, path }, uid) : step;
    ctx.report.print('error-xfer', text.attributesFailed(tree, path, called, errno, who));
    return step;
  }
  return undefined;
}

function timesOf({ mtime, mtimeNsec, atime, atimeNsec }: Meta): Meta {
  return { mtime, mtimeNsec, atime, atimeNsec };
}
