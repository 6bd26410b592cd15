/** Whether what an attack left is whole: each file as it was or as it should become, and nothing from elsewhere. */
import { expect } from 'vitest';
import { exitText } from '../../ts/errors.ts';
import { show } from './bytes.ts';
import type { RunResult } from './run.ts';
import type { Snapshot } from './snapshot.ts';

/** The text of a run for a failed test. */
export function accountOf({ code, signal, stderr }: RunResult): string {
  return `exit ${code ?? signal}: ${show(stderr.slice(0, 3000)).replaceAll('\\x0a', '\n')}`;
}

/** It ended by itself, with an exit code of rsync's, and without a trace of a crash. */
export function expectOrderlyEnd(result: RunResult): void {
  const account = accountOf(result);
  expect(result.timedOut, `it hangs\n${account}`).toBe(false);
  expect(result.stderr, account).not.toMatch(/\bat .*\.[cm]?[jt]s:\d|node:internal|TypeError|RangeError/);
  expect([0, 255, ...Object.keys(exitText).map(Number)], account).toContain(result.code);
}

/** Every file below has the content of one that was there before, or of one of the source; none is half of both. */
export function expectWholeFiles(now: Snapshot, before: Snapshot, source: Snapshot, account: string): void {
  const known = new Set([...before.values(), ...source.values()].map(({ hash }) => hash));
  for (const [name, { hash }] of now)
    expect(known.has(hash), `${show(name)} is neither old nor new\n${account}`).toBe(true);
}

/** Every name is wholly as it was or as in the source; `temporary` matches names that may be there besides. */
export function expectOldOrNew(
  now: Snapshot,
  before: Snapshot,
  source: Snapshot,
  account: string,
  temporary?: RegExp,
): void {
  for (const [name, { hash }] of now) {
    if (name === '.' || temporary?.test(name)) continue;
    expect([before.get(name)?.hash, source.get(name)?.hash], `${show(name)}\n${account}`).toContain(hash);
  }
  for (const name of before.keys()) expect(now.has(name), `${show(name)} is gone\n${account}`).toBe(true);
}
