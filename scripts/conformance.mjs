#!/usr/bin/env node
/**
 * Runs rsync's own test suite against ours, and tells it beside what rsync itself gives in the same place.
 *
 *   npm run conformance -- --upstream DIR [--leg NAME,…] [--protocols 29,30,31] [--jobs N] [--limit SECONDS]
 *                          [--race-limit SECONDS] [--json FILE] [--from FILE] [--keep] [TEST …]
 *
 * DIR is a built source tree of rsync, outside this repository; nothing is written to it: each leg works in a copy.
 * Legs: root-pipe, root-tcp, user-pipe, user-tcp (`--leg` names some); as a plain user the two of a user. Each of
 * `--protocols` is one more leg over a pipe. --json keeps what came out, and --from takes rsync's own results from
 * such a file instead of running it again. OC_RSYNC_NODE is the Node that ours runs with, OC_RSYNC_BIN another program
 * than ours. Ends with 1 when a test that rsync passes does not pass with ours.
 */
import { spawn } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { optionsOf } from './options.mjs';
import { asPlainUser } from './plain-user.mjs';

const root = join(import.meta.dirname, '..');
const isRoot = process.getuid?.() === 0;
const given = optionsOf(import.meta.filename, {
  boolean: ['keep'],
  string: ['upstream', 'leg', 'protocols', 'json', 'from'],
  number: ['jobs', 'limit', 'race-limit'],
  words: true,
  default: { jobs: 1, limit: 300 },
});
const say = (text) => process.stderr.write(`${text}\n`);
const giveUp = (text) => {
  say(`conformance: ${text}`);
  process.exit(2);
};

/** Where a plain user's programs are: root's own PATH may lead through folders that nobody else can read. */
const plainPath = '/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin';

/** The legs that were asked for and that this user can run. */
const legsWanted = () => {
  const named = given.leg?.split(',');
  const plain = [
    { name: 'root-pipe', user: false, args: [] },
    { name: 'root-tcp', user: false, args: ['--use-tcp', '--daemon-tests-only'] },
    { name: 'user-pipe', user: true, args: [] },
    { name: 'user-tcp', user: true, args: ['--use-tcp', '--daemon-tests-only'] },
  ].filter(({ name, user }) => (named?.includes(name) ?? true) && (isRoot || user));
  const older = (given.protocols ?? '')
    .split(',')
    .filter((version) => version !== '')
    .map((version) => ({ name: `protocol-${version}`, user: !isRoot, args: [`--protocol=${version}`] }));
  return [...plain, ...older];
};

/** Runs the suite once in `tree`; gives a map of test to `pass`, `fail`, `skip` or `xfail`. */
const runSuite = (tree, binary, leg, { before = [], env = {} }) =>
  new Promise((done, failed) => {
    const limits = [`--timeout=${given.limit}`];
    if (given['race-limit'] !== undefined) limits.push(`--race-timeout=${given['race-limit']}`);
    const words = ['runtests.py', '-j', `${given.jobs}`, ...limits, `--rsync-bin=${binary}`, ...leg.args];
    const [program, ...args] = [...before, 'python3', ...words, ...given._.map(String)];
    const child = spawn(program, args, {
      cwd: tree,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.setEncoding('latin1').on('data', (chunk) => {
      text += chunk;
      if (process.stderr.isTTY) process.stderr.write(chunk.replace(/[^\n]*\n/g, '.'));
    });
    child.on('error', failed);
    child.on('close', () => {
      const outcomes = {};
      const lines = text.replace(/^----- (\S+ (?:rsyncd\.)?log) follows$[\s\S]*?^----- \1 ends$/gm, '');
      for (const [, outcome, test] of lines.matchAll(/^(PASS|FAIL|SKIP|XFAIL) +(\S+)/gm))
        outcomes[test] = outcome.toLowerCase();
      done({ outcomes, text });
    });
  });

/** A copy of what a program of ours needs, where any user can read it. */
const installOurs = (scratch) => {
  const place = join(scratch, 'oc-rsync');
  for (const part of ['dist', 'native', 'package.json', 'node_modules/node-gyp-build'])
    if (existsSync(join(root, part))) cpSync(join(root, part), join(place, part), { recursive: true });
  const node = process.env.OC_RSYNC_NODE ?? process.execPath;
  const program = join(place, 'oc-rsync');
  const command = process.env.OC_RSYNC_BIN ?? `${resolve(node)} ${join(place, 'dist', 'oc-rsync.mjs')}`;
  writeFileSync(program, `#!/bin/sh\nexec ${command} "$@"\n`);
  return program;
};

/** One leg with one program, in a fresh copy of the tree. */
const runLeg = async (upstream, scratch, leg, program) => {
  const tree = join(scratch, `tree-${leg.name}`);
  cpSync(upstream, tree, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  const binary = program ?? join(tree, 'rsync');
  let result;
  const body = async (user) => {
    if (user.before) await run('chown', ['-R', `${user.uid}:${user.gid}`, tree]);
    result = await runSuite(tree, binary, leg, user);
  };
  if (leg.user && isRoot) {
    const why = await asPlainUser(root, (user) => body({ ...user, env: { ...user.env, PATH: plainPath } }));
    if (why !== null) giveUp(why);
  } else await body({});
  rmSync(tree, { recursive: true, force: true });
  return result;
};

const run = (program, args) =>
  new Promise((done, failed) => {
    const child = spawn(program, args, { stdio: 'inherit' });
    child.on('error', failed);
    child.on('close', done);
  });

const count = (outcomes, wanted) => Object.values(outcomes).filter((outcome) => outcome === wanted).length;
const counts = (outcomes) => ['pass', 'fail', 'skip'].map((wanted) => count(outcomes, wanted)).join(' / ');

/** A pattern of file names as the suite takes it for tests: `*`, `?` and classes. */
const patternOf = (name) => {
  const source = String(name)
    .replace(/_test\.py$/, '')
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('[!', '[^')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`);
};

/** Of results from before those of the tests that are run now. */
const ofThisRun = (outcomes) => {
  const named = given._.map(patternOf);
  if (named.length === 0) return outcomes;
  const wanted = ([test]) => named.some((pattern) => pattern.test(test));
  return Object.fromEntries(Object.entries(outcomes).filter(wanted));
};

/** What rsync passes and ours does not, with what came out instead. */
const shortOf = (reference, ours) =>
  Object.keys(reference)
    .filter((test) => reference[test] === 'pass' && ours[test] !== 'pass')
    .map((test) => `${test} (${ours[test] ?? 'did not run'})`);

const upstream = given.upstream && resolve(given.upstream);
if (!upstream) giveUp('--upstream DIR names a built source tree of rsync');
if (!existsSync(join(upstream, 'runtests.py')) || !existsSync(join(upstream, 'rsync')))
  giveUp(`${upstream} holds no runtests.py and rsync: it is to be built first`);
if (!existsSync(join(root, 'dist', 'oc-rsync.mjs'))) giveUp('dist/oc-rsync.mjs is not built (npm run build)');

const earlier = given.from ? JSON.parse(readFileSync(given.from, 'utf8')) : {};
const scratch = mkdtempSync(join(process.env.OC_RSYNC_TMP ?? tmpdir(), 'oc-rsync-conformance-'));
const results = {};
let missed = 0;
try {
  const ours = installOurs(scratch);
  await run('chmod', ['-R', 'a+rX', scratch]);
  chmodSync(ours, 0o755);
  for (const leg of legsWanted()) {
    say(`${leg.name}: rsync${earlier[leg.name] ? ' (from before)' : ''}, then ours`);
    const before = earlier[leg.name]?.reference;
    const reference = before ? ofThisRun(before) : (await runLeg(upstream, scratch, leg)).outcomes;
    const { outcomes, text } = await runLeg(upstream, scratch, leg, ours);
    results[leg.name] = { reference, ours: outcomes };
    if (given.keep) writeFileSync(`conformance-${leg.name}.log`, text, 'latin1');
    if (given.json) writeFileSync(given.json, `${JSON.stringify({ ...earlier, ...results }, null, 1)}\n`);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

console.log('| leg | rsync: pass / fail / skip | ours |\n|---|---|---|');
for (const [name, { reference, ours }] of Object.entries(results))
  console.log(`| ${name} | ${counts(reference)} | ${counts(ours)} |`);
for (const [name, { reference, ours }] of Object.entries(results)) {
  const short = shortOf(reference, ours);
  missed += short.length;
  if (short.length > 0) console.log(`\n${name}, passed by rsync and not by ours: ${short.join(', ')}`);
}
process.exitCode = missed > 0 ? 1 : 0;
