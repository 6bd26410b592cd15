/** The command line of a client or of `rsync --server`, made into `Options`. */
import { ExitCode, RsyncError } from '../errors.ts';
import type { ByteString } from '../kernel/kernel.ts';
import type { Alias } from './aliases.ts';
import { Request, type Run, type Wish } from './definition.ts';
import { lastLog, stderrModes } from './defs/tell.ts';
import type { OptionEnv } from './env.ts';
import { usageText } from './help.ts';
import type { Draft, Options } from './options.ts';
import { type FoundOption, splitArguments } from './popt.ts';
import { emptyDraft, plainOptions, settle } from './settle.ts';
import { longSwitch, type OptionSwitch, shortSwitch } from './switches.ts';
import { syntax } from './wrong.ts';

/** A run, a daemon, whose command line has options of its own, or one of the requests that only print. */
export type ParsedCommand =
  | { readonly kind: 'run'; readonly options: Options; readonly args: readonly ByteString[] }
  | { readonly kind: 'daemon' }
  | (Printed & { readonly goes: PrintedTo });

type Printed =
  | { readonly kind: 'version'; readonly json: boolean }
  | Exclude<Wish, { kind: 'usage' } | { kind: 'daemon' }>;

/** Help is a message like others: --quiet and --stderr=all before it count. */
export type PrintedTo = 'stdout' | 'stderr' | 'nowhere';

export interface ParseContext {
  readonly env: OptionEnv;
  /** Milliseconds since 1970, of which some options are told a distance. */
  readonly now: () => number;
  /** Options that a user has put together of others; a server has none. */
  readonly aliases?: readonly Alias[];
  /** What a module's client may not ask for: throws where it does. It may not ask for another daemon either. */
  readonly refused?: OptionFilter | undefined;
  /** Hears what had been given where the reading ends before all is settled: with a mistake, or with what is no run. */
  readonly endsEarly?: (given: Options) => void;
}

/** Looks at the options of a client before they count. */
export interface OptionFilter {
  /** Each as it is found. */
  given(option: OptionSwitch): void;
  /** All of them together, before they are settled. */
  together(draft: Draft): void;
}

/**
 * What a client's command line (without the program's name) asks for: options, and the arguments that are
 * no options. `--server` anywhere in it makes it a server's. Throws RsyncError with rsync's text and exit code.
 */
export function parseClientArgs(argv: readonly ByteString[], context: ParseContext): ParsedCommand {
  return parse(argv, context, emptyDraft());
}

/**
 * The command line that a client starts its remote side with, after the program's name. `args` begins
 * with the `.` that separates options from paths where the client sent one.
 */
export function parseServerArgs(
  argv: readonly ByteString[],
  context: ParseContext,
): { readonly options: Options; readonly args: readonly ByteString[] } {
  const parsed = parse(argv, context, { ...emptyDraft(), server: true });
  if (parsed.kind !== 'run') throw wrongUse();
  return parsed;
}

function parse(argv: readonly ByteString[], context: ParseContext, draft: Draft): ParsedCommand {
  let command: ParsedCommand | undefined;
  const settled: Partial<Options> = {};
  try {
    command = answered(argv, context, draft, settled);
    return command;
  } catch (error) {
    if (error instanceof RsyncError) error.log ??= lastLog(draft.logFile);
    throw error;
  } finally {
    if (command?.kind !== 'run') context.endsEarly?.(givenIn(draft, settled));
  }
}

/** What decides how a mistake is told, and what of the rules is read before it. */
function givenIn(draft: Draft, settled: Partial<Options>): Options {
  const { filters, debugSteps, insecureLinks, eightBitOutput, server, dryRun, protocol } = draft;
  const told = {
    debug: settled.debug ?? draft.debug.level,
    quiet: draft.quiet > 0,
    logsNamed: draft.logFile,
  };
  const rules = { filters, debugSteps, insecureLinks };
  return { ...plainOptions(), ...rules, ...told, eightBitOutput, server, dryRun, protocol };
}

function answered(
  argv: readonly ByteString[],
  context: ParseContext,
  draft: Draft,
  settled: Partial<Options>,
): ParsedCommand {
  try {
    return readArguments(argv, context, draft, settled);
  } catch (error) {
    if (!(error instanceof Request)) throw error;
    const { wants } = error;
    if (wants.kind === 'usage') throw wrongUse();
    if (wants.kind === 'daemon') {
      if (context.refused !== undefined) throw syntax('Attempt to hack rsync thwarted!');
      return { kind: 'daemon' };
    }
    return { ...wants, goes: placeOf(draft) };
  }
}

function placeOf({ quiet, msgs2stderr }: Draft): PrintedTo {
  if (quiet > 0) return 'nowhere';
  return msgs2stderr === stderrModes.indexOf('all') ? 'stderr' : 'stdout';
}

function readArguments(
  argv: readonly ByteString[],
  context: ParseContext,
  draft: Draft,
  settled: Partial<Options>,
): ParsedCommand {
  const { env } = context;
  const { refused } = context;
  const each = (option: FoundOption<OptionSwitch>): void => {
    refused?.given(option.row);
    take(draft, option, context);
  };
  const args = splitArguments(argv, each, {
    long: longSwitch,
    short: shortSwitch,
    optionsFirst: env.POSIXLY_CORRECT !== undefined || env.POSIX_ME_HARDER !== undefined,
    aliases: argv.includes('--server') || draft.server ? [] : (context.aliases ?? []),
    prefix: () => onRemote(draft),
    suffix: '',
  });
  if (draft.version > 1 && !draft.server) return { kind: 'version', json: true, goes: 'stdout' };
  if (draft.version > 0) return { kind: 'version', json: false, goes: placeOf(draft) };
  if (argv.length === 1 && draft.humanReadable > 1 && !draft.server) return { kind: 'help', goes: 'stdout' };
  refused?.together(draft);
  const run: Run = { args, env, server: draft.server, sender: draft.sender };
  const options = settle(draft, run, settled);
  return { kind: 'run', options, args };
}

/** Sets what the option says. */
function take(draft: Draft, { row, value, number }: FoundOption<OptionSwitch>, { now }: ParseContext): void {
  const values: Partial<Record<keyof Draft, unknown>> = draft;
  values[row.option] = row.how.to(draft[row.option], { value, number, now }, draft);
}

function onRemote(draft: Draft): string {
  return draft.server ? 'on remote machine: ' : '';
}

function wrongUse(): RsyncError {
  return new RsyncError(ExitCode.Syntax, usageText().trimEnd().split('\n'));
}
