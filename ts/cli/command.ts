/** One command from its arguments to its exit code; the process itself is `main.ts`'s. */
import { ExitCode, exitText, RsyncError, SysError } from '../errors.ts';
import type { ByteString, Kernel } from '../kernel/kernel.ts';
import { parseLocation } from '../options/location.ts';
import type { Options } from '../options/options.ts';
import { type OptionEnv, type ParsedCommand, parseClientArgs } from '../options/parse.ts';
import { errnoText } from '../report/errno-text.ts';
import { escapeText, localeCharset } from '../report/escape.ts';
import { type FinalRole, finalErrorLine } from './final-line.ts';

/** The session's view of the process (`ts/session`). */
export interface SessionIo {
  stdout(bytes: Uint8Array): void;
  stderr(bytes: Uint8Array): void;
  readonly signal: AbortSignal;
}

type Run = (options: Options, args: ByteString[], io: SessionIo) => Promise<number>;

/** What a command needs of the rest of the program, loaded only when it is used. */
export interface Engine {
  readonly runClient: Run;
  readonly runServer: Run;
  loadKernel(): Pick<Kernel, 'report' | 'digests' | 'compressions' | 'can'>;
}

export interface CommandInput {
  readonly argv: readonly ByteString[];
  readonly env: OptionEnv;
  readonly io: SessionIo;
  readonly loadEngine: () => Promise<Engine>;
  /** Take options that do not work yet: for tests of the command line. */
  readonly allowAll?: boolean;
}

/** Runs the command and answers its exit code; every failure is told on `io.stderr` and ends here. */
export async function runCommand(input: CommandInput): Promise<number> {
  const { argv, env, io } = input;
  let role: FinalRole = argv.includes('--server') ? 'server' : 'client';
  try {
    if (argv.length === 0) return await usageError(io, role);
    const command = parseClientArgs(argv, { env, allowAll: input.allowAll });
    if (command.kind !== 'run') {
      io.stdout(toBytes(await printed(command, input)));
      return ExitCode.Ok;
    }
    const { options, args } = command;
    if (args.length === 0) return await usageError(io, role);
    const engine = await input.loadEngine();
    role = roleOf(options, args);
    const run = options.server ? engine.runServer : engine.runClient;
    const code = await run(options, [...args], io);
    if (code !== ExitCode.Ok) io.stderr(toBytes(finalErrorLine(code, role)));
    return code;
  } catch (error) {
    return fail(error, io, role);
  }
}

/** Who rsync would name at the end of a run: the process that the user started. */
function roleOf(options: Options, args: readonly ByteString[]): FinalRole {
  if (options.server) return options.sender ? 'sender' : 'generator';
  return parseLocation(args[0]!).kind === 'local' ? 'sender' : 'generator';
}

async function usageError(io: SessionIo, role: FinalRole): Promise<number> {
  const { usageText } = await import('../options/help.ts');
  io.stderr(toBytes(usageText() + finalErrorLine(ExitCode.Syntax, role)));
  return ExitCode.Syntax;
}

async function printed(
  command: Exclude<ParsedCommand, { kind: 'run' }>,
  input: CommandInput,
): Promise<string> {
  if (command.kind === 'help') return (await import('../options/help.ts')).usageText();
  if (command.kind === 'flag-help') {
    const { debugFlags, flagsHelp, infoFlags } = await import('../options/output-flags.ts');
    return command.flags === 'info' ? flagsHelp(infoFlags) : flagsHelp(debugFlags);
  }
  const { versionJson, versionText } = await import('../options/version.ts');
  const kernel = (await input.loadEngine()).loadKernel();
  return command.json ? versionJson(kernel) : versionText(kernel);
}

function fail(error: unknown, io: SessionIo, role: FinalRole): number {
  const [code, message] = explain(error);
  const text = message === '' || message.endsWith('\n') ? message : `${message}\n`;
  io.stderr(toBytes(shown(text) + finalErrorLine(code, role)));
  return code;
}

/** Line by line, with what the locale cannot show escaped. */
function shown(text: string): ByteString {
  const charset = localeCharset(process.env);
  const lines = Buffer.from(toBytes(text)).toString('latin1').split('\n');
  return lines.map((line) => escapeText(line, charset)).join('\n');
}

/** Exit code and message of what was thrown; what nobody expected shows where it came from. */
function explain(error: unknown): [code: number, message: string] {
  if (error instanceof RsyncError) return [error.exitCode, error.message];
  if (error instanceof SysError) {
    return [ExitCode.FileIo, `rsync: ${error.syscall} failed: ${errnoText(error.errno)} (${error.errno})`];
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return [ExitCode.Crashed, `rsync: internal error (${exitText[ExitCode.Crashed]}): ${text}`];
}

/** Byte strings as they are; text with other characters as UTF-8. */
function toBytes(text: string): Uint8Array {
  return Buffer.from(text, /^[\0-\xff]*$/.test(text) ? 'latin1' : 'utf8');
}
