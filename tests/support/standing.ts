/** A daemon of ours that stands on a loopback port: what it has started, what it holds, and what it writes down. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { freePort, startGuarded, waitForPort } from './guarded.ts';
import { isRoot, ours, type Peer } from './peers.ts';
import { removeTree, withWorkspace } from './workspace.ts';

export interface Standing {
  /** TWIN of the configuration. */
  readonly dir: string;
  /** `rsync://127.0.0.1:PORT`. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** All that is in its log. */
  log(): string;
  /** Waits until its log says so, and fails where it does not. */
  logged(sign: RegExp): Promise<void>;
  /** Waits until it has as many processes and descriptors as when it began, and fails where that does not come. */
  settles(): Promise<void>;
}

/** What every configuration here begins with; as root, modules are root's. */
export const standingPreamble = `use chroot = no
${isRoot ? 'uid = 0\ngid = 0\n' : ''}log file = TWIN/log
pid file = TWIN/pid
`;

export interface Setup {
  /** Behind the preamble; TWIN stands for the folder that all of it is in. */
  readonly config: string;
  readonly who?: Peer;
  /** Makes what the modules are, before the daemon begins. */
  readonly prepare?: (dir: string) => void;
  readonly preamble?: string;
  /** More words of its command line, and variables of its own. */
  readonly args?: readonly string[];
  readonly env?: Record<string, string>;
  /** What its command is put behind, to limit it. */
  readonly within?: readonly string[];
}

/** A daemon that stands until it is stopped. */
export interface Open extends Standing {
  /** Ends it by SIGTERM, and fails where something that it has started stays behind. */
  stop(): Promise<void>;
}

/** Starts a daemon with its configuration in `dir`. */
export async function openStanding(setup: Setup, dir: string): Promise<Open> {
  const port = await freePort();
  const config = join(dir, 'rsyncd.conf');
  const twin = (text: string) => text.replaceAll('TWIN', dir);
  writeFileSync(config, twin((setup.preamble ?? standingPreamble) + setup.config));
  setup.prepare?.(dir);
  const server = startGuarded(
    [
      ...(setup.within ?? []),
      ...(setup.who ?? ours()).command,
      '--daemon',
      '--no-detach',
      `--config=${config}`,
      '--address=127.0.0.1',
      `--port=${port}`,
      ...(setup.args ?? []),
    ],
    setup.env,
  );
  try {
    await waitForPort(port, server);
  } catch (error) {
    await server.stop();
    throw error;
  }
  const pid = Number(readFileSync(join(dir, 'pid'), 'utf8'));
  const log = (): string => readFileSync(join(dir, 'log'), 'latin1');
  // The knock on its port was a client, too.
  const began = await steady(() => held(pid));
  return {
    dir,
    port,
    pid,
    url: `rsync://127.0.0.1:${port}`,
    log,
    logged: async (sign) => {
      await soon(() => sign.test(log()));
      expect(log()).toMatch(sign);
    },
    settles: async () => {
      expect(await steady(() => held(pid), began)).toBe(began);
    },
    stop: async () => {
      const after = descendants(pid);
      await server.stop();
      await soon(() => !after.some(isThere));
      expect(after.filter(isThere)).toEqual([]);
    },
  };
}

/** Has a daemon stand while `body` runs. */
export function standing(setup: Setup, body: (daemon: Standing) => Promise<void>): Promise<void> {
  return withWorkspace(async (dir) => {
    const daemon = await openStanding(setup, dir);
    try {
      await body(daemon);
    } finally {
      await daemon.stop();
    }
  });
}

/** One daemon for several tests; `here()` is it while they run. */
export function sharedDaemon(setup: Setup): () => Standing {
  let daemon: Open | undefined;
  let dir = '';
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'oc-rsync-standing-'));
    daemon = await openStanding(setup, dir);
  });
  afterAll(async () => {
    await daemon?.stop();
    removeTree(dir);
  });
  return () => {
    if (daemon === undefined) throw new Error('it does not stand');
    return daemon;
  };
}

/** A module of the daemon above, which can be written to, with one file in it. */
export const oneModule = '[m]\npath = TWIN/m\nread only = no\n';

export function makeModule(dir: string): void {
  mkdirSync(join(dir, 'm'));
  writeFileSync(join(dir, 'm', 'file'), 'content\n');
}

/** Waits for what comes within some seconds, or does not. */
export async function soon(done: () => boolean, ms = 20_000): Promise<boolean> {
  const end = Date.now() + ms;
  while (!done() && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 25));
  return done();
}

/** What `look` says once it says the same for half a second, and what is `wanted`, if anything is; or says at last. */
async function steady(look: () => string, wanted?: string): Promise<string> {
  let [last, since] = ['', 0];
  await soon(() => {
    const now = look();
    if (now !== last) [last, since] = [now, Date.now()];
    return Date.now() - since > 500 && (wanted === undefined || now === wanted);
  });
  return last;
}

/** Processes that it has started, and kinds of open descriptors: its own, and those of one that copies itself. */
function held(pid: number): string {
  const original = children(pid).filter((child) => children(child).length > 0);
  const kinds = [pid, ...original].map((holder) => descriptors(holder).sort().join(' '));
  return `${descendants(pid).length} processes; ${kinds.join('; ')}`;
}

function descriptors(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/${pid}/fd/${fd}`).replace(/:\[\d+\]$/, '')];
      } catch {
        return [];
      }
    });
  } catch {
    return [];
  }
}

/** Processes that a process has started, and that are not reaped. */
export function children(pid: number): number[] {
  try {
    const tasks = readdirSync(`/proc/${pid}/task`);
    return tasks.flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1').split(' ').filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}

/** These, and theirs. */
export function descendants(pid: number): number[] {
  return children(pid).flatMap((child) => [child, ...descendants(child)]);
}

export function isThere(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

/** What a process has used of a processor, in hundredths of a second. */
export function cpuTicks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

/** Memory of its own that a process holds, in MiB. */
export function residentMiB(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
  const of = (name: string) => Number(new RegExp(`^${name}: +(\\d+) kB`, 'm').exec(text)?.[1] ?? 0);
  return (of('Private_Clean') + of('Private_Dirty')) / 1024;
}
