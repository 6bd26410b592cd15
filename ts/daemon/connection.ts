import { ENOSYS } from '../errno.ts';
import { ExitCode, RsyncError } from '../errors.ts';
import { lostVariables, type Variables } from '../host.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { noSuchCharset, systemError } from '../report/messages.ts';
import { spoken } from '../session/failure.ts';
import { finalErrorLine } from '../session/final-line.ts';
import { wireName } from '../session/name-charset.ts';
import type { Duplex } from '../transport/duplex.ts';
import { openCharset } from '../wire/charset.ts';
import { isTrustedProxy, mayEnter } from './access.ts';
import { type Admitted, authenticate } from './authenticate.ts';
import { expand, expandCommand } from './config/expand.ts';
import type { ModuleName, ModuleValues } from './config/parameters.ts';
import type { Client, Daemon } from './daemon.ts';
import { type Deadline, deadlineOf } from './deadline.ts';
import { type Dialogue, openDialogue } from './dialogue.ts';
import { type Greeted, greet, listing, request } from './greeting.ts';
import { type Answering, prepare, prepareAnswering, prepareLast, runEarly } from './hooks.ts';
import { claimConnection } from './max-connections.ts';
import {
  enter,
  identityOf,
  idOf,
  type ModuleSetup,
  munges,
  placeOf,
  rulesOf,
  type TextOf,
} from './module.ts';
import { readProxyHeader } from './proxy-protocol.ts';
import { Refusal, refuse } from './refusal.ts';
import { type Entered, type Hooks, serveModule } from './serve.ts';
import { nameOf, plainAddress, undetermined } from './visitor.ts';

/** What rsync's process ends with where no session came about. */
const turnedAway = 255;

/** Serves a client to its end; answers what the process ends with. */
export async function serveConnection(duplex: Duplex, address: ByteString, daemon: Daemon): Promise<number> {
  const { log } = daemon;
  const talk = openDialogue(duplex);
  const { signal } = daemon.io;
  const stop = (): void => talk.fail(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  try {
    const from = await behindProxy(talk, address, daemon);
    if (from !== undefined) return await converse(talk, from, daemon);
    duplex.destroy();
    return turnedAway;
  } catch (error) {
    if (error instanceof Refusal) {
      daemon.visit.refused = true;
      if (error.note !== '') log.write(error.note);
      await talk.say(error.reply).catch(() => {});
      await talk.close();
      return turnedAway;
    }
    if (!(error instanceof RsyncError)) {
      log.write(`rsync: [Receiver] ${(error as Error).message}`);
      duplex.destroy();
      throw error;
    }
    // Written down before the client can see the end: whoever reads the log then finds why.
    const failure = spoken(brokenStream(error), 'Receiver');
    for (const line of failure.lines) if (line !== '') log.write(line, true);
    log.put(finalErrorLine(failure.exitCode, 'Receiver'), true);
    duplex.destroy();
    return failure.exitCode;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** Before there is a session, a wire that breaks is a stream that does, as in rsync. */
function brokenStream(error: RsyncError): RsyncError {
  if (error.exitCode !== ExitCode.SocketIo) return error;
  return new RsyncError(ExitCode.StreamIo, error.lines, { cause: error.cause });
}

/** Whose connection it is, where a proxy says so; undefined turns away one that may not, or says something else. */
async function behindProxy(
  talk: Dialogue,
  address: ByteString,
  daemon: Daemon,
): Promise<ByteString | undefined> {
  const { config, log, io } = daemon;
  if (!config.global['proxy protocol']) return address;
  const list = expand(config.global['proxy protocol hosts'], io.host.variables());
  const asking = { address, host: undetermined };
  if (!(await isTrustedProxy(list, asking, (line) => log.write(line)))) {
    log.write(`proxy protocol rejected from untrusted peer ${undetermined} (${address})`);
    return undefined;
  }
  const clock = deadlineOf(daemon, talk);
  clock.start(config.defaults.timeout);
  try {
    const said = await readProxyHeader(talk);
    return said === '' ? address : said && plainAddress(said);
  } finally {
    clock.stop();
  }
}

async function converse(talk: Dialogue, address: ByteString, daemon: Daemon): Promise<number> {
  const { log, config } = daemon;
  const complain = (line: ByteString): void => log.write(line);
  const looksUp = config.defaults['reverse lookup'];
  const anyLooksUp = looksUp || config.modules.some((module) => module['reverse lookup']);
  // Once for all, and before any root is changed: who cannot be looked up any more is nobody's friend.
  const name = anyLooksUp ? await nameOf(address, complain) : undetermined;
  const client: Client = { address, host: looksUp ? name : undetermined };
  if (!restrict(daemon)) {
    await talk.close();
    return turnedAway;
  }
  log.write(`connect from ${client.host} (${address})`);
  const clock = deadlineOf(daemon, talk);
  clock.start(config.defaults.timeout);
  try {
    const greeted = await greet(talk, daemon);
    if (greeted === undefined) return turnedAway;
    const asked = await request(talk);
    if (asked === undefined) return turnedAway;
    if (asked.line === '' || asked.line === '#list') {
      log.write(`module-list request from ${client.host} (${address})`);
      await talk.say(`${listing(daemon)}@RSYNCD: EXIT\n`);
      await talk.close();
      return turnedAway;
    }
    const values = moduleCalled(asked.line, client, daemon);
    const host = client.host === undetermined && values['reverse lookup'] ? name : client.host;
    const visit = { talk, greeted, values, client: { address, host }, early: asked.early, clock };
    return await serveModule(await letIn(visit, daemon), daemon);
  } finally {
    clock.stop();
  }
}

/** daemon chroot, daemon gid and daemon uid: hold for whatever a client asks for. False where they cannot be had. */
function restrict({ config, io, kernel, names, log }: Daemon): boolean {
  const { host } = io;
  const text = (name: 'daemon chroot' | 'daemon gid' | 'daemon uid'): ByteString =>
    expand(config.global[name], host.variables());
  const root = text('daemon chroot');
  if (root !== '') {
    const errno = kernel.changeRoot === undefined ? ENOSYS : kernel.changeRoot(root);
    if (errno !== 0) {
      log.write(systemError('Receiver', errno, `daemon chroot("${root}") failed`));
      return false;
    }
  }
  const [group, user] = [text('daemon gid'), text('daemon uid')];
  const gid = group === '' ? undefined : idOf(group, (name) => names.groupId(name));
  const uid = user === '' ? undefined : idOf(user, (name) => names.userId(name));
  if (group !== '' && gid === undefined) log.write(`Invalid daemon gid: ${group}`);
  else if (user !== '' && uid === undefined) log.write(`Invalid daemon uid: ${user}`);
  else {
    const failed = host.become({ uid, groups: gid === undefined ? [] : [gid], name: undefined });
    if (failed === undefined) return true;
    const named = failed
      .replace(/^setgid failed/, `Unable to set group to daemon gid ${gid}`)
      .replace(/^setuid failed/, `Unable to set user to daemon uid ${uid}`);
    log.write(`rsync: [Receiver] ${named}`);
  }
  return false;
}

function moduleCalled(name: ByteString, { host, address }: Client, { config, io }: Daemon): ModuleValues {
  const variables = io.host.variables();
  const found = config.modules.findLast((module) => expand(module.name, variables) === name);
  if (found !== undefined) return { ...found, name };
  throw refuse(`Unknown module '${name}'`, `unknown module '${name}' tried from ${host} (${address})`);
}

interface Visit {
  readonly talk: Dialogue;
  readonly greeted: Greeted;
  readonly values: ModuleValues;
  readonly client: Client;
  readonly early: ByteString;
  readonly clock: Deadline;
}

/** The way from a module's door into it: who may, how many, with what password, and as whom. */
async function letIn(visit: Visit, daemon: Daemon): Promise<Entered> {
  const { talk, values, clock, greeted } = visit;
  const { io, log, kernel, names } = daemon;
  const { host } = io;
  const { name } = values;
  daemon.visit.module = name;
  const known: Record<string, ByteString> = {
    RSYNC_MODULE_NAME: name,
    RSYNC_HOST_NAME: visit.client.host,
    RSYNC_HOST_ADDR: visit.client.address,
  };
  const fromHost = host.variables();
  const variables: Variables = (variable) => known[variable] ?? fromHost(variable);
  const text: TextOf = (parameter: ModuleName) => expand(values[parameter] as ByteString, variables);
  const complain = (line: ByteString): void => log.write(line);
  // What converts cannot be loaded any more from within a chroot.
  const charset = text('charset');
  if (charset !== '' && (await openCharset(charset)) === undefined)
    throw new RsyncError(ExitCode.Unsupported, noSuchCharset(charset, wireName));
  const client = await checkAccess(visit, text, complain);
  known.RSYNC_HOST_NAME = client.host;
  if (daemon.hasSocket)
    log.write(`rsync allowed access on module ${name} from ${client.host} (${client.address})`);
  claimConnection(text('lock file'), values['max connections'], daemon);
  clock.start(values.timeout);
  const admitted = await admit(visit, client, text, daemon);
  clock.stop();
  known.RSYNC_USER_NAME = admitted.user;

  const setup: ModuleSetup = { values, text, host, kernel, names, complain };
  const whom = identityOf(setup);
  const place = placeOf(setup);
  known.RSYNC_MODULE_PATH = place.fullPath;
  const rules = rulesOf(setup);
  log.become({
    file: daemon.options.logFile ?? text('log file'),
    tag: text('syslog tag'),
    facility: values['syslog facility'],
  });
  const hooks = await startHooks(visit, setup, { known, variables, stderr: stderrOf(daemon) });
  const [entered, munged] = await orTold(hooks.after, () => [
    enter(setup, place, whom),
    munges(setup, place),
  ]);
  return {
    talk,
    clock,
    client,
    admitted,
    setup,
    place: entered,
    rules,
    munged,
    hooks,
    protocol: greeted.protocol,
    remoteProtocol: greeted.remoteProtocol,
  };
}

/** What comes before a session; a command that waits for the end of one is told that there will be none. */
async function orTold<T>(after: Hooks['after'], work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    after?.(error instanceof RsyncError ? error.exitCode : turnedAway);
    throw error;
  }
}

/** inetd's standard error is the client's socket, or where a client of its own is told things. */
function stderrOf({ options, hasSocket }: Daemon): Told['stderr'] {
  return options.logsToStderr || (hasSocket && options.accepts.length === 0) ? 'ignore' : 'inherit';
}

/** What is told of a client, and where its commands may speak. */
interface Told {
  readonly known: Readonly<Record<string, ByteString>>;
  readonly variables: Variables;
  readonly stderr: 'inherit' | 'ignore';
}

/** The commands that the module has for its clients; those that wait are told the rest in time. */
async function startHooks(
  { values, early }: Visit,
  { host, kernel }: ModuleSetup,
  { known, variables, stderr }: Told,
): Promise<Hooks> {
  const hooks: Hooks = { before: undefined, after: undefined, converter: undefined };
  if (host.env.RSYNC_NO_XFER_EXEC !== undefined) return hooks;
  const command = (name: ModuleName): ByteString => expandCommand(values[name] as ByteString, variables);
  const around = { env: host.env, stderr };
  const all = { ...lostVariables(host), ...known, RSYNC_PID: `${host.pid}` };
  const [last, first, before, converter] = [
    command('post-xfer exec'),
    command('early exec'),
    command('pre-xfer exec'),
    command('name converter'),
  ];
  const after = last === '' ? undefined : prepareLast(last, around, all);
  if (first !== '') await orTold(after, () => runEarly(first, around, all, early));
  return {
    before: before === '' ? undefined : prepare(before, around, all, 'pre-xfer exec'),
    after,
    converter: converter === '' ? undefined : startConverter(converter, around, all, kernel),
  };
}

function startConverter(...setup: Parameters<typeof prepareAnswering>): Answering {
  const started = prepareAnswering(...setup);
  if (started !== undefined) return started;
  throw refuse('name-converter exec preparation failed', 'a name converter needs the native kernel');
}

async function checkAccess(
  { values, client }: Visit,
  text: TextOf,
  complain: (line: ByteString) => void,
): Promise<Client> {
  const { name } = values;
  const lists = {
    allow: text('hosts allow'),
    deny: text('hosts deny'),
    forwardLookup: values['forward lookup'],
  };
  const host = await mayEnter(lists, client, complain);
  if (host !== undefined) return { ...client, host };
  const note = `rsync denied on module ${name} from ${client.host} (${client.address})`;
  if (!values.list) throw refuse(`Unknown module '${name}'`, note);
  throw refuse(`access denied to ${name} from ${client.host} (${client.address})`, note);
}

async function admit(visit: Visit, client: Client, text: TextOf, daemon: Daemon): Promise<Admitted> {
  const { values, greeted, talk } = visit;
  const settings = {
    users: text('auth users'),
    secrets: text('secrets file'),
    strictModes: values['strict modes'],
    digest: text('auth digest'),
  };
  const outcome = await authenticate(settings, {
    talk,
    peer: greeted,
    kernel: daemon.kernel,
    host: daemon.io.host,
    names: daemon.names,
    complain: (line) => daemon.log.write(line),
  });
  if (typeof outcome !== 'string') return outcome;
  const at = `auth failed on module ${values.name} from ${client.host} (${client.address})`;
  const note = outcome.startsWith('for ') ? `${at} ${outcome}` : `${at}: ${outcome}`;
  throw refuse(`auth failed on module ${values.name}`, note);
}
