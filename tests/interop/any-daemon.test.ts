/**
 * Random configurations of a daemon and random requests of real clients, beside real rsync's daemon: exit codes, what clients
 * are told, both trees, the daemon's log and what its commands see. A small number from a fixed seed, or as many as
 * OC_RSYNC_CASES says (docs/contributing.md). What fails is made smaller: lines and requests that do not matter are left out,
 * but with OC_RSYNC_SHRINK=0.
 */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type AnyConfig,
  anyConfig,
  configFiles,
  parameterNames,
  parametersLeftOut,
  parameterValues,
  type Server,
} from '../support/any-module.ts';
import { gives, linesUnlike, steadyFigures, timesGiven } from '../support/any-options.ts';
import { type AnyVisit, anyVisit, visitWords } from '../support/any-visit.ts';
import type { ByteString } from '../support/bytes.ts';
import { type Pair, pairs } from '../support/cases.ts';
import { freePort } from '../support/guarded.ts';
import { isRoot, kernelName, ours, type Peer, realPeers, referencePeer } from '../support/peers.ts';
import { sampled } from '../support/property.ts';
import { bashWord } from '../support/run.ts';
import { asPlainUser, canBePlainUser } from '../support/script.ts';
import { type Case, compareRuns } from '../support/transfer.ts';
import type { Entry } from '../support/tree.ts';

interface AnyCase {
  readonly server: Server;
  readonly config: AnyConfig;
  readonly visits: readonly AnyVisit[];
  readonly pair: Pair;
  /** The module holds all that clients have, or is behind them. */
  readonly full: boolean;
  readonly client: Peer;
  /** The daemon stands on a port; else it is started for each client, on a socket of its own. */
  readonly stands: boolean;
}

const reference = referencePeer();
const clients = realPeers();
const native = process.env.OC_RSYNC_KERNEL !== 'portable';

const anyCase = (server: Server, stands: boolean): fc.Arbitrary<AnyCase> =>
  fc.record({
    server: fc.constant(server),
    config: anyConfig(server),
    visits: fc.array(anyVisit, { minLength: 1, maxLength: 3, size: 'max' }),
    pair: pairs({ entries: 4, ...(server.root ? {} : { plainUser: true, only: plainKinds }) }),
    full: fc.boolean(),
    client: fc.constantFrom(clients[0]!, clients[0]!, clients.at(-1)!),
    stands: fc.constant(stands),
  });

const plainKinds: readonly Entry['type'][] = ['file', 'dir', 'symlink', 'hardlink'];

/** Which case comes n-th of a seed; the same on every machine, and for all numbers of cases. */
function draw(seed: string, n: number): AnyCase {
  const plain = !isRoot || (canBePlainUser && n % 3 === 2);
  const own = createHash('sha1').update(`daemon/${seed}/${n}`).digest().readInt32BE(0);
  const server = { root: !plain, native };
  return fc.sample(anyCase(server, n % 9 === 4), { seed: own, numRuns: 1 })[0]!;
}

/** Says what a command of the module was told, and by which variables. */
const hook = `#!/bin/sh
{ echo "$*"; env -0 | tr '\\n\\0' '^\\n' | grep -a '^RSYNC_' | grep -av '^RSYNC_\\(PID\\|CONNECT_PROG\\)='
[ "$1" != early ] || cat; } | sort | sed "s/^/$1: /" >>TWIN/hooks
`;

/** Names that tell their numbers. */
const converter = `#!/bin/sh
while read -r what who; do case $what in
uid|gid) [ "$who" = 99999 ] && echo || echo "$what-$who";;
*) case $who in ?id-*) echo "\${who#?id-}";; *) echo;; esac;; esac; done
`;

const fixtures: Readonly<Record<string, ByteString>> = {
  motd: 'Welcome\nto all\n',
  secrets: '# who\nme:secret\nother:word of many\n@root:toor\n',
  'open-secrets': 'me:secret\n',
  rules: '+ foo\n- [a-f]*\n',
  hook,
  converter,
};

/**
 * Goes through all visits. A daemon that is started for a client is waited for by the lock that it holds; one that stands,
 * or a command behind it, by time alone.
 */
function script({ visits, config, client, stands, server }: AnyCase, who: Peer, port: number): ByteString {
  const files = [...Object.keys(fixtures), ...Object.keys(configFiles(config, server))];
  const waits = stands || JSON.stringify(config).includes('post-xfer');
  const program = `${who.command.join(' ')} --daemon --config="$PWD/rsyncd.conf"`;
  const begin = stands
    ? `${program} --no-detach --address=127.0.0.1 --port=${port} & pid=$!
      for n in {1..400}; do ${client.command.join(' ')} rsync://127.0.0.1:${port} &>/dev/null; [ $? != 10 ] && break; kill -0 $pid 2>/dev/null || break; sleep 0.05; done`
    : `export RSYNC_CONNECT_PROG="flock -s standing ${program.replaceAll('"', '\\"')}"`;
  const each = visits.map((visit, i) => {
    const words = [...client.command, ...visitWords(visit, stands ? `127.0.0.1:${port}` : 'localhost')];
    return `RSYNC_PASSWORD=${bashWord(visit.password)} ${words.map(bashWord).join(' ')}; printf '\nvisit ${i}: exit %s\n' $?
      flock -w 10 standing true; ${waits ? 'sleep 0.5' : ''}\n`;
  });
  return `umask 022; chmod a+x ..; export HOME=$PWD PLACE=$'here \\xe9'
for f in ${files.join(' ')}; do sed "s|TWIN|$PWD|g" "../of-$f" >$f; done
chmod 600 secrets; chmod 755 hook converter; : >served; chmod 666 served; ln -s m to-m; mkdir tmp
${begin}
${each.join('')}
${stands ? 'kill $pid; wait $pid 2>/dev/null' : ''}
for f in served served2 log; do [ ! -f $f ] || sed 's/^/log: /' $f; done
[ ! -f hooks ] || sed 's/^/hooks: /' hooks
rm -f served served2 log batch batch.sh hooks lock standing to-m ${files.join(' ')}`;
}

async function asCase(of: AnyCase): Promise<Case> {
  const { config, visits, pair, full, server, stands } = of;
  const port = stands ? await freePort() : 0;
  const options = visits.flatMap((visit) => visit.options);
  const unlike = gives(options, ...Object.keys(linesUnlike)) || timesGiven(options, 'v', 'verbose') > 2;
  const programs = [ours(), reference!].map((who) => who.command.join(' '));
  const plain = isRoot && !server.root;
  return {
    transfer: {
      command: (who: Peer) => {
        const command = ['bash', '-c', script(of, who, port)];
        return plain ? asPlainUser(command) : command;
      },
    },
    plainUser: plain,
    source: pair.source,
    before: {
      m: full ? pair.source : pair.destination,
      n: full ? pair.destination : [],
      x: full ? pair.destination : [],
      prev: pair.destination,
    },
    files: {
      ...Object.fromEntries(
        Object.entries({ ...fixtures, ...configFiles(config, server) }).map(([name, text]) => [
          `of-${name}`,
          text,
        ]),
      ),
      rules: fixtures.rules!,
      early: 'some\nearly words',
      list: 'half/\nequal\nnothing/here\n../m\nfoo\n',
    },
    output: unlike ? 'none' : 'sorted',
    messages: !unlike,
    steady: (text) =>
      steadyLog(steadyFigures(programs.reduce((now, name) => now.replaceAll(name, 'PROGRAM'), text))),
  };
}

/** What a log may have otherwise. */
function steadyLog(text: ByteString): ByteString {
  return (
    text
      .replace(/^(log: (?:oc-)?rsyncd version) \S+/gm, '$1')
      .replace(/^(log: )?rsync\[\d+\]/gm, '$1rsync[PID]')
      .replace(/^\/bin\/sh: /gm, 'sh: ')
      // What is out of a module is not looked at (docs/compatibility.md).
      .replace(
        /(files-from file .*): (?:No such file or directory|Too many levels of symbolic links)$/gm,
        '$1',
      )
      .replace(/(rename "[^"]*)\.[A-Za-z0-9]{6}"/g, '$1.XXXXXX"')
      // What a wildcard finds stands as the directory has it; plain Node sorts that.
      .replace(/^(hooks: .*RSYNC_ARG)\d+(?==)/gm, kernelName === 'portable' ? '$1' : '$&')
      .replace(/^log: .* the native kernel(?::.*)?\n/gm, '')
      // Where a module lies is not told (docs/compatibility.md).
      .replace(/(-dest arg (?:does not exist|is not a dir): )(?:TWIN)?\/.*$/gm, '$1')
      // Ours says where in which file something is wrong.
      .replace(/^(log: .*) \(\S+ line \d+\)$/gm, '$1')
  );
}

/** What docs/compatibility.md tells of daemons. */
function isDeliberate(difference: string, { config }: AnyCase, all: readonly string[]): boolean {
  const lines = [config.globals, ...config.modules.map((module) => module.lines)].flat();
  // A directory that rules keep from a push is made by rsync all the same, empty.
  const rules = ['exclude', 'exclude from', 'include', 'include from', 'filter'];
  const madeByRsync = /^m\/.*: missing \(a dir\)$/;
  if (madeByRsync.test(difference)) return lines.some(([name]) => rules.includes(name));
  if (/^m.*: mtime should be now, is \d+$/.test(difference)) return all.some((one) => madeByRsync.test(one));
  if (/: log: (?:rsync: \[Receiver\] )?early exec (?:failed: No child|returned failure)/.test(difference))
    return true;
  // Who is refused something hears that from ours, where rsync's connection may be reset, or its client confused.
  if (all.some((line) => /^output lacks: unexpected tag/.test(line)))
    return /: (?:visit \d: exit \d+|unexpected tag .*|rsync.*)$/.test(difference);
  return (
    all.some((line) => /^output lacks: visit \d: exit 10$/.test(line)) &&
    /: (?:visit \d: exit (?:10|4|12)|rsync error: .*\(code (?:10|4|12)\).*)$/.test(difference)
  );
}

/** What differs; nothing where rsync differs from itself. */
async function differences(of: AnyCase): Promise<string | null> {
  const testCase = await asCase(of);
  const verdict = await compareRuns(testCase, ours(), reference!);
  if (verdict.differences.every((line) => isDeliberate(line, of, verdict.differences))) return null;
  for (let i = 0; i < 3; i++) {
    const itself = await compareRuns(testCase, reference!, reference!);
    if (itself.differences.length === 0) continue;
    if (many) console.log(`unsteady: ${itself.differences.join('\n')}`);
    return null;
  }
  return verdict.account;
}

function* without<T>(all: readonly T[]): Generator<readonly T[]> {
  for (const [i] of all.entries()) yield all.filter((_, at) => at !== i);
}

/** What can be left out of a case, one thing at a time. */
function* smaller(of: AnyCase): Generator<AnyCase> {
  const { visits, config } = of;
  if (of.stands) yield { ...of, stands: false };
  if (visits.length > 1) for (const less of without(visits)) yield { ...of, visits: less };
  if (config.modules.length > 1)
    for (const modules of without(config.modules)) yield { ...of, config: { ...config, modules } };
  for (const globals of without(config.globals)) yield { ...of, config: { ...config, globals } };
  for (const [i, module] of config.modules.entries()) {
    const instead = (one: Partial<typeof module>) => ({
      ...of,
      config: { ...config, modules: config.modules.with(i, { ...module, ...one }) },
    });
    if (module.apart !== '') yield instead({ apart: '' });
    for (const lines of without(module.lines)) yield instead({ lines });
  }
  for (const [i, visit] of visits.entries()) {
    for (const options of without(visit.options))
      yield { ...of, visits: visits.with(i, { ...visit, options }) };
    if (visit.user !== '') yield { ...of, visits: visits.with(i, { ...visit, user: '', password: '' }) };
  }
  if (process.env.OC_RSYNC_SHRINK === undefined) return;
  const { source, destination } = of.pair;
  for (const entry of source) yield { ...of, pair: { source: lacking(source, entry), destination } };
  for (const entry of destination)
    yield { ...of, pair: { source, destination: lacking(destination, entry) } };
}

/** A tree without an entry, and what needs it. */
function lacking(tree: readonly Entry[], { path }: Entry): Entry[] {
  const goes = (name: ByteString) => name === path || name.startsWith(`${path}/`);
  return tree.filter((one) => !goes(one.path) && !(one.type === 'hardlink' && goes(one.to)));
}

async function shrunk(of: AnyCase, account: string): Promise<string> {
  for (const less of smaller(of)) {
    const now = await differences(less).catch(() => null);
    if (now !== null) return shrunk(less, now);
  }
  return described(of, account);
}

function described(of: AnyCase, account: string): string {
  const files = Object.entries(configFiles(of.config, of.server)).map(
    ([name, text]) => `--- ${name}\n${text}`,
  );
  const asked = of.visits.map((visit) => visitWords(visit, 'HOST').join(' '));
  const who = `${of.server.root ? 'root' : 'plain user'}, ${of.client.name}${of.stands ? ', stands' : ''}`;
  return [who, ...files, '---', ...asked, account].join('\n');
}

const many = process.env.OC_RSYNC_CASES !== undefined;
const asItIs = process.env.OC_RSYNC_SHRINK === '0';
const count = Number(process.env.OC_RSYNC_CASES ?? 48);
const seed = process.env.OC_RSYNC_SEED ?? '1';
const from = Number(process.env.OC_RSYNC_FIRST_CASE ?? 0);
const numbers = Array.from({ length: count }, (_, i) => from + i);

test('every parameter is drawn, or left out for a reason', () => {
  const missing = parameterNames.filter((name) => !(name in parameterValues) && !parametersLeftOut[name]);
  expect(missing).toEqual([]);
});

describe.skipIf(reference === null || clients.length === 0)('any daemon', () => {
  test.for(many ? numbers : sampled(numbers))(`seed ${seed}, case %i`, { timeout: 900_000 }, async (n) => {
    const of = draw(seed, n);
    const account = await differences(of);
    if (account === null) return;
    const smallest = asItIs ? described(of, account) : await shrunk(of, account);
    // Many cases take long: what is found is seen at once.
    if (many) console.log(`case ${n} of ${seed}: ${smallest}`);
    expect.fail(smallest);
  });
});
