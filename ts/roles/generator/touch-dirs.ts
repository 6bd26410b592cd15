import { EntryFlag, type FileList } from '../../flist/file-list.ts';
import { timeDiffers } from '../../metadata/compare.ts';
import * as traces from '../../report/trace-messages.ts';
import { presentAt } from '../present-at.ts';
import type { Generator } from './state.ts';

/**
 * Puts back what filling changed (rsync's touch_up_dirs): the times of directories, and permissions that
 * were opened. `dirNdx`: one directory of an incremental list; else all.
 */
export function touchUpDirs(gen: Generator, dirNdx?: number): void {
  const { options } = gen.ctx;
  if (options.listOnly || options.dryRun || gen.destination.localName !== undefined) return;
  const times = options.times && !options.omitDirTimes;
  if (!times && !gen.retouchPerms && !gen.ctx.report.debug('time', 2)) return;
  const { dirs, segments } = gen.lists;
  if (dirNdx !== undefined) touch(gen, dirs.list(dirNdx), dirs.index(dirNdx), times, dirNdx);
  else if (gen.ctx.negotiated.incRecurse)
    for (let d = 0; d < dirs.length; d++) touch(gen, dirs.list(d), dirs.index(d), times, d);
  else for (const list of segments) for (let i = 0; i < list.count; i++) touch(gen, list, i, times);
}

function touch(gen: Generator, list: FileList, i: number, times: boolean, number = i): void {
  const { options, amRoot } = gen.ctx;
  const { tree } = gen.destination;
  const flags = list.flags(i);
  if (!list.isActive(i) || !list.isDir(i) || flags & (EntryFlag.MissingDir | EntryFlag.Declined)) return;
  if (!options.impliedDirs && flags & EntryFlag.ImpliedDir) return;
  gen.ctx.report.trace('time', () => traces.touchingUp(list.path(i), number), 2);
  const mode = list.mode(i);
  const perms = !amRoot && (mode & 0o200) === 0;
  if (!times && !perms) return;
  const path = list.path(i);
  if (perms) tree.setMeta(path, { mode: mode & 0o7777 });
  if (!times) return;
  const present = presentAt(tree, path);
  if (!present?.stats.isDir()) return;
  const { wanted, attributes } = gen.ctx;
  if (timeDiffers(wanted.at(list, i), present, attributes))
    tree.setMeta(path, { mtime: list.mtime(i), mtimeNsec: list.mtimeNsec(i) });
}
