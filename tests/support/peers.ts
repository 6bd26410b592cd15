/**
 * The programs that the interop tests run: ours, and the real ones that it must agree with.
 *
 * `scripts/setup-peers.mjs` writes what it found and brought into `.test-peers/peers.json`; without that
 * file the `rsync` on PATH is all there is.
 */

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import zlib from 'node:zlib';
import type { ByteString } from './bytes.ts';

/** The repository's root folder. */
export const repositoryRoot = join(import.meta.dirname, '..', '..');

/** One way to start an rsync. */
export interface Peer {
  /** Shown in test names. */
  readonly name: string;
  /** What to execute, and the arguments that come before any of rsync's. */
  readonly command: readonly string[];
  /** Highest protocol it speaks. */
  readonly protocol: number;
  /** `rsync --version`'s number, `0.0.0` for ours. */
  readonly version: string;
}

/** What `setup-peers` found; a null says that the part is missing, and `skipped` why. */
export interface PeerFile {
  readonly rsync: string | null;
  readonly rsync327: string | null;
  readonly node24: string | null;
  readonly sshd: string | null;
  readonly ssh: string | null;
  readonly mkfsBtrfs: string | null;
  readonly mkfsXfs: string | null;
  readonly filefrag: string | null;
  /** Where ansible's collections and wrappers from npm are. */
  readonly ansible: string | null;
  readonly wrappers: string | null;
  readonly skipped: readonly { readonly what: string; readonly why: string }[];
}

/** Where a program of the system is; null where it is not. */
export function onPath(program: string): string | null {
  for (const folder of (process.env.PATH ?? '').split(':').concat('/usr/sbin', '/usr/local/sbin')) {
    const path = join(folder, program);
    if (folder !== '' && existsSync(path)) return path;
  }
  return null;
}

/** Reads `.test-peers/peers.json`, or looks on PATH where set-up has not run. */
export function readPeerFile(): PeerFile {
  const path = join(repositoryRoot, '.test-peers', 'peers.json');
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as PeerFile;
  return {
    rsync: onPath('rsync'),
    rsync327: null,
    node24: null,
    sshd: onPath('sshd'),
    ssh: onPath('ssh'),
    mkfsBtrfs: onPath('mkfs.btrfs'),
    mkfsXfs: onPath('mkfs.xfs'),
    filefrag: onPath('filefrag'),
    ansible: null,
    wrappers: null,
    skipped: [{ what: 'rsync 3.2.7', why: 'scripts/setup-peers.mjs has not run' }],
  };
}

function describe(name: string, path: string): Peer {
  const banner = execFileSync(path, ['--version'], { encoding: 'latin1' });
  const found = /version v?(\S+)\s+protocol version (\d+)/.exec(banner);
  return {
    name,
    command: [path],
    version: found?.[1] ?? 'unknown',
    protocol: Number(found?.[2] ?? 0),
  };
}

/** The real rsync whose results are the right ones; null where the machine has none. */
export function referencePeer(): Peer | null {
  const path = process.env.OC_RSYNC_REFERENCE ?? readPeerFile().rsync ?? process.env.OC_RSYNC_PEER;
  return path === undefined ? null : describe('rsync', path);
}

/**
 * The real programs that stand at the other end. `OC_RSYNC_PEER` (`npm test -- --peer PATH`) puts one
 * other binary in their place.
 */
export function realPeers(): readonly Peer[] {
  const override = process.env.OC_RSYNC_PEER;
  if (override !== undefined && override !== '') return [describe('peer', override)];
  const file = readPeerFile();
  const found: Peer[] = [];
  if (file.rsync !== null) found.push(withVersionName(describe('rsync', file.rsync)));
  if (file.rsync327 !== null) found.push(withVersionName(describe('rsync', file.rsync327)));
  return found;
}

/** Is it from before `version`? */
export function isOlder(peer: Peer, version: string): boolean {
  return peer.version.localeCompare(version, 'en', { numeric: true }) < 0;
}

function withVersionName(peer: Peer): Peer {
  return { ...peer, name: peer.version };
}

/**
 * The program under test: `dist/oc-rsync.mjs` under the Node that runs the tests, its kernel chosen by
 * `OC_RSYNC_KERNEL`. `OC_RSYNC_BIN` puts another program there; real rsync must pass every interop test.
 */
export function ours(): Peer {
  const override = process.env.OC_RSYNC_BIN;
  const command =
    override !== undefined && override !== ''
      ? override.split(' ')
      : [process.execPath, join(repositoryRoot, 'dist', 'oc-rsync.mjs')];
  return { name: 'ours', command, protocol: 32, version: '0.0.0' };
}

/** The peer as a `--rsync-path` value, quoted for the remote shell. */
export function remoteCommand(peer: Peer): ByteString {
  return peer.command
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(' ');
}

/** True when the tests run as root, so that owners and device nodes can be made. */
export const isRoot = process.getuid?.() === 0;

/** The user without rights that root becomes in some tests. */
export const plainId = 65_534;

/** The kernel that the run forces on the program under test, for test names. */
export const kernelName = process.env.OC_RSYNC_KERNEL ?? 'default kernel';

/** The portable kernel has zstd from Node 22.15 on. */
export const hasZstd = process.env.OC_RSYNC_KERNEL !== 'portable' || 'zstdCompressSync' in zlib;
