import { protocolError, RsyncError } from '../errors.ts';
import type { FilterChain } from '../filter/index.ts';
import { cleanPath } from '../filter/paths.ts';
import { munge, sanitizeTarget } from '../flist/munge.ts';
import type { NameGuard } from '../flist/name-guard.ts';
import { FlistReceiver } from '../flist/receive.ts';
import type { Site } from '../host.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { defaultPerms } from '../metadata/modes.ts';
import { fastPaths } from '../options/fast-paths.ts';
import type { Options } from '../options/options.ts';
import * as text from '../report/messages.ts';
import { Statistics } from '../report/statistics.ts';
import { tellOfHeap } from '../report/view/summary.ts';
import type { RoleContext } from '../roles/context.ts';
import { readDeleteStats } from '../roles/counts.ts';
import { generateFiles } from '../roles/generator/generate-files.ts';
import { GeneratorLink } from '../roles/generator-link.ts';
import { ItemLog } from '../roles/item-log.ts';
import { receiveFiles } from '../roles/receiver/receive-files.ts';
import { Replay } from '../roles/replay.ts';
import { ndxDelStats, ndxDone } from '../wire/constants.ts';
import type { Negotiated } from '../wire/negotiated.ts';
import { openDestination } from './destination.ts';
import { type End, endsOf } from './end.ts';
import { flistTexts } from './flist-texts.ts';
import { amRoot, chmodOf, extrasOf, makeRoleContext } from './role-context.ts';
import { tellOfList } from './tell-of-list.ts';
import { tellOfLosses } from './tell-of-losses.ts';
import { countWire, takeTotals } from './totals.ts';

/** What a receiving end is to do. */
export interface Incoming {
  readonly options: Options;
  readonly filters: FilterChain;
  /** undefined only lists. */
  readonly destination: ByteString | undefined;
  readonly guard: NameGuard | undefined;
}

/** What a module does not take of names below `dir`. */
function refusalIn(site: Site, dir: ByteString): RoleContext['refuses'] {
  const rules = site.module?.rules;
  if (rules === undefined) return undefined;
  const prefix = insideOf(site, dir);
  return (path, isDir) => path !== '.' && rules.excludes(path.startsWith('/') ? path : prefix + path, isDir);
}

/** What becomes of the targets of links that come in. */
function targetMap(
  { mungeLinks }: Options,
  { module, moduleDir }: Site,
): ((target: ByteString, depth: number) => ByteString) | undefined {
  if (mungeLinks || module?.munges) return munge;
  // Also where links that are there may lead out: those of clients never do.
  return module === undefined || moduleDir === '' ? undefined : sanitizeTarget;
}

/** Where `dir` is in the module, with its slash; '' for its root. */
function insideOf({ moduleDir }: Site, dir: ByteString): ByteString {
  const inside = cleanPath(dir).slice(moduleDir.length + 1);
  return inside === '' ? '' : `${inside}/`;
}

/**
 * A receiving end from the file list to the goodbye (rsync's do_recv and what leads to it): generator and
 * receiver side by side. Filters were exchanged before.
 */
export async function runReceiver(
  end: End,
  negotiated: Negotiated,
  { options, filters, destination, guard }: Incoming,
): Promise<void> {
  const { reader, writer, report, setup, stats } = end;
  const { kernel } = setup;
  end.who = 'Receiver';
  const { segments } = setup;
  const extras = extrasOf(end, options, filters);
  // A map of users or groups that is wrong is found behind this.
  const finishTelling = tellOfList(report, options, negotiated, 'receiving');
  const flist = new FlistReceiver({
    kernel,
    options,
    paths: fastPaths(options, endsOf(end, negotiated)),
    negotiated,
    report,
    texts: flistTexts,
    state: end.state,
    segments,
    reader,
    guard,
    // Where both ends are ours, the sender has asked.
    choice: setup.local ? undefined : setup.io.choice,
    cwd: setup.site.cwd,
    names: setup.site.module?.names,
    charset: setup.charset,
    amRoot: amRoot(options, setup.io.host),
    memberOf: () => setup.io.host.user.groups(),
    extras,
    mapLinkTarget: targetMap(options, setup.site),
    tweakMode: chmodOf(options, setup),
    isExcludedDir: (path) => filters.check(path, true, 'protect') === 'excluded',
  });
  const { lists } = flist;
  report.listsBegun(lists);
  await flist.receive(-1);
  finishTelling(lists.totals.entries);
  report.trace('flist', () => text.fileListReceived(lists.totals.entries), 2);
  if (negotiated.incRecurse && lists.totals.entries === 1) await flist.receiveAdditional();
  if (!setup.server && lists.totals.entries === 0) {
    takeTotals(end, lists);
    // Nothing was asked for, so that the sender tells nothing: what we counted is what there is to say.
    countWire(end);
    return;
  }

  report.trace('recv', () => text.localName(lists.totals.entries, destination));
  const place = openDestination(end, options, lists, destination);
  end.inside = insideOf(setup.site, place.destination.tree.path);
  const link = new GeneratorLink();
  if (setup.replays) link.replay = new Replay(negotiated.incRecurse);
  end.link = link;
  const ctx: RoleContext = {
    ...makeRoleContext(end, place.options, negotiated, new ItemLog(report), extras),
    moduleMode: chmodOf({ ...options, chmod: setup.site.module?.chmod ?? '' }, setup),
    refuses: refusalIn(setup.site, place.destination.tree.path),
  };
  const { tree } = place.destination;
  const decoder = kernel.openDecoder(negotiated.codec);
  end.trees.push([tree]);
  const received = receiveFiles(ctx, {
    lists,
    flist,
    link,
    destination: place.destination,
    decoder,
    delayed: [],
  })
    .then(() => finishReceiving(end, negotiated.protocol, link))
    .catch((error: unknown) => {
      if (error instanceof RsyncError && error !== setup.io.signal.reason) error.who ??= 'receiver';
      throw error;
    });
  const generated = generateFiles(ctx, {
    lists,
    link,
    destination: place.destination,
    filters,
    hardLinks: flist.hardLinks,
    defaultPerms: defaultPerms(setup.io.host.umask()),
    sourceRoots: ctx.paths.sumsWhereCompared ? segments?.roots : undefined,
  });
  end.who = 'generator';
  end.listening = received;
  const settled = Promise.allSettled([received, generated]).then(() => {
    tree.close();
    decoder.close();
  });
  end.unwinding.push(settled);
  await Promise.all([received, generated]);
  tellOfLosses(report, options, end.trees.flat());
  tellOfHeap(report, setup.server ? 'server receiver' : 'receiver');
  if (setup.server) tellOfHeap(report, 'server generator');
  writer.ndx(ndxDone);
  end.finished = true;
  await writer.drain();
  const { totalSize, flistBuildMs, flistTransferMs } = stats;
  takeTotals(end, lists);
  if (!setup.server) Object.assign(stats, { totalSize, flistBuildMs, flistTransferMs });
}

/** The sender's counters (client only), then the answer to the generator's goodbye. */
async function finishReceiving(end: End, protocol: number, link: GeneratorLink): Promise<void> {
  const { reader, stats, setup } = end;
  if (!setup.server) {
    // The peer's "read" is our "written".
    const counters = await reader.record(() => {
      const counted = [reader.varlong30(3), reader.varlong30(3), reader.varlong30(3)];
      if (protocol >= 29) counted.push(reader.varlong30(3), reader.varlong30(3));
      return counted;
    });
    [stats.totalWritten, stats.totalRead, stats.totalSize] = counters;
    stats.flistBuildMs = counters[3] ?? 0;
    stats.flistTransferMs = counters[4] ?? 0;
  }
  link.phaseDone();
  if (protocol < 31) return;
  let ndx = await reader.record(() => reader.ndx());
  for (; ndx === ndxDelStats; ndx = await reader.record(() => reader.ndx()))
    await readDeleteStats(reader, setup.replays ? new Statistics() : stats, 'Receiver');
  if (ndx !== ndxDone) throw protocolError(text.invalidPacketAtEnd(ndx, 'receiver'));
  link.phaseDone();
}
