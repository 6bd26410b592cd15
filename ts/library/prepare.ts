/** From what a caller of the library asks for to a run. */
import type { Environment, Host } from '../host.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { parseClientArgs } from '../options/parse.ts';
import type { SessionIo } from '../session/index.ts';
import { wrong } from './arguments.ts';
import { type Chooser, choiceOf } from './choose.ts';
import { libraryHost, type RunPlace } from './host.ts';
import type { Words } from './messages.ts';
import type { Prepared } from './run.ts';

/** What a caller asks for. */
export interface Asked {
  /** Options as on a command line. */
  readonly words: readonly ByteString[];
  readonly sources: readonly ByteString[];
  /** undefined: the sources are listed. */
  readonly destination: ByteString | undefined;
  readonly env: Environment | undefined;
  readonly cwd: ByteString | undefined;
  readonly makeWire: SessionIo['makeWire'];
  readonly ask: RunPlace['ask'];
  readonly chooser: Chooser | undefined;
}

/** Throws rsync's exit 1 for what is no run of a client. */
export function prepare(
  { words, sources, destination, env, cwd, makeWire, ask, chooser }: Asked,
  { stdout, stderr }: Words,
): Prepared {
  const given = destination === undefined ? sources : [...sources, destination];
  const argv = [...words, '--', ...given];
  const host = libraryHost({ env, cwd, words: argv, ask, stdout, stderr });
  const command = parseClientArgs(argv, { env: optionVariables(host), now: host.now });
  if (command.kind !== 'run') throw wrong('help, version and daemons are for the command line');
  const { options, args } = command;
  if (options.server) throw wrong('a server is for the command line');
  if (options.copyAs !== '') throw wrong('--copy-as would change the user of the whole process');
  if (makeWire !== undefined && options.rsh !== undefined)
    throw wrong('connect is in place of a remote shell: it and rsh do not go together');
  if (args.length !== given.length) throw wrong('args holds options alone');
  if (args.length === 0) throw wrong('there are no sources');
  return { options, args, host, makeWire, choice: chooser && choiceOf(chooser, options, args) };
}

/** Options go by variables as bytes. */
function optionVariables(host: Host): Record<string, ByteString | undefined> {
  const names = Object.keys(host.env).filter((name) => name.startsWith('RSYNC_') || name.startsWith('POSIX'));
  const variable = host.variables();
  return Object.fromEntries(names.map((name) => [name, variable(name)]));
}
