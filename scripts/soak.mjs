#!/usr/bin/env node
/**
 * Has many clients come to one daemon of ours, over and over: real rsync's and ours, who pull, push, list, know the
 * password or do not, stall, die, are killed, and talk nonsense. Then nothing of them may be left: no process, no
 * descriptor, no lock, no temporary file, and whoever was served has what he came for.
 *
 *   npm run soak -- [--minutes N] [--clients N] [--seed N] [--keep]
 *
 * Ten minutes and eight clients at a time unless told. Ends with one line of counts; exit 1 where something was left.
 */
import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { optionsOf } from './options.mjs';

const root = join(import.meta.dirname, '..');
const given = optionsOf(import.meta.filename, {
  boolean: ['keep'],
  number: ['minutes', 'clients', 'seed'],
  default: { minutes: 10, clients: 8, seed: 1 },
});
const until = Date.now() + given.minutes * 60_000;
const dir = mkdtempSync(join(tmpdir(), 'oc-rsync-soak-'));
const isRoot = process.getuid?.() === 0;
const timeoutSeconds = 3;
/** More than the stock may take to be whole again, and the last of those who stall to be shown out. */
const settleMs = 20_000;
const mostGrowthMiB = 24;

const problems = [];
const counts = {};

// --- chance that comes again

let state = given.seed >>> 0 || 1;
const random = (below) => {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  state >>>= 0;
  return state % below;
};
const oneOf = (list) => list[random(list.length)];

// --- programs

const peersFile = join(root, '.test-peers', 'peers.json');
const peers = existsSync(peersFile) ? JSON.parse(readFileSync(peersFile, 'utf8')) : {};
const ours = [process.execPath, join(root, 'dist', 'oc-rsync.mjs')];
const programs = [ours, ...[peers.rsync, peers.rsync327].filter(Boolean).map((path) => [path])];

const environment = { ...process.env, LC_ALL: 'C', RSYNC_PASSWORD: 'wonder' };
for (const name of Object.keys(environment))
  if (/^(RSYNC_(?!PASSWORD)|VITEST|NODE_OPTIONS$)/.test(name)) delete environment[name];

/** Runs a client; `onStart` may do something to it. */
const run = (command, { onStart = () => {}, env = {} } = {}) =>
  new Promise((resolve) => {
    const child = spawn(command[0], command.slice(1), {
      cwd: dir,
      detached: true,
      env: { ...environment, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    const more = (piece) => {
      if (text.length < 10_000) text += piece;
    };
    child.stdout.on('data', more);
    child.stderr.on('data', more);
    child.on('error', () => resolve({ code: 127, text: 'not started' }));
    child.on('close', (code) => resolve({ code, text }));
    onStart(child);
  });

const signal = (child, name) => {
  try {
    process.kill(-child.pid, name);
  } catch {}
};

// --- what is served

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

const fill = (folder, mark) => {
  for (let d = 0; d < 4; d++) {
    mkdirSync(join(folder, `d${d}`), { recursive: true });
    for (let f = 0; f < 12; f++)
      writeFileSync(join(folder, `d${d}`, `f${f}`), `${mark} ${d} ${f} `.repeat(f * 50));
  }
  writeFileSync(join(folder, 'large'), Buffer.alloc(3_000_000, `${mark} and so on `));
};

const writers = 6;
const port = await freePort();
fill(join(dir, 'from'), 'served');
fill(join(dir, 'source'), 'pushed');
writeFileSync(join(dir, 'secrets'), 'alice:wonder\n', { mode: 0o600 });
for (let k = 0; k < writers; k++) mkdirSync(join(dir, `to${k}`));
writeFileSync(
  join(dir, 'rsyncd.conf'),
  `use chroot = no
${isRoot ? 'uid = 0\ngid = 0\n' : ''}log file = ${dir}/log
pid file = ${dir}/pid
lock file = ${dir}/lock
${process.env.OC_RSYNC_KERNEL === 'portable' ? '' : 'max connections = 60\n'}timeout = ${timeoutSeconds}

[from]
path = ${dir}/from

[auth]
path = ${dir}/from
auth users = alice
secrets file = ${dir}/secrets
${Array.from({ length: writers }, (_, k) => `\n[to${k}]\npath = ${dir}/to${k}\nread only = no\n`).join('')}`,
);
const url = `rsync://127.0.0.1:${port}`;

// --- what a process holds

const children = (pid) => {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1').split(' ').filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
};
const descendants = (pid) => children(pid).flatMap((child) => [child, ...descendants(child)]);
const isThere = (pid) => {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
};
const held = (pid) => {
  const kinds = readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`).replace(/:\[\d+\]$/, '')];
    } catch {
      return [];
    }
  });
  return `${children(pid).length} children; ${kinds.sort().join(' ')}`;
};
const privateMiB = (pid) => {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
  const of = (name) => Number(new RegExp(`^${name}: +(\\d+) kB`, 'm').exec(text)?.[1] ?? 0);
  return (of('Private_Clean') + of('Private_Dirty')) / 1024;
};
/** Locks that somebody holds on a file. */
const locksOn = (file) => {
  if (!existsSync(file)) return 0;
  const { ino } = statSync(file);
  return readFileSync('/proc/locks', 'latin1')
    .split('\n')
    .filter((line) => line.includes(`:${ino} `)).length;
};
const soon = async (done, ms) => {
  for (const end = Date.now() + ms; !done() && Date.now() < end; ) await sleep(50);
  return done();
};

// --- what clients do

let serial = 0;
const own = () => join(dir, `client${serial++}`);
const expectCode = (what, { code, text }, ...codes) => {
  if (!codes.includes(code)) problems.push(`${what}: exit ${code}\n${text}`);
};
const raw = (say, hold) =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(say));
    const timer = setTimeout(() => socket.resetAndDestroy(), hold);
    socket.on('error', () => {});
    socket.resume();
    socket.on('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
/** A place to write to that nobody else has at the time. */
const free = Array.from({ length: writers }, (_, k) => k);
const withWriter = async (body) => {
  const k = free.pop();
  if (k === undefined) return;
  try {
    await body(`to${k}`);
  } finally {
    free.push(k);
  }
};
const kill = (after, name) => ({ onStart: (child) => setTimeout(() => signal(child, name), after) });

const acts = {
  async pull() {
    const to = own();
    const options = oneOf([['-a'], ['-az'], ['-rc'], ['-a', '--no-i-r'], ['-a', '--protocol=29']]);
    expectCode('a pull', await run([...oneOf(programs), ...options, `${url}/from/`, to]), 0);
    const got = existsSync(join(to, 'large')) ? readFileSync(join(to, 'large')) : Buffer.alloc(0);
    if (!got.equals(readFileSync(join(dir, 'from', 'large')))) problems.push('a pull brought something else');
    rmSync(to, { recursive: true, force: true });
  },
  push: () =>
    withWriter(async (module) => {
      const options = oneOf([['-a'], ['-az'], ['-aI', '--no-W'], ['-a', '--delete'], ['-aI', '--inplace']]);
      expectCode('a push', await run([...oneOf(programs), ...options, 'source/', `${url}/${module}/`]), 0);
      if (!readFileSync(join(dir, module, 'large')).equals(readFileSync(join(dir, 'source', 'large'))))
        problems.push('a push left something else');
    }),
  async list() {
    expectCode('a list', await run([...oneOf(programs), `${url}/`]), 0);
  },
  async password() {
    const env = oneOf([{}, { RSYNC_PASSWORD: 'wrong' }]);
    const result = await run([...oneOf(programs), '-r', `${url.replace('//', '//alice@')}/auth/d0`, own()], {
      env,
    });
    expectCode('a password', result, env.RSYNC_PASSWORD === undefined ? 0 : 5);
  },
  async 'killed pull'() {
    await run(
      [...oneOf(programs), '-a', '--bwlimit=3m', `${url}/from/`, own()],
      kill(random(1200), 'SIGKILL'),
    );
  },
  'killed push': () =>
    withWriter(async (module) => {
      const name = oneOf(['SIGKILL', 'SIGTERM', 'SIGINT']);
      await run(
        [...oneOf(programs), '-aI', '--bwlimit=3m', 'source/', `${url}/${module}/`],
        kill(random(1200), name),
      );
    }),
  'stopped push': () =>
    withWriter(async (module) => {
      const stop = {
        onStart(child) {
          setTimeout(() => signal(child, 'SIGSTOP'), 200 + random(500));
          setTimeout(() => signal(child, 'SIGKILL'), (timeoutSeconds + 2) * 1000);
        },
      };
      await run([...oneOf(programs), '-aI', '--bwlimit=2m', 'source/', `${url}/${module}/`], stop);
    }),
  async silent() {
    await raw('', (timeoutSeconds + 3) * 1000);
  },
  async 'breaks off'() {
    const words = '@RSYNCD: 31.0 md5\nfrom\n--server\0--sender\0-ltre.LsfxCIvu\0.\0from/\0\0';
    await raw(words.slice(0, random(words.length)), random(600));
  },
  async nonsense() {
    const bytes = Buffer.from(Array.from({ length: random(5000) }, () => random(256)));
    const start = oneOf([
      '',
      '@RSYNCD: 31.0 md5\n',
      '@RSYNCD: 31.0 md5\nfrom\n--server\0--sender\0-r\0.\0from/\0\0',
    ]);
    await raw(Buffer.concat([Buffer.from(start), bytes]), random(1500));
  },
};
const names = Object.keys(acts);

// --- all of it

const daemon = spawn(
  ours[0],
  [
    ours[1],
    '--daemon',
    '--no-detach',
    `--config=${dir}/rsyncd.conf`,
    '--address=127.0.0.1',
    `--port=${port}`,
  ],
  { stdio: ['ignore', 'inherit', 'inherit'], env: environment },
);
const ended = new Promise((resolve) => daemon.on('exit', (code) => resolve(code)));
for (const name of ['SIGINT', 'SIGTERM'])
  process.on(name, () => {
    daemon.kill('SIGTERM');
    process.exit(1);
  });

try {
  for (let k = 0; (await run([...programs.at(-1), `${url}/`])).code !== 0; k++) {
    if (k > 100) throw new Error('the daemon does not listen');
    await sleep(100);
  }
  await sleep(1500);
  const began = held(daemon.pid);
  let memory;
  const visitor = async () => {
    while (Date.now() < until && problems.length < 5) {
      const name = oneOf(names);
      counts[name] = (counts[name] ?? 0) + 1;
      await acts[name]();
      // What the first ones bring along stays.
      if (memory === undefined && serial > 10) memory = privateMiB(daemon.pid);
      if (!isThere(daemon.pid)) return;
    }
  };
  await Promise.all(Array.from({ length: given.clients }, visitor));

  if (!isThere(daemon.pid)) problems.push('the daemon has died');
  else {
    // Who serves the last client may be a process of a process, and come to its end later than the client.
    const isFree = () => locksOn(join(dir, 'lock')) === 0;
    await soon(() => held(daemon.pid) === began && isFree(), settleMs);
    if (held(daemon.pid) !== began) problems.push(`it holds ${held(daemon.pid)}\nand began with ${began}`);
    if (!isFree()) problems.push('somebody still has a place in the lock file');
    const now = privateMiB(daemon.pid);
    if (memory !== undefined && now > memory + mostGrowthMiB)
      problems.push(`it grew from ${memory.toFixed()} to ${now.toFixed()} MiB`);
    for (let k = 0; k < writers; k++)
      for (const name of readdirSync(join(dir, `to${k}`), { recursive: true }))
        if (/(^|\/)\.[^/]+\.\w{6}$/.test(name)) problems.push(`a temporary file is left: to${k}/${name}`);
    await acts.pull();
    const stock = descendants(daemon.pid);
    daemon.kill('SIGTERM');
    const code = await Promise.race([ended, sleep(10_000, 'it does not end', { ref: false })]);
    if (code !== 0) problems.push(`it ended with ${code}`);
    await soon(() => !stock.some(isThere), 5000);
    if (stock.some(isThere)) problems.push('processes that it has started are left');
    if (existsSync(join(dir, 'pid'))) problems.push('its pid file is left');
  }
  const log = readFileSync(join(dir, 'log'), 'latin1');
  const trace = /^.*(\bat .*\.[cm]?[jt]s:\d|node:internal|TypeError|RangeError).*$/m.exec(log);
  if (trace !== null) problems.push(`in the log: ${trace[0]}`);
} catch (error) {
  problems.push(String(error?.stack ?? error));
} finally {
  daemon.kill('SIGKILL');
  if (!given.keep) rmSync(dir, { recursive: true, force: true });
  else console.log(dir);
}

const all = names.map((name) => `${counts[name] ?? 0} ${name}`).join(', ');
for (const problem of problems) console.log(`left: ${problem}`);
console.log(`${all}: ${problems.length === 0 ? 'nothing is left' : 'not all is well'}`);
process.exit(problems.length === 0 ? 0 : 1);
