/** A daemon whose process copies itself for each client (docs/decisions/0050-copies-of-a-process.md). */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { connect, Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { countVisits } from '../../ts/daemon/metrics.ts';
import { keepStock } from '../../ts/daemon/stock.ts';
import { visitOf } from '../../ts/daemon/visit.ts';
import { listenTo } from '../../ts/daemon/word.ts';
import { loadKernel } from '../../ts/kernel/index.ts';
import { testHost, testIo } from '../support/host.ts';
import { ours } from '../support/peers.ts';
import { run } from '../support/run.ts';
import {
  children,
  cpuTicks,
  isThere,
  makeModule,
  oneModule,
  residentMiB,
  type Standing,
  soon,
  standing,
} from '../support/standing.ts';
import { withWorkspace } from '../support/workspace.ts';

const canCopy = (await loadKernel(testHost())).fork !== undefined;
const setup = { config: oneModule, prepare: makeModule };
/** Copies that wait. */
const stock = 3;

/** The process that the others of a daemon are copies of. */
function originalOf(daemon: Standing): number {
  const [original, ...more] = children(daemon.pid);
  expect(more).toEqual([]);
  return original as number;
}

const list = (daemon: Standing) => run([...ours().command, '-r', `${daemon.url}/m/`]);

describe.skipIf(!canCopy)('a process that copies itself', () => {
  test('gives each client one of its own, and leaves none behind', () =>
    standing(setup, async (daemon) => {
      const original = originalOf(daemon);
      expect(await soon(() => children(original).length === stock)).toBe(true);
      const first = children(original);
      const before = daemon.log().length;
      for (let k = 0; k < 5; k++) expect((await list(daemon)).code).toBe(0);
      const served = [
        ...daemon
          .log()
          .slice(before)
          .matchAll(/\[(\d+)\] connect from/g),
      ].map(([, pid]) => Number(pid));
      expect(new Set(served).size).toBe(5);
      expect(served).not.toContain(original);
      expect(first.some((pid) => served.includes(pid))).toBe(true);
      expect(await soon(() => children(original).length === stock)).toBe(true);
      expect(children(original).filter((pid) => !isThere(pid))).toEqual([]);
    }));

  test('holds little of its own for one that waits', () =>
    standing(setup, async (daemon) => {
      const original = originalOf(daemon);
      expect(await soon(() => children(original).length === stock)).toBe(true);
      for (const pid of children(original)) expect(residentMiB(pid)).toBeLessThan(20);
    }));

  test('leaves the processor alone while it waits', () =>
    standing(setup, async (daemon) => {
      const original = originalOf(daemon);
      for (let k = 0; k < 2; k++) {
        expect(await soon(() => children(original).length === stock)).toBe(true);
        // Until the last one has rehearsed.
        await sleep(1000);
        const waiting = [original, ...children(original)];
        const before = waiting.map(cpuTicks);
        await sleep(2000);
        const used = waiting.map((pid, i) => cpuTicks(pid) - (before[i] as number));
        expect(Math.max(...used)).toBeLessThan(20);
        expect((await list(daemon)).code).toBe(0);
      }
    }));

  test('is replaced when it dies, without harm to a client that is being served', () =>
    standing(setup, async (daemon) => {
      const original = originalOf(daemon);
      const client = connect(daemon.port, '127.0.0.1');
      let said = '';
      client.on('data', (piece) => {
        said += piece.toString('latin1');
      });
      await soon(() => said.includes('\n'));
      process.kill(original, 'SIGKILL');
      expect(await soon(() => children(daemon.pid).some((pid) => pid !== original))).toBe(true);
      client.write('@RSYNCD: 31.0\n#list\n');
      expect(await soon(() => said.includes('@RSYNCD: EXIT'))).toBe(true);
      client.destroy();
      expect((await list(daemon)).code).toBe(0);
    }));

  test('makes another where one that waits dies', () =>
    standing(setup, async (daemon) => {
      const original = originalOf(daemon);
      expect(await soon(() => children(original).length === stock)).toBe(true);
      const waiting = children(original);
      for (const pid of waiting) process.kill(pid, 'SIGKILL');
      expect((await list(daemon)).code).toBe(0);
      expect(
        await soon(() => children(original).filter((pid) => !waiting.includes(pid)).length === stock),
      ).toBe(true);
    }));

  test('draws other names for temporary files in each copy', () =>
    standing(setup, async (daemon) => {
      const from = join(daemon.dir, 's');
      mkdirSync(from);
      writeFileSync(join(from, 'big'), Buffer.alloc(400_000, 'x'));
      const push = () => run([...ours().command, '--bwlimit=200', `${from}/big`, `${daemon.url}/m/`]);
      const pushes = [push(), push(), push()];
      const temporaries = () => readdirSync(join(daemon.dir, 'm')).filter((name) => name.startsWith('.big.'));
      expect(await soon(() => temporaries().length === pushes.length)).toBe(true);
      for (const { code, stderr } of await Promise.all(pushes)) expect(code, stderr).toBe(0);
    }));
});

test('a process is started for each client where none can copy itself', () =>
  withWorkspace(async (dir) => {
    const program = join(dir, 'program.mjs');
    // Ends at once, or says by the last descriptor that it listens, until nobody hears it any more.
    writeFileSync(
      program,
      `import { readSync, writeSync } from 'node:fs';
      process.on('uncaughtException', () => process.exit());
      if (process.argv.includes('--copies')) process.exit(9);
      writeSync(3, 'r\\n');
      readSync(3, Buffer.alloc(1));`,
    );
    const told = new AbortController();
    const complaints: string[] = [];
    const waiting = new Set<never>();
    const io = testIo({ program: [process.execPath, program] }, { signal: told.signal });
    let isReady = false;
    const ended = keepStock(
      {
        sockets: [],
        argv: [],
        canCopy: true,
        stock: waiting,
        metrics: countVisits(),
        complain: (line) => complaints.push(line),
      },
      io,
      () => {
        isReady = true;
      },
    ).catch((reason: unknown) => reason);
    expect(await soon(() => isReady && waiting.size === stock)).toBe(true);
    expect(complaints).toEqual(['a process is started for each client: this Node cannot copy itself']);
    told.abort('told to');
    expect(await ended).toBe('told to');
  }));

describe('what a process says of its client', () => {
  test('is no visit where it has not the form of one', () => {
    const visit = { module: 'm', refused: false, code: 0, received: 1, sent: 2, files: 3 };
    expect(visitOf(JSON.stringify(visit))).toEqual(visit);
    for (const said of ['', 'null', '3', '{}', '[]', JSON.stringify({ ...visit, files: '3' })])
      expect(visitOf(said), said).toBeUndefined();
  });

  test('is not kept without end', async () => {
    const pipe = new Socket();
    const heard: string[] = [];
    listenTo(pipe, (word, rest) => heard.push(word + rest));
    pipe.emit('data', Buffer.from('tone\nl'));
    expect(pipe.destroyed).toBe(false);
    pipe.emit('data', Buffer.alloc(70_000, 'x'));
    expect(heard).toEqual(['tone']);
    expect(pipe.destroyed).toBe(true);
  });
});
