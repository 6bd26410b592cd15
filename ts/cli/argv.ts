/** The command line and the environment as bytes. */
import { readFileSync } from 'node:fs';
import { type Variables, variablesOf } from '../host.ts';
import type { ByteString } from '../kernel/kernel.ts';

/** What Node puts where it could not decode a byte. */
const undecodable = '\uFFFD';

function bytesOf(text: string): ByteString {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/**
 * The arguments behind the program's name, byte for byte. Node decodes them as UTF-8; where that lost
 * something, Linux still tells the bytes in /proc/self/cmdline.
 */
export function argumentBytes(argv: readonly string[] = process.argv.slice(2)): ByteString[] {
  if (argv.some(isLossy)) {
    const raw = wordsOf('cmdline').slice(-argv.length);
    const same = raw.length === argv.length && raw.every((arg, i) => decode(arg) === argv[i]);
    if (same) return raw;
  }
  return argv.map(bytesOf);
}

function decode(bytes: ByteString): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** What the process was started with, word by word; none where the system does not tell. */
function wordsOf(file: 'cmdline' | 'environ'): ByteString[] {
  try {
    return readFileSync(`/proc/self/${file}`, 'latin1').split('\0').slice(0, -1);
  } catch {
    return [];
  }
}

/** All variables, byte for byte, as far as the system tells where Node's decoding lost something. */
export function processVariables(): Variables {
  const decoded = variablesOf(process.env);
  if (!Object.entries(process.env).flat().some(isLossy)) return decoded;
  const raw = new Map(
    wordsOf('environ').map((word) => {
      const equals = word.indexOf('=');
      return [word.slice(0, equals), word.slice(equals + 1)];
    }),
  );
  return (name) => raw.get(name) ?? decoded(name);
}

function isLossy(text: string | undefined): boolean {
  return text?.includes(undecodable) === true;
}

const optionVariables = [
  'RSYNC_PARTIAL_DIR',
  'RSYNC_OLD_ARGS',
  'RSYNC_PROTECT_ARGS',
  'RSYNC_MAX_ALLOC',
  'RSYNC_ICONV',
  'POSIXLY_CORRECT',
  'POSIX_ME_HARDER',
];

/** The variables that options go by, as bytes. */
export function optionEnvironment(): Record<string, ByteString | undefined> {
  const env: Record<string, ByteString | undefined> = {};
  for (const name of optionVariables) {
    const value = process.env[name];
    if (value !== undefined) env[name] = isLossy(value) ? processVariables()(name) : bytesOf(value);
  }
  return env;
}
