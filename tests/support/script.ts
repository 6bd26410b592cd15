/**
 * A short shell script, run twice in twins: once with the program under test as `$R`, once with real rsync. What
 * they print and what they leave must be equal. For cases that take several runs, or a user without rights.
 */
import { spawnSync } from 'node:child_process';
import { chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { steadyMessages, withoutLosses } from './messages.ts';
import { isRoot, ours, type Peer, plainId } from './peers.ts';
import { type RunResult, run } from './run.ts';
import { compareSnapshots, takeSnapshot } from './snapshot.ts';
import { withWorkspace } from './workspace.ts';

const plainUser = [
  'setpriv',
  `--reuid=${plainId}`,
  `--regid=${plainId}`,
  '--clear-groups',
  '--inh-caps=-all',
] as const;

/** A command as a user without rights; as such a user it is run as it stands. */
export function asPlainUser(command: readonly string[]): string[] {
  return isRoot ? [...plainUser, ...command] : [...command];
}

/** False for root where it cannot give up its rights, or where others cannot run the program under test. */
export const canBePlainUser =
  !isRoot || spawnSync(plainUser[0], [...plainUser.slice(1), ...ours().command, '--version']).status === 0;

export const ways = ['local', 'push', 'pull'] as const;
export type Way = (typeof ways)[number];

export interface Script {
  /**
   * Runs in an empty folder. `$R` is the program, `$LSH` a remote shell; `sync OPTION...` copies `s/` to `d/` the way that is asked for and
   * prints its exit code; `from_to A B OPTION...` does so with other names. Both are there in a `bash` below it, too.
   * `seen GLOB` waits until there is such a file, for 20 s at most.
   */
  readonly script: string;
  readonly way?: Way;
  readonly plainUser?: boolean;
  /** Lines of stdout may come in another order than rsync's. */
  readonly sorted?: boolean;
}

/** A remote shell that stays on this machine. */
export const lsh = join(import.meta.dirname, 'lsh.sh');

/** What a script starts with: `sync`, for a way. */
export function prelude(way: Way): string {
  const far = way === 'local' ? '' : `--rsh='${lsh}' --rsync-path="$R"`;
  const from = way === 'pull' ? 'lh:$PWD/' : '';
  const to = way === 'push' ? 'lh:$PWD/' : '';
  return `sync() { from_to s/ d/ "$@"; }
    from_to() { local a=$1 b=$2; shift 2; $R ${far} "$@" "${from}$a" "${to}$b"; echo "exit $?"; }
    seen() { local n; for n in {1..400}; do compgen -G "$1" >/dev/null && return; sleep 0.05; done; return 1; }
    export -f sync from_to
`;
}

/** Fails with both accounts where ours differs from `reference` in output, messages or what is on the disk. */
export function expectSameScript(test: Script, reference: Peer): Promise<void> {
  return withWorkspace(async (dir) => {
    const since = Date.now();
    const user = isRoot && test.plainUser === true ? plainId : undefined;
    if (user !== undefined) chownSync(dir, user, user);
    const one = async (name: string, who: Peer) => {
      const cwd = join(dir, name);
      mkdirSync(cwd);
      if (user !== undefined) chownSync(cwd, user, user);
      const shell = ['bash', '-c', prelude(test.way ?? 'local') + test.script];
      const command = test.plainUser === true ? asPlainUser(shell) : shell;
      const env = { R: who.command.join(' '), LSH: lsh, HOME: dir };
      const result = await run(command, { cwd, env, timeout: 50_000 });
      const twinless = (text: string) => text.replaceAll(cwd, 'TWIN');
      // A script may have led one to the other.
      const lines = twinless(withoutLosses(result.stdout)).split('\n');
      const stdout = (test.sorted === true ? lines.sort() : lines).join('\n');
      const messages = steadyMessages(twinless(result.stderr));
      return { result, stdout, messages, left: takeSnapshot(cwd, since) };
    };
    const theirs = await one('ref', reference);
    const mine = await one('our', ours());
    const account = [report('ours', mine.result), report('rsync', theirs.result)].join('\n');
    expect(mine.result.timedOut, account).toBe(false);
    expect(mine.stdout, account).toBe(theirs.stdout);
    expect(mine.messages, account).toEqual(theirs.messages);
    expect(compareSnapshots(theirs.left, mine.left), account).toEqual([]);
  });
}

function report(title: string, { code, stdout, stderr }: RunResult): string {
  return `--- ${title}: ${code}\n${stdout}${stderr}`;
}
