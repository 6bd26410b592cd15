/** `--daemon`: serves modules, to one client or to whoever connects. */
import { writeSync } from 'node:fs';
import { ExitCode, RsyncError } from '../errors.ts';
import { IdNames } from '../flist/id-names.ts';
import { loadKernel } from '../kernel/index.ts';
import type { ByteString } from '../kernel/kernel.ts';
import type { SessionIo } from '../session/index.ts';
import type { Duplex } from '../transport/duplex.ts';
import { inheritedSocket, isSocket } from '../transport/inherited.ts';
import { stdioDuplex } from '../transport/stdio.ts';
import { acceptOne } from './accept.ts';
import { type DaemonOptions, daemonArguments, daemonUsage } from './arguments.ts';
import { serveConnection } from './connection.ts';
import type { Daemon } from './daemon.ts';
import { openLog } from './open-log.ts';
import { loadConfig } from './read-config.ts';
import { rehearse } from './rehearse.ts';
import { newVisit, type Visit } from './visit.ts';
import { addressOfShell, plainAddress } from './visitor.ts';

/** Where a configuration cannot be read, somebody has to be told. */
const fewWaiting = 5;

/** Runs what a daemon's command line asks for; answers the exit value. Throws for a command line that is wrong. */
export async function runDaemon(
  argv: readonly ByteString[],
  io: SessionIo,
  codeToKeep: () => (() => void) | undefined,
): Promise<number> {
  const options = daemonArguments(argv);
  const { host } = io;
  if (options === 'help') {
    host.stdout(daemonUsage());
    return ExitCode.Ok;
  }
  if (options.server) return serveShell(options, io);
  if (options.accepts.length > 0) {
    const kernel = await loadKernel(host);
    const { config } = loadConfig(options, host, false);
    // Whoever comes is served without it, too.
    const keepCode = codeToKeep();
    await rehearse(options, io, { kernel, whole: keepCode !== undefined }).catch(() => {});
    keepCode?.();
    const backlog = config?.global['listen backlog'] ?? fewWaiting;
    const wire = await acceptOne(options.accepts, options.reports, backlog);
    if (wire === undefined) return ExitCode.Ok;
    if (options.memoryLimit > 0) kernel.limitMemory?.(options.memoryLimit);
    return serveSocket(options, wire, io);
  }
  const input = host.descriptors.input;
  if (isSocket(input)) return serveSocket(options, inheritedSocket(input), io);
  const { listen } = await import('./listen.ts');
  return listen(options, argv, io);
}

/** A client that came by a remote shell. */
async function serveShell(options: DaemonOptions, io: SessionIo): Promise<number> {
  const wire = stdioDuplex(io.host);
  const address = addressOfShell(io.host.env);
  return serveOne({ options, io, hasSocket: false, address: address ?? plainAddress(undefined) }, wire);
}

/** A client at the other end of a socket: inetd's, or one that was accepted. */
async function serveSocket(
  options: DaemonOptions,
  wire: Duplex & { readonly address: string | undefined },
  io: SessionIo,
): Promise<number> {
  const address = wire.address === undefined ? 'localhost' : plainAddress(wire.address);
  return serveOne({ options, io, hasSocket: true, address }, wire);
}

interface Arrival {
  readonly options: DaemonOptions;
  readonly io: SessionIo;
  readonly hasSocket: boolean;
  readonly address: ByteString;
}

async function serveOne({ options, io, hasSocket, address }: Arrival, wire: Duplex): Promise<number> {
  const kernel = await loadKernel(io.host);
  const { config, complaints } = loadConfig(options, io.host, false);
  const log = openLog(options, config, { io, kernel });
  for (const line of complaints) log.write(line);
  if (config === undefined) {
    wire.destroy();
    if (hasSocket) return ExitCode.Syntax;
    const failure = new RsyncError(ExitCode.Syntax, '');
    failure.who = 'Receiver';
    throw failure;
  }
  const visit = newVisit();
  const daemon: Daemon = { io, options, config, kernel, names: new IdNames(), log, hasSocket, visit };
  visit.code = await serveConnection(wire, address, daemon);
  tellOf(visit, options);
  return visit.code;
}

/** The daemon counts its visitors where somebody wants to know. Without it there is nobody left to tell. */
function tellOf(visit: Visit, { metrics, reports }: DaemonOptions): void {
  if (metrics === '' || reports === undefined) return;
  try {
    writeSync(reports, `${JSON.stringify(visit)}\n`);
  } catch {
    // It has ended before us.
  }
}
