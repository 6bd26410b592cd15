/** All tools beside each other. */
import { summarize } from './table.mjs';

/**
 * All tools in turns, `runs` times each, but no further turn once `enough` seconds have gone into it; a tool
 * that fails once is out of the scenario. The order changes from turn to turn: what runs before leaves the
 * machine's caches as it likes, and would always favour the same one. With `verifies`, the first copy of every tool is compared with its
 * source.
 */
export async function compare(rig, scenario, tools, { runs, verifies, say, enough = Infinity }) {
  const done = Object.fromEntries(Object.keys(tools).map((tool) => [tool, []]));
  const failed = {};
  const begin = performance.now();
  for (let turn = 0; turn < runs; turn++) {
    if (turn > 0 && performance.now() - begin > enough * 1000) break;
    for (const [tool, command] of ordered(Object.entries(tools), turn)) {
      if (failed[tool] !== undefined) continue;
      try {
        const result = await rig.run(scenario, command);
        if (turn === 0 && verifies && tool !== 'rsync') rig.verify(scenario, result);
        const { wall, cpu, rss } = result;
        done[tool].push({ wall, cpu, rss });
      } catch (error) {
        failed[tool] = error.message;
        say(`  ${tool} failed: ${error.message}`);
      }
    }
  }
  rig.clear();
  const medians = {};
  for (const [tool, list] of Object.entries(done))
    if (failed[tool] === undefined && list.length > 0) medians[tool] = summarize(list);
  return { name: scenario.name, goal: scenario.goal, args: scenario.args, medians, runs: done, failed };
}

/** Each begins a turn in its turn, and runs after each other one. */
const ordered = (list, turn) => {
  const turned = list.map((_, i) => list[(i + (turn >> 1)) % list.length]);
  return turn % 2 === 0 ? turned : turned.reverse();
};
