/**
 * A daemon under test beside a real one: the same client does the same to each, on twins of the same folder. What the
 * client prints, what lies there in the end and what the daemon has written down must be equal.
 */
import { chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect } from 'vitest';
import { steadyMessages, withoutLosses } from './messages.ts';
import { isRoot, ours, type Peer, plainId } from './peers.ts';
import { run } from './run.ts';
import { asPlainUser } from './script.ts';
import { compareSnapshots, takeSnapshot } from './snapshot.ts';
import { withWorkspace } from './workspace.ts';

export interface Served {
  /** rsyncd.conf: TWIN stands for the folder that all of it is in. */
  readonly config: string;
  /**
   * Runs in that folder. `$C` is the client, `$D` the daemon's program, `$U` the URL of its modules. The daemon is started
   * for each connection, on a socket that a connect program has (RSYNC_CONNECT_PROG).
   */
  readonly script: string;
  readonly client: Peer;
  readonly plainUser?: boolean;
  /** Its log is compared, too: in order, or as a set of lines. */
  readonly log?: 'exact' | 'sorted';
  readonly env?: Readonly<Record<string, string>>;
}

const lastLinesMs = 500;

/** What every configuration here begins with. */
export const preamble = `use chroot = no
log file = TWIN/log
max verbosity = 4
${isRoot ? 'uid = 0\ngid = 0\n' : ''}`;

/** Fails with both accounts where ours differs from `reference`. */
export function expectSameServed(test: Served, reference: Peer): Promise<void> {
  return withWorkspace(async (dir) => {
    const since = Date.now();
    const user = isRoot && test.plainUser === true ? plainId : undefined;
    if (user !== undefined) chownSync(dir, user, user);
    const one = async (name: string, daemon: Peer) => {
      const cwd = join(dir, name);
      mkdirSync(cwd);
      if (user !== undefined) chownSync(cwd, user, user);
      const twin = (text: string) => text.replaceAll('TWIN', cwd);
      writeFileSync(join(cwd, 'rsyncd.conf'), twin(test.config));
      const program = daemon.command.join(' ');
      const shell = ['bash', '-c', `umask 022; ${test.script}`];
      const result = await run(test.plainUser === true ? asPlainUser(shell) : shell, {
        cwd,
        timeout: 50_000,
        env: {
          HOME: cwd,
          C: test.client.command.join(' '),
          D: program,
          U: 'rsync://localhost',
          CONF: join(cwd, 'rsyncd.conf'),
          RSYNC_CONNECT_PROG: `${program} --daemon --config=${join(cwd, 'rsyncd.conf')}`,
          ...test.env,
        },
      });
      const twinless = (text: string) => text.replaceAll(cwd, 'TWIN');
      const stdout = steadyCounts(twinless(withoutLosses(result.stdout)));
      // A client may be gone before its daemon has written down how it went.
      if (test.log !== undefined) await setTimeout(lastLinesMs);
      const log = test.log === undefined ? [] : logOf(join(cwd, 'log'), twinless);
      return {
        result,
        stdout,
        messages: steadyMessages(twinless(result.stderr)),
        log: test.log === 'sorted' ? log.sort() : log,
        left: takeSnapshot(cwd, since),
      };
    };
    const theirs = await one('ref', reference);
    const mine = await one('our', ours());
    const account = [theirs, mine]
      .map(({ result, log }) => `--- ${result.code}\n${result.stdout}${result.stderr}${log.join('\n')}`)
      .join('\n');
    expect(mine.result.timedOut, account).toBe(false);
    expect(mine.stdout, account).toBe(theirs.stdout);
    expect(mine.messages, account).toEqual(theirs.messages);
    expect(mine.log, account).toEqual(theirs.log);
    const differences = compareSnapshots(theirs.left, mine.left);
    expect(
      differences.filter((line) => !/\b(log|rsyncd\.conf)\b/.test(line)),
      account,
    ).toEqual([]);
  });
}

/** Both ends name themselves, and with how many bytes depends on their names. */
function steadyCounts(text: string): string {
  return text
    .replace(/^sent [\d,]+ bytes {2}received [\d,]+ bytes.*$/gm, 'sent N bytes')
    .replace(/speedup is [\d.,]+/g, 'speedup is N');
}

/** Lines without time and process. */
function logOf(file: string, twinless: (text: string) => string): string[] {
  let text: string;
  try {
    text = readFileSync(file, 'latin1');
  } catch {
    return [];
  }
  const lines = twinless(text)
    .split('\n')
    .map((line) => line.replace(/^\S+ \S+ \[\d+\] /, ''))
    .map((line) => steadyCounts(line.replace(/^(sent \d+ bytes).*$/, 'sent N bytes')));
  return lines.flatMap((line) => (line === '' ? [] : steadyMessages(line)));
}
