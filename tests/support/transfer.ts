/**
 * One transfer, done twice: by the program under test, and with real rsync in its place. Both start from
 * twins of the same folder, and everything that can be seen afterwards must be equal.
 */
import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type ByteString, bytes, show } from './bytes.ts';
import { extrasOf, giveExtras } from './extras.ts';
import { steadyMessages } from './messages.ts';
import { isRoot, type Peer, plainId, remoteCommand } from './peers.ts';
import { type RunResult, run } from './run.ts';
import { compareSnapshots, takeSnapshot } from './snapshot.ts';
import { describeTree, materialize, type PackedTree, pack, type Tree } from './tree.ts';
import { removeTree, withWorkspace } from './workspace.ts';

/** Who starts what; `real` is the peer, `ours` the program under test. */
export type Direction =
  | 'local'
  | 'push to real'
  | 'pull from real'
  | 'real pushes to us'
  | 'real pulls from us'
  | 'push to ourselves'
  | 'pull from ourselves';

export const directions: readonly Direction[] = [
  'local',
  'push to real',
  'pull from real',
  'real pushes to us',
  'real pulls from us',
  'push to ourselves',
  'pull from ourselves',
];

const shell = join(import.meta.dirname, 'lsh.sh');

export interface Transfer {
  readonly direction: Direction;
  /** The real program at the other end; a local copy has none. */
  readonly peer: Peer;
  readonly options: readonly ByteString[];
  /** Relative to the folder that the command runs in; the source tree is `../src`. */
  readonly sources?: readonly ByteString[];
  /** Also relative; `dst/` unless told. An empty string leaves it out (list-only). */
  readonly destination?: ByteString;
  readonly env?: Readonly<Record<string, string>>;
  /** Standard input of the command. */
  readonly input?: ByteString;
}

/** The command line of a transfer with `subject` as the program under test. */
export function transferCommand(transfer: Transfer, subject: Peer): ByteString[] {
  const { direction, peer } = transfer;
  const sources = transfer.sources ?? ['../src/'];
  const destination = transfer.destination ?? 'dst/';
  const weStart = direction !== 'real pushes to us' && direction !== 'real pulls from us';
  const client = weStart ? subject : peer;
  const server = weStart && !direction.endsWith('ourselves') ? peer : subject;
  const pushes = direction.includes('push');
  const remote = (path: ByteString) => `lh:${path}`;
  const far = direction === 'local' ? [] : [`--rsh=${shell}`, `--rsync-path=${remoteCommand(server)}`];
  const from = direction === 'local' || pushes ? sources : sources.map(remote);
  const to = destination === '' ? [] : [direction !== 'local' && pushes ? remote(destination) : destination];
  return [...client.command, ...far, ...transfer.options, ...from, ...to];
}

/** Twins: the same folder for the program under test and for real rsync in its place. */
export type Twin = 'our' | 'ref';

/** A command of any other form; it runs in its twin's folder. */
export interface Custom {
  command(who: Peer, twin: Twin): readonly ByteString[];
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: ByteString;
  /** The folder that the run changes and that is compared, where it is not the twin's own. */
  folder?(twin: Twin): string;
}

/** How strictly the client's lines are compared. */
export type OutputCheck =
  /** Equal to the byte. */
  | 'exact'
  /** The same lines in any order: the generator's and the receiver's may interleave. */
  | 'sorted'
  /** Only the numbers of `--stats` that do not depend on how the bytes were framed. */
  | 'stats'
  | 'none';

export interface Case {
  readonly transfer: Transfer | Custom;
  readonly source: Tree;
  /** Folders made in both twins before the run, by name; `dst` is the destination. */
  readonly before: Readonly<Record<string, Tree>>;
  readonly output: OutputCheck;
  /** Also compare how much of the disk sparse files take. */
  readonly holes?: boolean;
  /** Gives all files access times before each run, and compares them afterwards. */
  readonly atimes?: boolean;
  /** Gives both sides ACLs and extended attributes before the run, and compares them afterwards. */
  readonly extras?: boolean;
  /** Also compare what was written to stderr, line by line in any order. */
  readonly messages?: boolean;
  /** What both sides have to say goes through this before it is compared. */
  steady?(text: ByteString): ByteString;
  /** As root: everything belongs to a user without rights, as whom the command runs (`asPlainUser`). */
  readonly plainUser?: boolean;
  /** Small files beside the twins, named `../NAME` in options. */
  readonly files?: Readonly<Record<string, ByteString>>;
}

const statsLines =
  /^(Number of|Total file size|Total transferred|Literal data|Matched data|Number of deleted)[^\n]*$/gm;

/** What depends on how long the run took, and how its bytes were framed. */
const trafficLine = /^sent [\d,.KMG]+ bytes {2}received .*$/gm;

function visible(output: ByteString, check: OutputCheck): ByteString {
  if (check === 'none') return '';
  if (check === 'stats') return (output.match(statsLines) ?? []).join('\n');
  const steady = output.replace(trafficLine, 'sent and received').replace(/ {2}speedup is [\d,.]+/, '');
  return check === 'exact' ? steady : steady.split('\n').sort().join('\n');
}

function report(title: string, command: readonly ByteString[], result: RunResult): string {
  const limit = (text: ByteString) => show(text.slice(0, 3000)).replaceAll('\\x0a', '\n  ');
  return `${title}: exit ${result.code ?? result.signal}${result.timedOut ? ' (time limit)' : ''}
  ${command.map(show).join(' ')}
  stdout: ${limit(result.stdout)}
  stderr: ${limit(result.stderr)}`;
}

/** The two runs of a case and what differed: empty when the program did as rsync does. */
export interface Verdict {
  readonly differences: readonly string[];
  readonly ours: RunResult;
  readonly reference: RunResult;
  /** Everything needed to see what happened. */
  readonly account: string;
}

/** Runs a case with `subject` and with `reference`, and compares what they left. */
export function compareRuns(testCase: Case, subject: Peer, reference: Peer): Promise<Verdict> {
  return withWorkspace(async (dir) => {
    const since = Date.now();
    const user = isRoot && testCase.plainUser === true ? plainId : undefined;
    const owned = (tree: Tree): Tree =>
      user === undefined ? tree : tree.map((entry) => ({ ...entry, uid: user, gid: user }));
    const give = (path: string) => {
      if (user !== undefined) chownSync(path, user, user);
    };
    give(dir);
    const source = owned(testCase.source);
    const files = Object.entries(testCase.files ?? {}).map(([name, text]) => ({ name, text }));
    const writeFiles = (which: (name: string) => boolean) => {
      for (const { name, text } of files) {
        if (!which(name)) continue;
        const folder = join(dir, name, '..');
        const { mtime, atime } = statSync(folder);
        writeFileSync(join(dir, name), bytes(text));
        give(join(dir, name));
        // When the test ran is nothing to be found in a source.
        if (name.startsWith('src/')) utimesSync(folder, atime, mtime);
      }
    };
    const makeSource = async () => {
      await materialize(source, join(dir, 'src'));
      give(join(dir, 'src'));
      writeFiles((name) => name.startsWith('src/'));
      if (testCase.extras) giveExtras(join(dir, 'src'), false);
    };
    await makeSource();
    writeFiles((name) => !name.startsWith('src/'));
    const packed = new Map<string, PackedTree>();
    for (const [name, tree] of Object.entries(testCase.before)) packed.set(name, pack(owned(tree)));
    const sourceBefore = takeSnapshot(join(dir, 'src'), since);

    const { transfer } = testCase;
    const custom = 'command' in transfer ? transfer : null;
    const folder = (twin: Twin) => custom?.folder?.(twin) ?? join(dir, twin);
    const one = async (twin: Twin, who: Peer) => {
      const cwd = join(dir, twin);
      mkdirSync(cwd);
      give(cwd);
      for (const [name, tree] of packed) {
        await materialize(tree, join(folder(twin), name));
        give(join(folder(twin), name));
      }
      if (testCase.extras) giveExtras(folder(twin), true);
      const command = 'command' in transfer ? transfer.command(who, twin) : transferCommand(transfer, who);
      if (testCase.atimes) {
        setAccessTimes(join(dir, 'src'), 1_500_000_000);
        setAccessTimes(folder(twin), 1_500_001_000);
      }
      const { env, input } = transfer;
      const result = await run(command, { cwd, env, input, timeout: 25_000 });
      return { command, result };
    };
    const ref = await one('ref', reference);
    // A source that the run itself changes (--remove-source-files) is given back for the second run.
    const sourceAfterRef = takeSnapshot(join(dir, 'src'), since);
    if (compareSnapshots(sourceBefore, sourceAfterRef).length > 0) {
      removeTree(join(dir, 'src'));
      await makeSource();
    }
    const mine = await one('our', subject);

    const differences: string[] = [];
    if (mine.result.timedOut) differences.push('the run did not end by itself');
    if (mine.result.code !== ref.result.code) {
      differences.push(
        `exit code should be ${ref.result.code}, is ${mine.result.code ?? mine.result.signal}`,
      );
    }
    const { holes = false, atimes = false } = testCase;
    const wanted = takeSnapshot(folder('ref'), since);
    differences.push(...compareSnapshots(wanted, takeSnapshot(folder('our'), since), { holes, atimes }));
    if (testCase.extras) {
      const [want, got] = [extrasOf(folder('ref')), extrasOf(folder('our'))];
      if (want.join('\n') !== got.join('\n')) differences.push(...extraDifferences(want, got));
    }
    const sourceNow = takeSnapshot(join(dir, 'src'), since);
    for (const line of compareSnapshots(sourceAfterRef, sourceNow)) differences.push(`source: ${line}`);
    const steady = (text: ByteString) => testCase.steady?.(text) ?? text;
    const twinless = (text: ByteString, twin: Twin) => steady(text.replaceAll(folder(twin), 'TWIN'));
    const want = visible(twinless(ref.result.stdout, 'ref'), testCase.output);
    const got = visible(twinless(mine.result.stdout, 'our'), testCase.output);
    if (want !== got) differences.push(...lineDifferences(want, got));
    if (testCase.messages) {
      const said = steadyMessages(twinless(mine.result.stderr, 'our')).join('\n');
      const expected = steadyMessages(twinless(ref.result.stderr, 'ref')).join('\n');
      if (said !== expected) differences.push(...lineDifferences(expected, said));
    }
    const account = [
      ...differences,
      report('ours', mine.command, mine.result),
      report('rsync', ref.command, ref.result),
      `source:\n${describeTree(testCase.source)}`,
      ...Object.entries(testCase.before).map(([name, tree]) => `${name} before:\n${describeTree(tree)}`),
    ].join('\n');
    return { differences, ours: mine.result, reference: ref.result, account };
  });
}

/** Gives all but directories an old access time, which follows from their names and where they are. */
function setAccessTimes(dir: string, earliest: number): void {
  if (!existsSync(dir)) return;
  const touch = (seconds: number, ...which: string[]) => {
    const command = ['-exec', 'touch', '-ah', '-d', `@${seconds}`, '{}', '+'];
    execFileSync('find', [dir, '!', '-type', 'd', ...which, ...command], {
      env: { ...process.env, LC_ALL: 'C' },
    });
  };
  touch(earliest);
  touch(earliest + 1000, '-name', '[a-f]*');
}

/** The first lines that differ, each with the name that it belongs to. */
function extraDifferences(want: readonly string[], got: readonly string[]): string[] {
  const named = (lines: readonly string[]) => {
    let name = '';
    return lines.map((line) => {
      if (line.startsWith('# file: ')) name = line.slice(8);
      return `${name}: ${line.slice(0, 60)}`;
    });
  };
  const [left, right] = [named(want), named(got)];
  return [
    ...left.filter((line) => !right.includes(line)).map((line) => `lacks ${show(line)}`),
    ...right.filter((line) => !left.includes(line)).map((line) => `has ${show(line)}`),
  ];
}

function lineDifferences(want: ByteString, got: ByteString): string[] {
  const left = want.split('\n');
  const right = got.split('\n');
  const missing = left.filter((line) => !right.includes(line)).map((line) => `output lacks: ${show(line)}`);
  const extra = right.filter((line) => !left.includes(line)).map((line) => `output has: ${show(line)}`);
  return missing.length + extra.length > 0
    ? [...missing, ...extra]
    : ['output has the right lines in another order'];
}

/** Fails the test with a full account when a case does not end as with real rsync. */
export async function expectSame(testCase: Case, subject: Peer, reference: Peer): Promise<Verdict> {
  const verdict = await compareRuns(testCase, subject, reference);
  if (verdict.differences.length > 0) expect.fail(verdict.account);
  return verdict;
}
