#!/usr/bin/env node
/**
 * `npm test`: everything that must hold, in one command, ending with one line of counts.
 *
 *   npm test                         all of it
 *   npm test -- unit interop/ssh     only the test files whose paths contain one of these words
 *   npm test -- --peer /path/rsync   another binary at the other end of the interop tests
 *   npm test -- --plain-user ssh     those test files as a plain user, where root runs it
 *   OC_RSYNC_ALL=1 npm test          all tables whole in each lane
 */
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { which } from 'zx';
import { cargoChecks, checks } from './checks.mjs';
import { optionsOf } from './options.mjs';
import { asPlainUser } from './plain-user.mjs';

const root = join(import.meta.dirname, '..');
const given = optionsOf(import.meta.filename, { string: ['peer'], boolean: ['plain-user'], words: true });
const filters = given._.map(String);
const counts = { passed: 0, failed: 0, skipped: 0 };
const failures = [];
const stepLimit = 30 * 60_000;
const peer = given.peer ? { OC_RSYNC_PEER: given.peer } : {};
/** Each lane tries the whole of the large tables, and of the small ones. */
const all = (process.env.OC_RSYNC_ALL ?? '') !== '';
/** Which rows a run begins with; OC_RSYNC_ROUND tries others. */
const round = 6 + Number(process.env.OC_RSYNC_ROUND ?? 0);
const part = (phase, step) => `${(round + phase) % step}/${step}`;
/**
 * A quarter of the large tables in the first lane, a twelfth in each other, which does the same another way; a quarter
 * of those that are small, but slow, in each; of other small tables all, then a quarter.
 */
const first = all ? {} : { OC_RSYNC_SAMPLE: part(0, 4) };
const later = (phase) => (all ? {} : { OC_RSYNC_SAMPLE: part(phase, 12), OC_RSYNC_FEWER: part(phase, 4) });

const heading = (text) => console.log(`\n── ${text}`);

const failed = (what, n = 1) => {
  counts.failed += n;
  failures.push(n === 1 ? what : `${what} (${n})`);
};

const skipped = (what, why, n = 1) => {
  counts.skipped += n;
  console.log(`skipped: ${what}: ${why}`);
};

/** Runs a command in the repository's root; its output is shown, and kept where `keep` asks for it. */
const execute = (command, { env = {}, keep = false, cwd = root } = {}) =>
  new Promise((resolve) => {
    const child = spawn(command[0], command.slice(1), {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', keep ? 'pipe' : 'inherit', 'inherit'],
      timeout: stepLimit,
      killSignal: 'SIGKILL',
    });
    let text = '';
    child.stdout?.on('data', (chunk) => {
      text += chunk;
      process.stdout.write(chunk);
    });
    child.on('error', (error) => resolve({ code: 127, text: String(error) }));
    child.on('close', (code) => resolve({ code: code ?? 1, text }));
  });

/** A check counts as one test. */
const check = async (name, command) => {
  heading(name);
  const { code } = await execute(command);
  if (code === 0) counts.passed++;
  else failed(name);
};

// --- building

const newestBelow = (dir) => {
  if (!existsSync(dir)) return 0;
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((newest, entry) => Math.max(newest, statSync(join(entry.parentPath, entry.name)).mtimeMs), 0);
};

const addonPresent = () => {
  const dir = join(root, 'native', 'prebuilds', `${process.platform}-${process.arch}`);
  return existsSync(dir) && readdirSync(dir).some((name) => name.endsWith('.node'));
};

const buildIfStale = async (cargo) => {
  const program = join(root, 'dist', 'oc-rsync.mjs');
  const sources = Math.max(newestBelow(join(root, 'ts')), statSync(join(root, 'package.json')).mtimeMs);
  const rust = newestBelow(join(root, 'crates'));
  const addonTime = addonPresent() ? newestBelow(join(root, 'native', 'prebuilds')) : 0;
  const fresh = existsSync(program) && statSync(program).mtimeMs >= sources;
  if (fresh && (!cargo || addonTime >= rust)) return;
  heading('build');
  const { code } = await execute([process.execPath, 'scripts/build.mjs']);
  if (code === 0) counts.passed++;
  else failed('build');
};

// --- the checks

const checkRust = async (cargo) => {
  const why = !existsSync(join(root, 'Cargo.toml'))
    ? 'there is no Cargo.toml'
    : cargo
      ? null
      : 'there is no cargo';
  if (why !== null) {
    skipped('cargo fmt, cargo clippy, cargo test', why, 3);
    return;
  }
  for (const { name, component: tool, command } of cargoChecks) {
    const probe = spawn('cargo', [tool, '--version'], { stdio: 'ignore' });
    const present = await new Promise((resolve) => {
      probe.on('error', () => resolve(false));
      probe.on('close', (code) => resolve(code === 0));
    });
    if (present) await check(name, command);
    else skipped(name, `this toolchain has no ${tool}`);
  }
  heading('cargo test');
  const { code, text } = await execute(['cargo', 'test', '--quiet', '--workspace'], { keep: true });
  let bad = 0;
  for (const [, ok, fail, ignored] of text.matchAll(/(\d+) passed; (\d+) failed; (\d+) ignored/g)) {
    counts.passed += Number(ok);
    counts.skipped += Number(ignored);
    bad += Number(fail);
  }
  if (code !== 0) failed('cargo test', Math.max(1, bad));
};

// --- vitest

/** Which files took longest: where to look when all takes too long. */
const tellSlowest = (results) => {
  const seconds = ({ startTime, endTime }) => Math.round((endTime - startTime) / 1000);
  const slowest = [...results].sort((a, b) => seconds(b) - seconds(a)).slice(0, 8);
  const named = slowest.map((one) => `${one.name.replace(/^.*\/tests\//, '')} ${seconds(one)} s`);
  console.log(`slowest: ${named.join(', ')}`);
};

/** The tests of a report that failed, each with the line that says why. */
const failedTests = (results) =>
  results.flatMap(({ name, message, assertionResults }) => {
    const place = name.replace(/^.*\/tests\//, '');
    const firstLine = (text) => text?.split('\n', 1)[0] ?? '';
    const bad = assertionResults.filter(({ status }) => status === 'failed');
    if (bad.length === 0 && assertionResults.length === 0 && message)
      return [`${place}: ${firstLine(message)}`];
    return bad.map(
      ({ fullName, failureMessages }) => `${place}: ${fullName}: ${firstLine(failureMessages[0])}`,
    );
  });

/** One run of the suite; `lane` is its name in what is printed, `user` who runs it where it is not us. */
const vitest = async (lane, { node = process.execPath, env = {}, only = filters, but = [], user }) => {
  heading(lane);
  const scratch = mkdtempSync(join(user?.scratch ?? tmpdir(), 'oc-rsync-report-'));
  if (user) chmodSync(scratch, 0o777);
  const file = join(scratch, 'report.json');
  const place = user?.root ?? root;
  const command = [...(user?.before ?? []), node, join(place, 'node_modules', 'vitest', 'vitest.mjs'), 'run'];
  command.push(
    '--reporter=dot',
    '--reporter=json',
    `--outputFile.json=${file}`,
    '--passWithNoTests',
    // Otherwise the configuration is written beside itself, which another user cannot.
    '--configLoader=runner',
    ...but.map((path) => `--exclude=${path}`),
    ...only,
  );
  const { code } = await execute(command, { env: { ...env, ...user?.env }, cwd: place });
  try {
    const report = JSON.parse(readFileSync(file, 'utf8'));
    counts.passed += report.numPassedTests;
    counts.skipped += report.numPendingTests + report.numTodoTests;
    // A file that does not load has no test that could fail.
    const broken = report.testResults.filter(
      (entry) => entry.status === 'failed' && entry.assertionResults.length === 0,
    );
    const bad = report.numFailedTests + broken.length;
    if (bad > 0 || code !== 0) failed(lane, Math.max(1, bad));
    failures.push(...failedTests(report.testResults).map((text) => `  ${lane}: ${text}`));
    tellSlowest(report.testResults);
  } catch {
    failed(lane);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
};

/** The suite as a user without rights, where root runs it; a plain user has run it as that already. */
const plainUserLane = async (kernel, only) => {
  if (process.getuid?.() !== 0) return;
  const why = await asPlainUser(root, (user) =>
    vitest('sample, as a plain user', {
      node: user.node,
      user,
      env: { OC_RSYNC_KERNEL: kernel, ...later(5), ...peer },
      only,
      // Size has nothing to do with rights.
      but: ['tests/robustness/size.test.ts'],
    }),
  );
  if (why !== null) skipped('a plain user', why);
};

// --- all of it

const started = Date.now();
const cargo = await which('cargo', { nothrow: true });
heading('peers');
if ((await execute([process.execPath, 'scripts/setup-peers.mjs'])).code !== 0) failed('setting up the peers');
await buildIfStale(cargo);

const peersFile = join(root, '.test-peers', 'peers.json');
const peers = existsSync(peersFile) ? JSON.parse(readFileSync(peersFile, 'utf8')) : { node24: null };
const native = addonPresent();
if (!native) skipped('the native kernel', 'the addon is not built; the portable kernel is tested alone');

const main = native ? 'native' : 'portable';
if (given['plain-user']) {
  await plainUserLane(main, filters);
} else if (filters.length > 0) {
  await vitest('tests', { env: native ? peer : { OC_RSYNC_KERNEL: main, ...peer } });
} else {
  for (const { name, command } of checks) await check(name, command);
  await checkRust(cargo);
  const env = { OC_RSYNC_KERNEL: main, ...first, ...peer };
  await vitest(`tests, ${main} kernel`, { env, but: ['tests/daemon/**'] });
  await vitest(`daemon, ${main} kernel`, { env, only: ['tests/daemon'] });
  if (native) {
    // What went wrong on one kernel alone, or on each in its own way, was found by these.
    const robustness = ['plain-user', 'hard-links', 'read-errors', 'races'].map(
      (name) => `tests/robustness/${name}`,
    );
    await vitest('sample, portable kernel', {
      env: { OC_RSYNC_KERNEL: 'portable', ...later(3), ...peer },
      only: ['tests/contract', 'tests/roles', 'tests/interop', 'tests/library', ...robustness],
    });
  }
  const daemons = ['modules', 'standalone', 'clients', 'failures'].map((name) => `tests/daemon/${name}`);
  await plainUserLane(main, [
    'tests/contract',
    'tests/roles',
    'tests/interop',
    'tests/robustness',
    'tests/library',
    'tests/daemon/rights',
    ...daemons,
  ]);
  if (peers.node24) {
    await vitest('sample, Node 24', {
      node: peers.node24,
      env: { OC_RSYNC_KERNEL: main, ...later(1), ...peer },
      only: ['tests/unit', 'tests/contract', 'tests/interop', ...daemons],
    });
  } else {
    skipped('Node 24', peers.skipped?.find((entry) => entry.what === 'node 24')?.why ?? 'it is not set up');
  }
}

for (const what of failures) console.log(`failed: ${what}`);
console.log(`\ntook ${Math.round((Date.now() - started) / 1000)} s`);
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = counts.failed > 0 || counts.passed === 0 ? 1 : 0;
