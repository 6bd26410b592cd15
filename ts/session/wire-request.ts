/** What whoever makes the wire of a run is told of its other end. */
import type { ByteString } from '../kernel/kernel.ts';
import type { RemoteHost } from '../options/endpoints.ts';
import type { Options } from '../options/options.ts';
import { daemonPort } from '../transport/tcp.ts';
import type { Endpoints } from './endpoints.ts';
import { serverWords, splitShellCommand } from './remote-shell.ts';

/** What is to be at the other end. */
export type WireRequest =
  | {
      readonly kind: 'shell';
      readonly host: ByteString;
      readonly user: ByteString | undefined;
      /** The program and its arguments, where no shell reads them. */
      readonly command: readonly ByteString[];
      /** The same for a shell. */
      readonly commandLine: ByteString;
    }
  | { readonly kind: 'daemon'; readonly host: ByteString; readonly port: number };

/** Gives a Node `Duplex`, or what is none. */
export type MakeWire = (request: WireRequest) => Promise<unknown>;

/** What to ask for, and what --secluded-args keeps for the wire. */
export function wireRequest(
  given: Options,
  ends: Endpoints,
): { readonly request: WireRequest; readonly secluded: readonly ByteString[] | undefined } {
  const { kind, host, user, port } = ends.remote as RemoteHost;
  if (kind !== 'shell')
    return { request: { kind: 'daemon', host, port: port || daemonPort }, secluded: undefined };
  // Neither the other side's standard error nor its exit value is heard: what it fails with has to come by the wire.
  const options = { ...given, msgs2stderr: given.msgs2stderr ?? false };
  const { words, secluded } = serverWords(options, ends);
  // What --old-args leaves to a shell is one word where there is none.
  const plain = serverWords({ ...options, oldArgs: 2 }, ends).words;
  const command = [...splitShellCommand(options.rsyncPath), ...plain];
  const quoted = options.oldArgs > 0 ? words : words.map(forAnyShell);
  const commandLine = [options.rsyncPath, ...quoted].join(' ');
  return { request: { kind, host, user, command, commandLine }, secluded };
}

/** A word with rsync's backslashes: before the end of a line one would take it away, and of nothing there is no word. */
function forAnyShell(word: ByteString): ByteString {
  if (word === '') return "''";
  return word.replaceAll(/\\([\s\S])/g, (pair, char: string) => (char === '\n' ? "'\n'" : pair));
}
