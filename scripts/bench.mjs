#!/usr/bin/env node
/**
 * Measures ours beside the real rsync and whatever else is named, in one run, in turns.
 *
 *   npm run bench -- [--only SCENARIO,…] [--runs N] [--scale X] [--growth [--room GIB]] [--from FILE.json]
 *                    [--json FILE] [--chart FILE.svg] [--peer PATH] [--dir FOLDER] [--no-verify] [--list]
 *                    [--io] [--against NAME] [NAME=COMMAND …]
 *
 * Without --growth and --from, all scenarios are measured; --only names some (or `all`, beside --growth). --growth measures how time and
 * memory grow with the number of files and the size of one, in at most GIB of the scratch folder. --from takes
 * the results of an earlier run, and what is measured now replaces its part of them.
 * --io compares the I/O paths of ours on the wires (docs/io.md). --against adds a table of ours beside the tool
 * of that name, an older build for one: `--against old "old=node /path/to/older/dist/oc-rsync.mjs"`.
 *
 * Everything lives in a folder on tmpfs, which is removed at the end. Node for ours is OC_RSYNC_NODE, or the
 * one that runs this. Results are Markdown tables on standard output, JSON where --json says, and a picture
 * where --chart says.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { measureGrowth, units } from './bench/growth.mjs';
import { withRig } from './bench/rig.mjs';
import { chosen, scenarios, wireScenarios } from './bench/scenarios.mjs';
import { askTools, compare, machine, markdown } from './bench/shared.mjs';
import { againstMarkdown, growthMarkdown } from './bench/table.mjs';
import { findPeer, findTools, ourNode, withIoPaths } from './bench/tools.mjs';
import { optionsOf } from './options.mjs';

const given = optionsOf(import.meta.filename, {
  boolean: ['growth', 'io', 'list', 'verify'],
  string: ['only', 'json', 'chart', 'from', 'peer', 'dir', 'against'],
  number: ['runs', 'scale', 'room'],
  words: true,
  default: { verify: true, runs: 3, scale: 1, room: Number.POSITIVE_INFINITY },
});
const say = (text) => process.stderr.write(`${text}\n`);

const usageError = (text) => {
  say(`bench: ${text}`);
  process.exit(1);
};

function list() {
  const lines = scenarios.map(({ name, optional }) => `${name}${optional ? ' (optional)' : ''}\n`);
  process.stdout.write(lines.join(''));
}

/** Measures what was asked for, over what an earlier run found. */
async function measureAll(earlier) {
  const { runs, scale } = given;
  if (!(runs >= 1) || !(scale > 0)) usageError('--runs and --scale take positive numbers');
  if (given.io) given.only ??= wireScenarios;
  const compared = given.only !== undefined || (!given.growth && given.from === undefined);
  const wanted = compared ? chosen(given.only) : [];
  if (wanted.length === 0 && !given.growth) return earlier;
  const peer = findPeer(given.peer);
  let tools = findTools(peer, given._);
  if (tools.ours === undefined)
    say('bench: dist/oc-rsync.mjs is not built (npm run build); measuring the others alone');
  else if (given.io) tools = withIoPaths(tools);
  if (given.against && tools[given.against] === undefined)
    usageError(`--against ${given.against}: there is no ${given.against}=COMMAND`);
  const settings = { runs, verifies: given.verify, say, room: given.room * 1024 ** 3 };
  const measured = { ...earlier, runs, scale, tools: await askTools(tools) };
  await withRig({ dir: given.dir, peer, scale }, async (rig) => {
    measured.machine = machine(await nodeVersion(), rig.root);
    if (compared) measured.results = [];
    for (const scenario of wanted) {
      say(`${scenario.name}: ${scenario.wire} ${scenario.args.join(' ')}`);
      measured.results.push(await compare(rig, scenario, tools, settings));
    }
    if (given.growth) measured.growth = await measureGrowth(rig, tools, settings);
  });
  return measured;
}

/** What runs ours says of itself. */
async function nodeVersion() {
  const { node } = await askTools({ node: [ourNode] });
  return `Node ${node.version.replace(/^v/, '')}`;
}

function print({ results = [], growth, tools, machine: host, runs, scale }) {
  const names = Object.keys(tools);
  const parts = [];
  if (results.length > 0) parts.push(markdown(results, names, 'rsync'));
  if (results.length > 0 && given.against) parts.push(againstMarkdown(results, 'ours', given.against));
  if (growth !== undefined) {
    parts.push(markdown(growth.points, names, 'rsync'));
    parts.push(growthMarkdown(growth.points, names, (kind) => units[kind]));
    for (const { series, n, why } of growth.skipped) parts.push(`Left out: ${series} ${n}: ${why}.`);
  }
  const programs = Object.entries(tools).map(([name, { version }]) => `${name}: ${version}`);
  parts.push(
    `Medians of ${runs}, scale ${scale}, ${host.cpus} x ${host.cpu}, ${host.kernel}, ` +
      `${host.date.slice(0, 10)}; ${programs.join('; ')}.`,
  );
  process.stdout.write(`${parts.join('\n\n')}\n`);
}

const write = (file, text) => {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
};

async function main() {
  if (given.list) return list();
  let measured;
  try {
    measured = await measureAll(given.from ? JSON.parse(readFileSync(given.from, 'utf8')) : {});
  } catch (error) {
    usageError(error.message);
  }
  print(measured);
  if (given.json) write(given.json, `${JSON.stringify(measured, null, 2)}\n`);
  if (given.chart) {
    const { drawChart } = await import('./bench/chart.mjs');
    write(given.chart, drawChart(measured));
  }
  const all = [...(measured.results ?? []), ...(measured.growth?.points ?? [])];
  if (all.some(({ failed }) => Object.keys(failed).length > 0)) process.exitCode = 1;
}

await main();
