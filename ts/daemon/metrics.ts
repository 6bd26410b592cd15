/** --metrics: what a daemon's connections come to, for Prometheus (its text format, version 0.0.4). */
import { createServer } from 'node:http';
import { isIPv6 } from 'node:net';
import { ExitCode, RsyncError } from '../errors.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { errnoText } from '../transport/io-error.ts';
import type { Visit } from './visit.ts';

/** Counts since the daemon was started. */
export interface Metrics {
  /** A client is there; the answer is called when its process has ended, with what that said of it. */
  arrived(): (visit: Visit | undefined) => void;
  /** All of it, in Prometheus's words. `waiting` is how many processes wait for a client. */
  text(waiting: number): string;
}

const contentType = 'text/plain; version=0.0.4; charset=utf-8';
/** Who asks is a machine near by: it is quick, and there are few. */
const answerMs = 5000;
const mostAskers = 16;
/** Exit values that are no failure of the daemon's: what the client asked for was only partly there. */
const expected: ReadonlySet<number> = new Set([ExitCode.Ok, ExitCode.Partial, ExitCode.Vanished]);

export function countVisits(): Metrics {
  let connections = 0;
  let active = 0;
  const received = new Map<string, number>();
  const sent = new Map<string, number>();
  const files = new Map<string, number>();
  const refusals = new Map<string, number>();
  const errors = new Map<string, number>();
  const add = (to: Map<string, number>, labels: string, amount: number): void => {
    to.set(labels, (to.get(labels) ?? 0) + amount);
  };
  return {
    arrived() {
      connections++;
      active++;
      return (visit) => {
        active--;
        const labels = `module="${labelValue(visit?.module ?? '')}"`;
        if (visit === undefined) add(errors, `${labels},code="died"`, 1);
        else if (visit.refused) add(refusals, labels, 1);
        else if (visit.module !== '') {
          add(received, labels, visit.received);
          add(sent, labels, visit.sent);
          add(files, labels, visit.files);
          if (!expected.has(visit.code)) add(errors, `${labels},code="${visit.code}"`, 1);
        }
      };
    },
    text: (waiting) =>
      [
        family('connections_total', 'counter', 'Clients that connected', connections),
        family('connections', 'gauge', 'Clients that are connected', active),
        family(
          'waiting_processes',
          'gauge',
          'Processes that wait for a client, or make those that do',
          waiting,
        ),
        family('received_bytes_total', 'counter', 'Bytes that clients of a module sent', received),
        family('sent_bytes_total', 'counter', 'Bytes that clients of a module were sent', sent),
        family('files_total', 'counter', 'Files whose content went to a module or from it', files),
        family('refusals_total', 'counter', 'Clients that were turned away', refusals),
        family('errors_total', 'counter', 'Sessions that failed, by exit value', errors),
      ].join(''),
  };
}

function family(name: string, type: string, help: string, values: number | Map<string, number>): string {
  const lines =
    typeof values === 'number'
      ? [`oc_rsync_${name} ${values}\n`]
      : [...values].map(([labels, value]) => `oc_rsync_${name}{${labels}} ${value}\n`);
  return `# HELP oc_rsync_${name} ${help}.\n# TYPE oc_rsync_${name} ${type}\n${lines.join('')}`;
}

/** Names are bytes, the format is UTF-8. */
function labelValue(name: ByteString): string {
  const text = Buffer.from(name, 'latin1').toString('utf8');
  return text.replace(/[\\"\n]/g, (char) => (char === '\n' ? '\\n' : `\\${char}`));
}

/** Answers whoever asks at `address` with `text`. Throws exit 10 where that cannot be. Answers what ends it. */
export async function serveMetrics(address: ByteString, text: () => string): Promise<() => void> {
  const { host, port } = placeOf(address);
  const server = createServer({ requestTimeout: answerMs, headersTimeout: answerMs }, (request, response) => {
    const known = request.url === '/metrics' && (request.method === 'GET' || request.method === 'HEAD');
    response.writeHead(known ? 200 : 404, { 'Content-Type': contentType, Connection: 'close' });
    response.end(known ? text() : '');
  });
  server.maxConnections = mostAskers;
  server.setTimeout(answerMs);
  await new Promise<void>((resolve, reject) => {
    server.on('error', (error) => {
      const reason = errnoText(error as NodeJS.ErrnoException);
      reject(new RsyncError(ExitCode.SocketIo, `--metrics: cannot listen on ${address}: ${reason}`));
    });
    server.listen(port, host, resolve);
  });
  return () => {
    server.close();
    server.closeAllConnections();
  };
}

function placeOf(address: ByteString): { readonly host: string; readonly port: number } {
  const match = /^(?:(\[[^\]]+\]|[^:]+):)?(\d{1,5})$/.exec(address);
  const port = Number(match?.[2]);
  const host = match?.[1] ?? '127.0.0.1';
  const plain = host.startsWith('[') ? host.slice(1, -1) : host;
  if (match === null || port > 65535 || (host !== plain && !isIPv6(plain)))
    throw new RsyncError(ExitCode.Syntax, `--metrics wants [HOST:]PORT, not ${address}`);
  return { host: plain, port };
}
