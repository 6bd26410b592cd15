/** The command line of a daemon: `--daemon`, and the few options that it has. */
import { ExitCode, RsyncError } from '../errors.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { oursMark, versionLine } from '../options/help.ts';
import { splitArguments } from '../options/popt.ts';
import { parseSize } from '../options/sizes.ts';
import type { Override } from './config/config.ts';
import { findParameter } from './config/parameters.ts';

/** How a daemon was started. */
export interface DaemonOptions {
  /** Started by a remote shell for one client (`--server --daemon`). */
  readonly server: boolean;
  /** '' is the usual place. */
  readonly config: ByteString;
  readonly overrides: readonly Override[];
  readonly detach: boolean;
  /** '' is whatever the configuration says, as is port 0. */
  readonly address: ByteString;
  readonly port: number;
  readonly family: 'any' | 'ipv4' | 'ipv6';
  readonly logFile: ByteString | undefined;
  readonly logFileFormat: ByteString | undefined;
  readonly sockopts: ByteString | undefined;
  /** KiB a second that a client gets at most; 0 as many as there are. */
  readonly bwlimit: number;
  readonly protocol: number | undefined;
  readonly tempDir: ByteString;
  /** Ours: where figures for Prometheus can be had, `[HOST:]PORT`; '' is nowhere. */
  readonly metrics: ByteString;
  /** Ours: bytes that a connection may take of memory; 0 as many as there are. */
  readonly memoryLimit: number;
  readonly verbose: number;
  /** Of a process that the daemon has started: descriptors that a connection comes by; and one to say how it goes. */
  readonly accepts: readonly number[];
  /** ... for each of which it shall copy itself. */
  readonly copies: boolean;
  readonly reports: number | undefined;
  /** ... from where it reads the configuration itself. */
  readonly configFrom: number | undefined;
  /** ... and writes what is logged to no file to its standard error. */
  readonly logsToStderr: boolean;
  /** What was read there, or is known without. */
  readonly configText: ByteString | undefined;
}

type Draft = { -readonly [Name in keyof DaemonOptions]: DaemonOptions[Name] } & { daemon: boolean };

interface Given {
  readonly value: ByteString;
  readonly number: number;
}

/** One option; those without a help text are for rsync's own use, or change nothing here. */
interface Row {
  readonly long: string;
  readonly short: string;
  readonly argName: string;
  readonly help: string;
  /** rsync's daemon has none such. */
  readonly ours?: true;
  readonly how: { readonly arg: 'none' | 'string' | 'int' };
  readonly to: (draft: Draft, given: Given) => void;
}

function row(spec: string, help: string, to: Row['to'], kind: 'string' | 'int' = 'string'): Row {
  const [, long, argName = '', short = ''] = /^--([^=,]+)(?:=([^,]+))?(?:, -(.))?$/.exec(
    spec,
  ) as RegExpExecArray;
  return { long, short, argName, help, how: { arg: argName === '' ? 'none' : kind }, to };
}

function ours(row: Row): Row {
  return { ...row, ours: true };
}

function text(
  field: 'address' | 'config' | 'logFile' | 'logFileFormat' | 'metrics' | 'sockopts' | 'tempDir',
): Row['to'] {
  return (draft, { value }) => {
    draft[field] = value;
  };
}
function number(field: 'bwlimit' | 'configFrom' | 'port' | 'protocol' | 'reports'): Row['to'] {
  return (draft, given) => {
    draft[field] = given.number;
  };
}

/** Less than that no session gets by with. */
const leastMemory = 32 * 1024 * 1024;

class HelpWanted extends Error {}

const rows: readonly Row[] = [
  row('--daemon', 'run as an rsync daemon', (draft) => {
    draft.daemon = true;
  }),
  row('--address=ADDRESS', 'listen on this address only', text('address')),
  row('--bwlimit=RATE', 'let a client have no more than so many KiB a second', number('bwlimit'), 'int'),
  row('--config=FILE', 'read FILE instead of the usual rsyncd.conf', text('config')),
  row(
    '--dparam=OVERRIDE, -M',
    'set a global parameter (NAME=VALUE) of the configuration',
    (draft, { value }) => {
      draft.overrides = [...draft.overrides, overrideOf(value)];
    },
  ),
  row('--no-detach', 'stay in the foreground', (draft) => {
    draft.detach = false;
  }),
  row('--port=PORT', 'listen on this port instead of 873', number('port'), 'int'),
  row('--log-file=FILE', 'log to FILE, whatever the configuration says', text('logFile')),
  row('--log-file-format=FMT', 'log files in this format', text('logFileFormat')),
  row('--sockopts=OPTIONS', 'set these options of the sockets', text('sockopts')),
  ours(row('--metrics=[HOST:]PORT', 'answer HTTP there with figures for Prometheus', text('metrics'))),
  ours(
    row(
      '--memory-limit=SIZE',
      'let a connection have no more memory than that (4G; 0: all)',
      (draft, { value }) => {
        draft.memoryLimit = parseSize(value, {
          name: 'memory-limit',
          unit: 'b',
          min: leastMemory,
          zeroIsUnlimited: true,
        });
      },
    ),
  ),
  row('--verbose, -v', 'tell more', (draft) => {
    draft.verbose++;
  }),
  row('--ipv4, -4', 'listen on IPv4 alone', (draft) => {
    draft.family = 'ipv4';
  }),
  row('--ipv6, -6', 'listen on IPv6 alone', (draft) => {
    draft.family = 'ipv6';
  }),
  row('--help, -h', 'show this (with --daemon)', () => {
    throw new HelpWanted();
  }),
  row('--detach', '', (draft) => {
    draft.detach = true;
  }),
  row('--no-verbose', '', (draft) => {
    draft.verbose = 0;
  }),
  row('--no-v', '', (draft) => {
    draft.verbose = 0;
  }),
  row('--protocol=NUM', '', number('protocol'), 'int'),
  row('--server', '', (draft) => {
    draft.server = true;
  }),
  // What a daemon tells those that it has started.
  row('--accept-from=FDS', '', (draft, { value }) => {
    draft.accepts = value.split(',').map(Number);
  }),
  row('--copies', '', (draft) => {
    draft.copies = true;
  }),
  row('--report-to=FD', '', number('reports'), 'int'),
  row('--config-from=FD', '', number('configFrom'), 'int'),
  row('--log-to-stderr', '', (draft) => {
    draft.logsToStderr = true;
  }),
  row('--temp-dir=DIR, -T', '', text('tempDir')),
];

/** What a daemon's command line asks for. Throws exit 1 for one that is wrong. */
export function daemonArguments(argv: readonly ByteString[]): DaemonOptions | 'help' {
  const draft: Draft = {
    daemon: false,
    server: false,
    config: '',
    overrides: [],
    detach: true,
    address: '',
    port: 0,
    family: 'any',
    logFile: undefined,
    logFileFormat: undefined,
    sockopts: undefined,
    bwlimit: 0,
    protocol: undefined,
    tempDir: '',
    metrics: '',
    memoryLimit: 4 * 1024 ** 3,
    verbose: 0,
    accepts: [],
    copies: false,
    reports: undefined,
    configFrom: undefined,
    logsToStderr: false,
    configText: undefined,
  };
  try {
    splitArguments<Row>(argv, ({ row, value, number }) => row.to(draft, { value, number }), {
      long: (name) => rows.find((one) => one.long === name),
      short: (char) => rows.find((one) => one.short === char),
      optionsFirst: false,
      aliases: [],
      prefix: () => '',
      suffix: ' (in daemon mode)',
    });
  } catch (error) {
    if (error instanceof HelpWanted) return 'help';
    throw error instanceof RsyncError ? withAdvice(error.lines) : error;
  }
  for (const { name } of draft.overrides)
    if (findParameter(name) === undefined)
      throw new RsyncError(ExitCode.Syntax, `Unknown parameter "${name}"`);
  if (!draft.daemon) throw withAdvice(['Daemon option(s) used without --daemon.']);
  return draft;
}

function overrideOf(value: ByteString): Override {
  const equals = value.indexOf('=');
  if (equals < 0) throw new RsyncError(ExitCode.Syntax, `--dparam value is missing an '=': ${value}`);
  return { name: value.slice(0, equals), value: value.slice(equals + 1).replace(/^\s+/, '') };
}

function withAdvice(lines: readonly string[]): RsyncError {
  return new RsyncError(ExitCode.Syntax, [
    ...lines,
    '(Type "rsync --daemon --help" for assistance with daemon mode.)',
  ]);
}

const textColumn = 25;

/** What is shown of a daemon's options: all that are for people. */
export function daemonSwitches(): readonly Pick<Row, 'long' | 'short' | 'argName' | 'help' | 'ours'>[] {
  return rows.filter(({ help }) => help !== '');
}

/** What --daemon --help prints. */
export function daemonUsage(): string {
  const lines = daemonSwitches().map(({ long, short, argName, help, ours }) => {
    const name = `--${long}${argName === '' ? '' : `=${argName}`}${short === '' ? '' : `, -${short}`}`;
    return `${name.padEnd(textColumn - 1)} ${help}${ours ? ` ${oursMark}` : ''}\n`;
  });
  return `${versionLine()}
Usage: rsync --daemon [OPTION]...
${lines.join('')}
Whoever did not mean to start a daemon leaves these options alone. oc-rsyncd.conf(5) tells how one is set up.
`;
}
