import type { FilterChain } from '../filter/index.ts';
import { type ListExtras, newExtras } from '../flist/extras.ts';
import { type Host, linkOwner } from '../host.ts';
import { isRefused } from '../kernel/trusted-path.ts';
import { parseChmod, tweakMode } from '../metadata/chmod.ts';
import { closestWindow } from '../metadata/compare.ts';
import { fastPaths } from '../options/fast-paths.ts';
import type { Options } from '../options/options.ts';
import type { RoleContext } from '../roles/context.ts';
import { DestinationExtras } from '../roles/extras.ts';
import type { ItemLog } from '../roles/item-log.ts';
import { WantedCursor } from '../roles/listed.ts';
import type { Negotiated } from '../wire/negotiated.ts';
import { type End, endsOf } from './end.ts';

/**
 * The effective user is root, or acts as if (rsync's am_root): --super tries what only root may, --fake-super keeps it
 * in attributes. On systems without users nobody is root.
 */
export function amRoot({ superUser }: Options, { user }: Host): boolean {
  switch (superUser) {
    case 'on':
    case 'fake':
      return true;
    case 'off':
      return false;
    default:
      return user.euid === 0;
  }
}

/** The tables of ACLs and extended attributes of one end; undefined where neither is preserved. */
export function extrasOf({ setup }: End, options: Options, filters: FilterChain): ListExtras | undefined {
  if (!options.acls && options.xattrs === 0) return undefined;
  const { kernel, sender, io } = setup;
  const action = sender ? 'hide' : 'protect';
  return newExtras({
    sender,
    level: options.xattrs,
    user: options.superUser === 'fake' ? 'fake' : amRoot(options, io.host) ? 'root' : 'plain',
    excludes: filters.hasXattrRules ? (name) => filters.checkXattr(name, action) === 'excluded' : undefined,
    sum: (value) => kernel.digest('md5', value),
  });
}

/** What the roles of `end` share. */
export function makeRoleContext(
  end: End,
  options: Options,
  negotiated: Negotiated,
  items: ItemLog,
  lists: ListExtras | undefined,
): RoleContext {
  const { kernel, loopback, io } = end.setup;
  const acls = options.acls;
  const xattrs = options.xattrs > 0;
  const extras = lists && new DestinationExtras(lists, { acls, xattrs }, end.report);
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
      amRoot: amRoot(options, io.host),
      omitDirTimes: options.omitDirTimes,
      omitLinkTimes: options.omitLinkTimes || !kernel.can.linkTimes,
      modifyWindow: options.modifyWindow < 0 ? closestWindow(kernel.can.nanoseconds) : options.modifyWindow,
      canNanoseconds: kernel.can.nanoseconds,
      canLinkTimes: kernel.can.linkTimes,
      acls: extras && acls ? { differs: (wanted, at) => extras.aclsDiffer(wanted, at) } : undefined,
      xattrs: extras && xattrs ? { differs: (wanted, at) => extras.xattrsDiffer(wanted, at) } : undefined,
    },
    wanted: new WantedCursor(),
    amRoot: amRoot(options, io.host),
    moduleMode: undefined,
    refuses: undefined,
    protects: io.choice?.protects,
    isRefused: (path) => isRefused(path, linkOwner(io.host, options.insecureLinks)),
    extras,
    itemForm: {
      protocol: negotiated.protocol,
      xattrs: xattrs && options.transfers,
      xattrOptim: negotiated.xattrOptim,
    },
    stats: end.stats,
    state: end.state,
    loopback,
    local: end.setup.local === true,
    random: io.host.random,
    signal: io.signal,
  };
}

/** --chmod as a function of a mode; undefined without it. Its syntax was checked with the options. */
export function chmodOf(
  options: Options,
  { io }: Pick<End['setup'], 'io'>,
): ((mode: number) => number) | undefined {
  if (options.chmod === '') return undefined;
  const steps = parseChmod(options.chmod, io.host.umask());
  if (steps === undefined) return undefined;
  return (mode) => tweakMode(mode, steps);
}
