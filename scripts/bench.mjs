#!/usr/bin/env node
/**
 * Measures ours beside the real rsync and whatever else is named, in one run, in turns.
 *
 *   npm run bench -- [--only SCENARIO,…] [--runs N] [--scale X] [--json FILE] [--peer PATH]
 *                    [--dir FOLDER] [--no-verify] [--list] [NAME=COMMAND …]
 *
 * Data sets, destinations and the two servers (sshd and the peer's daemon, on loopback) live in a folder
 * of their own on tmpfs, which is removed at the end. Node for ours is OC_RSYNC_NODE, or the one that runs
 * this. Results are a Markdown table on standard output, and JSON where --json says.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { argv, which } from 'zx';
import { dataSets } from './bench/data.mjs';
import { measure, remoteProgram } from './bench/measure.mjs';
import { chosen, scenarios } from './bench/scenarios.mjs';
import { startDaemon, startSshd } from './bench/servers.mjs';
import { markdown, summarize } from './bench/table.mjs';

const repository = join(import.meta.dirname, '..');
const say = (text) => process.stderr.write(`${text}\n`);

const usageError = (text) => {
  say(`bench: ${text}`);
  process.exit(1);
};

/** The tools by name: how each is called. */
const findTools = async (peer) => {
  const tools = { rsync: [peer] };
  const ours = join(repository, 'dist', 'oc-rsync.mjs');
  if (existsSync(ours)) tools.ours = [process.env.OC_RSYNC_NODE ?? process.execPath, ours];
  else say('bench: dist/oc-rsync.mjs is not built (npm run build); measuring the others alone');
  for (const word of argv._) {
    const at = word.indexOf('=');
    if (at < 1) usageError(`${word} is not NAME=COMMAND`);
    tools[word.slice(0, at)] = word
      .slice(at + 1)
      .split(' ')
      .filter((part) => part !== '');
  }
  return tools;
};

const firstLine = (command, args) => {
  try {
    return execFileSync(command[0], [...command.slice(1), ...args], { encoding: 'latin1' }).split('\n')[0];
  } catch {
    return 'unknown';
  }
};

const machine = () => ({
  cpu: cpus()[0]?.model ?? 'unknown',
  cpus: cpus().length,
  memoryMiB: Math.round(totalmem() / 1024 / 1024),
  kernel: release(),
  node: process.version,
  date: new Date().toISOString(),
});

/** One run's scratch folder, with its servers. */
class Bench {
  constructor(root, peer, scale) {
    this.root = root;
    this.peer = peer;
    this.sets = dataSets(root, scale);
    this.stops = [];
    this.env = { ...process.env, LC_ALL: 'C' };
    for (const name of Object.keys(this.env)) if (name.startsWith('RSYNC_')) delete this.env[name];
  }

  async ssh() {
    this.sshd ??= await startSshd(this.root);
    if (!this.stops.includes(this.sshd.stop)) this.stops.push(this.sshd.stop);
    return this.sshd;
  }
  async daemon() {
    this.rsyncd ??= await startDaemon(this.root, this.peer);
    if (!this.stops.includes(this.rsyncd.stop)) this.stops.push(this.rsyncd.stop);
    return this.rsyncd;
  }

  /** Puts at the destination what the scenario finds there. */
  prepare(scenario, dest) {
    if (scenario.keep && existsSync(dest)) return;
    rmSync(dest, { recursive: true, force: true });
    if (scenario.to === undefined) return;
    execFileSync('cp', ['-a', `${this.sets(scenario.to)}/.`, dest]);
  }

  async run(scenario, tool, command) {
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
      args.push('-e', ssh.shell, `--rsync-path=${remoteProgram(command, remoteFile)}`);
      far = (path) => `${ssh.host}:${path}`;
    } else if (scenario.wire === 'daemon') {
      const daemon = await this.daemon();
      server = daemon.pid;
      far = (path) => `${daemon.url}${path.slice(this.root.length)}`;
    }
    if (scenario.pull) args.push(`${far(source)}/`, `${dest}/`);
    else args.push(`${source}/`, `${far(dest)}/`);
    const used = await measure(args, {
      root: this.root,
      env: this.env,
      server,
      started: (child) => {
        this.running = child;
      },
      remoteFile: scenario.wire === 'ssh' ? remoteFile : undefined,
    });
    return { tool, dest, source, ...used };
  }

  /** A copy that is not one is no result: the peer must find nothing to do. */
  verify(scenario, { source, dest }) {
    if (scenario.dry) return;
    const left = execFileSync(this.peer, ['-anic', '--delete', `${source}/`, `${dest}/`], {
      encoding: 'latin1',
      env: this.env,
    });
    if (left !== '') throw new Error(`the copy differs from its source:\n${left.slice(0, 500)}`);
  }

  /** Ends what is being measured, for an interrupted run. */
  kill() {
    const child = this.running;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    process.kill(-child.pid, 'SIGTERM');
  }

  async close() {
    for (const stop of this.stops) await stop();
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** All tools in turns, `runs` times each; a tool that fails once is out of the scenario. */
async function runScenario(bench, scenario, tools, runs, verifies) {
  const done = Object.fromEntries(Object.keys(tools).map((tool) => [tool, []]));
  const failed = {};
  for (let turn = 0; turn < runs; turn++) {
    for (const [tool, command] of Object.entries(tools)) {
      if (failed[tool] !== undefined) continue;
      try {
        const result = await bench.run(scenario, tool, command);
        if (turn === 0 && verifies && tool !== 'rsync') bench.verify(scenario, result);
        const { wall, cpu, rss } = result;
        done[tool].push({ wall, cpu, rss });
      } catch (error) {
        failed[tool] = error.message;
        say(`  ${tool} failed: ${error.message}`);
      }
    }
  }
  rmSync(join(bench.root, 'dest'), { recursive: true, force: true });
  const medians = {};
  for (const [tool, list] of Object.entries(done))
    if (failed[tool] === undefined && list.length > 0) medians[tool] = summarize(list);
  return { name: scenario.name, goal: scenario.goal, args: scenario.args, medians, runs: done, failed };
}

async function main() {
  if (argv.list) {
    for (const { name, optional } of scenarios)
      process.stdout.write(`${name}${optional ? ' (optional)' : ''}\n`);
    return;
  }
  const runs = Number(argv.runs ?? 3);
  const scale = Number(argv.scale ?? 1);
  if (!(runs >= 1) || !(scale > 0)) usageError('--runs and --scale take positive numbers');
  let wanted;
  try {
    wanted = chosen(argv.only);
  } catch (error) {
    usageError(error.message);
  }
  const peer = argv.peer ?? process.env.OC_RSYNC_PEER ?? (await which('rsync', { nothrow: true }));
  if (!peer) usageError('there is no rsync to compare with (--peer PATH)');
  const tools = await findTools(peer);
  const fast = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  const parent = argv.dir ?? fast;
  mkdirSync(parent, { recursive: true });
  const bench = new Bench(mkdtempSync(join(parent, 'oc-rsync-bench-')), peer, scale);
  const interrupted = (signal) => {
    bench.kill();
    bench.close().finally(() => process.exit(signal === 'SIGINT' ? 130 : 143));
  };
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  const results = [];
  try {
    for (const scenario of wanted) {
      say(`${scenario.name}: ${scenario.wire} ${scenario.args.join(' ')}`);
      results.push(await runScenario(bench, scenario, tools, runs, argv.verify !== false));
    }
  } finally {
    await bench.close();
  }
  report(results, tools, { runs, scale });
}

function report(results, tools, settings) {
  const about = {
    machine: machine(),
    ...settings,
    tools: Object.fromEntries(
      Object.entries(tools).map(([name, command]) => [
        name,
        { command, version: firstLine(command, ['--version']) },
      ]),
    ),
  };
  const { machine: host } = about;
  process.stdout.write(
    `${markdown(results, Object.keys(tools), 'rsync')}\n\n` +
      `Medians of ${settings.runs}, scale ${settings.scale}, ${host.cpus} x ${host.cpu}, ` +
      `Linux ${host.kernel}, ${host.date.slice(0, 10)}; ` +
      `${Object.entries(about.tools)
        .map(([name, { version }]) => `${name}: ${version}`)
        .join('; ')}.\n`,
  );
  if (argv.json) writeFileSync(argv.json, `${JSON.stringify({ ...about, results }, null, 2)}\n`);
  if (results.some(({ failed }) => Object.keys(failed).length > 0)) process.exitCode = 1;
}

await main();
