/**
 * What a measurement runs in: a scratch folder on tmpfs with the data sets, the destinations and the two
 * servers (sshd and the peer's daemon, on loopback). All of it is gone at the end, also of an interrupted run.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dataSets } from './data.mjs';
import { measure, remoteProgram } from './measure.mjs';
import { measureServing } from './serve.mjs';
import { bareShell, startDaemon, startSshd } from './servers.mjs';

/** `rm` is several times as fast as Node with a million files. */
const remove = (path) => execFileSync('rm', ['-rf', '--', path]);

/** The folder of a measurement, and how one scenario is run in it. */
class Rig {
  constructor(root, peer, scale) {
    this.root = root;
    this.peer = peer;
    this.sets = dataSets(root, scale);
    this.stops = [];
    this.daemons = new Map();
    /** The exit code of an interrupted run: nothing more is started. */
    this.ended = undefined;
    this.env = { ...process.env, LC_ALL: 'C' };
    for (const name of Object.keys(this.env)) if (name.startsWith('RSYNC_')) delete this.env[name];
  }

  async ssh() {
    this.sshd ??= await startSshd(this.root);
    if (!this.stops.includes(this.sshd.stop)) this.stops.push(this.sshd.stop);
    return this.sshd;
  }
  /** The daemon that `command` is, started when it is asked for first; one that does not start is not tried again. */
  async daemon(command) {
    const key = command.join(' ');
    if (!this.daemons.has(key)) {
      const started = startDaemon(this.root, command, `daemon-${this.daemons.size}`);
      this.daemons.set(key, started);
      this.stops.push((await started).stop);
    }
    return this.daemons.get(key);
  }

  /** Whether a data set has been made. */
  has(name) {
    return existsSync(join(this.root, 'data', name));
  }
  /** Removes a data set that is not needed any more. */
  drop(name) {
    remove(join(this.root, 'data', name));
  }
  /** Removes what the last run made. */
  clear() {
    remove(join(this.root, 'dest'));
  }

  /** Puts at the destination what the scenario finds there. */
  prepare(scenario, dest) {
    if (scenario.keep && existsSync(dest)) return;
    remove(dest);
    if (scenario.to === undefined) return;
    execFileSync('cp', ['-a', `${this.sets(scenario.to)}/.`, dest]);
  }

  /**
   * Runs `command` (a tool, and what comes before it) once; `remote` is the far side's command where it is
   * another. What is given is what `measure` tells, and where the files are.
   */
  async run(scenario, command, { remote = command, env = {} } = {}) {
    if (this.ended !== undefined) throw new Error('interrupted');
    if (scenario.wire === 'serve') return measureServing(this, scenario.serve, await this.daemon(command));
    const source = this.sets(scenario.from);
    const dest = join(this.root, scenario.keep ? `kept-${scenario.to}` : 'dest');
    this.prepare(scenario, dest);
    const remoteFile = join(this.root, 'usage-remote');
    const args = [...command, ...scenario.args];
    let server;
    let far = (path) => path;
    if (scenario.wire === 'ssh') {
      const ssh = await this.ssh();
      server = ssh.pid;
      args.push('-e', ssh.shell, `--rsync-path=${remoteProgram(remote, remoteFile)}`);
      far = (path) => `${ssh.host}:${path}`;
    } else if (scenario.wire === 'pipe') {
      args.push('-e', bareShell(this.root), `--rsync-path=${remote.join(' ')}`);
      far = (path) => `here:${path}`;
    } else if (scenario.wire.endsWith('daemon')) {
      const daemon = await this.daemon(scenario.wire === 'daemon' ? [this.peer] : command);
      server = daemon.pid;
      far = (path) => `${daemon.url}${path.slice(this.root.length)}`;
    }
    if (scenario.pull) args.push(`${far(source)}/`, `${dest}/`);
    else args.push(`${source}/`, `${far(dest)}/`);
    const used = await measure(args, {
      root: this.root,
      env: { ...this.env, ...env },
      server,
      started: (child) => {
        this.running = child;
      },
      remoteFile: scenario.wire === 'ssh' ? remoteFile : undefined,
    });
    return { dest, source, ...used };
  }

  /** A copy that is not one is no result: the peer must find nothing to do. */
  verify(scenario, { source, dest }) {
    if (scenario.dry || scenario.wire === 'serve') return;
    const left = execFileSync(this.peer, ['-anic', '--delete', `${source}/`, `${dest}/`], {
      encoding: 'latin1',
      env: this.env,
    });
    if (left !== '') throw new Error(`the copy differs from its source:\n${left.slice(0, 500)}`);
  }

  /** Ends what is being measured, and lets nothing more begin. */
  end(exitCode) {
    this.ended = exitCode;
    const child = this.running;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    try {
      process.kill(-child.pid, 'SIGTERM');
    } catch {
      // It has just ended by itself.
    }
  }

  async close() {
    for (const stop of this.stops) await stop();
    remove(this.root);
  }
}

/** Where the fastest scratch space is. */
const fastest = () => (existsSync('/dev/shm') ? '/dev/shm' : tmpdir());

/** Runs `body` with a rig below `dir`, and removes it afterwards, whatever ends the run. */
export async function withRig({ dir = fastest(), peer, scale }, body) {
  mkdirSync(dir, { recursive: true });
  const rig = new Rig(mkdtempSync(join(dir, 'oc-rsync-bench-')), peer, scale);
  const interrupted = (signal) => rig.end(signal === 'SIGINT' ? 130 : 143);
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  try {
    return await body(rig);
  } finally {
    await rig.close();
    process.off('SIGINT', interrupted);
    process.off('SIGTERM', interrupted);
    if (rig.ended !== undefined) process.exit(rig.ended);
  }
}
