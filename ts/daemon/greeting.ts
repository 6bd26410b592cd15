/** What is said before a client names its module: who both are, and what modules there are. */
import { closeSync } from 'node:fs';
import { readSome } from '../filter/read-rule-file.ts';
import { linkOwner, pathAt } from '../host.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { openTrusted, systemErrorOf } from '../kernel/trusted-path.ts';
import { newestProtocol } from '../options/program.ts';
import type { AuthPeer } from '../session/daemon-auth.ts';
import { availableAuthDigests } from '../session/negotiate.ts';
import { expand } from './config/expand.ts';
import type { Daemon } from './daemon.ts';
import { type Dialogue, readLine } from './dialogue.ts';
import { refuse } from './refusal.ts';

/** A line of the dialogue, as long as rsync takes it. */
const longestLine = 1023;
const mostEarlyInput = 4096 + 1024;
/** A client that spoke: what it is spoken with. */
export interface Greeted extends AuthPeer {
  /** As it claims. */
  readonly remoteProtocol: number;
}

/** Both say who they are, and the daemon what its owner wants to be said. */
export async function greet(talk: Dialogue, daemon: Daemon): Promise<Greeted | undefined> {
  const ours = daemon.options.protocol ?? newestProtocol;
  const digests = availableAuthDigests(daemon.kernel).join(' ');
  await talk.say(`@RSYNCD: ${ours}.0 ${digests}\n${motd(daemon)}`);
  const line = await readLine(talk, longestLine);
  if (line === undefined) {
    await talk.close();
    return undefined;
  }
  const match = /^@RSYNCD:\s*([+-]?\d+)(?:\.([+-]?\d+))?/.exec(line);
  if (match === null) throw refuse('protocol startup error', '');
  const remoteProtocol = Number(match[1]);
  if (match[2] === undefined && remoteProtocol >= 30)
    throw refuse(`your client omitted the subprotocol value: ${line}`, '');
  const space = line.indexOf(' ', 9);
  const theirs = space < 0 ? undefined : line.slice(space + 1);
  if (theirs === undefined && remoteProtocol > 31)
    throw refuse(`your client omitted the digest name list: ${line}`, '');
  const preRelease = Number(match[2] ?? 0) !== 0 && remoteProtocol <= ours;
  return {
    protocol: Math.min(ours, remoteProtocol) - (preRelease ? 1 : 0),
    remoteProtocol,
    digests: theirs,
  };
}

/** The message of the day, and an empty line. */
function motd({ io: { host }, config }: Daemon): ByteString {
  const file = expand(config.global['motd file'], host.variables());
  if (file === '') return '';
  let fd: number;
  try {
    fd = openTrusted(pathAt({ cwd: host.workingDirectory() }, file), linkOwner(host, false));
  } catch {
    return '\n';
  }
  try {
    const piece = Buffer.alloc(64 * 1024);
    let text = '';
    for (let n = readSome(fd, piece); n > 0; n = readSome(fd, piece)) text += piece.toString('latin1', 0, n);
    return `${text}\n`;
  } catch (error) {
    systemErrorOf(error);
    return '\n';
  } finally {
    closeSync(fd);
  }
}

/** What the client wants: a module, or a list of them; and what it gives along for the module's own command. */
export async function request(talk: Dialogue): Promise<{ line: ByteString; early: ByteString } | undefined> {
  let line = await readLine(talk, longestLine);
  let early = '';
  const announced = /^#early_input=(.*)$/s.exec(line ?? '');
  if (announced !== null) {
    const length = Number.parseInt(announced[1], 10);
    if (!(length > 0 && length <= mostEarlyInput)) throw refuse('invalid early_input length', '');
    const bytes = await talk.bytes(length);
    if (bytes === undefined) return undefined;
    early = bytes;
    line = await readLine(talk, longestLine);
  }
  if (line === undefined) {
    await talk.close();
    return undefined;
  }
  if (line.startsWith('#') && line !== '#list') throw refuse(`Unknown command '${line}'`, '');
  return { line, early };
}

/** The modules that everybody may know of, each with what its owner says of it. */
export function listing({ config, io }: Daemon): ByteString {
  const variables = io.host.variables();
  return config.modules
    .filter(({ list }) => list)
    .map(({ name, comment }) => `${expand(name, variables).padEnd(15)}\t${expand(comment, variables)}\n`)
    .join('');
}
