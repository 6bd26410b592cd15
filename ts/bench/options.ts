/** What `oc-rsync bench` can be told: one table for whoever parses, explains or completes it. */
import { parseArgs } from 'node:util';
import type { ByteString } from '../kernel/kernel.ts';
import { programName } from '../options/program.ts';

/** An option of the command. None has the name of one of rsync's but --help. */
export interface BenchOption {
  readonly name: string;
  /** Of its argument; '' where it has none. */
  readonly argName: '' | 'FILE' | 'DIR' | 'PROGRAM' | 'NAME,...' | 'N' | 'X';
  readonly help: string;
}

export const usualRuns = 3;
export const usualScale = 0.25;

export const benchOptions: readonly BenchOption[] = [
  { name: 'peer', argName: 'PROGRAM', help: 'the rsync to measure beside ours (default: the one on PATH)' },
  { name: 'scenarios', argName: 'NAME,...', help: 'only these, or all whose names begin so' },
  { name: 'runs', argName: 'N', help: `how often each program does each of them (${usualRuns})` },
  {
    name: 'scale',
    argName: 'X',
    help: `size of the data: 1 is a file of 307 MiB, and 30,000 small ones (${usualScale})`,
  },
  {
    name: 'dir',
    argName: 'DIR',
    help: 'where to work (default: in memory where that has room, else the temporary folder)',
  },
  { name: 'chart', argName: 'FILE', help: 'draw a chart (SVG)' },
  { name: 'html', argName: 'FILE', help: 'write a report (HTML, one page that needs nothing else)' },
  { name: 'help', argName: '', help: 'show this' },
];

/** What was asked for. Names are bytes. */
export interface BenchSettings {
  readonly help: boolean;
  readonly peer: ByteString | undefined;
  readonly scenarios: string | undefined;
  readonly runs: number;
  readonly scale: number;
  readonly dir: ByteString | undefined;
  readonly chart: ByteString | undefined;
  readonly html: ByteString | undefined;
}

const isOwn = (word: string): boolean =>
  benchOptions.some(({ name }) => name !== 'help' && (word === `--${name}` || word.startsWith(`--${name}=`)));

/**
 * Whether words that begin with `bench` are a call of it rather than rsync's: nothing stands behind it, or one of its own
 * options does. `fails`: rsync's run of them can do nothing. What rsync explains itself by, --help, explains the bench
 * where nothing else is asked for.
 */
export function isBenchCall([first, ...words]: readonly ByteString[], fails: () => boolean): boolean {
  if (first !== 'bench') return false;
  if (words.length === 1 && words[0] === '--help') return true;
  return (words.length === 0 || words.some(isOwn)) && fails();
}

/** Reads the words behind `bench`; throws an Error that says what is wrong with them. */
export function readSettings(words: readonly ByteString[]): BenchSettings {
  const { values } = parseArgs({
    args: [...words],
    options: Object.fromEntries(
      benchOptions.map(({ name, argName }) => [
        name,
        { type: argName === '' ? 'boolean' : 'string' } as const,
      ]),
    ),
  });
  const text = (name: string): string | undefined => {
    const value = values[name];
    if (value === '') throw new Error(`--${name} needs an argument`);
    return typeof value === 'string' ? value : undefined;
  };
  const number = (name: string, usual: number): number => {
    const given = text(name);
    const value = given === undefined ? usual : Number(given);
    if (!Number.isFinite(value) || value <= 0)
      throw new Error(`--${name} takes a number above 0, not ${given}`);
    return value;
  };
  const runs = number('runs', usualRuns);
  if (!Number.isInteger(runs)) throw new Error(`--runs takes a whole number, not ${text('runs')}`);
  return {
    help: values.help === true,
    peer: text('peer'),
    scenarios: text('scenarios'),
    runs,
    scale: number('scale', usualScale),
    dir: text('dir'),
    chart: text('chart'),
    html: text('html'),
  };
}

/** `--peer=PROGRAM`. */
export function spelledOption({ name, argName }: BenchOption): string {
  return `--${name}${argName === '' ? '' : `=${argName}`}`;
}

/** What `bench --help` prints, without the scenarios. */
export function benchUsage(): string {
  const width = Math.max(...benchOptions.map((option) => spelledOption(option).length));
  const lines = benchOptions.map((option) => ` ${spelledOption(option).padEnd(width)}  ${option.help}`);
  return `Usage: ${programName} bench [OPTION]...

Measures ${programName} beside an rsync on this machine: makes data, has both do the same in turns, compares what they made
with the data, prints the times and removes all of it. It needs neither root nor an sshd.

${lines.join('\n')}
`;
}
