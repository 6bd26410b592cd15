import { ExitCode, RsyncError } from '../errors.ts';
import type { Duplex } from './duplex.ts';

/** An HTTP proxy as RSYNC_PROXY names it: `[USER:PASS@]HOST:PORT`. */
export interface WebProxy {
  readonly host: string;
  readonly port: number;
  /** `USER:PASS`. */
  readonly login?: string;
}

/** Longest line that a proxy may send, and longest request to it, both with what ends them. */
const maxLine = 1024;

/** Parses RSYNC_PROXY; undefined where it is unset or empty. Exit 10 for one that cannot be used. */
export function proxyFrom(value: string | undefined): WebProxy | undefined {
  if (!value) return undefined;
  const at = value.lastIndexOf('@');
  const login = at < 0 ? undefined : value.slice(0, at);
  if (login !== undefined && !login.includes(':')) throw badProxy('USER:PASS@HOST:PORT');
  const place = value.slice(at + 1);
  const colon = place.indexOf(':');
  if (colon < 0) throw badProxy('HOST:PORT');
  const port = Number(place.slice(colon + 1));
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw badProxy('HOST:PORT');
  return { host: place.slice(0, colon), port, login };
}

function badProxy(form: string): RsyncError {
  return new RsyncError(ExitCode.SocketIo, `invalid proxy specification: should be ${form}`);
}

/**
 * Asks the proxy for a tunnel to `host`. Gives back what went wrong, or undefined. Reads the answer a
 * byte at a time, because what follows it belongs to the daemon.
 */
export async function openTunnel(
  wire: Duplex,
  host: string,
  port: number,
  proxy: WebProxy,
): Promise<string | undefined> {
  if (/[\x00-\x1f\x7f]/.test(host)) return 'invalid control character in proxy CONNECT host';
  const login =
    proxy.login === undefined
      ? ''
      : `\r\nProxy-Authorization: Basic ${Buffer.from(proxy.login).toString('base64')}`;
  const request = `CONNECT ${host}:${port} HTTP/1.0${login}\r\n\r\n`;
  if (request.length >= maxLine) return 'proxy CONNECT request too long';
  await wire.sink.write([Buffer.from(request)]);

  const status = await readLine(wire);
  if (status === undefined) return 'proxy response line too long';
  if (!/^HTTP\/[\d.]* *2/.test(status)) return `bad response from proxy -- ${status}`;
  for (;;) {
    const header = await readLine(wire);
    if (header === undefined) return 'proxy response header line too long';
    if (header === '') return undefined;
  }
}

/** One line without its end; undefined when it is too long. */
async function readLine({ source }: Duplex): Promise<string | undefined> {
  const one = Buffer.alloc(1);
  let line = '';
  while (line.length < maxLine - 1) {
    if ((await source.read(one)) === 0)
      throw new RsyncError(ExitCode.SocketIo, 'failed to read from proxy: Success (0)');
    if (one[0] === 0x0a) return line.endsWith('\r') ? line.slice(0, -1) : line;
    line += String.fromCharCode(one[0]);
  }
  return undefined;
}
