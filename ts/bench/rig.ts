/**
 * What a measurement runs in: a scratch folder with the data sets, the destinations and the servers (on loopback). All of
 * it is gone at the end, also of an interrupted run.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Environment, Host } from '../host.ts';
import { copyTree, type DataSets, dataSets, type Maker, type Pause, removeTree } from './data.ts';
import { measure, shellWords, type Usage } from './measure.ts';
import { type Processes, watchProcesses } from './processes.ts';
import type { Scenario } from './scenarios.ts';
import { bareShell, type Daemon, startDaemon } from './servers.ts';
import { differences, readTree, type Tree } from './tree.ts';

/** Nobody guesses so many. */
const passwordBytes = 16;

/** The process that measures. */
export interface Surroundings {
  readonly env: Environment;
  /** Ends the run: whatever has been started is ended, and nothing more is. */
  readonly signal: AbortSignal;
  readonly signalGroup: Host['signalGroup'];
  readonly isRoot: boolean;
}

export interface RigSettings {
  /** Where the scratch folder is made; it is there. */
  readonly dir: string;
  /** The real rsync; undefined where there is none. */
  readonly peer: string | undefined;
  readonly scale: number;
  readonly makers: Readonly<Record<string, Maker>>;
  /** Ways to call a tool beside the standard ones. */
  readonly wires?: Readonly<Record<string, Wire>>;
}

/** A tool that is about to be called. */
export interface Call {
  readonly command: readonly string[];
  /** The other side's, which may be another. */
  readonly remote: readonly string[];
}

/** How the other side is reached. */
export interface Reach {
  /** What the call needs for it. */
  readonly args: readonly string[];
  /** A path of the scratch folder at the other side. */
  far(path: string): string;
  /** The process id of a server whose sessions count as the tool's. */
  readonly server?: number;
  /** Where the other side says what it used. */
  readonly remoteFile?: string;
}

export type Wire = (rig: Rig, call: Call) => Reach | Promise<Reach>;

/** A run, what it was and what it cost. */
export interface Ran extends Usage {
  readonly source: string;
  readonly dest: string;
  /** The whole command. */
  readonly argv: readonly string[];
}

/** What of a run may be another than usual. */
export interface RunChanges {
  readonly remote?: readonly string[];
  readonly env?: Environment;
}

/** The folder of a measurement, and how one scenario is run in it. */
export interface Rig {
  readonly root: string;
  readonly peer: string | undefined;
  /** Of what is measured. */
  readonly env: Environment;
  readonly processes: Processes;
  readonly folderOf: DataSets;
  /** Ended before the folder is removed. */
  onClose(stop: () => Promise<void>): void;
  /** The daemon that `command` is, started when it is asked for first; one that does not start is not tried again. */
  daemon(command: readonly string[]): Promise<Daemon>;
  /** Whether a data set has been made. */
  has(name: string): boolean;
  /** Removes a data set that is not needed any more. */
  drop(name: string): Promise<void>;
  /** Removes what the last run made. */
  clear(): Promise<void>;
  /** Removes a scenario's destination, which a run may have left otherwise than it was. */
  renew(scenario: Scenario): Promise<void>;
  /** Makes the data that a scenario needs. */
  ready(scenario: Scenario): Promise<void>;
  /** Runs `command` (a tool, and what comes before it) once. */
  run(scenario: Scenario, command: readonly string[], changes?: RunChanges): Promise<Ran>;
  /** What the scenario's source is. */
  source(scenario: Scenario): Promise<Tree>;
  /** What differs between the copy that a run has made and its source; none where they are equal. */
  verify(scenario: Scenario, ran: Ran): Promise<string[]>;
}

const standardWires: Readonly<Record<string, Wire>> = {
  local: () => ({ args: [], far: (path) => path }),
  pipe: (rig, { remote }) => ({
    args: ['-e', shellOption(bareShell(rig.root)), `--rsync-path=${shellWords(remote)}`],
    far: (path) => `here:${path}`,
  }),
  daemon: async (rig) => {
    if (rig.peer === undefined) throw new Error('there is no rsync to serve');
    return served(rig, [rig.peer]);
  },
  'own-daemon': (rig, { command }) => served(rig, command),
};

/** A program as one word of -e, in which quotes within quotes are doubled. */
function shellOption(path: string): string {
  return /["' ]/.test(path) ? `'${path.replaceAll("'", "''")}'` : path;
}

async function served(rig: Rig, command: readonly string[]): Promise<Reach> {
  const { pid, url } = await rig.daemon(command);
  return { args: [], far: (path) => `${url}${path.slice(rig.root.length)}`, server: pid };
}

/** Runs `body` with a rig below `dir`, and removes it afterwards, whatever ends the run; rejects as the signal says. */
export async function withRig<T>(
  around: Surroundings,
  settings: RigSettings,
  body: (rig: Rig) => Promise<T>,
): Promise<T> {
  const root = mkdtempSync(join(settings.dir, 'oc-rsync-bench-'));
  const processes = watchProcesses(around.signal, around.signalGroup);
  const stops: (() => Promise<void>)[] = [];
  try {
    const result = await body(makeRig(root, around, settings, { processes, stops }));
    around.signal.throwIfAborted();
    return result;
  } finally {
    await processes.endAll();
    for (const stop of stops) await stop();
    await removeTree(root);
  }
}

function makeRig(
  root: string,
  { env: given, signal, isRoot }: Surroundings,
  { peer, scale, makers, wires = {} }: RigSettings,
  { processes, stops }: { readonly processes: Processes; readonly stops: (() => Promise<void>)[] },
): Rig {
  const pause: Pause = async () => {
    await setImmediate();
    signal.throwIfAborted();
  };
  const env = { ...given, LC_ALL: 'C' } as Record<string, string | undefined>;
  for (const name of Object.keys(env))
    if (name.startsWith('RSYNC_') || name === 'OC_RSYNC_TRACE') delete env[name];
  const password = randomBytes(passwordBytes).toString('hex');
  env.RSYNC_PASSWORD = password;
  const folderOf = dataSets(root, scale, pause, makers);
  const daemons = new Map<string, Promise<Daemon>>();
  const trees = new Map<string, Promise<Tree>>();
  const destOf = ({ keep, to }: Scenario) => join(root, keep ? `kept-${to}` : 'dest');

  const prepare = async (scenario: Scenario, dest: string): Promise<void> => {
    if (scenario.keep && existsSync(dest)) return;
    await removeTree(dest);
    if (scenario.to !== undefined) await copyTree(await folderOf(scenario.to), dest);
  };

  const rig: Rig = {
    root,
    peer,
    env,
    processes,
    folderOf,
    onClose: (stop) => void stops.push(stop),
    daemon(command) {
      const key = command.join(' ');
      const name = `daemon-${daemons.size}`;
      const there =
        daemons.get(key) ?? startDaemon(processes, root, command, { name, env, isRoot, password });
      daemons.set(key, there);
      return there;
    },
    has: (name) => existsSync(join(root, 'data', name)),
    async drop(name) {
      trees.delete(name);
      await removeTree(join(root, 'data', name));
    },
    clear: () => removeTree(join(root, 'dest')),
    renew: (scenario) => removeTree(destOf(scenario)),
    async ready({ from, to }) {
      await folderOf(from);
      if (to !== undefined) await folderOf(to);
    },
    async run(scenario, command, { remote = command, env: more = {} } = {}) {
      signal.throwIfAborted();
      const source = await folderOf(scenario.from);
      const dest = destOf(scenario);
      await prepare(scenario, dest);
      const wire = wires[scenario.wire] ?? standardWires[scenario.wire];
      if (wire === undefined) throw new Error(`there is no wire ${scenario.wire}`);
      const { args, far, server, remoteFile } = await wire(rig, { command, remote });
      const ends = scenario.pull ? [`${far(source)}/`, `${dest}/`] : [`${source}/`, `${far(dest)}/`];
      const argv = [...command, ...scenario.args, ...args, ...ends];
      const how = { root, env: { ...env, ...more }, processes, server, remoteFile };
      return { source, dest, argv, ...(await measure(argv, how)) };
    },
    async source({ from }) {
      const tree = trees.get(from) ?? readTree(await folderOf(from), pause);
      trees.set(from, tree);
      return tree;
    },
    async verify(scenario, { dest }) {
      if (scenario.dry) return existsSync(dest) ? ['a run that shall do nothing has made something'] : [];
      return differences(await rig.source(scenario), await readTree(dest, pause));
    },
  };
  return rig;
}
