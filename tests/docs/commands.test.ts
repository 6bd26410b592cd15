/**
 * Each command of the documents: run as it is written, with words behind it that make it small; or listed with the
 * reason why it is not, and then held to what there is. A block that nobody tries fails here.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { kernelName, ours, referencePeer, repositoryRoot } from '../support/peers.ts';
import { run } from '../support/run.ts';
import { withWorkspace } from '../support/workspace.ts';
import { type Document, documents, repositoryFiles } from './documents.ts';

/** A page that is done from top to bottom. */
const howTo = /^docs\/how-to\/(?!add-)/;

/** Who tries the blocks of a document, by their languages. */
function whoTries({ name }: Document, language: string): string | undefined {
  if (language === 'mermaid') return 'nobody';
  if (language === 'ts' && /^docs\/(how-to|decisions)\//.test(name)) return 'quoted';
  const testers: Readonly<Record<string, string>> = {
    'README.md sh': 'tests/docs/readme.test.ts',
    'README.md ini': 'tests/docs/readme.test.ts',
    'docs/library.md js': 'tests/library/documents.test.ts',
    // An ssh library's channel: tests/library/connect.test.ts has streams of other kinds, and no such library.
    'docs/library.md ts': 'nobody',
    'docs/contributing.md sh': 'tests/docs/commands.test.ts',
    'docs/bench.md sh': 'tests/docs/commands.test.ts',
  };
  if (howTo.test(name)) return 'tests/docs/how-to.test.ts';
  return testers[`${name} ${language}`];
}

interface Small {
  /** What is put for words in capitals and the like; DIR is a folder of the test's. */
  readonly put?: Readonly<Record<string, string>>;
  /** Words that make it small. */
  readonly add?: string;
}

const tiny = '--only tiny --runs 1 --scale 0.01';
const fewScenarios = '--scenarios=tiny --scale=0.01 --runs=1';
const ran: Readonly<Record<string, Small>> = {
  'node dist/oc-rsync.mjs': { add: '--version' },
  'node -e 0': {},
  // Without results it prints no table.
  'node scripts/kernel-tables.mjs': {},
  'node scripts/library-options.mjs': { add: '--check' },
  'node scripts/manual.mjs': { add: '--check' },
  'node scripts/option-table.mjs': { add: '--check' },
  'npm run bench': { add: tiny },
  'npm run bench -- --against old "old=node /older/dist/oc-rsync.mjs"': {
    put: { '/older': repositoryRoot },
    add: tiny,
  },
  'npm run bench -- --chart FILE.svg': { put: { FILE: 'DIR/chart' }, add: tiny },
  'npm run bench -- --growth': { add: '--room 0.001 --runs 1' },
  'npm run bench -- --io --runs 7': { put: { '7': '1' }, add: '--only pipe-push-big --scale 0.001' },
  'npm run bench -- --json FILE': { put: { FILE: 'DIR/results' }, add: tiny },
  'npm run bench -- --list': {},
  'npm run dev -- ARGS': { put: { ARGS: '--version' } },
  'npm run profile': { add: 'tiny --runs 1 --tool cpu' },
  'npm run profile -- SCENARIO': { put: { SCENARIO: 'tiny' }, add: '--runs 1 --tool cpu' },
  'npm ci && npm start --silent -- -av SRC/ DEST/': {
    put: { 'npm ci && ': '', 'SRC/': `${repositoryRoot}/docs/how-to/`, 'DEST/': 'DIR/copy/' },
  },
  'oc-rsync --version': {},
  'oc-rsync bench': { add: fewScenarios },
  'oc-rsync bench --help': {},
  'oc-rsync bench --html=report.html': { add: fewScenarios },
  'oc-rsync bench --html=report.html --chart=chart.svg': { add: fewScenarios },
  'oc-rsync bench --peer=/opt/rsync/bin/rsync --dir=/mnt/disk': {
    put: { '/opt/rsync/bin/rsync': referencePeer()?.command[0] ?? 'rsync', '/mnt/disk': 'DIR' },
    add: fewScenarios,
  },
  'oc-rsync bench --scenarios=local,tiny --scale=1 --runs=5': {
    put: { 'local,tiny': 'local-small-noop,tiny', '--scale=1': '--scale=0.01', '5': '1' },
  },
  'oc-rsync --json …': { put: { '…': '-an ./' } },
  'oc-rsync help': { add: '--archive' },
  'oc-rsync help OPTION': { put: { OPTION: '--archive' } },
  'oc-rsync help archive': {},
  'oc-rsync completion SHELL': { put: { SHELL: 'bash' } },
};

const isTest = 'is what runs this';
const isChecked = 'is part of npm test, and of npm run check';
const packed = 'tests/package does it';
const notRun: Readonly<Record<string, string>> = {
  'npm ci': isTest,
  'npm ci && npm test': isTest,
  'npm ci && npm pack && npm install -g ./oc-rsync-0.1.0.tgz': packed,
  'npm test': isTest,
  'npm test -- unit interop/ssh': isTest,
  'npm test -- --peer /path/to/rsync interop': isTest,
  'npm test -- --plain-user interop/ssh': isTest,
  'OC_RSYNC_ALL=1 npm test': isTest,
  'OC_RSYNC_CASES=2000 OC_RSYNC_SEED=7 npx vitest run tests/interop/any-options.test.ts': 'takes an hour',
  'npm run check': 'would run within itself',
  'cargo fmt': isChecked,
  'cargo clippy': isChecked,
  'cargo test': 'is part of npm test',
  'cargo test -p oc-fuzz': 'is part of npm test',
  'cargo bench': 'takes minutes, and a compiler',
  'npm run bench:kernels': 'takes minutes',
  'cargo check --tests --target x86_64-apple-darwin': "needs that target's library",
  'cargo install cargo-fuzz': 'installs a program',
  'cargo +nightly fuzz run token_decoder fuzz/corpus/token_decoder fuzz/seeds/token_decoder':
    'needs a nightly compiler',
  'npm install': 'rewrites the lock file',
  'npm run build': 'replaces what the tests run',
  'npm run prebuild': 'replaces the kernel that the tests run',
  'npm pack': packed,
  'node scripts/notices.mjs':
    'writes THIRD_PARTY_NOTICES.md, which tests/docs/notices.test.ts holds to what there is',
  'npm run conformance': 'needs a built source tree of rsync',
  'npm run conformance -- --upstream DIR': 'needs a built source tree of rsync',
  'npm run soak -- --minutes N': 'tests/daemon/soak.test.ts does it',
  'npm run bench -- --against': 'is written out in docs/contributing.md',
  'OC_RSYNC_NODE=.test-peers/node24/node_modules/node/bin/node npm run bench -- --only all --growth --json bench-results/last.json --chart docs/bench.svg':
    'takes hours',
  'npx -y oc-rsync@0.1.0': 'asks a registry',
  'oc-rsync --daemon': 'leaves a daemon behind: tests/daemon does it',
  'oc-rsync --daemon --metrics=9873': 'leaves a daemon behind: tests/daemon does it',
  'OC_RSYNC_TRACE=wire:FILE oc-rsync --daemon': 'leaves a daemon behind: tests/interop/trace.test.ts has one',
  'oc-rsync decode FILE': 'needs something to decode: tests/docs/read-the-wire.test.ts has that',
  'vitest bench': 'is npm run bench:kernels',
};

const isCommand = /^(?:[A-Z_]+=\S+ )*(?:npm|npx|node|cargo|oc-rsync|vitest) ./;
const oneLine = (text: string) => text.replace(/\s*\\?\n\s*/g, ' ').trim();
const spans = documents.flatMap((document) =>
  document.spans.map(oneLine).filter((one) => isCommand.test(one)),
);
const blocks = documents.flatMap((document) =>
  document.blocks
    .filter(
      ({ language }) =>
        language === 'sh' && ['README.md', 'docs/bench.md', 'docs/contributing.md'].includes(document.name),
    )
    .flatMap(({ text }) =>
      text
        .replace(/\\\n\s*/g, '')
        .replace(/ +# .*/g, '')
        .trim()
        .split('\n'),
    ),
);
// Lines of the README that call either are its recipes, but for what measures.
const commands = [
  ...new Set([...spans, ...blocks.filter((line) => !/^(oc-)?rsync (?!bench)/.test(line))]),
].sort();

test('each block has somebody who tries it', () => {
  const untried = documents.flatMap((document) =>
    document.blocks
      .filter(({ language }) => whoTries(document, language) === undefined)
      .map(({ language, text }) => `${document.name}: ${language} ${text.slice(0, 40)}`),
  );
  expect(untried).toEqual([]);
});

test('lines of the sources are quoted as they stand there', () => {
  const plain = (text: string) => text.replace(/\s+/g, ' ').trim();
  const sources = repositoryFiles.filter((name) => /^ts\/.*\.ts$/.test(name));
  const all = plain(sources.map((name) => readFileSync(join(repositoryRoot, name), 'utf8')).join('\n'));
  const quoted = documents.flatMap((document) =>
    document.blocks.filter(({ language }) => whoTries(document, language) === 'quoted'),
  );
  expect(quoted.length).toBeGreaterThan(0);
  expect(quoted.filter(({ text }) => !all.includes(plain(text)))).toEqual([]);
});

test('each command is run, or not for a reason', () => {
  expect(commands.length).toBeGreaterThan(40);
  const known = [...Object.keys(ran), ...Object.keys(notRun)];
  expect(commands.filter((command) => !known.includes(command))).toEqual([]);
  expect(known.filter((command) => !commands.includes(command))).toEqual([]);
});

describe('is run', () => {
  const small = commands.filter((command) => Object.hasOwn(ran, command));
  const wantsPeer = (command: string) => /(npm run|oc-rsync) (bench|profile)/.test(command);
  test.for(small)('%s', { timeout: 120_000 }, (command, { skip }) =>
    withWorkspace(async (dir) => {
      if (wantsPeer(command) && referencePeer() === null) skip('there is no rsync');
      if (command.includes('--io') && kernelName === 'portable') skip('the portable kernel has one path');
      const { put = {}, add = '' } = ran[command]!;
      let line = command;
      for (const [word, value] of Object.entries(put)) line = line.replace(word, value.replace('DIR', dir));
      const parts = add !== '' && line.startsWith('npm run') && !line.includes(' -- ') ? ' --' : '';
      const program = ours()
        .command.map((word) => `'${word}'`)
        .join(' ');
      const script = `oc-rsync() { ${program} "$@"; }\n${line}${parts} ${add}`;
      // The words in which this test was started are not those of a user.
      const env = Object.fromEntries(
        Object.keys(process.env).flatMap((name) => (/^npm_/.test(name) ? [[name, undefined]] : [])),
      );
      // Questions of the manual are none where there is a file of that name.
      const empty = join(dir, 'empty');
      mkdirSync(empty);
      const cwd = line.startsWith('oc-rsync') ? empty : repositoryRoot;
      const done = await run(['bash', '-c', script], { cwd, env, timeout: 110_000 });
      expect(done.code, done.stdout + done.stderr).toBe(0);
      for (const [, file] of line.matchAll(/--(?:json|chart|html)[ =]([\w/][\w./-]*)/g))
        expect(existsSync(resolve(cwd, file!)), file).toBe(true);
    }),
  );
});

describe('is held to what there is', () => {
  test.each(commands)('%s', (line) => {
    for (const command of line.split(' && ')) expect(faults(command)).toEqual([]);
  });
});

const { scripts, version } = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8')) as {
  readonly version: string;
  readonly scripts: Readonly<Record<string, string>>;
};

/** What a command names that there is not. */
function faults(command: string): string[] {
  const words = command.replace(/^(?:[A-Z_]+=\S+ )*/, '').split(' ');
  const [program, verb = '', name = '', ...rest] = words;
  if (program === 'npm' && verb === 'run') return scriptFaults(name, rest);
  if (program === 'npm' && (verb === 'test' || verb === 'start')) return scriptFaults(verb, [name, ...rest]);
  const tarballs = words.filter(
    (word) => word.endsWith('.tgz') && !word.endsWith(`/oc-rsync-${version}.tgz`),
  );
  if (program === 'npm') return ['ci', 'pack', 'install'].includes(verb) ? tarballs : [`npm ${verb}`];
  if (program === 'node')
    return verb === '-e' || existsSync(join(repositoryRoot, verb)) ? [] : [`the file ${verb}`];
  if (program === 'npx' && verb === '-y')
    return ['oc-rsync', `oc-rsync@${version}`].includes(name) ? [] : [`the package ${name}`];
  if (program === 'npx') return rest.filter((word) => !repositoryFiles.includes(word));
  if (program !== 'cargo') return [];
  const packages = [...command.matchAll(/ -p (\S+)/g)].map(([, one]) => one!);
  return packages.filter((one) => !repositoryFiles.includes(`crates/${one.replace(/^oc-/, '')}/Cargo.toml`));
}

/** A script of package.json that there is not, or an option that it does not read, or a name that no test has. */
function scriptFaults(name: string, words: readonly string[]): string[] {
  const command = scripts[name];
  if (command === undefined) return [`the script ${name}`];
  const file = /^node (scripts\/\S+)/.exec(command)?.[1];
  if (file === undefined || name === 'start' || name === 'dev') return [];
  const text = readFileSync(join(repositoryRoot, file), 'utf8');
  const options = words
    .filter((word) => /^--./.test(word) && word !== '--silent')
    .map((word) => word.slice(2));
  const unread = options.filter((option) => !new RegExp(`['"]${option}['"]|[ []--${option}\\b`).test(text));
  const filters = name === 'test' ? words.filter((word) => /^[a-z]+(\/[a-z]+)?$/.test(word)) : [];
  const unmatched = filters.filter(
    (word) => !repositoryFiles.some((one) => one.startsWith('tests/') && one.includes(word)),
  );
  return [
    ...unread.map((option) => `the option --${option}`),
    ...unmatched.map((word) => `tests of ${word}`),
  ];
}
