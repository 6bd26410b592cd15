/** auth users: who has to say a password, and what he may do then. */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { closeSync, fstatSync } from 'node:fs';
import { SysError } from '../errors.ts';
import { wildmatch } from '../filter/index.ts';
import { readSome } from '../filter/read-rule-file.ts';
import type { IdNames } from '../flist/id-names.ts';
import { type Host, linkOwner, pathAt } from '../host.ts';
import type { ByteString, Kernel } from '../kernel/kernel.ts';
import { openTrusted } from '../kernel/trusted-path.ts';
import { type AuthPeer, authDigest, authHash, authRank } from '../session/daemon-auth.ts';
import { type Dialogue, readLine } from './dialogue.ts';
import { wordsOf } from './words.ts';

/** What of a module decides who gets in. */
export interface AuthSettings {
  readonly users: ByteString;
  readonly secrets: ByteString;
  readonly strictModes: boolean;
  /** The weakest digest that is good enough; '' takes any. */
  readonly digest: ByteString;
}

/** Somebody who got in. */
export interface Admitted {
  /** '' where nobody has to say who he is. */
  readonly user: ByteString;
  /** His rule says what he may do, whatever the module does. */
  readonly access: 'ro' | 'rw' | undefined;
}

export interface AuthSetup {
  readonly talk: Dialogue;
  readonly peer: AuthPeer;
  readonly kernel: Pick<Kernel, 'digests' | 'digest'>;
  readonly host: Host;
  readonly names: IdNames;
  complain(line: ByteString): void;
}

const longestAnswer = 4096 + 1024;
/** Bytes of a secrets file that are looked at. */
const mostSecrets = 4 * 1024 * 1024;
const othersMay = 0o006;

/**
 * Asks for a password where the module wants one. Answers who came in, or why nobody did. Throws exit 4 where there is no
 * digest that both sides have.
 */
export async function authenticate(settings: AuthSettings, setup: AuthSetup): Promise<Admitted | string> {
  if (settings.users === '') return { user: '', access: undefined };
  const { talk, kernel, peer } = setup;
  const digest = authDigest(peer, kernel, true);
  const weak = tooWeak(settings.digest, digest.replace('-old', ''));
  if (weak !== undefined) return weak;
  const challenge = newChallenge(kernel, digest);
  await talk.say(`@RSYNCD: AUTHREQD ${challenge}\n`);
  const answer = await readLine(talk, longestAnswer);
  const space = answer?.indexOf(' ') ?? -1;
  if (answer === undefined || space < 0) return 'invalid challenge response';
  const user = answer.slice(0, space);
  const proves = (secret: ByteString): boolean =>
    isSame(authHash(kernel, digest, secret, challenge), answer.slice(space + 1));
  const rule = ruleFor(settings.users, user, setup.names);
  if (rule === undefined) return `for ${user}: no matching rule`;
  if (rule.access === 'deny') return `for ${user}: denied by rule`;
  const wrong = checkSecret(settings, { user, group: rule.group, proves }, setup);
  return wrong === undefined ? { user, access: rule.access } : `for ${user}: ${wrong}`;
}

function tooWeak(floor: ByteString, digest: string): string | undefined {
  if (floor === '') return undefined;
  const least = authRank(floor);
  if (least < 0) return `the configured 'auth digest = ${floor}' is not a supported digest on this build`;
  const got = authRank(digest);
  if (got >= 0 && got <= least) return undefined;
  return `negotiated auth digest ${digest} is weaker than the required 'auth digest = ${floor}'`;
}

/** As long as the digest, so that no client stumbles over it, and nobody can guess it. */
function newChallenge(kernel: Pick<Kernel, 'digest'>, digest: ReturnType<typeof authDigest>): string {
  return authHash(kernel, digest, randomBytes(32).toString('latin1'), '');
}

function isSame(ours: string, theirs: string): boolean {
  const [a, b] = [Buffer.from(ours, 'latin1'), Buffer.from(theirs, 'latin1')];
  return a.length === b.length && timingSafeEqual(a, b);
}

interface AuthRule {
  readonly access: 'ro' | 'rw' | 'deny' | undefined;
  /** The group by which he matched. */
  readonly group: ByteString | undefined;
}

/** The first rule that a user matches: `NAME`, `@GROUP`, with `:ro`, `:rw` or `:deny` behind it. */
export function ruleFor(users: ByteString, user: ByteString, names: IdNames): AuthRule | undefined {
  let groups: readonly ByteString[] | undefined;
  for (const word of wordsOf(users)) {
    const colon = word.indexOf(':');
    const pattern = colon < 0 ? word : word.slice(0, colon);
    const access = colon < 0 ? undefined : accessOf(word.slice(colon + 1).toLowerCase());
    if (!pattern.startsWith('@')) {
      if (wildmatch(pattern, user)) return { access, group: undefined };
      continue;
    }
    groups ??= names.groupsOf(user);
    const group = groups.find((one) => wildmatch(pattern.slice(1), one));
    if (group !== undefined) return { access, group };
  }
  return undefined;
}

function accessOf(option: string): AuthRule['access'] {
  if (option.startsWith('ro')) return 'ro';
  if (option.startsWith('rw')) return 'rw';
  return option.startsWith('d') ? 'deny' : undefined;
}

interface Claim {
  readonly user: ByteString;
  readonly group: ByteString | undefined;
  proves(secret: ByteString): boolean;
}

/** What is wrong with what somebody claims; nothing where a line of his, or of his group, proves it. */
function checkSecret(
  { secrets, strictModes }: AuthSettings,
  { user, group, proves }: Claim,
  setup: AuthSetup,
): string | undefined {
  const text = readSecrets(secrets, strictModes, setup);
  if (typeof text !== 'string') return text.problem;
  if (user.startsWith('#')) return 'invalid username';
  // Each is looked for until it was found once.
  const wanted = new Set([user, ...(group === undefined ? [] : [`@${group}`])]);
  let problem = 'secret not found';
  for (const line of text.split(/[\r\n]+/)) {
    const name = [...wanted].find(
      (one) => line.startsWith(`${one}:`) && line.startsWith('@') === (one !== user),
    );
    if (name === undefined) continue;
    if (proves(line.slice(name.length + 1))) return undefined;
    problem = 'password mismatch';
    wanted.delete(name);
  }
  return problem;
}

/** The secrets, where nobody else can read them. What is checked is what was opened. */
function readSecrets(
  file: ByteString,
  strictModes: boolean,
  { host, complain }: AuthSetup,
): ByteString | { readonly problem: string } {
  if (file === '') return { problem: 'no secrets file' };
  let fd: number;
  try {
    fd = openTrusted(pathAt({ cwd: host.workingDirectory() }, file), linkOwner(host, false));
  } catch (error) {
    if (error instanceof SysError) return { problem: 'no secrets file' };
    throw error;
  }
  try {
    const stat = fstatSync(fd);
    const loose = !strictModes
      ? undefined
      : (stat.mode & othersMay) !== 0
        ? 'secrets file must not be other-accessible (see strict modes option)'
        : host.user.uid === 0 && stat.uid !== 0
          ? 'secrets file must be owned by root when running as root (see strict modes)'
          : undefined;
    if (loose !== undefined) {
      complain(loose);
      return { problem: 'ignoring secrets file' };
    }
    const buffer = Buffer.alloc(Math.min(Math.max(stat.size, 1), mostSecrets));
    let length = 0;
    for (let n = readSome(fd, buffer); n > 0; n = readSome(fd, buffer.subarray(length))) length += n;
    return buffer.toString('latin1', 0, length);
  } finally {
    closeSync(fd);
  }
}
