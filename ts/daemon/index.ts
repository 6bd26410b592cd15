/** `--daemon`: serves modules, to one client or to whoever connects. */
import { ExitCode, RsyncError } from '../errors.ts';
import { IdNames } from '../flist/id-names.ts';
import { loadKernel } from '../kernel/index.ts';
import type { ByteString, Kernel } from '../kernel/kernel.ts';
import type { SessionIo } from '../session/index.ts';
import type { Duplex } from '../transport/duplex.ts';
import { inheritedSocket, isSocket } from '../transport/inherited.ts';
import { stdioDuplex } from '../transport/stdio.ts';
import { type Arrival, acceptOne } from './accept.ts';
import { type DaemonOptions, daemonArguments, daemonUsage } from './arguments.ts';
import { initialBacklog } from './config/parameters.ts';
import { serveConnection } from './connection.ts';
import { acceptByCopies, rehearseWell } from './copies.ts';
import type { Daemon } from './daemon.ts';
import { openLog } from './open-log.ts';
import { loadConfig, withConfigText } from './read-config.ts';
import { rehearse } from './rehearse.ts';
import { newVisit, type Visit } from './visit.ts';
import { addressOfShell, plainAddress } from './visitor.ts';
import { tell, Word } from './word.ts';

/** Runs what a daemon's command line asks for; answers the exit value. Throws for a command line that is wrong. */
export async function runDaemon(
  argv: readonly ByteString[],
  io: SessionIo,
  codeToKeep: () => (() => void) | undefined,
): Promise<number> {
  const asked = daemonArguments(argv);
  const { host } = io;
  if (asked === 'help') {
    host.stdout(daemonUsage());
    return ExitCode.Ok;
  }
  const options = withConfigText(asked);
  if (options.server) return serveShell(options, io);
  if (options.reports !== undefined && options.accepts.length > 0) {
    const kernel = await loadKernel(host);
    const arrival = await nextClient(options, options.reports, { io, kernel }, codeToKeep);
    if (arrival === undefined) return ExitCode.Ok;
    const { wire, reports } = arrival;
    return serveSocket({ ...options, reports }, wire, { io, kernel });
  }
  const input = host.descriptors.input;
  if (isSocket(input))
    return serveSocket(options, inheritedSocket(input), { io, kernel: await loadKernel(host) });
  const { listen } = await import('./listen.ts');
  return listen(options, argv, io);
}

/** Whom a process that the daemon has started ahead is for; or a copy of it. */
async function nextClient(
  options: DaemonOptions,
  reports: number,
  { io, kernel }: Server,
  codeToKeep: () => (() => void) | undefined,
): Promise<Arrival | undefined> {
  const { config } = loadConfig(options, io.host, false);
  const keepCode = codeToKeep();
  // Whoever comes is served without it, too.
  if (options.copies) await rehearseWell({ options, io, kernel });
  else
    await rehearse(options, io, { kernel, whole: keepCode !== undefined, overSockets: false }).catch(
      () => {},
    );
  keepCode?.();
  const door = {
    listens: options.accepts.map((fd) => ({ fd })),
    reports,
    backlog: config?.global['listen backlog'] ?? initialBacklog,
    ready() {
      if (options.memoryLimit > 0) kernel.limitMemory?.(options.memoryLimit);
    },
  };
  return options.copies ? acceptByCopies(door, { options, io, kernel }) : acceptOne(door);
}

/** A client that came by a remote shell. */
async function serveShell(options: DaemonOptions, io: SessionIo): Promise<number> {
  const wire = watched(stdioDuplex(io.host), io, false);
  const address = addressOfShell(io.host.env);
  const kernel = await loadKernel(io.host);
  return serveOne(
    { options, io, kernel, hasSocket: false, address: address ?? plainAddress(undefined) },
    wire,
  );
}

/** A client at the other end of a socket: inetd's, or one that was accepted. */
async function serveSocket(
  options: DaemonOptions,
  wire: Duplex & { readonly address: string | undefined },
  server: Server,
): Promise<number> {
  const address = wire.address === undefined ? 'localhost' : plainAddress(wire.address);
  return serveOne({ ...server, options, hasSocket: true, address }, watched(wire, server.io, true));
}

/** The wire as it is where somebody watches it; `oneOfMany`: other processes serve other clients. */
function watched(wire: Duplex, { wiretap }: SessionIo, oneOfMany: boolean): Duplex {
  return wiretap?.watch(wire, { kind: 'daemon', words: [], server: true, oneOfMany }) ?? wire;
}

interface Server {
  readonly io: SessionIo;
  readonly kernel: Kernel;
}

interface Visitor extends Server {
  readonly options: DaemonOptions;
  readonly hasSocket: boolean;
  readonly address: ByteString;
}

async function serveOne({ options, io, kernel, hasSocket, address }: Visitor, wire: Duplex): Promise<number> {
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
  if (metrics !== '' && reports !== undefined) tell(reports, Word.Left, JSON.stringify(visit));
}
