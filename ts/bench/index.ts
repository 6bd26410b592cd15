/**
 * `oc-rsync bench`: ours beside an rsync of the user's, on the user's machine. A bundle of its own, which a command line
 * that begins so loads; rsync takes that for a source (docs/decisions/0055).
 */
import { accessSync, constants, existsSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, resolve } from 'node:path';
import { errnoText } from '../errno.ts';
import { ExitCode, RsyncError } from '../errors.ts';
import { type Host, pathAt } from '../host.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { programName } from '../options/program.ts';
import { barsOf, drawPicture } from './chart.ts';
import { compare, type Result, type Tools } from './compare.ts';
import { standardMakers } from './data.ts';
import { memoryMethod } from './measure.ts';
import { type BenchSettings, benchUsage, readSettings } from './options.ts';
import { equality, isBusy, type Outcome, scenarioOf, toolName, totals, troubles } from './outcome.ts';
import { reportPage } from './report.ts';
import { type Rig, withRig } from './rig.ts';
import { lacking, needed, roomIn, size } from './room.ts';
import { chosen, type StandardScenario, standardScenarios, wireTitles } from './scenarios.ts';
import { markdown } from './table.ts';
import { askTool, isProgram, machine, onPath, type Tool } from './tools.ts';

export { isBenchCall } from './options.ts';

/** What it is given of the process. */
export interface BenchWorld {
  readonly host: Pick<
    Host,
    'env' | 'workingDirectory' | 'program' | 'user' | 'stdout' | 'stderr' | 'signalGroup'
  >;
  readonly signal: AbortSignal;
}

/** What ends the command, with its exit code. */
const stop = (code: ExitCode, ...lines: string[]): RsyncError => new RsyncError(code, lines);

/** Does what the words behind `bench` say, and gives the exit code; rejects as the signal says. */
export async function runBench(words: readonly ByteString[], world: BenchWorld): Promise<number> {
  const { host } = world;
  const say = (text: string): void => host.stderr(Buffer.from(`${text}\n`));
  try {
    const settings = understood(words);
    if (settings.help) {
      host.stdout(Buffer.from(helpText()).toString('latin1'));
      return ExitCode.Ok;
    }
    const outcome = await measured(await planned(settings, world), world, say);
    print(outcome, world);
    writeFiles(outcome, settings, ['bench', ...words].join(' '), world, say);
    const found = troubles(outcome);
    for (const { scenario, tool, why } of found)
      say(
        `${programName} bench: ${tool} ${why === 'differs' ? 'made a wrong result' : 'failed'} in ${scenario}`,
      );
    return found.length > 0 ? ExitCode.Partial : ExitCode.Ok;
  } catch (error) {
    world.signal.throwIfAborted();
    const { exitCode, lines } = explained(error);
    for (const [i, line] of lines.entries()) say(i === 0 ? `${programName} bench: ${line}` : line);
    return exitCode;
  }
}

/** What the system refused is told in its words; anything else is a fault of ours, and thrown again. */
function explained(error: unknown): RsyncError {
  if (error instanceof RsyncError) return error;
  if (error instanceof Error && 'code' in error) return stop(ExitCode.FileIo, ...reason(error).split('\n'));
  throw error;
}

function understood(words: readonly ByteString[]): BenchSettings {
  try {
    return readSettings(words);
  } catch (error) {
    // Node explains at length what its function could be called with.
    const [first = ''] = (error as Error).message.split('. ');
    throw stop(ExitCode.Syntax, first, `See ${programName} bench --help`);
  }
}

function helpText(): string {
  const width = Math.max(...standardScenarios.map(({ name }) => name.length));
  const lines = standardScenarios.map(({ name, title, wire }, i) => {
    const head = standardScenarios[i - 1]?.wire === wire ? '' : `\n ${wireTitles[wire]}:\n`;
    return `${head}  ${name.padEnd(width)}  ${title}\n`;
  });
  return `${benchUsage()}
Scenarios:
${lines.join('')}`;
}

/** What will be done. */
interface Plan {
  readonly settings: BenchSettings;
  readonly scenarios: readonly StandardScenario[];
  readonly tools: Readonly<Record<string, Tool>>;
  readonly dir: string;
}

/** Looks for all that can be wrong before anything is written. */
async function planned(settings: BenchSettings, world: BenchWorld): Promise<Plan> {
  if (process.platform === 'win32')
    throw stop(ExitCode.Unsupported, 'it needs a POSIX shell, which Windows has not');
  let scenarios: StandardScenario[];
  try {
    scenarios = chosen(standardScenarios, settings.scenarios);
  } catch (error) {
    throw stop(ExitCode.Syntax, (error as Error).message);
  }
  for (const file of [settings.chart, settings.html]) if (file !== undefined) mustBeWritable(file, world);
  const rsync = await peerOf(settings, world);
  const ours = await askTool(world.host.program);
  if (rsync === undefined) {
    scenarios = scenarios.filter(({ wire }) => wire !== 'daemon');
    if (scenarios.length === 0)
      throw stop(ExitCode.Syntax, `there is no rsync to serve ${settings.scenarios} (--peer=PROGRAM)`);
  }
  return {
    settings,
    scenarios,
    tools: rsync === undefined ? { ours } : { rsync, ours },
    dir: placeFor(scenarios, settings, world),
  };
}

/** The rsync to compare with; undefined where there is none. */
async function peerOf({ peer }: BenchSettings, { host }: BenchWorld): Promise<Tool | undefined> {
  const path =
    peer === undefined || !peer.includes('/')
      ? onPath(asText(peer ?? 'rsync'), host.env)
      : resolve(asText(pathAt(siteOf(host), peer)));
  if (path === undefined || !isProgram(path)) {
    if (peer === undefined) return undefined;
    throw stop(ExitCode.Syntax, `--peer=${peer}: there is no such program`);
  }
  const tool = await askTool([path]);
  // A link of that name to this program is no other one.
  if (peer === undefined && tool.version.startsWith(programName)) return undefined;
  if (!/protocol version/.test(tool.version))
    throw stop(ExitCode.Syntax, `${path} is no rsync: its --version says ${tool.version}`);
  return tool;
}

const siteOf = (host: Pick<Host, 'workingDirectory'>) => ({ cwd: host.workingDirectory() });

/** A name that programs are called with; Node gives those as UTF-8. */
function asText(name: ByteString): string {
  const bytes = Buffer.from(name, 'latin1');
  const text = bytes.toString('utf8');
  if (!Buffer.from(text).equals(bytes)) throw stop(ExitCode.Syntax, `${name}: the name is not UTF-8`);
  return text;
}

function mustBeWritable(file: ByteString, { host }: BenchWorld): void {
  const path = Buffer.from(pathAt(siteOf(host), file), 'latin1');
  const folder = Buffer.from(dirname(path.toString('latin1')), 'latin1');
  try {
    if (existsSync(path)) {
      accessSync(path, constants.W_OK);
      if (statSync(path).isDirectory())
        throw stop(ExitCode.FileIo, `cannot write ${file}: it is a directory`);
    } else accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw error instanceof RsyncError
      ? error
      : stop(ExitCode.FileIo, `cannot write ${file}: ${reason(error)}`);
  }
}

function reason(error: unknown): string {
  const { errno, message } = error as NodeJS.ErrnoException;
  return errno === undefined ? message : `${errnoText(Math.abs(errno))} (${Math.abs(errno)})`;
}

/** Where the fastest scratch space is, and behind it the usual. */
const usualPlaces = ['/dev/shm', tmpdir()];

/** A folder with room for all that is there at a time. */
function placeFor(
  scenarios: readonly StandardScenario[],
  { dir, scale }: BenchSettings,
  { host }: BenchWorld,
): string {
  const amount = needed(scenarios, scale);
  const places =
    dir === undefined ? usualPlaces.filter(existsSync) : [resolve(asText(pathAt(siteOf(host), dir)))];
  const why: string[] = [];
  for (const place of places) {
    try {
      if (!statSync(place).isDirectory()) throw stop(ExitCode.FileIo, `${place} is no directory`);
      accessSync(place, constants.W_OK | constants.X_OK);
      const lacks = lacking(amount, roomIn(place));
      if (lacks === undefined) return place;
      why.push(`not enough room in ${place}: ${lacks}`);
    } catch (error) {
      why.push(error instanceof RsyncError ? error.message : `cannot work in ${place}: ${reason(error)}`);
    }
  }
  throw stop(ExitCode.FileIo, ...why, 'A smaller --scale needs less, and --dir=DIR takes another place.');
}

async function measured(
  { settings, scenarios, tools, dir }: Plan,
  world: BenchWorld,
  say: (text: string) => void,
): Promise<Outcome> {
  const { runs, scale } = settings;
  const { host, signal } = world;
  const { bytes, files } = needed(scenarios, scale);
  const outcome = {
    machine: machine(`Node ${process.versions.node}`, dir),
    runs,
    scale,
    tools,
    memory: memoryMethod(),
  };
  const names = Object.keys(tools).map((name) => toolName({ ...outcome, results: [] }, name));
  if (tools.rsync === undefined)
    say(
      `${programName} bench: there is no rsync on PATH to compare with (--peer=PROGRAM): ${programName} is measured alone`,
    );
  say(
    `Measures ${names.join(' and ')}: ${scenarios.length} scenarios, ${runs} runs of each, at scale ${scale}.\n` +
      `Writes up to ${size(bytes)} in ${files} files to ${dir} (${outcome.machine.filesystem}), and removes all of it at the end.`,
  );
  if (isBusy(outcome.machine))
    say(
      `This machine is busy (a load of ${outcome.machine.load.toFixed(1)}): times will be longer than they are, and vary.`,
    );
  const commands: Tools = Object.fromEntries(
    Object.entries(tools).map(([name, { command }]) => [name, command]),
  );
  const around = { env: host.env, signal, signalGroup: host.signalGroup, isRoot: host.user.euid === 0 };
  return withRig(
    around,
    { dir, peer: tools.rsync?.command[0], scale, makers: standardMakers },
    async (rig) => {
      await warmUp(rig, commands);
      const results: Result[] = [];
      for (const [i, scenario] of scenarios.entries()) {
        const result = await compare(rig, scenario, commands, { runs, verifies: true, say });
        say(progressLine(result, `${String(i + 1).padStart(2)}/${scenarios.length}`));
        results.push(result);
      }
      return { ...outcome, results };
    },
  );
}

/** A first run finds nothing in the machine's caches, and ours leaves its compiled code there. */
async function warmUp(rig: Rig, tools: Tools): Promise<void> {
  const tiny = standardScenarios.find(({ name }) => name === 'tiny')!;
  for (const command of Object.values(tools)) {
    // What is wrong with a tool is told where it is measured.
    await rig.run(tiny, command).catch(() => rig.processes.signal.throwIfAborted());
  }
}

function progressLine({ name, medians }: Result, count: string): string {
  const { rsync, ours } = medians;
  const figures = [
    ...(rsync === undefined ? [] : [`rsync ${rsync.wall.toFixed(3)} s`]),
    ...(ours === undefined ? [] : [`ours ${ours.wall.toFixed(3)} s`]),
    ...(rsync === undefined || ours === undefined ? [] : [`x${(ours.wall / rsync.wall).toFixed(2)}`]),
  ];
  return `${count} ${name.padEnd(26)} ${figures.join('  ')}`.trimEnd();
}

function print(outcome: Outcome, { host }: BenchWorld): void {
  const { results, tools, machine: on, runs, scale } = outcome;
  const sum = totals(outcome);
  const means =
    sum.wall === undefined
      ? ''
      : `On average ours takes x${sum.wall.toFixed(2)} of rsync's time, and less in ${sum.faster} of ${sum.compared} scenarios. `;
  const text = `
${markdown(results, Object.keys(tools), 'rsync')}

${means}${equality(sum)}.

${Object.keys(tools)
  .map((name) => toolName(outcome, name))
  .join(
    ', ',
  )}${tools.ours?.kernel === undefined ? '' : ` (${tools.ours.kernel} kernel)`}; medians of ${runs}, scale ${scale}; ${on.cpus} x ${on.cpu}, ${(on.memoryMiB / 1024).toFixed(1)} GiB, ${on.kernel}, ${on.node}, ${on.filesystem}, ${on.date.slice(0, 10)}.
`;
  host.stdout(Buffer.from(text).toString('latin1'));
}

function writeFiles(
  outcome: Outcome,
  { chart, html }: BenchSettings,
  words: ByteString,
  { host }: BenchWorld,
  say: (text: string) => void,
): void {
  const write = (file: ByteString, text: string) => {
    try {
      writeFileSync(Buffer.from(pathAt(siteOf(host), file), 'latin1'), text);
    } catch (error) {
      throw stop(ExitCode.FileIo, `cannot write ${file}: ${reason(error)}`);
    }
    say(`Wrote ${Buffer.from(file, 'latin1').toString('utf8')}`);
  };
  if (chart !== undefined) write(chart, chartFile(outcome));
  if (html !== undefined)
    write(html, reportPage(outcome, `${programName} ${Buffer.from(words, 'latin1').toString('utf8')}`));
}

function chartFile(outcome: Outcome): string {
  const { results, machine: on, tools } = outcome;
  const wires = [...new Set(results.map((result) => scenarioOf(result).wire))];
  const groups = wires.map((wire) => ({
    title: wireTitles[wire],
    bars: barsOf(
      results.filter((result) => scenarioOf(result).wire === wire),
      { isCompared: tools.rsync !== undefined, titleOf: (name) => name },
    ),
  }));
  const what = tools.rsync === undefined ? 'Wall time' : "Wall time, as a share of rsync's";
  const title = `${what} (shorter is better)`;
  const names = Object.keys(tools).map((name) => toolName(outcome, name));
  const caption = `${names.join(', ')}; ${on.node}; ${on.cpus} × ${on.cpu}, ${on.kernel.split('-')[0]}, ${on.filesystem}; ${on.date.slice(0, 10)}`;
  return `${drawPicture(groups, { title, caption }).svg}\n`;
}
