/** `serve`: rsync's daemon. */
import type { RsyncServer, ServeOptions } from './serve-options.ts';

/**
 * Serves modules to rsync's clients, as `rsync --daemon` does. Settles when clients can connect; rejects with an `RsyncError`
 * for a configuration that cannot be read (exit 1) or a port that cannot be had (exit 10). The sockets are this process's, and
 * each connection has a process of its own.
 */
export async function serve(options: ServeOptions): Promise<RsyncServer> {
  // Loaded for who serves.
  const { startServer } = await import('./server.ts');
  return startServer(options);
}
