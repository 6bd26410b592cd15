/** A conversation with nobody, before somebody comes: what it needs is compiled and loaded by then. */
import { IdNames } from '../flist/id-names.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { newestProtocol } from '../options/program.ts';
import type { SessionIo } from '../session/index.ts';
import { memoryPair } from '../transport/memory.ts';
import type { DaemonOptions } from './arguments.ts';
import type { Config } from './config/config.ts';
import { serveConnection } from './connection.ts';
import { openDaemonLog } from './log.ts';
import { newVisit } from './visit.ts';

const nobody = '127.0.0.1';

/**
 * Serves a client that wants to know what modules there are. Nobody hears of it, and no rights are given up for it: that
 * is left to the one who comes.
 */
export async function rehearse(
  config: Config,
  options: DaemonOptions,
  io: SessionIo,
  kernel: Kernel,
): Promise<void> {
  const log = openDaemonLog(io.host, { file: '/dev/null', tag: '', facility: 0 }, () => {});
  const global = {
    ...config.global,
    'daemon chroot': '',
    'daemon gid': '',
    'daemon uid': '',
    'proxy protocol': false,
  };
  const [ours, theirs] = memoryPair();
  await theirs.sink.write([Buffer.from(`@RSYNCD: ${newestProtocol}.0 md5\n#list\n`)]);
  await theirs.sink.end();
  await serveConnection(ours, nobody, {
    io,
    options,
    config: { ...config, global },
    kernel,
    names: new IdNames(),
    log,
    hasSocket: true,
    visit: newVisit(),
  });
}
