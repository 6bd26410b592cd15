/** The command line of a client or of `rsync --server`, made into `Options`. */
import { ExitCode, RsyncError } from '../errors.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { isChmod } from './chmod-syntax.ts';
import { type Draft, emptyDraft } from './draft.ts';
import type { OptionEnv } from './env.ts';
import { finishOptions } from './finish.ts';
import { usageText } from './help.ts';
import { parseLocation } from './location.ts';
import type { AlternateDest, Options } from './options.ts';
import { applyFlags, debugFlags, infoFlags } from './output-flags.ts';
import { type FoundOption, splitArguments } from './popt.ts';
import { parseSize } from './sizes.ts';
import { parseStopAt } from './stop-at.ts';
import type { Action } from './table.ts';

/** A run, or one of the requests that only print. */
export type ParsedCommand =
  | { readonly kind: 'run'; readonly options: Options; readonly args: readonly ByteString[] }
  | { readonly kind: 'help' }
  | { readonly kind: 'version'; readonly json: boolean }
  | { readonly kind: 'flag-help'; readonly flags: 'info' | 'debug' };

export interface ParseContext {
  readonly env?: OptionEnv;
  /** Take options that the table marks as not working: for tests of the parser. */
  readonly allowAll?: boolean;
}

/** Ends the reading of options at once with a request that only prints. */
class Request extends Error {
  readonly command: ParsedCommand;
  constructor(command: ParsedCommand) {
    super(command.kind);
    this.command = command;
  }
}

const largestBlock = 1 << 17;
/** Below protocol 30. */
const largestOldBlock = 1 << 29;
const mostAlternateDests = 20;

/**
 * What a client's command line (without the program's name) asks for: options, and the arguments that are
 * no options. `--server` anywhere in it makes it a server's. Throws RsyncError with rsync's text: exit 1
 * for wrong use, 4 for an option that oc-rsync does not do yet.
 */
export function parseClientArgs(argv: readonly ByteString[], context: ParseContext = {}): ParsedCommand {
  return parse(argv, context, emptyDraft());
}

/**
 * The command line that a client starts its remote side with, after the program's name. `args` begins
 * with the `.` that separates options from paths where the client sent one.
 */
export function parseServerArgs(
  argv: readonly ByteString[],
  context: ParseContext = {},
): { readonly options: Options; readonly args: readonly ByteString[] } {
  const parsed = parse(argv, context, { ...emptyDraft(), server: true });
  if (parsed.kind !== 'run') throw new RsyncError(ExitCode.Syntax, usageText().trimEnd().split('\n'));
  return parsed;
}

function parse(argv: readonly ByteString[], context: ParseContext, draft: Draft): ParsedCommand {
  const env = context.env ?? process.env;
  const used: FoundOption[] = [];
  let args: ByteString[];
  try {
    args = splitArguments(
      argv,
      (option) => {
        used.push(option);
        applyOption(draft, option);
      },
      {
        optionsFirst: env.POSIXLY_CORRECT !== undefined || env.POSIX_ME_HARDER !== undefined,
        prefix: () => (draft.server ? 'on remote machine: ' : ''),
      },
    );
  } catch (error) {
    if (error instanceof Request) return error.command;
    throw error;
  }
  if (draft.version > 0) return { kind: 'version', json: draft.version > 1 && !draft.server };
  if (argv.length === 1 && draft.humanReadable > 1 && !draft.server) return { kind: 'help' };
  const checks = context.allowAll !== true;
  const missing = checks ? used.find((option) => !option.row.works) : undefined;
  if (missing !== undefined) throw unsupported(draft, missing.name);
  const options = finishOptions(draft, args, env);
  if (checks) refuseSettled(draft, options, args);
  return { kind: 'run', options, args };
}

/** Options that the environment can switch on without their being given, and that do not work yet. */
const fromEnvironment: readonly [name: string, isOn: (options: Options, remote: boolean) => boolean][] = [
  ['--secluded-args', (options, remote) => options.secludedArgs && remote],
  ['--iconv', (options) => options.iconv !== ''],
];

/** What does not work is refused by its settled value, wherever that came from. */
function refuseSettled(draft: Draft, options: Options, args: readonly ByteString[]): void {
  const remote = args.some((arg) => parseLocation(arg).kind !== 'local');
  const found = fromEnvironment.find(([, isOn]) => isOn(options, remote));
  if (found !== undefined) throw unsupported(draft, found[0]);
}

function unsupported(draft: Draft, name: string): RsyncError {
  const where = draft.server ? 'on remote machine: ' : '';
  return new RsyncError(
    ExitCode.Unsupported,
    `rsync: ${where}${name}: option is not supported by oc-rsync yet`,
  );
}

function applyOption(draft: Draft, option: FoundOption): void {
  const { effect, arg } = option.row;
  if ('run' in effect) {
    actions[effect.run](draft, option.value, option.number);
    return;
  }
  const target = draft as unknown as Record<string, unknown>;
  if ('set' in effect) target[effect.set] = effect.to;
  else if ('count' in effect) target[effect.count] = Number(target[effect.count] ?? 0) + 1;
  else target[effect.store] = arg === 'int' ? option.number : option.value;
}

function syntax(message: string): RsyncError {
  return new RsyncError(ExitCode.Syntax, `rsync: ${message}`);
}

const actions: Readonly<Record<Action, (draft: Draft, value: ByteString, number: number) => void>> = {
  acls(draft) {
    draft.acls = true;
    draft.perms = true;
  },
  append(draft) {
    draft.append = draft.server ? draft.append + 1 : 1;
  },
  archive(draft) {
    if (draft.recursive === 0) draft.recursive = 1;
    draft.links = true;
    draft.perms = true;
    draft.times = true;
    draft.group = true;
    draft.owner = true;
    draft.devices = true;
    draft.specials = true;
  },
  'block-size'(draft, value) {
    const max = draft.protocol < 30 ? largestOldBlock : largestBlock;
    draft.blockSize = parseSize(value, { name: 'block-size', unit: 'b', min: 0, max });
  },
  bwlimit(draft, value) {
    const bytes = parseSize(value, { name: 'bwlimit', unit: 'k', min: 512, zeroIsUnlimited: true });
    draft.bwlimit = Math.floor((bytes + 512) / 1024);
  },
  chmod(draft, value) {
    if (!isChmod(value)) throw syntax(`Invalid argument passed to --chmod (${value})`);
    draft.chmod.push(value);
  },
  chown(draft, value) {
    const colon = value.indexOf(':');
    const user = colon < 0 ? value : value.slice(0, colon);
    const group = colon < 0 ? '' : value.slice(colon + 1);
    if (user !== '') mapNames(draft, 'usermap', '--chown', `*:${user}`);
    if (group !== '') mapNames(draft, 'groupmap', '--chown', `*:${group}`);
  },
  'compare-dest'(draft, value) {
    addAlternateDest(draft, { kind: 'compare', dir: value });
  },
  compress(draft) {
    draft.compress++;
  },
  'copy-dest'(draft, value) {
    addAlternateDest(draft, { kind: 'copy', dir: value });
  },
  daemon() {
    throw new RsyncError(ExitCode.Unsupported, 'rsync: --daemon: option is not supported by oc-rsync yet');
  },
  debug(draft, value) {
    if (applyFlags(debugFlags, draft.debug, value, true, draft.server) === 'help') {
      throw new Request({ kind: 'flag-help', flags: 'debug' });
    }
  },
  'devices-specials'(draft) {
    draft.devices = true;
    draft.specials = true;
  },
  exclude(draft, value) {
    draft.filters.push({ kind: 'exclude', pattern: value });
  },
  'exclude-from'(draft, value) {
    draft.filters.push({ kind: 'exclude-from', file: value });
  },
  filter(draft, value) {
    draft.filters.push({ kind: 'filter', rule: value });
  },
  groupmap(draft, value) {
    mapNames(draft, 'groupmap', '--groupmap', value);
  },
  help() {
    throw new Request({ kind: 'help' });
  },
  include(draft, value) {
    draft.filters.push({ kind: 'include', pattern: value });
  },
  'include-from'(draft, value) {
    draft.filters.push({ kind: 'include-from', file: value });
  },
  info(draft, value) {
    if (applyFlags(infoFlags, draft.info, value, true, draft.server) === 'help') {
      throw new Request({ kind: 'flag-help', flags: 'info' });
    }
  },
  'link-dest'(draft, value) {
    addAlternateDest(draft, { kind: 'link', dir: value });
  },
  'max-size'(draft, value) {
    draft.maxSize = parseSize(value, { name: 'max-size', unit: 'b', min: 0 });
  },
  'min-size'(draft, value) {
    draft.minSize = parseSize(value, { name: 'min-size', unit: 'b', min: 0 });
  },
  'modify-window'(draft, _value, number) {
    draft.modifyWindow = number;
    draft.modifyWindowGiven = true;
  },
  'new-compress'(draft) {
    draft.compressChoice = 'zlibx';
  },
  'no-compress'(draft) {
    draft.compress = 0;
    draft.compressChoice = undefined;
  },
  'no-devices-specials'(draft) {
    draft.devices = false;
    draft.specials = false;
  },
  'old-compress'(draft) {
    draft.compressChoice = 'zlib';
  },
  'only-write-batch'(draft, value) {
    draft.batchWrite = -1;
    draft.batchFile = value;
  },
  'partial-progress'(draft) {
    draft.progress = true;
    draft.partial = true;
  },
  'per-dir-filter'(draft) {
    draft.perDirFilter++;
    if (draft.perDirFilter === 1) draft.filters.push({ kind: 'filter', rule: ': /.rsync-filter' });
    else if (draft.perDirFilter === 2) draft.filters.push({ kind: 'filter', rule: '- .rsync-filter' });
  },
  'read-batch'(draft, value) {
    draft.batchRead = true;
    draft.batchFile = value;
  },
  'remote-option'(draft, value) {
    if (!value.startsWith('-')) throw syntax(`Remote option must start with a dash: ${value}`);
    draft.remoteOptions.push(value);
  },
  sender(draft) {
    if (!draft.server) throw new RsyncError(ExitCode.Syntax, usageText().trimEnd().split('\n'));
    draft.sender = true;
  },
  server(draft) {
    draft.server = true;
    draft.iconv = '';
  },
  stderr(draft, value) {
    const modes = ['client', 'all', 'errors'];
    const mode = value === '' ? -1 : modes.findIndex((name) => name.startsWith(value));
    if (mode < 0) throw syntax(`--stderr mode "${value}" is not one of errors, all, or client`);
    draft.msgs2stderr = mode;
  },
  'stop-after'(draft, value) {
    const minutes = Number.parseInt(value, 10);
    if (!(minutes > 0)) throw syntax(`invalid --stop-after value: ${value}`);
    draft.stopAt = Math.floor(Date.now() / 1000) + minutes * 60;
  },
  'stop-at'(draft, value) {
    draft.stopAt = parseStopAt(value, new Date());
  },
  usermap(draft, value) {
    mapNames(draft, 'usermap', '--usermap', value);
  },
  'write-batch'(draft, value) {
    draft.batchWrite = 1;
    draft.batchFile = value;
  },
};

function addAlternateDest(draft: Draft, dest: AlternateDest): void {
  const first = draft.alternateDests[0];
  if (first !== undefined && first.kind !== dest.kind) {
    throw syntax(`ERROR: the --${dest.kind}-dest option conflicts with the --${first.kind}-dest option`);
  }
  if (draft.alternateDests.length >= mostAlternateDests) {
    throw syntax(`ERROR: at most ${mostAlternateDests} --${dest.kind}-dest args may be specified`);
  }
  draft.alternateDests.push(dest);
}

/** --usermap, --groupmap and --chown each once, and not both for the same kind of id. */
function mapNames(
  draft: Draft,
  field: 'usermap' | 'groupmap',
  by: '--usermap' | '--groupmap' | '--chown',
  map: ByteString,
): void {
  const prior = field === 'usermap' ? draft.usermapBy : draft.groupmapBy;
  if (prior !== '') {
    if (prior !== by) throw syntax(`${by} conflicts with prior ${prior}.`);
    const kind = field === 'usermap' ? 'user' : 'group';
    const what = by === '--chown' ? `a ${kind}-affecting --chown` : by;
    throw syntax(`You can only specify ${what} once.`);
  }
  draft[field] = map;
  if (field === 'usermap') {
    draft.usermapBy = by as '--usermap' | '--chown';
    draft.owner = true;
  } else {
    draft.groupmapBy = by as '--groupmap' | '--chown';
    draft.group = true;
  }
}
