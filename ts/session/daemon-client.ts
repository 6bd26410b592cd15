import { ExitCode, RsyncError } from '../errors.ts';
import type { ByteString, Kernel } from '../kernel/kernel.ts';
import type { Options } from '../options/options.ts';
import { sendingDaemonArgs } from '../report/messages.ts';
import type { Reader } from '../wire/reader.ts';
import type { Writer } from '../wire/writer.ts';
import { answerChallenge, type PasswordSource } from './daemon-auth.ts';
import { earlyInput } from './early-input.ts';
import type { Wire } from './handshake.ts';
import { availableAuthDigests } from './negotiate.ts';

export interface DaemonRequest extends PasswordSource {
  /** Module name as the user gave it; '' asks for the list of modules. */
  readonly module: ByteString;
  readonly options: Options;
  readonly kernel: Pick<Kernel, 'digests' | 'digest'>;
  /**
   * Arguments of the server, from the first option to the last path (`daemonPaths`). Asked for after the
   * greeting, because they depend on the protocol.
   */
  serverArgs(protocol: number): readonly ByteString[];
  /** --secluded-args: the whole list that follows the first one (`sendProtectedArgs`). */
  readonly protectedArgs?: ((protocol: number) => readonly ByteString[]) | undefined;
  /** A line of the message of the day or of the list of modules; not called with --no-motd. */
  onLine(line: ByteString): void;
}

/** `listed`: the daemon has said all it had to say and the run is over with exit 0. */
export type DaemonOutcome =
  | { readonly kind: 'ready'; readonly protocol: number; readonly remoteProtocol: number }
  | { readonly kind: 'listed' };

/** Longest line of the dialogue. */
const maxLine = 4096 + 1024;

/**
 * The client's half of the daemon dialogue, over TCP or over a remote shell that runs
 * `rsync --server --daemon .`: greeting, module, authentication, arguments. Afterwards comes
 * `handshake` with the protocols given back.
 *
 * Throws exit 5 where the daemon refuses or does not speak as one, 4 where no digest for the password
 * is common, 1 where the password file cannot be used.
 */
export async function daemonExchange(wire: Wire, request: DaemonRequest): Promise<DaemonOutcome> {
  const { writer } = wire;
  if (request.module.startsWith('/'))
    throw refused('ERROR: The remote path must start with a module name not a /');
  const greeting = await greet(wire, request);
  const { protocol } = greeting;
  const early = earlyInput(request);
  if (early.length > 0) {
    writer.string(`#early_input=${early.length}\n`);
    writer.bytes(early);
  }
  const args = request.serverArgs(protocol);
  if (request.options.debug.cmd > 0) request.onLine(sendingDaemonArgs(args));
  writer.string(`${request.module}\n`);
  writer.flush();
  if (!(await talk(wire, request, greeting))) return { kind: 'listed' };
  sendArgs(writer, args, protocol);
  const protectedArgs = request.protectedArgs?.(protocol);
  if (protectedArgs) sendProtectedArgs(writer, protectedArgs);
  await writer.drain();
  return { kind: 'ready', protocol, remoteProtocol: greeting.remoteProtocol };
}

interface Greeting {
  readonly protocol: number;
  readonly remoteProtocol: number;
  /** The daemon's digests; undefined where it is too old to name any. */
  readonly digests: string | undefined;
}

/** `@RSYNCD: 32.0 sha512 sha256 sha1 md5 md4`, each way. */
async function greet({ reader, writer }: Wire, request: DaemonRequest): Promise<Greeting> {
  const ours = request.options.protocol;
  writer.string(`@RSYNCD: ${ours}.0 ${availableAuthDigests(request.kernel).join(' ')}\n`);
  writer.flush();
  const line = await readLine(reader);
  if (line === undefined) throw refused('rsync: did not see server greeting');
  const match = /^@RSYNCD:\s*([+-]?\d+)(?:\.([+-]?\d+))?/.exec(line);
  if (!match) throw refused(`rsync: server sent "${line}" rather than greeting`);
  const remoteProtocol = Number(match[1]);
  if (match[2] === undefined && remoteProtocol >= 30)
    throw refused(`rsync: the server omitted the subprotocol value: ${line}`);
  const space = line.indexOf(' ', 9);
  const digests = space < 0 ? undefined : line.slice(space + 1);
  if (digests === undefined && remoteProtocol > 31)
    throw refused(`rsync: the server omitted the digest name list: ${line}`);
  // A pre-release version is only spoken by two equal builds, and ours is none.
  const preRelease = Number(match[2] ?? 0) !== 0 && remoteProtocol <= ours;
  const protocol = Math.min(ours, remoteProtocol) - (preRelease ? 1 : 0);
  return { protocol, remoteProtocol, digests };
}

/** Lines until the daemon lets us in (true) or has listed its modules (false). */
async function talk({ reader, writer }: Wire, request: DaemonRequest, greeting: Greeting): Promise<boolean> {
  for (;;) {
    const line = await readLine(reader);
    if (line === undefined) throw refused("rsync: didn't get server startup line");
    if (line === '@RSYNCD: OK') return true;
    if (line === '@RSYNCD: EXIT') return false;
    if (line.startsWith('@RSYNCD: AUTHREQD ')) {
      const challenge = line.slice(18);
      writer.string(`${await answerChallenge(challenge, greeting, request)}\n`);
      writer.flush();
    } else if (line.startsWith('@ERROR')) throw refused(line);
    else if (request.options.motd) request.onLine(line);
  }
}

/** One line without its end; undefined when the stream ends first, or carries a NUL. */
async function readLine(reader: Reader): Promise<ByteString | undefined> {
  let line = '';
  while (line.length < maxLine) {
    if (!(await reader.waitForInput())) return undefined;
    const byte = await reader.record(() => reader.byte());
    if (byte === 0) return undefined;
    if (byte === 0x0a) return line;
    if (byte !== 0x0d) line += String.fromCharCode(byte);
  }
  return undefined;
}

/** Each argument with its terminator, then an empty one: NULs from protocol 30 on, else newlines. */
function sendArgs(writer: Writer, args: readonly ByteString[], protocol: number): void {
  const end = protocol >= 30 ? '\0' : '\n';
  for (const arg of args) writer.string(arg + end);
  writer.string(end);
}

/**
 * --secluded-args: `rsync`, then every argument that the remote shell must not see, each with a NUL, an
 * empty one as `.`; then a NUL alone. Also the first thing a client says over a remote shell.
 */
export function sendProtectedArgs(writer: Writer, args: readonly ByteString[]): void {
  writer.string('rsync\0');
  for (const arg of args) writer.string(`${arg === '' ? '.' : arg}\0`);
  writer.byte(0);
}

/**
 * Path arguments (module first) for a daemon. The bare module gets a slash. Unless --old-args is given a
 * path is kept from being read as an option (`./` in front) and from being split where it holds a space
 * and the module's name (the space goes into brackets, which the daemon's globbing takes off again).
 */
export function daemonPaths(
  paths: readonly ByteString[],
  module: ByteString,
  oldArgs: boolean,
): ByteString[] {
  const split = ` ${module}/`;
  return paths.map((path) => {
    if (path === module) return `${module}/`;
    const safe = path.startsWith('-') ? `./${path}` : path;
    return oldArgs ? safe : safe.replaceAll(split, `[ ]${module}/`);
  });
}

function refused(message: string): RsyncError {
  return new RsyncError(ExitCode.StartClient, message);
}
