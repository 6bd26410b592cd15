/** hosts allow, hosts deny: who may come in at all. */
import { lookup } from 'node:dns/promises';
import { isIP, isIPv4 } from 'node:net';
import { iwildmatch } from '../filter/index.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { undetermined } from './visitor.ts';

export interface AccessLists {
  /** '' is none. */
  readonly allow: ByteString;
  readonly deny: ByteString;
  /** Names in the lists are looked up, too. */
  readonly forwardLookup: boolean;
}

/** Who asks to come in. */
export interface Asking {
  readonly address: ByteString;
  readonly host: ByteString;
}

interface Looking extends Asking {
  readonly forwardLookup: boolean;
  /** A name that nobody knows might be that of who is to be kept out. */
  readonly denies: boolean;
  complain(line: ByteString): void;
}

/**
 * Whether somebody may come in: who is on the list of those allowed; without one, and where there are both, who is not on
 * the list of those denied. Answers what he is called, which a look-up for the lists may have told; undefined keeps him
 * out.
 */
export async function mayEnter(
  { allow, deny, forwardLookup }: AccessLists,
  asking: Asking,
  complain: (line: ByteString) => void,
): Promise<ByteString | undefined> {
  const looking = { ...asking, forwardLookup, complain };
  if (allow !== '') {
    const allowed = await listed(allow, { ...looking, denies: false });
    if (allowed !== undefined) return allowed;
    if (deny === '') return undefined;
  }
  if (deny !== '' && (await listed(deny, { ...looking, denies: true })) !== undefined) return undefined;
  return asking.host;
}

/** Whether a proxy may say who its clients are. */
export async function isTrustedProxy(
  list: ByteString,
  asking: Asking,
  complain: (line: ByteString) => void,
): Promise<boolean> {
  return (await listed(list, { ...asking, forwardLookup: false, denies: false, complain })) !== undefined;
}

/** The name by which somebody is on a list; undefined where he is not. */
async function listed(list: ByteString, looking: Looking): Promise<ByteString | undefined> {
  for (const word of list.toLowerCase().split(/[ ,\t]+/)) {
    if (word === '') continue;
    const name = await matchesName(word, looking);
    if (name !== undefined) return name;
    if (matchesAddress(word, looking)) return looking.host;
  }
  return undefined;
}

async function matchesName(word: ByteString, looking: Looking): Promise<ByteString | undefined> {
  const { host, address, forwardLookup, denies } = looking;
  if (host === '') return undefined;
  // Net groups are nowhere asked for: who is meant by one cannot be told, and he is not let in by it.
  if (/^@./.test(word)) return denies ? host : undefined;
  if (iwildmatch(word, host)) return host;
  if (!forwardLookup || /^[.\d]*$/.test(word) || /[:/*?[]/.test(word)) return undefined;
  try {
    const found = await lookup(word, { all: true, family: 4 });
    if (!found.some((one) => one.address === address)) return undefined;
    return host === undetermined ? word : host;
  } catch {
    return denies ? host : undefined;
  }
}

/** An address, or a range of them: `10.0.0.0/8`, `10.0.0.0/255.0.0.0`, `fe80::/10`. */
function matchesAddress(word: ByteString, { address, denies, complain }: Looking): boolean {
  const slash = word.indexOf('/');
  const base = slash < 0 ? word : word.slice(0, slash);
  const mask = slash < 0 ? undefined : word.slice(slash + 1);
  if (!/^[.\d]*$/.test(base) && !base.includes(':')) return false;
  const [baseBare, baseScope] = base.split('%');
  const [bare, scope] = address.split('%');
  if (isIP(bare) === 0) return false;
  if (isIP(baseBare) === 0) {
    complain(`error matching address ${word}`);
    return denies;
  }
  if (isIPv4(baseBare) !== isIPv4(bare)) return false;
  if (baseScope !== undefined && baseScope !== scope) return false;
  const [ours, theirs] = [bytesOf(baseBare), bytesOf(bare)];
  const bits = mask === undefined ? undefined : maskOf(mask, ours.length);
  if (mask !== undefined && bits === undefined) {
    complain(`malformed mask in ${word}`);
    // What was meant cannot be told: nobody gets in by it, and who might be kept out is.
    return denies;
  }
  return ours.every((byte, k) => ((byte ^ theirs[k]) & (bits?.[k] ?? 0xff)) === 0);
}

function maskOf(mask: ByteString, length: number): number[] | undefined {
  const family = length === 4 ? 4 : 6;
  if (isIP(mask) === family) return bytesOf(mask);
  if (!/^\d+$/.test(mask)) return undefined;
  const bits = Number(mask);
  if (bits > length * 8) return undefined;
  return Array.from({ length }, (_, k) => (0xff00 >> Math.min(Math.max(bits - k * 8, 0), 8)) & 0xff);
}

/** The bytes of an address that is one. */
function bytesOf(address: string): number[] {
  if (isIPv4(address)) return address.split('.').map(Number);
  // What an IPv6 address ends in may be written as IPv4.
  const whole = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) => {
    const word = (high: string, low: string) => (Number(high) * 256 + Number(low)).toString(16);
    return `${word(a, b)}:${word(c, d)}`;
  });
  const [head, tail] = whole.split('::').map((part) => (part === '' ? [] : part.split(':')));
  const words =
    tail === undefined ? head : [...head, ...Array(8 - head.length - tail.length).fill('0'), ...tail];
  return words.flatMap((word) => [Number.parseInt(word, 16) >> 8, Number.parseInt(word, 16) & 0xff]);
}
