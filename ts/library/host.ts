/** The process as a run of the library sees it: of what is the process's alone it changes nothing. */
import { processHost } from '../cli/host.ts';
import { type Environment, type Host, variablesOf } from '../host.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { untilAborted } from '../session/until-aborted.ts';

/** What a run is given of its own. */
export interface RunPlace {
  /** undefined: the process's. */
  readonly env: Environment | undefined;
  /** Absolute; undefined: where the process is when the run begins. */
  readonly cwd: ByteString | undefined;
  readonly words: readonly ByteString[];
  /** Asks for a secret; undefined: there is nobody to ask. */
  readonly ask: ((question: string) => Promise<ByteString | undefined>) | undefined;
  stdout(text: ByteString): void;
  stderr(bytes: Uint8Array): void;
}

/** No run of the library hears signals, ends the process, becomes another user, or asks on the terminal. */
export function libraryHost({ env, cwd, words, ask, stdout, stderr }: RunPlace): Host {
  const host = processHost({ stdout, stderr, endBy() {}, flagsBy() {} });
  const deaf = () => () => {};
  return {
    ...host,
    env: env ?? host.env,
    variables: env === undefined ? host.variables : () => variablesOf(env),
    workingDirectory: cwd === undefined ? host.workingDirectory : () => cwd,
    // Node takes text alone: a name that is none is no place to start in.
    childDirectory: cwd === undefined ? undefined : Buffer.from(cwd, 'latin1').toString('utf8'),
    commandLine: ['rsync', ...words],
    become: () => 'the user of a process that others share stays as it is',
    // Names are escaped by who shows them; only what could end a line is.
    charset: 'bytes',
    askPassword: async (question, signal) => ask && untilAborted(ask(question), signal),
    onProgressWanted: deaf,
    onChildEnd: deaf,
    inForeground: () => false,
  };
}
