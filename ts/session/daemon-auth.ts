import { closeSync, fstatSync, type Stats } from 'node:fs';
import { ExitCode, RsyncError } from '../errors.ts';
import { readSome } from '../filter/read-rule-file.ts';
import { type Host, linkOwner, pathAt, type Site, type User } from '../host.ts';
import type { ByteString, DigestName, Kernel } from '../kernel/kernel.ts';
import { openTrusted } from '../kernel/trusted-path.ts';
import type { Options } from '../options/options.ts';
import { errnoText } from '../transport/io-error.ts';
import { authDigests, availableAuthDigests, choose, failedToNegotiate } from './negotiate.ts';
import { refusal } from './refusal.ts';

/** Who the user is and where a password may come from. */
export interface PasswordSource {
  /** From `user@host`; undefined takes USER, LOGNAME, nobody. */
  readonly user: ByteString | undefined;
  readonly host: Pick<Host, 'variables' | 'user'>;
  readonly site: Site;
  /** First line of standard input, for `--password-file=-`. */
  readInputLine(): ByteString | undefined;
  /** Asks the user without echo; undefined when there is nobody to ask. */
  askPassword(prompt: string): Promise<ByteString | undefined>;
}

interface AuthRequest extends PasswordSource {
  readonly options: Pick<Options, 'passwordFile' | 'insecureLinks'>;
  readonly kernel: Pick<Kernel, 'digests' | 'digest'>;
}

/** Longest password file that is looked at. */
const maxPasswordFile = 511;

/** `USER DIGEST`: the answer to `@RSYNCD: AUTHREQD CHALLENGE`. */
export async function answerChallenge(
  challenge: ByteString,
  daemon: AuthPeer,
  request: AuthRequest,
): Promise<ByteString> {
  const name = authDigest(daemon, request.kernel);
  const password = (await findPassword(request)) ?? '';
  const variable = request.host.variables();
  const user = request.user ?? variable('USER') ?? variable('LOGNAME');
  return `${user || 'nobody'} ${authHash(request.kernel, name, password, challenge)}`;
}

/** What the other side's greeting says of authentication. */
export interface AuthPeer {
  readonly protocol: number;
  /** Its digests; undefined where it is too old to name any. */
  readonly digests: string | undefined;
}

/** The first of the client's digests that the daemon knows; md5 or md4 where the peer names none. Exit 4. */
export function authDigest(peer: AuthPeer, kernel: Pick<Kernel, 'digests'>, amServer = false): DigestName {
  const names = availableAuthDigests(kernel);
  const theirs = peer.digests ?? (peer.protocol >= 30 ? 'md5' : 'md4');
  const ours = { names, text: names.join(' ') };
  const name = choose(ours, theirs, amServer, names);
  if (name === undefined) throw failedToNegotiate('daemon auth checksum', ours, theirs, amServer);
  return name === 'md4' && peer.digests === undefined ? 'md4-old' : (name as DigestName);
}

/** How strong a digest is, the strongest being 0; -1 for one that there is not. */
export function authRank(name: string): number {
  return (authDigests as readonly string[]).indexOf(name.toLowerCase());
}

/**
 * Digest of password and challenge in base64 without padding. The old MD4 of a daemon that names no
 * digests starts with a seed of zero, four bytes.
 */
export function authHash(
  kernel: Pick<Kernel, 'digest'>,
  name: DigestName,
  password: ByteString,
  challenge: ByteString,
): string {
  const seed = name === 'md4-old' ? '\0\0\0\0' : '';
  const data = Buffer.from(seed + password + challenge, 'latin1');
  const sum = kernel.digest(name === 'md4-old' ? 'md4' : name, data);
  return Buffer.from(sum).toString('base64').replace(/=+$/, '');
}

async function findPassword(request: AuthRequest): Promise<ByteString | undefined> {
  const file = request.options.passwordFile;
  if (file !== '') return passwordOf(file, request);
  return request.host.variables()('RSYNC_PASSWORD') ?? request.askPassword('Password: ');
}

async function passwordOf(file: ByteString, request: AuthRequest): Promise<ByteString> {
  const text = file === '-' ? request.readInputLine() : readPasswordFile(file, request);
  const line = text?.split(/[\r\n]+/).find((part) => part !== '');
  if (line === undefined) throw unusable(`ERROR: failed to read a password from ${file}`);
  return line;
}

/** The first bytes of the file, unless others may read it. What is checked is what was opened. */
function readPasswordFile(file: ByteString, { host, site, options }: AuthRequest): ByteString {
  const path = pathAt(site, file);
  const owner = linkOwner(host, options.insecureLinks);
  try {
    const fd = openTrusted(path, owner);
    try {
      checkPasswordFile(fstatSync(fd), host.user);
      const buffer = Buffer.alloc(maxPasswordFile);
      return buffer.toString('latin1', 0, readSome(fd, buffer));
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (error instanceof RsyncError) throw error;
    const text = errnoText(error as NodeJS.ErrnoException);
    throw unusable([...refusal(path, owner), `could not open password file ${file}: ${text}`], error);
  }
}

function checkPasswordFile(stat: Stats, { uid }: User): void {
  if ((stat.mode & 0o006) !== 0) throw unusable('ERROR: password file must not be other-accessible');
  if (uid === 0 && stat.uid !== 0)
    throw unusable('ERROR: password file must be owned by root when running as root');
}

function unusable(message: string | readonly string[], cause?: unknown): RsyncError {
  return new RsyncError(ExitCode.Syntax, message, cause === undefined ? undefined : { cause });
}
