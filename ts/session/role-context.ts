import { parseChmod, tweakMode } from '../metadata/chmod.ts';
import { closestWindow } from '../metadata/compare.ts';
import { fastPaths } from '../options/fast-paths.ts';
import type { Options } from '../options/options.ts';
import type { RoleContext } from '../roles/context.ts';
import type { ItemLog } from '../roles/item-log.ts';
import { WantedCursor } from '../roles/listed.ts';
import type { Negotiated } from '../wire/negotiated.ts';
import { type End, endsOf } from './end.ts';

/** The effective user is root; on systems without users nobody is. */
export function amRoot(): boolean {
  return process.geteuid?.() === 0;
}

/** What the roles of `end` share. */
export function makeRoleContext(
  end: End,
  options: Options,
  negotiated: Negotiated,
  items: ItemLog,
): RoleContext {
  const { kernel, loopback, io } = end.setup;
  return {
    options,
    paths: fastPaths(options, endsOf(end, negotiated)),
    negotiated,
    kernel,
    reader: end.reader,
    writer: end.writer,
    report: end.report,
    items,
    attributes: {
      perms: options.perms,
      executability: options.executability,
      times: options.times,
      atimes: options.atimes > 0,
      owner: options.owner,
      group: options.group,
      amRoot: amRoot(),
      omitDirTimes: options.omitDirTimes,
      omitLinkTimes: options.omitLinkTimes || !kernel.can.linkTimes,
      modifyWindow: options.modifyWindow < 0 ? closestWindow(kernel.can.nanoseconds) : options.modifyWindow,
      canNanoseconds: kernel.can.nanoseconds,
      canLinkTimes: kernel.can.linkTimes,
    },
    wanted: new WantedCursor(),
    amRoot: amRoot(),
    stats: end.stats,
    state: end.state,
    loopback,
    signal: io.signal,
  };
}

/** --chmod as a function of a mode; undefined without it. Its syntax was checked with the options. */
export function chmodOf(options: Options): ((mode: number) => number) | undefined {
  if (options.chmod === '') return undefined;
  const steps = parseChmod(options.chmod, process.umask());
  if (steps === undefined) return undefined;
  return (mode) => tweakMode(mode, steps);
}
