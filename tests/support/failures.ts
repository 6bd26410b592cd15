/**
 * One run that must go wrong, and what must be said about it: real rsync is asked the same, so that the
 * expectation is its behaviour and no opinion of ours.
 */
import { expect } from 'vitest';
import { type ByteString, show } from './bytes.ts';
import { finalError } from './messages.ts';
import type { Peer } from './peers.ts';
import { type RunOptions, type RunResult, run } from './run.ts';

export interface Failure {
  /** The command, with `who` as the program under test. */
  command(who: Peer): readonly ByteString[];
  readonly options?: RunOptions;
  /** What stderr must say, of real rsync as of ours. */
  readonly says?: readonly RegExp[];
  /** Exit codes that are right; only rsync's own unless told. */
  readonly codes?: readonly number[];
  /** Prepares the disk before each of the two runs. */
  before?(): void | Promise<void>;
  /** Looks at the disk after each of the two runs. */
  after?(result: RunResult, who: Peer): void | Promise<void>;
}

/** Runs it with real rsync and with ours: the same exit code, the same last word, and what `says` asks. */
export async function expectSameFailure(failure: Failure, subject: Peer, reference: Peer): Promise<void> {
  const one = async (who: Peer) => {
    await failure.before?.();
    const result = await run(failure.command(who), { timeout: 30_000, ...failure.options });
    await failure.after?.(result, who);
    return result;
  };
  const theirs = await one(reference);
  const mine = await one(subject);
  const account = `ours, exit ${mine.code}: ${show(mine.stderr).replaceAll('\\x0a', '\n')}
rsync, exit ${theirs.code}: ${show(theirs.stderr).replaceAll('\\x0a', '\n')}`;
  expect(mine.timedOut, `it hangs\n${account}`).toBe(false);
  for (const pattern of failure.says ?? []) {
    expect(theirs.stderr, `what the test asks for is not what rsync says\n${account}`).toMatch(pattern);
    expect(mine.stderr, account).toMatch(pattern);
  }
  if (failure.codes !== undefined) {
    expect(failure.codes, account).toContain(theirs.code);
    expect(failure.codes, account).toContain(mine.code);
    return;
  }
  expect(mine.code, account).toBe(theirs.code);
  expect(finalError(mine.stderr), account).toEqual(finalError(theirs.stderr));
}
