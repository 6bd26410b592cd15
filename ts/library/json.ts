/** `--json`, which rsync has not: what happens in a run of the command, as JSON lines in place of its text. */
import type { ByteString } from '../kernel/kernel.ts';
import type { Alias } from '../options/aliases.ts';
import type { OptionEnv } from '../options/env.ts';
import type { Options } from '../options/options.ts';
import { parseClientArgs } from '../options/parse.ts';
import { longSwitch, shortSwitch } from '../options/switches.ts';
import type { SessionIo } from '../session/index.ts';
import { wrong } from './arguments.ts';
import { RsyncError } from './error.ts';
import type { SyncEvent } from './events.ts';
import { doRun } from './run.ts';

/** A command that may be one with --json. */
export interface JsonInput {
  readonly argv: readonly ByteString[];
  readonly env: OptionEnv;
  readonly aliases?: readonly Alias[];
  readonly io: SessionIo;
  /** Called before a run, with what it was asked for. */
  readonly started: (options: Options) => void;
}

const word = '--json';

/**
 * Runs a command that has `--json` among its options, and answers its exit value. What has it not, or is no run of a
 * client, is left to be run: its words without the option.
 */
export async function runJson(input: JsonInput): Promise<number | readonly ByteString[]> {
  const { argv, env, aliases, io, started } = input;
  const rest = withoutJson(argv);
  if (rest.length === argv.length || !isRun(rest, input)) return rest;
  const { host, signal } = io;
  const emit = (event: SyncEvent): void => host.stdout(jsonLine(event));
  try {
    const { exitCode } = await doRun({
      signal,
      emit,
      prepare({ stdout, stderr }) {
        const command = parseClientArgs(rest, { env, now: host.now, aliases });
        if (command.kind !== 'run') throw wrong('there is nothing to run');
        const { options, args } = command;
        if (args.length === 0) throw wrong('there are no sources');
        started(options);
        return { options, args, host: { ...host, stdout, stderr, charset: 'bytes' } };
      },
    });
    return exitCode;
  } catch (error) {
    if (error instanceof RsyncError) return error.exitCode;
    throw error;
  }
}

/** An event as a line of its own; bytes are base64, chars above ASCII UTF-8. */
export function jsonLine(event: SyncEvent): ByteString {
  const text = JSON.stringify(event, (_, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value,
  );
  return `${Buffer.from(text, 'utf8').toString('latin1')}\n`;
}

/** The words without the option, which may stand for something else where it is another one's argument. */
function withoutJson(argv: readonly ByteString[]): ByteString[] {
  const end = argv.indexOf('--');
  const options = end < 0 ? argv : argv.slice(0, end);
  const isOption = (one: ByteString, i: number) => one === word && !takesNext(options[i - 1] ?? '');
  const rest = options.filter((one, i) => !isOption(one, i));
  return [...rest, ...argv.slice(options.length)];
}

/** The next word is this one's argument. */
function takesNext(option: ByteString): boolean {
  if (!option.startsWith('-') || option.includes('=')) return false;
  const found = option.startsWith('--') ? longSwitch(option.slice(2)) : shortSwitch(option.at(-1) ?? '');
  return found !== undefined && found.how.arg !== 'none';
}

/** Help, versions, servers and daemons say what they always say; what is wrong is told as a run's failure. */
function isRun(argv: readonly ByteString[], { env, aliases, io }: JsonInput): boolean {
  try {
    const command = parseClientArgs(argv, { env, now: io.host.now, aliases });
    return command.kind === 'run' && !command.options.server;
  } catch {
    return true;
  }
}
