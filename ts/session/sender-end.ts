import { ExitCode, protocolError, RsyncError } from '../errors.ts';
import type { FilterChain } from '../filter/index.ts';
import { unmunge } from '../flist/munge.ts';
import { FlistSender } from '../flist/send.ts';
import { linkOwner } from '../host.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { type Trust, trustIn } from '../kernel/trusted-path.ts';
import { fastPaths } from '../options/fast-paths.ts';
import type { Options } from '../options/options.ts';
import * as text from '../report/messages.ts';
import * as traces from '../report/trace-messages.ts';
import { tellOfHeap } from '../report/view/summary.ts';
import { readDeleteStats, writeDeleteStats } from '../roles/counts.ts';
import { ItemLog } from '../roles/item-log.ts';
import { removeSource } from '../roles/sender/remove-source.ts';
import { sendFiles } from '../roles/sender/send-files.ts';
import { ndxDelStats, ndxDone } from '../wire/constants.ts';
import { decodeItem, type ItemForm, newItemHeader } from '../wire/item.ts';
import type { Negotiated } from '../wire/negotiated.ts';
import { type End, endsOf, wireRead, wireWritten } from './end.ts';
import { flistTexts } from './flist-texts.ts';
import { chmodOf, extrasOf, makeRoleContext } from './role-context.ts';
import { tellOfList } from './tell-of-list.ts';
import { countWire, takeTotals } from './totals.ts';

/** What a sending end is to send. */
export interface Outgoing {
  readonly options: Options;
  readonly filters: FilterChain;
  readonly args: readonly ByteString[];
  readonly filesFrom: AsyncIterable<ByteString> | Iterable<ByteString> | undefined;
}

/**
 * A sending end from the file list to the goodbye (the shared part of rsync's client_run and
 * do_server_sender). Filters were exchanged before. False when there was nothing to send.
 */
export async function runSender(
  end: End,
  negotiated: Negotiated,
  { options, filters, args, filesFrom }: Outgoing,
): Promise<boolean> {
  const { writer, report, setup } = end;
  const { kernel } = setup;
  end.who = 'sender';
  const extras = extrasOf(end, options, filters);
  const flist = new FlistSender({
    extras,
    kernel,
    options,
    paths: fastPaths(options, endsOf(end, negotiated)),
    negotiated,
    report,
    texts: flistTexts,
    state: end.state,
    segments: setup.segments,
    writer,
    filters,
    choice: setup.io.choice,
    cwd: setup.site.cwd,
    now: setup.io.host.now,
    ahead: setup.ahead,
    charset: setup.charset,
    mapLinkTarget: options.mungeLinks || setup.site.module?.munges ? unmunge : undefined,
    tweakMode: chmodOf(options, setup),
    boundary: setup.site.module?.boundary,
    trust: trustOf(options, end),
    names: setup.site.module?.names,
    module: setup.site.module && { name: setup.site.module.name, path: setup.site.moduleDir },
  });
  end.trees.push(flist.lists.roots);
  const encoder = kernel.openEncoder(negotiated.codec);
  try {
    // rsync finds that with the first file that it sums up.
    if (options.checksum && negotiated.fileDigest.name === 'none')
      throw new RsyncError(ExitCode.Unsupported, text.noFileChecksum);
    const finishTelling = tellOfList(report, options, negotiated, 'sending');
    const lists = await flist.sendInitial(args, filesFrom);
    finishTelling(lists.totals.entries);
    report.listsBegun(lists);
    report.trace('flist', text.fileListSent, 2);
    if (lists.eof) report.trace('flist', () => traces.listsEnd('sender'), 3);
    if (!setup.server) report.trace('flist', () => traces.fileListSent, 3);
    if (setup.server && lists.totals.entries === 0) {
      await writer.drain();
      takeTotals(end, lists);
      return false;
    }
    // At protocol 30 a message tells of what cannot be read ahead of the first entries: nothing is to be deleted before it.
    if (negotiated.protocol !== 30) writer.flush();
    end.listSent = true;
    const items = new ItemLog(report, (list, i) => flist.sourceDir(list, i));
    const ctx = makeRoleContext(end, options, negotiated, items, extras);
    if (options.removeSourceFiles) end.inPlace = (payload) => removeSource(ctx, lists, payload);
    await sendFiles(ctx, { lists, flist, encoder });
    takeTotals(end, lists);
    tellOfHeap(report, setup.server ? 'server sender' : 'sender');
    if (setup.server) sendStatistics(end, negotiated.protocol);
    countWire(end);
    recordStatistics(end, negotiated.protocol);
    end.finished = true;
    await goodbye(end, negotiated.protocol, ctx.itemForm);
    await writer.drain();
    return true;
  } finally {
    flist.close();
    encoder.close();
  }
}

/**
 * What names of --files-from may lead through (rsync(1), --confine-root): links of root and of ours. In a module they may go
 * wherever it lets them, and so where links are followed anyway.
 */
function trustOf(options: Options, { setup }: End): Trust | undefined {
  const { confineRoot, copyDirlinks, copyLinks, copyUnsafeLinks, filesFrom, insecureLinks, relative } =
    options;
  if (filesFrom === '' || setup.site.module !== undefined) return undefined;
  if (copyLinks || copyDirlinks || copyUnsafeLinks || insecureLinks) return undefined;
  const owner = relative ? linkOwner(setup.io.host, insecureLinks) : undefined;
  return trustIn(owner, confineRoot || undefined);
}

/** The server's counters for its client: read, written, total size, and how long the list took. */
function sendStatistics(end: End, protocol: number): void {
  const { writer, stats } = end;
  writer.flush();
  writer.varlong30(wireRead(end), 3);
  writer.varlong30(wireWritten(end), 3);
  writer.varlong30(stats.totalSize, 3);
  if (protocol < 29) return;
  writer.varlong30(stats.flistBuildMs, 3);
  writer.varlong30(stats.flistTransferMs, 3);
}

/** A batch holds what a server would have told: who reads it is a client that receives. */
function recordStatistics(end: End, protocol: number): void {
  const { recording } = end.setup;
  if (recording === undefined) return;
  const { stats, writer } = end;
  writer.flush();
  const { totalSize, flistBuildMs, flistTransferMs } = stats;
  recording.statistics([wireRead(end), wireWritten(end), totalSize, flistBuildMs, flistTransferMs], protocol);
}

/** The generator's last NDX_DONE; from protocol 31 on the sender answers the last but one. */
async function goodbye(end: End, protocol: number, form: ItemForm): Promise<void> {
  const { reader, writer } = end;
  const item = newItemHeader();
  const next = async (): Promise<number> => {
    for (;;) {
      await reader.record(() => decodeItem(reader, form, item, false));
      if (item.ndx !== ndxDelStats) return item.ndx;
      await readDeleteStats(reader, end.stats, 'sender');
      if (end.setup.server) writeDeleteStats(writer, end.stats);
    }
  };
  let ndx = await next();
  if (protocol >= 31 && ndx === ndxDone) {
    writer.ndx(ndxDone);
    writer.flush();
    ndx = await next();
  }
  if (ndx !== ndxDone) throw protocolError(text.invalidPacketAtEnd(ndx, 'sender'));
}
