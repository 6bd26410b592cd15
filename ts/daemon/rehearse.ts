/** Sessions with nobody, before somebody comes: what they need is loaded and compiled by then. */
import { dirname } from 'node:path';
import { createFilters } from '../filter/index.ts';
import { IdNames } from '../flist/id-names.ts';
import type { Host } from '../host.ts';
import type { ByteString, Kernel } from '../kernel/kernel.ts';
import { parseClientArgs } from '../options/parse.ts';
import { newestProtocol } from '../options/program.ts';
import { runClientEnd } from '../session/client-end.ts';
import { greetDaemon } from '../session/daemon-connection.ts';
import { filterReport, openEnd } from '../session/end.ts';
import { findEndpoints } from '../session/endpoints.ts';
import type { SessionIo } from '../session/index.ts';
import type { Duplex } from '../transport/duplex.ts';
import { inheritedSocket } from '../transport/inherited.ts';
import { memoryPair } from '../transport/memory.ts';
import type { DaemonOptions } from './arguments.ts';
import { readConfig } from './config/config.ts';
import { serveConnection } from './connection.ts';
import type { Daemon } from './daemon.ts';
import { openLog } from './open-log.ts';
import { newVisit } from './visit.ts';

const nobody = '127.0.0.1';

/** Of a daemon with one module, the folder of this program. It says nothing to anybody. */
function configOf(folder: ByteString, { uid }: Host['user']): ByteString {
  const whom = uid === undefined ? '' : `uid = ${uid}\ngid = ${uid}\n`;
  return `log file = /dev/null\nuse chroot = no\nmunge symlinks = no\n${whom}[rehearsal]\npath = ${folder}\nread only = no\n`;
}

export interface Rehearsal {
  readonly kernel: Kernel;
  /** Files are transferred, too. */
  readonly whole: boolean;
  /** By sockets, as clients come; else over memory. */
  readonly overSockets: boolean;
}

/**
 * Serves clients of our own: one that wants to know what modules there are, and with `whole` one that pulls and
 * one that pushes, neither of which changes anything. Answers what a process of its own would have ended with for each. The
 * process is the same as before, but for what it has compiled.
 */
export async function rehearse(
  given: DaemonOptions,
  io: SessionIo,
  { kernel, whole, overSockets }: Rehearsal,
): Promise<number[]> {
  const host: Host = { ...io.host, become: () => undefined, stdout() {}, stderr() {} };
  const folder = Buffer.from(dirname(host.program.at(-1) ?? '/')).toString('latin1');
  const config = readConfig('rehearsal', {
    read: () => configOf(folder, host.user),
    variables: () => undefined,
    overrides: [],
    globalsOnly: false,
    complain() {},
  });
  if (config === undefined) return [];
  const silent: SessionIo = { ...io, host };
  // The log of the configuration holds: nowhere.
  const options = { ...given, logFile: undefined };
  const log = openLog(options, config, { io: silent, kernel });
  const daemon = { io: silent, options, config, kernel, names: new IdNames(), log, hasSocket: true };
  const serve = async (client: (wire: Duplex) => Promise<void>): Promise<number> => {
    const [ours, theirs] = overSockets ? socketPair(kernel) : memoryPair();
    const served = serveConnection(ours, nobody, { ...daemon, visit: newVisit() } satisfies Daemon);
    await client(theirs);
    const code = await served;
    theirs.destroy();
    return code;
  };
  try {
    const listed = await serve(async (wire) => {
      await wire.sink.write([Buffer.from(`@RSYNCD: ${newestProtocol}.0 md5\n#list\n`)]);
      await wire.sink.end();
    });
    if (!whole) return [listed];
    const url = `rsync://${nobody}/rehearsal/`;
    const pulled = await serve((wire) => transfer(['-an', url, folder], wire, silent, kernel));
    const pushed = await serve((wire) => transfer(['-an', `${folder}/`, url], wire, silent, kernel));
    return [listed, pulled, pushed];
  } finally {
    log.close();
  }
}

function socketPair(kernel: Kernel): [Duplex, Duplex] {
  const [ours, theirs] = kernel.socketPair() ?? [-1, -1];
  return [inheritedSocket(ours), inheritedSocket(theirs)];
}

/** A client of ours on a wire that is there already. */
async function transfer(
  argv: readonly ByteString[],
  duplex: Duplex,
  io: SessionIo,
  kernel: Kernel,
): Promise<void> {
  const command = parseClientArgs(argv, { env: {}, now: io.host.now });
  if (command.kind !== 'run') return;
  const { options, args } = command;
  const ends = findEndpoints(options, [...args], io.host.now());
  const site = { cwd: '/', moduleDir: '', module: undefined };
  const { sender } = ends;
  const filters = createFilters(options, {
    side: sender ? 'sender' : 'receiver',
    site,
    ...filterReport(options, io.host, () => undefined),
  });
  const end = openEnd({ io, duplex, options, kernel, server: false, sender, site, charset: undefined });
  const greeting = await greetDaemon(end, kernel, options, ends);
  if (greeting !== 'listed') await runClientEnd(end, options, ends, filters, greeting);
  await end.writer.end();
}
