/** What a daemon does for many clients: the tool serves, the real rsync or a bare socket asks. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { childrenCpu, median } from './shared.mjs';

const atOnce = 200;
const oneByOne = 200;
const greetings = 30;
/** So long a daemon has to get ready for the next one. */
const betweenMs = 150;

const since = (begin) => Number(process.hrtime.bigint() - begin) / 1e9;

/** Connects, and answers how long the first bytes took; `then` has the socket. */
function greeted(port, then) {
  return new Promise((resolve, reject) => {
    const begin = process.hrtime.bigint();
    const socket = connect(port, '127.0.0.1');
    socket.once('error', reject);
    socket.once('data', () => {
      const took = since(begin);
      then(socket, () => resolve(took), reject);
    });
  });
}

const hangUp = (socket, done) => {
  socket.once('close', done);
  socket.destroy();
};

/** Asks for the list of modules and waits until the daemon has hung up. */
const list = (socket, done, failed) => {
  let said = '';
  socket.on('data', (piece) => {
    said += piece.toString('latin1');
  });
  socket.once('close', () => (said.includes('@RSYNCD: EXIT') ? done() : failed(new Error(`said ${said}`))));
  socket.write('@RSYNCD: 31.0 md5\n#list\n');
};

/** KiB that `pid` shares with nobody; 0 where it is gone. */
function privateOf(pid) {
  try {
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
    const parts = [...rollup.matchAll(/^Private_(?:Clean|Dirty):\s+(\d+) kB/gm)];
    return parts.reduce((sum, [, kib]) => sum + Number(kib), 0);
  } catch {
    return 0;
  }
}

/** The largest of the processes that serve, or wait for somebody: one of them has an idle connection. */
function privateMemory(pid) {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ');
  return Math.max(...children.map(privateOf));
}

/** Many clients of the real rsync at once; each tree has to be right at the end. */
async function transfers(rig, { url }, pull) {
  const source = await rig.folderOf('tiny');
  const dest = join(rig.root, 'dest');
  rmSync(dest, { recursive: true, force: true });
  mkdirSync(dest);
  const far = (path) => `${url}${path.slice(rig.root.length)}`;
  const one = (k) =>
    new Promise((resolve, reject) => {
      const to = join(dest, `${k}`);
      const ends = pull ? [`${far(source)}/`, `${to}/`] : [`${source}/`, `${far(to)}/`];
      const child = spawn(rig.peer, ['-a', ...ends], { env: rig.env, stdio: ['ignore', 'ignore', 'pipe'] });
      let said = '';
      child.stderr.on('data', (piece) => {
        said += piece;
      });
      child.once('error', reject);
      child.once('close', (code) =>
        code === 0 ? resolve() : reject(new Error(`client ${k}: ${code} ${said}`)),
      );
    });
  await Promise.all(Array.from({ length: atOnce }, (_, k) => one(k)));
  const wanted = readdirSync(source).map((name) => readFileSync(join(source, name), 'latin1'));
  for (let k = 0; k < atOnce; k++)
    for (const [i, name] of readdirSync(source).entries()) {
      const path = join(dest, `${k}`, name);
      if (!existsSync(path) || readFileSync(path, 'latin1') !== wanted[i])
        throw new Error(`${path} is not right`);
    }
}

/** What each row measures, in seconds; the memory is that of a process with an idle connection. */
const rows = {
  /** Connecting to greeting, the median. */
  async greeting(_rig, { port }) {
    const took = [];
    for (let k = 0; k < greetings; k++) {
      took.push(await greeted(port, hangUp));
      await sleep(betweenMs);
    }
    return { wall: median(took) };
  },
  /** Lists of modules, each asked for when the one before has come. */
  async connections(_rig, { port }) {
    const begin = process.hrtime.bigint();
    for (let k = 0; k < oneByOne; k++) await greeted(port, list);
    return { wall: since(begin) };
  },
  async pulls(rig, daemon) {
    const begin = process.hrtime.bigint();
    await transfers(rig, daemon, true);
    return { wall: since(begin) };
  },
  async pushes(rig, daemon) {
    const begin = process.hrtime.bigint();
    await transfers(rig, daemon, false);
    return { wall: since(begin) };
  },
};

/** Runs one row against the daemon of a tool. */
export async function measureServing(rig, name, daemon) {
  const before = childrenCpu(daemon.pid);
  const { wall } = await rows[name](rig, daemon);
  const cpu = childrenCpu(daemon.pid) - before;
  let rss = null;
  await greeted(daemon.port, (socket, done, failed) => {
    try {
      rss = privateMemory(daemon.pid);
    } catch (error) {
      failed(error);
    }
    hangUp(socket, done);
  });
  return { wall, cpu, rss };
}
