import { ExitCode, RsyncError } from '../errors.ts';
import { type ChildVariables, type Host, lostVariables } from '../host.ts';
import type { ByteString, Kernel } from '../kernel/kernel.ts';
import type { RemoteHost } from '../options/endpoints.ts';
import type { Options } from '../options/options.ts';
import { splitServerArgs } from '../options/server-args.ts';
import { quotePath } from '../options/shell-quote.ts';
import { spawnRemoteShell } from '../transport/child.ts';
import type { ChildDuplex } from '../transport/duplex.ts';
import type { Endpoints } from './endpoints.ts';

/** The words of -e (or RSYNC_RSH, or ssh): split at spaces outside quotes; a doubled quote stands for itself. */
export function splitShellCommand(command: ByteString): ByteString[] {
  const words: ByteString[] = [];
  let word: ByteString | undefined;
  let quote = '';
  for (let k = 0; k < command.length; k++) {
    const c = command[k];
    if (quote === '' && c === ' ') {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (quote === '' && (c === "'" || c === '"')) {
      quote = c;
      word ??= '';
    } else if (c === quote) {
      if (command[k + 1] === quote) {
        word += c;
        k++;
      } else quote = '';
    } else word = (word ?? '') + c;
  }
  if (quote !== '')
    throw new RsyncError(ExitCode.Syntax, `Missing trailing-${quote} in remote-shell command.`);
  if (word !== undefined) words.push(word);
  return words;
}

/** How an rsync on the other host is reached. */
export interface RemoteCommand {
  readonly command: ByteString[];
  /** --secluded-args: what its server is told over the wire instead. */
  readonly secluded: ByteString[] | undefined;
}

/** The whole command that reaches an rsync on the other host (rsync's do_cmd). */
export function remoteCommand(options: Options, ends: Endpoints, host: Host): RemoteCommand {
  const { kind, user, host: name } = ends.remote as RemoteHost;
  const daemon = kind === 'daemon-over-shell';
  const command = shellWords(options, host);
  // Without a word of its own the command is what follows: the host's name is started then, as in rsync.
  const program = command.at(0)?.replace(/.*\//s, '');
  const namesUser = command.some(
    (word, k) => word === '-l' && k + 1 < command.length && !command[k + 1].startsWith('-'),
  );
  if (user !== undefined && !(daemon && namesUser)) command.push('-l', user);
  if (program === 'ssh' && options.addressFamily !== 'any')
    command.push(options.addressFamily === 'ipv4' ? '-4' : '-6');
  command.push(name, options.rsyncPath);
  if (daemon) return { command: [...command, '--server', '--daemon', '.'], secluded: undefined };
  const { words, secluded } = serverWords(options, ends);
  return { command: [...command, ...words], secluded };
}

/** What follows the remote program's name, as a remote shell may see it; and what --secluded-args keeps from it. */
export function serverWords(
  options: Options,
  ends: Endpoints,
): { readonly words: ByteString[]; readonly secluded: ByteString[] | undefined } {
  const side = { sender: !ends.sender, protocol: options.protocol, daemon: false };
  const { open, secluded } = splitServerArgs(options, side);
  secluded.push('.', ...ends.remotePaths.map((path) => quotePath(path, { options, amSender: ends.sender })));
  return options.secludedArgs
    ? { words: open, secluded }
    : { words: [...open, ...secluded], secluded: undefined };
}

function shellWords(options: Options, host: Host): ByteString[] {
  return splitShellCommand(options.rsh ?? host.variables()('RSYNC_RSH') ?? 'ssh');
}

/** What a program that leads to the peer is started with, and `more`: what is traced is this end. */
export function peersVariables(
  host: Pick<Host, 'env' | 'variables'>,
  more: Readonly<Record<string, string>> = {},
): ChildVariables {
  const env = { ...host.env, OC_RSYNC_TRACE: undefined, ...more };
  return { env, lost: lostVariables({ ...host, env }) };
}

export function startRemoteShell(
  kernel: Kernel,
  command: readonly ByteString[],
  options: Options,
  host: Host,
  more: Readonly<Record<string, string>> = {},
): ChildDuplex {
  return spawnRemoteShell(kernel, command, {
    onStderr: (chunk) => host.stderr(chunk),
    blockingIo: options.blockingIo,
    ...peersVariables(host, more),
    cwd: host.childDirectory,
  });
}
