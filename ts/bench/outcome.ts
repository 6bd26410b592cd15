/** All that a bench has found out, and what is said of the whole of it. */
import type { Result } from './compare.ts';
import type { memoryMethod } from './measure.ts';
import { type StandardScenario, standardScenarios } from './scenarios.ts';
import { geometricMean } from './summary.ts';
import { type Machine, shortVersion, type Tool } from './tools.ts';

export interface Outcome {
  readonly machine: Machine;
  readonly runs: number;
  readonly scale: number;
  /** `ours`, and `rsync` where there is one. */
  readonly tools: Readonly<Record<string, Tool>>;
  readonly results: readonly Result[];
  readonly memory: ReturnType<typeof memoryMethod>;
}

/** Whether something else wanted the machine: then both programs are slower, and not alike. */
export function isBusy({ load, cpus }: Machine): boolean {
  return load > cpus / 2;
}

/** What went wrong with one tool in one scenario. */
export interface Trouble {
  readonly scenario: string;
  readonly tool: string;
  readonly why: 'failed' | 'differs';
  readonly text: string;
}

/** The whole in a few numbers. */
export interface Totals {
  readonly scenarios: number;
  /** Those that both have figures for. */
  readonly compared: number;
  readonly faster: number;
  /** Mean of ours by rsync's; undefined where nothing was compared. */
  readonly wall: number | undefined;
  /** All of ours by all of rsync's: a single one may be shorter than the clock's tick. */
  readonly cpu: number | undefined;
  /** The largest peak of each tool in KiB. */
  readonly memory: Readonly<Record<string, number>>;
  /** Copies that were compared with their source, and those that were equal. */
  readonly copies: number;
  readonly equal: number;
}

/** What a tool is called where both are named. */
export function toolName({ tools }: Outcome, name: string): string {
  const tool = tools[name];
  return tool === undefined ? name : shortVersion(tool);
}

/** The scenario of a result. */
export function scenarioOf({ name }: Pick<Result, 'name'>): StandardScenario {
  const found = standardScenarios.find((scenario) => scenario.name === name);
  if (found === undefined) throw new Error(`there is no scenario ${name}`);
  return found;
}

export function troubles(outcome: Outcome): Trouble[] {
  return outcome.results.flatMap(({ name, failed }) =>
    Object.entries(failed).map(([tool, { why, text }]) => ({
      scenario: name,
      tool: toolName(outcome, tool),
      why,
      text,
    })),
  );
}

export function totals({ results, tools }: Outcome): Totals {
  const both = results.flatMap(({ medians: { rsync, ours } }) =>
    rsync === undefined || ours === undefined ? [] : [{ rsync, ours }],
  );
  const allCpu = (tool: 'rsync' | 'ours') => both.reduce((sum, one) => sum + one[tool].cpu, 0);
  const memory: Record<string, number> = {};
  for (const tool of Object.keys(tools)) {
    const peaks = results.flatMap(({ medians }) => medians[tool]?.rss ?? []);
    if (peaks.length > 0) memory[tool] = Math.max(...peaks);
  }
  const names = Object.keys(tools);
  const ended = results
    .filter((result) => scenarioOf(result).dry !== true)
    .flatMap(({ medians, failed }) =>
      names.flatMap((tool) =>
        medians[tool] !== undefined ? ['equal'] : failed[tool]?.why === 'differs' ? ['differs'] : [],
      ),
    );
  return {
    scenarios: results.length,
    compared: both.length,
    faster: both.filter(({ rsync, ours }) => ours.wall < rsync.wall).length,
    wall: geometricMean(both.map(({ rsync, ours }) => ours.wall / rsync.wall)),
    cpu: allCpu('rsync') > 0 ? allCpu('ours') / allCpu('rsync') : undefined,
    memory,
    copies: ended.length,
    equal: ended.filter((how) => how === 'equal').length,
  };
}

/** A sentence on whether the copies are what they should be. */
export function equality({ copies, equal }: Totals): string {
  if (copies === 0) return 'No copy was made that could be compared';
  return copies === equal
    ? `All ${copies} copies are equal to their sources`
    : `${copies - equal} of ${copies} copies are not equal to their sources`;
}

const MB = 1e6;

/** How fast a scenario's data was dealt with in so many seconds: in files where there are many, else in bytes. */
export function throughput({ amount }: Pick<Result, 'amount'>, wall: number): string {
  if (amount === undefined || wall <= 0) return '–';
  if (amount.files > 10) return `${grouped(amount.files / wall)} files/s`;
  const rate = amount.bytes / wall / MB;
  return rate < 0.1 ? '–' : `${grouped(rate)} MB/s`;
}

function grouped(value: number): string {
  const rounded = value < 10 ? value.toFixed(1) : value.toFixed(0);
  return rounded.replace(/\B(?=(\d{3})+$)/g, '\u202f');
}

/** A tool's command in a result, with its name in place of the program, and none of the folder it ran in. */
export function commandShown({ commands }: Result, tool: string, outcome: Outcome): string | undefined {
  const argv = commands[tool];
  const whole = outcome.tools[tool]?.command;
  if (argv === undefined || whole === undefined) return undefined;
  const name = tool === 'ours' ? 'oc-rsync' : 'rsync';
  const root = /^(.*?\/oc-rsync-bench-\w+)\//.exec(
    argv.find((word) => word.includes('/oc-rsync-bench-')) ?? '',
  )?.[1];
  const bare = root?.replace(/^.*?(?=\/)/, '') ?? '';
  const short = (word: string): string => {
    if (word.startsWith('--rsync-path=')) return `--rsync-path=${name}`;
    const path = bare === '' ? word : word.replaceAll(`${bare}/`, '');
    return path
      .replace(/(rsync:\/\/)\w+@(127\.0\.0\.1):\d+/, '$1$2')
      .replace(/data\//, '')
      .replace(/^'(.*)'$/, '$1');
  };
  return [name, ...argv.slice(whole.length).map(short)].join(' ');
}
