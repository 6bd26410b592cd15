/** All tools beside each other. */
import { RsyncError } from '../errors.ts';
import type { Amount } from './data.ts';
import type { Usage } from './measure.ts';
import type { Rig } from './rig.ts';
import type { Scenario } from './scenarios.ts';
import { summarize } from './summary.ts';

/** The tools by name, how each is called. The real one is `rsync`. */
export type Tools = Readonly<Record<string, readonly string[]>>;

/** Why a tool has no figures. */
export interface Failure {
  /** It ended with an error, or left something else than it should. */
  readonly why: 'failed' | 'differs';
  readonly text: string;
}

/** What was found out about one scenario. */
export interface Result {
  readonly name: string;
  readonly goal: number | undefined;
  readonly args: readonly string[];
  /** By tool, of those that did not fail. */
  readonly medians: Readonly<Record<string, Usage>>;
  readonly runs: Readonly<Record<string, readonly Usage[]>>;
  readonly failed: Readonly<Record<string, Failure>>;
  /** The whole command of each tool that ran. */
  readonly commands: Readonly<Record<string, readonly string[]>>;
  /** Of the source. */
  readonly amount: Amount | undefined;
  /** Whether the first copy of each tool was compared with the source. */
  readonly verified: boolean;
}

export interface Comparing {
  readonly runs: number;
  readonly verifies: boolean;
  say(text: string): void;
  /** Seconds after which no further turn is begun. */
  readonly enough?: number;
}

/**
 * All tools in turns, `runs` times each; a tool that fails once is out of the scenario. The order changes from turn to
 * turn: what runs before leaves the machine's caches as it likes, and would always favour the same one. Rejects where the
 * run shall end.
 */
export async function compare(
  rig: Rig,
  scenario: Scenario,
  tools: Tools,
  { runs, verifies, say, enough = Number.POSITIVE_INFINITY }: Comparing,
): Promise<Result> {
  const done: Record<string, Usage[]> = Object.fromEntries(Object.keys(tools).map((tool) => [tool, []]));
  const failed: Record<string, Failure> = {};
  const commands: Record<string, readonly string[]> = {};
  const fail = async (tool: string, why: Failure['why'], text: string) => {
    failed[tool] = { why, text };
    say(`  ${tool} failed: ${text}`);
    // Where it stays, the next tool would be blamed for it.
    await rig.renew(scenario);
  };
  await rig.ready(scenario);
  const begin = performance.now();
  for (let turn = 0; turn < runs; turn++) {
    if (turn > 0 && performance.now() - begin > enough * 1000) break;
    for (const [tool, command] of ordered(Object.entries(tools), turn)) {
      if (failed[tool] !== undefined) continue;
      try {
        const ran = await rig.run(scenario, command);
        const { wall, cpu, rss, argv } = ran;
        commands[tool] ??= argv;
        const wrong = turn === 0 && verifies ? await rig.verify(scenario, ran) : [];
        if (wrong.length > 0) await fail(tool, 'differs', `the copy differs from its source: ${some(wrong)}`);
        else done[tool]!.push({ wall, cpu, rss });
      } catch (error) {
        rig.processes.signal.throwIfAborted();
        // It is the run's, and not the tool's.
        if (error instanceof RsyncError) throw error;
        await fail(tool, 'failed', error instanceof Error ? error.message : String(error));
      }
    }
  }
  await rig.clear();
  const medians: Record<string, Usage> = {};
  for (const [tool, list] of Object.entries(done))
    if (failed[tool] === undefined && list.length > 0) medians[tool] = summarize(list);
  const { name, goal, args } = scenario;
  const amount = verifies ? (await rig.source(scenario)).amount : undefined;
  return { name, goal, args, medians, runs: done, failed, commands, amount, verified: verifies };
}

const mostTold = 3;

const some = (lines: readonly string[]): string =>
  lines.slice(0, mostTold).join('; ') +
  (lines.length > mostTold ? `; and ${lines.length - mostTold} more` : '');

/** Each begins a turn in its turn, and runs after each other one. */
function ordered<T>(list: readonly T[], turn: number): T[] {
  const turned = list.map((_, i) => list[(i + (turn >> 1)) % list.length]!);
  return turn % 2 === 0 ? turned : turned.reverse();
}
