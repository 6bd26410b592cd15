/** One command from its arguments to its exit code; the process itself is `main.ts`'s. */

import { lstatSync, statSync } from 'node:fs';
import type { BenchWorld } from '../bench/index.ts';
import { errnoText } from '../errno.ts';
import { ExitCode, exitText, RsyncError, SysError } from '../errors.ts';
import type { Host } from '../host.ts';
import type { ByteString, Kernel } from '../kernel/kernel.ts';
import type { Answer, Asking } from '../manual/index.ts';
import type { Alias } from '../options/aliases.ts';
import type { OptionEnv } from '../options/env.ts';
import { usageText } from '../options/help.ts';
import { parseLocation } from '../options/location.ts';
import type { Options } from '../options/options.ts';
import { debugFlags, flagsHelp, infoFlags, liveProgress } from '../options/output-flags.ts';
import { type ParsedCommand, parseClientArgs } from '../options/parse.ts';
import { versionJson, versionText } from '../options/version.ts';
import { bytewiseCharset, type Charset, escapeText } from '../report/escape.ts';
import { aboutToExit, cleanupEntered, sendingErrorExit } from '../report/trace-messages.ts';
import { type FinalRole, finalErrorLine } from '../session/final-line.ts';
import type { SessionIo, Wiretap } from '../session/index.ts';

type Run = (
  options: Options,
  args: ByteString[],
  io: SessionIo,
) => Promise<{ readonly code: number; readonly who: FinalRole }>;

/** What a command needs of the rest of the program, loaded only when it is used. */
export interface Engine {
  readonly runClient: Run;
  readonly runServer: Run;
  runSecludedServer(
    told: Options,
    parse: (more: readonly ByteString[]) => {
      readonly options: Options;
      readonly args: readonly ByteString[];
    },
    io: SessionIo,
  ): ReturnType<Run>;
  openNamedFiles(options: Options, io: SessionIo): Promise<void>;
  logEarlyEnd(error: RsyncError, sends: boolean, io: SessionIo): Promise<void>;
}

/** What a question needs. */
export interface Kernels {
  loadKernel(host: Host): Promise<Pick<Kernel, 'report' | 'digests' | 'compressions' | 'can' | 'exitAtOnce'>>;
}

/** What explains, loaded by those alone that seem to ask. */
export interface Manual {
  answerTo(argv: readonly ByteString[], asking: Asking): Answer | undefined;
  proposal(word: string): string | undefined;
}

/** What measures ours beside another rsync, loaded by those alone that seem to ask for it. */
export interface Bench {
  isBenchCall(argv: readonly ByteString[], fails: () => boolean): boolean;
  runBench(words: readonly ByteString[], world: BenchWorld): Promise<number>;
}

/** What tells of a run as JSON, where that is asked for. */
export interface Json {
  /** Its exit value; or the words of a command that is no run, without the option. */
  runJson(input: CommandInput): Promise<number | readonly ByteString[]>;
}

/** What shows a run to a person beside its words, loaded by those runs alone that are asked for it. */
export interface Watch {
  watch(options: Options, io: SessionIo): Watched;
}

interface Watched {
  readonly io: SessionIo;
  end(code: number): void;
}

/** What makes the wire readable, loaded where that is asked for. */
export interface Tracing {
  openTrace(input: {
    readonly value: string;
    readonly host: Host;
    refuse(code: number, text: ByteString): Error;
  }): Wiretap & { finish(): Promise<void> };
  decodeFile(name: ByteString, host: Host): Promise<number>;
}

/** What serves, loaded by those alone that do. */
export interface Server {
  runDaemon(
    argv: readonly ByteString[],
    io: SessionIo,
    codeToKeep: CommandInput['codeToKeep'],
  ): Promise<number>;
}

export interface CommandInput {
  readonly argv: readonly ByteString[];
  readonly env: OptionEnv;
  /** Of this user. */
  readonly aliases?: readonly Alias[];
  readonly io: SessionIo;
  readonly loadEngine: () => Promise<Engine>;
  readonly loadServer: () => Promise<Server>;
  readonly loadKernels: () => Promise<Kernels>;
  readonly loadManual: () => Promise<Manual>;
  readonly loadBench: () => Promise<Bench>;
  readonly loadJson: () => Promise<Json>;
  readonly loadWatch: () => Promise<Watch>;
  readonly loadTrace: () => Promise<Tracing>;
  /** Called before a run, with what it was asked for. */
  readonly started: (options: Options) => void;
  /**
   * What keeps compiled code, if none was kept before. For what serves: once it has compiled what it needs, and before it has
   * heard anybody.
   */
  readonly codeToKeep: () => (() => void) | undefined;
}

/** Runs the command and answers its exit code; every failure is told on `io.stderr` and ends here. */
export function runCommand(input: CommandInput): Promise<number> {
  const { OC_RSYNC_TRACE: traced } = input.io.host.env;
  return traced ? runTraced(input, traced) : run(input);
}

/** With somebody who watches the wire. */
async function runTraced(input: CommandInput, value: string): Promise<number> {
  const { host } = input.io;
  const { openTrace } = await input.loadTrace();
  let trace: ReturnType<Tracing['openTrace']>;
  try {
    trace = openTrace({ value, host, refuse: (code, text) => new RsyncError(code as ExitCode, text) });
  } catch (error) {
    return fail(error, input.io, input.argv.includes('--server') ? 'server' : 'client');
  }
  try {
    return await run({ ...input, io: { ...input.io, wiretap: trace } });
  } finally {
    await trace.finish();
  }
}

async function run(input: CommandInput): Promise<number> {
  const { argv, io } = input;
  let known: Options | undefined;
  let watched: Watched | undefined;
  let role: FinalRole = argv.includes('--server') ? 'server' : 'client';
  try {
    if (argv.length === 0) return usageError(io, role);
    const answer = await answered(input);
    if (answer !== undefined) return answer;
    if (role === 'client' && argv.includes('--json')) {
      const ran = await (await input.loadJson()).runJson(input);
      if (typeof ran === 'number') return ran;
      if (ran.length < argv.length) return run({ ...input, argv: ran });
    }
    const command = await parsed(input, (given) => {
      known = given;
    });
    if (command.kind === 'daemon')
      return await (await input.loadServer()).runDaemon(argv, io, input.codeToKeep);
    if (command.kind !== 'run') {
      if (command.goes !== 'nowhere') {
        const text = toBytes(await printed(command, input));
        if (command.goes === 'stderr') io.host.stderr(text);
        else io.host.stdout(Buffer.from(text).toString('latin1'));
      }
      return ExitCode.Ok;
    }
    const { options, args } = command;
    known = options;
    const secluded = options.server && options.secludedArgs;
    if (args.length === 0 && !secluded) {
      if (!options.server) await (await input.loadEngine()).openNamedFiles(options, io);
      return usageError(io, options.server && options.sender ? 'sender' : 'Receiver');
    }
    input.started(options);
    const engine = await input.loadEngine();
    if (secluded) {
      role = options.sender ? 'sender' : 'Receiver';
      const { code, who } = await engine.runSecludedServer(options, (more) => parsedAgain(input, more), io);
      if (!endOfRun.has(code)) io.host.stderr(toBytes(finalErrorLine(code, who)));
      return code;
    }
    const amSender = options.server ? options.sender : parseLocation(args[0]!).kind === 'local';
    role = amSender ? 'sender' : 'Receiver';
    if (isWatched(options)) watched = (await input.loadWatch()).watch(options, io);
    const runEnd = options.server ? engine.runServer : engine.runClient;
    const { code, who } = await runEnd(options, [...args], watched?.io ?? io);
    watched?.end(code);
    if (!options.server || !endOfRun.has(code)) io.host.stderr(toBytes(finalErrorLine(code, who)));
    return code;
  } catch (error) {
    watched?.end(explain(error)[0]);
    const code = fail(error, io, role, known);
    if (role === 'client') await propose(error, input);
    if (error instanceof RsyncError && error.log) {
      error.who ??= role;
      const sends = argv.includes('--server') && argv.includes('--sender');
      await (await input.loadEngine()).logEarlyEnd(error, sends, io);
    }
    return code;
  }
}

/**
 * What the words ask for. rsync reads rules where they stand: what is wrong with one of them is told before what is wrong
 * behind it, and rather than what is asked for there. `early` hears what had been given where the reading ended.
 */
async function parsed(
  { argv, env, aliases, io, loadEngine }: CommandInput,
  early: (given: Options) => void,
): Promise<ParsedCommand> {
  let given: Options | undefined;
  let command: ParsedCommand | undefined;
  let mistake: unknown;
  try {
    command = parseClientArgs(argv, {
      env,
      now: io.host.now,
      aliases,
      endsEarly: (options) => (given = options),
    });
  } catch (error) {
    mistake = error;
  }
  if (given !== undefined) early(given);
  if (given !== undefined && given.filters.length > 0) await (await loadEngine()).openNamedFiles(given, io);
  if (command === undefined) throw mistake;
  return command;
}

function isWatched({ server, info }: Options): boolean {
  return !server && (info.progress >= liveProgress || info.failures > 0);
}

/** The exit code of what is answered instead of run (docs/decisions/0051, 0055); undefined: it is rsync's. */
async function answered(input: CommandInput): Promise<number | undefined> {
  const { argv, io } = input;
  const [first, second] = argv;
  const asksForBench = argv.length === 2 && first === 'help' && second === 'bench';
  if (first === 'bench' || asksForBench) return benchAnswer(input, asksForBench);
  if (argv.length === 2 && first === 'decode') return decodeAnswer(input, second);
  if (argv.length !== 2 || (first !== 'help' && first !== 'completion')) return undefined;
  const answer = (await input.loadManual()).answerTo(argv, { exists, fails: () => onlyFails(input) });
  if (answer === undefined) return undefined;
  if (answer.code === ExitCode.Ok) io.host.stdout(answer.text);
  else io.host.stderr(toBytes(answer.text));
  return answer.code;
}

/** Tells of the file where `decode` is no source, and nothing else is meant by its name. */
async function decodeAnswer(input: CommandInput, name: ByteString): Promise<number | undefined> {
  const isPlace = name.startsWith('-') || parseLocation(name).kind !== 'local';
  if (isPlace || !isFile(name) || exists('decode') || !onlyFails(input)) return undefined;
  return (await input.loadTrace()).decodeFile(name, input.io.host);
}

function isFile(name: ByteString): boolean {
  try {
    return statSync(Buffer.from(name, 'latin1')).isFile();
  } catch {
    return false;
  }
}

async function benchAnswer(input: CommandInput, asksForHelp: boolean): Promise<number | undefined> {
  const { argv, io } = input;
  if (exists('bench') || (asksForHelp && exists('help'))) return undefined;
  const { isBenchCall, runBench } = await input.loadBench();
  const isOurs = asksForHelp ? onlyFails(input) : isBenchCall(argv, () => onlyFails(input));
  if (!isOurs) return undefined;
  const words = asksForHelp ? ['--help'] : argv.slice(1);
  const code = await runBench(words, { host: io.host, signal: io.signal });
  io.host.stderr(toBytes(finalErrorLine(code, 'client')));
  return code;
}

/** Whether rsync could do nothing with these words but say what is wrong with them. */
function onlyFails({ argv, env, aliases, io }: CommandInput): boolean {
  try {
    const command = parseClientArgs(argv, { env, now: io.host.now, aliases });
    return command.kind === 'run' && !command.options.server && command.options.missingArgs === 'report';
  } catch (error) {
    return error instanceof RsyncError;
  }
}

function exists(name: ByteString): boolean {
  try {
    return lstatSync(Buffer.from(name, 'latin1'), { throwIfNoEntry: false }) !== undefined;
  } catch {
    return true;
  }
}

/** A server's command line with what came over the wire. */
function parsedAgain(
  { argv, env, io }: CommandInput,
  more: readonly ByteString[],
): { readonly options: Options; readonly args: readonly ByteString[] } {
  const command = parseClientArgs([...argv, ...more], { env, now: io.host.now });
  if (command.kind === 'run' && command.args.length > 0) return command;
  throw new RsyncError(ExitCode.Syntax, usageText().trimEnd().split('\n'));
}

/** Exit codes of runs that went to their end: of these the client alone tells. */
const endOfRun: ReadonlySet<number> = new Set([
  ExitCode.Ok,
  ExitCode.Partial,
  ExitCode.Vanished,
  ExitCode.DeleteLimit,
]);

/** Nothing is left that the process could wait for, but its command has not ended: that is no success. */
export function failStalled(io: SessionIo, argv: readonly ByteString[]): number {
  const role = argv.includes('--server') ? 'server' : 'client';
  return fail(new Error('nothing is left to wait for, but the run has not ended'), io, role);
}

function usageError(io: SessionIo, role: FinalRole): number {
  io.host.stderr(toBytes(usageText() + finalErrorLine(ExitCode.Syntax, role)));
  return ExitCode.Syntax;
}

async function printed(
  command: Exclude<ParsedCommand, { kind: 'run' } | { kind: 'daemon' }>,
  input: CommandInput,
): Promise<string> {
  if (command.kind === 'help') return usageText();
  if (command.kind === 'flag-help') {
    return command.flags === 'info' ? flagsHelp(infoFlags) : flagsHelp(debugFlags);
  }
  const { host } = input.io;
  const kernel = await (await input.loadKernels()).loadKernel(host);
  host.endBy(kernel.exitAtOnce);
  return command.json ? versionJson(kernel) : versionText(kernel);
}

function fail(error: unknown, io: SessionIo, role: FinalRole, options?: Options): number {
  const [code, lines] = explain(error);
  const told = error instanceof RsyncError && error.told;
  const who = error instanceof RsyncError ? (error.who as FinalRole | undefined) : undefined;
  const server = role === 'server' || options?.server === true;
  const begun = !server && (who ?? role) !== 'client';
  const seen = begun ? io.host.charset : bytewiseCharset(io.host.charset);
  const charset = options?.eightBitOutput ? 'bytes' : seen;
  const [before, behind] = exitTold(error, code, who ?? role, options);
  const say = server ? (text: string) => io.host.stderr(toBytes(text)) : io.host.stdout;
  if (before !== '') say(before);
  io.host.stderr(toBytes(shown(lines, charset) + (told ? '' : finalErrorLine(code, who ?? role))));
  if (behind !== '') say(behind);
  return code;
}

/** Behind what rsync says of an option that there is not: which one may have been meant. */
async function propose(error: unknown, { io, loadManual }: CommandInput): Promise<void> {
  const [, word] =
    /^rsync: (--[a-z][a-z-]+)(?:=.*)?: unknown option$/s.exec(explain(error)[1][0] ?? '') ?? [];
  const text = word && (await loadManual()).proposal(word);
  if (text) io.host.stderr(toBytes(`${text}\n`));
}

/** Ends of which the other side need not hear, or cannot. */
const untoldEnds: ReadonlySet<number> = new Set([
  ExitCode.SocketIo,
  ExitCode.StreamIo,
  ExitCode.Signal1,
  ExitCode.Timeout,
]);

/** --debug=exit of a run that failed: before its message, and behind. A server that had a stream has said it there. */
function exitTold(
  error: unknown,
  code: number,
  who: FinalRole,
  options: Options | undefined,
): [before: string, behind: string] {
  const failure = error instanceof RsyncError ? error : undefined;
  const level = failure?.exitLevel ?? options?.debug.exit ?? 0;
  if (level === 0 || options?.quiet || (options?.server && failure?.told)) return ['', ''];
  const first = failure?.first ?? code;
  const sends = level > 2 && !failure?.told && !untoldEnds.has(code) && (options?.protocol ?? 31) > 30;
  return [
    level > 1 ? `${cleanupEntered(who, first)}\n` : '',
    `${aboutToExit(who, first, code, options?.dryRun === true)}\n${sends ? `${sendingErrorExit(who, code)}\n` : ''}`,
  ];
}

/** Line by line, with what the locale cannot show escaped, also a line end within a name. */
function shown(lines: readonly string[], charset: Charset): ByteString {
  return lines
    .map((line) => `${escapeText(Buffer.from(toBytes(line)).toString('latin1'), charset)}\n`)
    .join('');
}

/** Exit code and lines of what was thrown; what nobody expected shows where it came from. */
function explain(error: unknown): [code: number, lines: readonly string[]] {
  if (error instanceof RsyncError) return [error.exitCode, error.lines];
  if (error instanceof SysError) {
    return [ExitCode.FileIo, [`rsync: ${error.syscall} failed: ${errnoText(error.errno)} (${error.errno})`]];
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return [ExitCode.Crashed, `rsync: internal error (${exitText[ExitCode.Crashed]}): ${text}`.split('\n')];
}

/** Byte strings as they are; text with other characters as UTF-8. */
function toBytes(text: string): Uint8Array {
  return Buffer.from(text, /^[\0-\xff]*$/.test(text) ? 'latin1' : 'utf8');
}
