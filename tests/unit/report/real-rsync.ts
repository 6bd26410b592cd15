import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultOptions } from '../../../ts/options/defaults.ts';
import type { Options } from '../../../ts/options/options.ts';
import type { ItemEntry, LogCode, Output, ReportSetup } from '../../../ts/report/report.ts';
import { Report } from '../../../ts/report/report.ts';
import type { Negotiated } from '../../../ts/wire/negotiated.ts';
import { testHost } from '../../support/host.ts';
import { readPeerFile } from '../../support/peers.ts';

const rsync = process.env.OC_RSYNC_PEER ?? readPeerFile().rsync;

/** Tests that compare with the real rsync run only where there is one. */
export const haveRsync = rsync !== null;

/** Standard output of the real rsync as a byte string; it may exit as it likes. */
export function realRsync(args: readonly string[], env: Record<string, string> = {}): string {
  return run(args, env).stdout;
}

/** Both streams. */
export function run(args: readonly string[], env: Record<string, string> = {}) {
  try {
    const stdout = execFileSync(rsync as string, args, {
      encoding: 'latin1',
      env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: process.env.TZ ?? '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return { stdout, stderr: '' };
  } catch (error) {
    const failed = error as { stdout: string; stderr: string };
    return { stdout: failed.stdout, stderr: failed.stderr };
  }
}

export function withFolder<T>(work: (dir: string) => T): T {
  const dir = mkdtempSync(join(tmpdir(), 'oc-report-'));
  const remove = () => rmSync(dir, { recursive: true, force: true });
  let done: T | undefined;
  try {
    done = work(dir);
    return done;
  } finally {
    if (done instanceof Promise) done.then(remove, remove);
    else remove();
  }
}

/** Keeps what a report says. */
export class Heard implements Output {
  readonly said: [LogCode, string][] = [];
  readonly deletions: string[] = [];
  write(code: LogCode, text: string): void {
    this.said.push([code, text]);
  }
  deleted(payload: string): void {
    this.deletions.push(payload);
  }
  get text(): string {
    return this.said.map(([, text]) => text).join('');
  }
}

/** A report of a local sender, or what `setup` makes of it. */
export function makeReport(options: Partial<Options>, setup: Partial<ReportSetup> = {}) {
  const heard = new Heard();
  const report = new Report({
    options: defaultOptions(options),
    output: heard,
    server: false,
    sender: true,
    local: true,
    host: testHost(),
    ...setup,
  });
  return { report, heard };
}

export function negotiated(given: Partial<Negotiated> = {}): Negotiated {
  return {
    protocol: 32,
    symlinkTimes: true,
    transferDigest: { name: 'xxh128', seed: 0, seedFirst: true },
    fileDigest: { name: 'xxh128', seed: 0, seedFirst: true },
    ...given,
  } as Negotiated;
}

/** A regular file of 1,234,567 bytes, unless told otherwise. */
export function entry(given: Partial<ItemEntry> = {}): ItemEntry {
  return {
    path: 'dir/name',
    mode: 0o100644,
    size: 1234567,
    mtime: 1704164645,
    mtimeNsec: 0,
    atime: 0,
    uid: 1000,
    gid: 100,
    skipGroup: false,
    linkTarget: '',
    ...given,
  };
}
