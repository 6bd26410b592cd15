/** proxy protocol: a proxy in front of the daemon tells, before all else, whose connection it is (versions 1 and 2). */
import { isIP } from 'node:net';
import type { ByteString } from '../kernel/kernel.ts';
import type { Dialogue } from './dialogue.ts';

const signature = '\r\n\r\n\0\r\nQUIT\n';
/** Of version 1, with its end. */
const longestHeader = 107;
const mostAddressBytes = 216;
const proxied = 1;

/**
 * The address of who is behind the proxy; '' where it does not say one, and the connection counts as its own. Undefined for
 * what is no such header.
 */
export async function readProxyHeader(talk: Dialogue): Promise<ByteString | undefined> {
  const start = await talk.bytes(signature.length);
  if (start === undefined) return undefined;
  if (start === signature) return readBinary(talk);
  return start.startsWith('PROXY') ? readText(talk, start) : undefined;
}

async function readBinary(talk: Dialogue): Promise<ByteString | undefined> {
  const head = await talk.bytes(4);
  if (head === undefined) return undefined;
  const [version, family, high, low] = [...head].map((char) => char.charCodeAt(0));
  const size = high * 256 + low;
  if (version >> 4 !== 2 || size > mostAddressBytes) return undefined;
  const addresses = await talk.bytes(size);
  if (addresses === undefined) return undefined;
  const command = version & 0x0f;
  if (command > proxied) return undefined;
  // What the proxy does for itself, and what comes by no address.
  if (command !== proxied) return '';
  const bytes = Buffer.from(addresses, 'latin1');
  if (family === 0x11) return size === 12 ? bytes.subarray(0, 4).join('.') : undefined;
  if (family !== 0x21) return '';
  return size === 36 ? ipv6(bytes.subarray(0, 16)) : undefined;
}

/** As inet_ntop(3) has it. */
function ipv6(bytes: Buffer): ByteString {
  const words = Array.from({ length: 8 }, (_, k) => bytes.readUInt16BE(2 * k).toString(16));
  const url = new URL(`http://[${words.join(':')}]/`);
  return url.hostname.slice(1, -1);
}

/** `PROXY TCP4 SOURCE DESTINATION SOURCEPORT DESTINATIONPORT`. */
async function readText(talk: Dialogue, start: ByteString): Promise<ByteString | undefined> {
  let rest: ByteString | undefined = '';
  if (!start.includes('\n')) {
    rest = await talk.upTo(0x0a, longestHeader - start.length);
    if (rest === undefined) return undefined;
    rest += '\n';
  }
  const line = start + rest;
  if (/^PROXY UNKNOWN[^\n]*\r\n$/.test(line)) return '';
  const match = /^PROXY TCP[46] (\S+) (\S+) (\d+) (\d+)\r\n$/.exec(line);
  if (match === null) return undefined;
  // Which family it says does not matter to rsync either.
  const [, from, to, fromPort, toPort] = match;
  if (isIP(from) === 0 || isIP(to) === 0 || Number(fromPort) === 0 || Number(toPort) === 0) return undefined;
  return from;
}
