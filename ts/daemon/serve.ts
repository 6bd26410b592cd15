/** The session in a module: its arguments, what the module makes of them, and the run itself. */
import { ExitCode, RsyncError } from '../errors.ts';
import { createFilters } from '../filter/index.ts';
import { IdNames } from '../flist/id-names.ts';
import type { Host, Module, Site, UpperRules } from '../host.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { parseChmod } from '../metadata/chmod.ts';
import type { Options } from '../options/options.ts';
import { limitLevels } from '../options/output-flags.ts';
import { type ParseContext, parseServerArgs } from '../options/parse.ts';
import { plainOptions } from '../options/settle.ts';
import type { TransferLog } from '../report/report.ts';
import { attended } from '../session/attended.ts';
import { type End, endOf, filterReport, openEnd, type SessionIo } from '../session/end.ts';
import { endAfterFailure } from '../session/failure.ts';
import { expandArgs } from '../session/glob.ts';
import { handshake } from '../session/handshake.ts';
import { logFailure, withClosing } from '../session/log-file.ts';
import { nameCharset } from '../session/name-charset.ts';
import { checkFixedChoices } from '../session/negotiate.ts';
import { runServerEnd } from '../session/server-end.ts';
import { suitableKernel } from '../session/suitable-kernel.ts';
import type { Admitted } from './authenticate.ts';
import type { Client, Daemon } from './daemon.ts';
import type { Deadline } from './deadline.ts';
import type { Dialogue } from './dialogue.ts';
import { type Answering, requestVariables, type Waiting } from './hooks.ts';
import type { ModulePlace, ModuleSetup } from './module.ts';
import { inModule } from './module-options.ts';
import { NameConverter } from './name-converter.ts';
import { sanitizePath, tidyPath } from './paths.ts';
import { refusals } from './refuse.ts';
import { undetermined } from './visitor.ts';

/** Commands that are waiting for a client's request, and for the end of its session. */
export interface Hooks {
  readonly before: Waiting | undefined;
  readonly after: ((code: number) => void) | undefined;
  readonly converter: Answering | undefined;
}

/** A client that is in. */
export interface Entered {
  readonly talk: Dialogue;
  readonly clock: Deadline;
  readonly client: Client;
  readonly admitted: Admitted;
  readonly setup: ModuleSetup;
  readonly place: ModulePlace;
  readonly rules: UpperRules | undefined;
  readonly munged: boolean;
  readonly hooks: Hooks;
  readonly protocol: number;
  readonly remoteProtocol: number;
}

/** What a client may send of arguments: how many, how long each, and all of them. */
const mostArguments = 16_000;
const longestArgument = 4096 + 1024 - 1;
const mostBytes = 8 * 1024 * 1024;
/** Bytes of one that are taken in before it is cut; no system would take more. */
const mostOfOne = 128 * 1024;
/** What of its request is written down. */
const shownRequest = 1024;

/** Lets a client know that it is in, and does what it asks for. Answers the exit value. */
export async function serveModule(entered: Entered, daemon: Daemon): Promise<number> {
  let code: number = ExitCode.StreamIo;
  try {
    code = await serveRequest(entered, daemon);
    return code;
  } catch (error) {
    if (error instanceof RsyncError) code = error.exitCode;
    throw error;
  } finally {
    entered.hooks.after?.(code);
  }
}

async function serveRequest(entered: Entered, daemon: Daemon): Promise<number> {
  const { talk, clock, setup, client, admitted } = entered;
  const { values } = setup;
  clock.start(values.timeout);
  await talk.say('@RSYNCD: OK\n');
  const said = await readArguments(talk, entered.protocol >= 30);
  const parsed = await parseAll(entered, said);
  clock.stop();
  const { options, args } = parsed;
  const refused = parsed.problem === undefined ? refusedChoice(options, entered, daemon) : undefined;
  if (refused !== undefined) {
    await talk.close();
    return refused;
  }
  const request = parsed.request.join(' ').slice(0, shownRequest);
  if (request !== '') {
    const who = `${admitted.user === '' ? '' : `${admitted.user}@`}${client.host}`;
    const way = options.sender ? 'on' : 'to';
    daemon.log.write(`rsync ${way} ${request} from ${who} (${client.address})`);
  }
  const asked = requestVariables(request, ['rsyncd', ...parsed.words]);
  const objection = await entered.hooks.before?.run(asked, '');
  entered.hooks.converter?.begin(asked);
  const problem =
    objection === undefined
      ? parsed.problem
      : new RsyncError(ExitCode.Unsupported, objection.replace(/\n$/, '').split('\n'));
  return run(entered, daemon, { options, args, problem });
}

/** The words that a client sends, each ended by a NUL, or below protocol 30 by a line end; an empty one is the end. */
async function readArguments(talk: Dialogue, byZero: boolean): Promise<ByteString[]> {
  const args: ByteString[] = [];
  let bytes = 0;
  for (;;) {
    const arg = await talk.upTo(byZero ? 0 : 0x0a, mostOfOne);
    if (arg === undefined) throw new RsyncError(ExitCode.StreamIo, 'rsync: connection unexpectedly closed');
    if (arg === '') return args;
    bytes += arg.length;
    if (args.length >= mostArguments - 2 || bytes > mostBytes)
      throw new RsyncError(ExitCode.Protocol, 'too many daemon arguments');
    args.push(arg.replace(/\r$/, '').slice(0, longestArgument));
  }
}

/** The exit value where a list variable of ours leaves out what the client has chosen: the log is told, the client is not. */
function refusedChoice(options: Options, { setup }: Entered, daemon: Daemon): number | undefined {
  try {
    checkFixedChoices(options, setup.kernel, daemon.io.host.env);
    return undefined;
  } catch (error) {
    if (!(error instanceof RsyncError)) throw error;
    logFailure(transferLog(daemon, ''), options.sender, error);
    return error.exitCode;
  }
}

/** The daemon's log as that of a transfer. */
function transferLog({ log }: Daemon, format: TransferLog['format']): TransferLog {
  return { format, write: (text, isError) => log.put(text, isError) };
}

interface Asked {
  readonly options: Options;
  readonly args: readonly ByteString[];
  /** What is told to the client once it can hear it. */
  readonly problem: RsyncError | undefined;
}

/** All arguments, those that come protected as well. */
async function parseAll(
  entered: Entered,
  said: readonly ByteString[],
): Promise<Asked & { readonly request: readonly ByteString[]; readonly words: readonly ByteString[] }> {
  const first = split(said, true);
  const asked = parse(entered.setup, first.options, []);
  if (asked.problem !== undefined || !asked.options.secludedArgs)
    return told(withPaths(entered, asked, first, false), first);
  // The name of the program comes first.
  const [, ...more] = await readArguments(entered.talk, true);
  const second = split(more, false);
  const again = parse(entered.setup, [...first.options, ...second.options], []);
  const all = { ...second, options: [...first.options, ...second.options] };
  return told(withPaths(entered, again, all, true), all);
}

/** What is written down of a request, and what its commands see. */
function told(
  asked: Asked,
  { options, paths }: { readonly options: readonly ByteString[]; readonly paths: readonly ByteString[] },
): Asked & { readonly request: readonly ByteString[]; readonly words: readonly ByteString[] } {
  return { ...asked, request: paths, words: [...options, '.', ...asked.args] };
}

/** Options, and what stands behind the dot. No shell has undone the escapes of the former. */
function split(
  said: readonly ByteString[],
  escaped: boolean,
): { options: readonly ByteString[]; paths: readonly ByteString[] } {
  const dot = said.indexOf('.');
  const options = dot < 0 ? said : said.slice(0, dot);
  return {
    options: escaped ? options.map((word) => word.replace(/\\(.)/gs, '$1')) : options,
    paths: dot < 0 ? [] : said.slice(dot + 1),
  };
}

function parse(
  { text, host, complain }: ModuleSetup,
  options: readonly ByteString[],
  paths: readonly ByteString[],
): Asked {
  const context = { env: {}, now: host.now };
  const words = [...options, '.', ...paths];
  const refused = refusals({ list: text('refuse options'), hasCharset: text('charset') !== '', complain });
  try {
    return { ...parseWords(words, { ...context, refused }), problem: undefined };
  } catch (error) {
    if (!(error instanceof RsyncError)) throw error;
    const problem = new RsyncError(ExitCode.Unsupported, error.lines);
    return { options: leniently(words, context), args: [], problem };
  }
}

function parseWords(words: readonly ByteString[], context: ParseContext): Omit<Asked, 'problem'> {
  const { options, args } = parseServerArgs(words, context);
  return { options, args: args.slice(args[0] === '.' ? 1 : 0) };
}

/** So many words that nobody understands are left out; who sends more has no conversation in mind. */
const mostUnknown = 8;

/**
 * What a conversation is held by in which only a refusal is told: as the client thinks that it goes, by all of its words
 * but those that are wrong. It could wait for us otherwise, and we for it.
 */
function leniently(words: readonly ByteString[], context: ParseContext): Options {
  let kept = words;
  for (let unknown = 0; unknown <= mostUnknown; unknown++) {
    const options = understood(kept, context);
    if (options !== undefined) return options;
    const wrong = firstWrong(kept, context);
    kept = kept.filter((_, k) => k !== wrong);
  }
  const info = words.find((word) => /^-[^-].*e\d*\./.test(word));
  return {
    ...plainOptions(),
    server: true,
    sender: words.includes('--sender'),
    clientInfo: info?.slice(info.search(/e\d*\./) + 1) ?? '',
  };
}

function understood(words: readonly ByteString[], context: ParseContext): Options | undefined {
  try {
    return parseServerArgs(words, context).options;
  } catch {
    return undefined;
  }
}

/** The first word by which words cannot be understood. One that waits for its value is no such. */
function firstWrong(words: readonly ByteString[], context: ParseContext): number {
  const fails = (count: number): boolean => understood(words.slice(0, count), context) === undefined;
  let [good, bad] = [0, words.length];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (fails(middle) && fails(middle + 1)) bad = middle;
    else good = middle;
  }
  return bad - 1;
}

/** Paths as they are in the module: the first part of each is its name. */
function withPaths(
  { setup, place, rules }: Entered,
  asked: Asked,
  { options, paths }: { readonly options: readonly ByteString[]; readonly paths: readonly ByteString[] },
  secluded: boolean,
): Asked {
  const { values, kernel } = setup;
  const split = ` ${values.name}/`;
  const root = place.dir === '/' ? '' : place.dir;
  const named = paths.flatMap((path) => {
    const inside = path.startsWith(values.name) ? path.slice(values.name.length) : path;
    return secluded ? [inside] : inside.split(split);
  });
  const tidy = named.map((path) => (root === '' ? tidyPath(path) : sanitizePath(path, '', true)));
  const site = { cwd: place.dir, module: { rules, boundary: boundaryOf(place) } };
  const found = expandArgs(kernel, site, ['.', ...tidy]).slice(1);
  // What looks like an option behind the dot is one, as in rsync, whose clients know to avoid that.
  const dashed = found.filter((path) => path.startsWith('-') && path !== '-');
  if (dashed.length === 0 || asked.problem !== undefined) return { ...asked, args: found };
  const again = parse(
    setup,
    [...options, ...dashed],
    found.filter((path) => !dashed.includes(path)),
  );
  return again;
}

function boundaryOf({ dir }: ModulePlace): ByteString | undefined {
  return dir === '/' ? undefined : dir;
}

/** The run, or the news that there is none. */
async function run(
  entered: Entered,
  daemon: Daemon,
  { options: given, args, problem }: Asked,
): Promise<number> {
  const { talk, setup, place, protocol, remoteProtocol } = entered;
  const { sender } = given;
  const module = moduleOf(entered, daemon, sender);
  const site: Site = { cwd: place.dir, moduleDir: place.dir === '/' ? '' : place.dir, module };
  let refusal = problem;
  let options: Options = {
    ...given,
    ...limitLevels(given, setup.values['max verbosity']),
    msgs2stderr: daemon.hasSocket ? false : given.msgs2stderr,
  };
  if (refusal === undefined)
    try {
      options = inModule(given, setup, {
        site,
        bwlimit: daemon.options.bwlimit,
        tempDir: daemon.options.tempDir,
        hasSocket: daemon.hasSocket,
      });
    } catch (error) {
      if (!(error instanceof RsyncError)) throw error;
      refusal = error;
    }
  const format = formatOf(entered, daemon);
  // What its lines tell of each file decides, too, how files may be sent.
  options = { ...options, logFileFormat: format ?? '' };
  const kept = transferLog(daemon, format);
  const log = (): TransferLog => kept;
  const io: SessionIo = { ...daemon.io, host: quiet(daemon), log };
  let opened: End | undefined;
  const filters = createFilters(refusal === undefined ? options : { ...options, filters: [] }, {
    side: sender ? 'sender' : 'receiver',
    site,
    ...filterReport(options, io.host, () => opened),
  });
  const charset = await nameCharset(options, io);
  const end = openEnd({
    io,
    duplex: talk.rest(),
    options,
    kernel: suitableKernel(setup.kernel, { ...options, mungeLinks: false }, () => opened),
    server: true,
    sender,
    site,
    charset,
  });
  opened = end;
  const agreed = { protocol, remoteProtocol };
  /** What options come to before there is a protocol (a file of names that is not there) is a refusal, too. */
  const toldRefusal = ({ lines }: RsyncError): Promise<unknown> =>
    tellRefusal(end, options, agreed, new RsyncError(ExitCode.Unsupported, lines)).catch(
      (told: unknown) => told,
    );
  const { code } = await withClosing({ log, options, sends: sender, tellsPartial: false }, () =>
    attended([end], async () => {
      try {
        if (refusal !== undefined) await tellRefusal(end, options, agreed, refusal);
        const named = sender && !options.relative && site.moduleDir !== '' ? args.map(withoutDots) : args;
        await runServerEnd(end, options, { args: ['.', ...named], filters }, agreed);
        await end.writer.end();
        return endOf(end);
      } catch (error) {
        const early = isEarly(end, error) ? await toldRefusal(error) : error;
        throw await endAfterFailure(end, early);
      } finally {
        daemon.visit.received = end.reader.bytesRead;
        daemon.visit.sent = end.writer.bytesWritten;
        daemon.visit.files = end.stats.transferredFiles;
      }
    }),
  ).catch((error: unknown) => {
    // All of it was told, and written down.
    if (error instanceof RsyncError) return { code: error.exitCode };
    throw error;
  });
  return code;
}

/** Without --relative a `.` in a path means nothing to a sender. */
function withoutDots(path: ByteString): ByteString {
  return sanitizePath(path, '');
}

function isEarly({ report }: End, error: unknown): error is RsyncError {
  return error instanceof RsyncError && error.exitCode === ExitCode.Syntax && report.negotiated === undefined;
}

/** A client hears of a refusal once the protocol has begun. */
async function tellRefusal(
  end: End,
  options: Options,
  agreed: { readonly protocol: number; readonly remoteProtocol: number },
  refusal: RsyncError,
): Promise<never> {
  const { writer, report, setup } = end;
  report.negotiated = await handshake(end, {
    amServer: true,
    amSender: setup.sender,
    options,
    kernel: setup.kernel,
    clientInfo: options.clientInfo,
    host: setup.io.host,
    ...agreed,
  });
  // It waits for the names that it has asked us to send, below protocol 31 without frames.
  if (!setup.sender && options.filesFrom !== '' && agreed.protocol < 31) writer.byte(0);
  writer.startMultiplex();
  throw refusal;
}

/** A command of the module knows, or the files that are to be seen from within it. */
function namesOf({ hooks }: Entered, { log }: Daemon): IdNames {
  const { converter } = hooks;
  if (converter === undefined) return new IdNames();
  return new NameConverter(converter.requests, converter.answers, (line) => log.write(line));
}

function moduleOf(entered: Entered, daemon: Daemon, sender: boolean): Module {
  const { setup, place, rules, munged, client, admitted } = entered;
  const { values } = setup;
  return {
    name: values.name,
    readOnly: admitted.access === undefined ? values['read only'] : admitted.access === 'ro',
    writeOnly: values['write only'],
    boundary: values['insecure links'] ? undefined : boundaryOf(place),
    munges: munged,
    chmod: chmodOfModule(setup, sender ? 'outgoing chmod' : 'incoming chmod'),
    ignoresNonreadable: values['ignore nonreadable'],
    rules,
    visitor: {
      host: values['reverse lookup'] ? client.host : undetermined,
      address: client.address,
      user: admitted.user,
    },
    fullPath: place.fullPath,
    names: namesOf(entered, daemon),
    // A directory that is held goes by another name.
    inside: place.root === undefined ? place.fullPath : place.dir,
  };
}

/** A change of modes that cannot be understood is told of, and is none. */
function chmodOfModule(
  { text, host, complain }: ModuleSetup,
  name: 'outgoing chmod' | 'incoming chmod',
): ByteString {
  const given = text(name);
  if (given === '' || parseChmod(given, host.umask()) !== undefined) return given;
  complain(`Invalid "${name}" directive: ${given}`);
  return '';
}

/** What a daemon has to say it writes down: its standard error is nobody's, but where a shell has started it. */
function quiet({ io, hasSocket, log }: Daemon): Host {
  if (!hasSocket) return io.host;
  return { ...io.host, stderr: (bytes) => log.write(Buffer.from(bytes).toString('latin1')), stdout() {} };
}

function formatOf({ setup }: Entered, { options }: Daemon): ByteString | undefined {
  if (options.logFileFormat !== undefined) return options.logFileFormat;
  return setup.values['transfer logging'] ? setup.text('log format') : undefined;
}
