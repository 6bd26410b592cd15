/** The product's rig, with a real sshd and daemons that are asked for much, below the fastest folder there is. */
import { existsSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makers } from './project-data.mjs';
import { measureServing } from './serve.mjs';
import { remoteProgram, withRig as withSharedRig } from './shared.mjs';
import { startSshd } from './sshd.mjs';

/** Where the fastest scratch space is. */
const fastest = () => (existsSync('/dev/shm') ? '/dev/shm' : tmpdir());

/** The tool at both ends of a private sshd, which is started when it is asked for first. */
function sshWire() {
  let sshd;
  return async (rig, { remote }) => {
    sshd ??= startSshd(rig);
    const { pid, shell, host } = await sshd;
    const remoteFile = join(rig.root, 'usage-remote');
    return {
      args: ['-e', shell, `--rsync-path=${remoteProgram(remote, remoteFile)}`],
      far: (path) => `${host}:${path}`,
      server: pid,
      remoteFile,
    };
  };
}

/** Where a scenario is one of serving nothing is copied that could be compared. */
const withServing = (rig) => {
  const serves = ({ wire }) => wire === 'serve';
  return {
    ...rig,
    ready: async (scenario) => serves(scenario) || rig.ready(scenario),
    run: async (scenario, command, changes) =>
      serves(scenario)
        ? measureServing(rig, scenario.serve, await rig.daemon(command))
        : rig.run(scenario, command, changes),
    source: async (scenario) => (serves(scenario) ? {} : rig.source(scenario)),
    verify: async (scenario, ran) => (serves(scenario) ? [] : rig.verify(scenario, ran)),
  };
};

/** Runs `body` with a rig below `dir`, and removes it afterwards, whatever ends the run. */
export async function withRig({ dir = fastest(), peer, scale }, body) {
  mkdirSync(dir, { recursive: true });
  const controller = new AbortController();
  let exitCode;
  const interrupted = (signal) => {
    exitCode = signal === 'SIGINT' ? 130 : 143;
    controller.abort();
  };
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  const around = {
    env: process.env,
    signal: controller.signal,
    isRoot: process.getuid() === 0,
    signalGroup(leader, signal) {
      try {
        return process.kill(-leader, signal);
      } catch {
        return false;
      }
    },
  };
  try {
    const settings = { dir, peer, scale, makers, wires: { ssh: sshWire() } };
    return await withSharedRig(around, settings, (rig) => body(withServing(rig)));
  } finally {
    process.off('SIGINT', interrupted);
    process.off('SIGTERM', interrupted);
    if (exitCode !== undefined) process.exit(exitCode);
  }
}
