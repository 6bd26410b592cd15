#!/usr/bin/env node
/**
 * Shows where the time of one scenario of the benchmark goes.
 *
 *   npm run profile -- SCENARIO [--tool cpu|perf|syscalls|all] [--runs N] [--scale X] [--top N] [--peer PATH]
 *                               [--dir FOLDER] [--keep FOLDER]
 *
 * First runs rsync and ours as they are, in turns; then ours once under each tool: Node's CPU profile (the main
 * thread, by function), perf (all threads, with the kernel and the addon) and strace (system calls). A tool that
 * is not there is named with its reason. Under ssh both of our sides are profiled, against a daemon our client.
 * --keep leaves the raw profiles in FOLDER.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { withRig } from './bench/rig.mjs';
import { chosen } from './bench/scenarios.mjs';
import { summarize } from './bench/shared.mjs';
import { findPeer, ourNode, repository } from './bench/tools.mjs';
import { buildMapped } from './bundles.mjs';
import { optionsOf } from './options.mjs';
import { cpuProfileFlags, readCpuProfiles } from './profile/cpu-profile.mjs';
import { perfCommand, perfMissing, perfTables, removeMap } from './profile/perf.mjs';
import { cpuLines, perfLines, summary, syscallLines } from './profile/report.mjs';
import { readSyscalls, straceCommand, straceMissing } from './profile/syscalls.mjs';

const given = optionsOf(import.meta.filename, {
  string: ['tool', 'peer', 'dir', 'keep'],
  number: ['runs', 'scale', 'top'],
  words: true,
  default: { tool: 'all', runs: 3, scale: 1, top: 30 },
});
const known = ['cpu', 'perf', 'syscalls'];
const usageHook = join(import.meta.dirname, 'profile', 'usage-hook.cjs');
const say = (text) => process.stderr.write(`${text}\n`);
// Who reads only the beginning shall not keep the rest from being cleared away.
process.stdout.on('error', () => {});
const print = (title, lines) => process.stdout.write(`\n── ${title}\n${lines.join('\n')}\n`);

const usageError = (text) => {
  say(`profile: ${text}`);
  process.exit(1);
};

/** Ours and rsync as they are: medians, and what ours' threads cost in its last run. */
async function plainRuns(rig, scenario, program) {
  const files = { 'our side': join(rig.root, 'usage-near'), 'far side': join(rig.root, 'usage-far') };
  const hooked = (file) => ['env', `OC_PROFILE_USAGE=${file}`, ourNode, '--require', usageHook, program];
  const runs = { peer: [], ours: [] };
  for (let turn = 0; turn < given.runs; turn++) {
    runs.peer.push(await rig.run(scenario, [rig.peer]));
    runs.ours.push(await rig.run(scenario, hooked(files['our side']), { remote: hooked(files['far side']) }));
  }
  const processes = {};
  for (const [name, file] of Object.entries(files))
    if (existsSync(file)) processes[name] = JSON.parse(readFileSync(file, 'utf8'));
  return { ours: { ...summarize(runs.ours), processes }, peer: summarize(runs.peer) };
}

/** Each tool: runs ours under itself, and prints what it found. Its files lie in `folder`. */
const tools = {
  async cpu(rig, scenario, program, folder) {
    const sides = { 'our side': join(folder, 'near'), 'far side': join(folder, 'far') };
    const command = (side) => [ourNode, ...cpuProfileFlags(sides[side]), program];
    await rig.run(scenario, command('our side'), { remote: command('far side') });
    for (const [side, dir] of Object.entries(sides)) {
      for (const profile of readCpuProfiles(dir, repository))
        print(`CPU profile of the main thread, ${side}`, cpuLines(profile, given.top));
    }
  },

  async perf(rig, scenario, program, folder) {
    const missing = perfMissing(folder);
    if (missing !== undefined) return print('perf', [`not used: ${missing}`]);
    const [file, pidFile] = [join(folder, 'perf.data'), join(folder, 'pid')];
    const ours = [ourNode, program];
    try {
      await rig.run(scenario, perfCommand(file, pidFile, ours), { remote: ours });
      print('perf, all threads of our side and what it starts', perfLines(perfTables(file), given.top));
    } finally {
      removeMap(pidFile);
    }
  },

  async syscalls(rig, scenario, program, folder) {
    const missing = straceMissing();
    if (missing !== undefined) return print('strace', [`not used: ${missing}`]);
    const ours = [ourNode, program];
    const sides = { 'our side': join(folder, 'near'), 'far side': join(folder, 'far') };
    const commands = Object.values(sides).map((file) => straceCommand(file, ours));
    await rig.run(scenario, commands[0], { remote: commands[1] });
    for (const [side, file] of Object.entries(sides)) {
      if (existsSync(file))
        print(`system calls of all threads, ${side}`, syscallLines(readSyscalls(file), given.top));
    }
  },
};

/** The one scenario that a name, or the beginning of one, stands for. */
function scenarioOf(name) {
  if (name === undefined) usageError('which scenario? (npm run bench -- --list)');
  let found = [];
  try {
    found = chosen(name);
  } catch (error) {
    usageError(error.message);
  }
  if (found.length > 1) usageError(`${name} is one of: ${found.map((one) => one.name).join(' ')}`);
  return found[0];
}

async function main() {
  const scenario = scenarioOf(given._[0]);
  const wanted = given.tool === 'all' ? known : given.tool.split(',');
  for (const tool of wanted) if (!known.includes(tool)) usageError(`--tool is one of ${known.join(' ')} all`);
  const peer = findPeer(given.peer);
  const outdir = join('target', `profile-${process.pid}`);
  process.once('exit', () => rmSync(join(repository, outdir), { recursive: true, force: true }));
  await withRig({ dir: given.dir, peer, scale: given.scale }, async (rig) => {
    const program = await buildMapped(repository, outdir);
    say(`${scenario.name}: ${scenario.wire} ${scenario.args.join(' ')}`);
    const { ours, peer: theirs } = await plainRuns(rig, scenario, program);
    print(`${scenario.name}, median of ${given.runs}`, summary(ours, theirs));
    for (const tool of wanted) {
      const folder = join(rig.root, tool);
      mkdirSync(folder);
      await tools[tool](rig, scenario, program, folder);
      if (given.keep) cpSync(folder, join(given.keep, tool), { recursive: true });
    }
  });
}

await main();
