/** Wires that the caller makes: what is asked of him, what goes over them, and how they end. */
import { once } from 'node:events';
import { chmodSync, existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { connect as connectSocket } from 'node:net';
import { join } from 'node:path';
import { Duplex, PassThrough } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type ConnectRequest, list, plan, type RunOptions, sync, verify } from '../../ts/index.ts';
import { bytes } from '../support/bytes.ts';
import { startDaemon } from '../support/daemon.ts';
import { ours, referencePeer, remoteCommand, repositoryRoot } from '../support/peers.ts';
import { run } from '../support/run.ts';
import { compareSnapshots, takeSnapshot } from '../support/snapshot.ts';
import { withWorkspace } from '../support/workspace.ts';
import { eventsOf, failureOf, folder } from './places.ts';
import { brokenAfter, overChild, overShell, start, wireOf } from './wires.ts';

const reference = referencePeer();
const peers = [ours(), ...(reference === null ? [] : [reference])];
const rsyncPath = remoteCommand(ours());

/** Names that no shell may read, and contents. */
const odd = {
  "it's": '1',
  'a "b" $c; d &': '2',
  'new\nline': '3',
  '*': '4',
  '~': '5',
  'dir/back\\slash': '6',
  large: 'x'.repeat(700_000),
};

/** The same, with times that each kernel keeps. */
function tree(dir: string, files: Readonly<Record<string, string>> = odd): string {
  folder(dir, files);
  for (const name of ['.', ...(readdirSync(dir, { recursive: true }) as string[])])
    utimesSync(join(dir, name), 1_000_000, 1_000_000);
  return dir;
}

/** A wire that says nothing. */
const silent = () => new Duplex({ read() {}, write: (_, __, done) => done() });

describe.each(peers)('with $name at the other end', (peer) => {
  const options = { archive: true, rsyncPath: remoteCommand(peer) };

  test.each(['push', 'pull'])('%s: leaves what a remote shell leaves, over each kind of channel', (way) =>
    withWorkspace(async (work) => {
      const src = tree(join(work, "the 'source'"));
      for (const [k, connect] of [overChild, overShell].entries())
        for (const secludedArgs of [false, true]) {
          const dst = join(work, `to "${k}" ${secludedArgs}`);
          const [source, destination] = way === 'push' ? [`${src}/`, `h:${dst}`] : [`h:${src}/`, dst];
          const result = await sync(source, destination, { ...options, secludedArgs, connect });
          expect(result.stats.transferredFiles).toBe(7);
          expect(compareSnapshots(takeSnapshot(src), takeSnapshot(dst))).toEqual([]);
        }
    }),
  );

  test('names go through a shell, and past it, as what they are', () =>
    withWorkspace(async (work) => {
      const src = folder(join(work, 'src'), odd);
      const names = Object.keys(odd).filter((name) => !name.includes('/') && name !== '*');
      for (const [k, channel] of [start, overShell].entries()) {
        const dst = join(work, `dst${k}`);
        const connect = (request: ConnectRequest) => {
          const made = channel(request, src);
          return made instanceof Duplex ? made : wireOf(made);
        };
        const sources = names.map((name) => `h:${name}`);
        await sync(sources, dst, { ...options, partialDir: 'a b', connect });
        expect(readdirSync(dst).sort()).toEqual([...names].sort());
        // A shell expands what is a pattern; without one it is a name.
        await sync('h:*', join(work, `all${k}/`), { ...options, connect });
        expect(readdirSync(join(work, `all${k}`)).length).toBe(k === 0 ? 1 : 7);
      }
    }));

  test('list, plan and verify take it too', () =>
    withWorkspace(async (work) => {
      const src = folder(join(work, 'src'), { a: '1', b: '2' });
      const dst = join(work, 'dst');
      let asked = 0;
      const connect = (request: ConnectRequest) => {
        asked++;
        return overChild(request);
      };
      const far = { ...options, connect };
      const { entries } = await list(`h:${src}/`, far);
      expect(entries.map(({ path }) => path).sort()).toEqual(['.', 'a', 'b']);
      const { changes, apply } = await plan(`${src}/`, `h:${dst}`, far);
      expect([changes.length, existsSync(dst)]).toEqual([3, false]);
      await apply();
      expect(await verify(`${src}/`, `h:${dst}`, far)).toMatchObject({ equal: true });
      expect(asked).toBe(4);
    }));

  test('many runs at once keep apart', () =>
    withWorkspace(async (work) => {
      const runs = Array.from({ length: 4 }, async (_, k) => {
        const src = tree(join(work, `src${k}`), { [`only${k}`]: `${k}`.repeat(300_000) });
        const [from, to] = k % 2 === 0 ? ['', 'h:'] : ['h:', ''];
        await sync(`${from}${src}/`, `${to}${work}/dst${k}`, { ...options, connect: overChild });
        expect(compareSnapshots(takeSnapshot(src), takeSnapshot(join(work, `dst${k}`)))).toEqual([]);
      });
      await Promise.all(runs);
    }));

  test('the other side is ended, and let end by itself', () =>
    withWorkspace(async (work) => {
      const src = folder(join(work, 'src'), { a: '1' });
      const ends: Promise<unknown[]>[] = [];
      let wire: Duplex | undefined;
      const connect = (request: ConnectRequest) => {
        const child = start(request);
        ends.push(once(child, 'exit'));
        wire = wireOf(child);
        return Promise.resolve(wire);
      };
      const before = Date.now();
      await sync(`${src}/`, `h:${work}/dst`, { ...options, connect });
      await sync(`h:${src}/`, join(work, 'dst2'), { ...options, connect });
      expect(await Promise.all(ends)).toEqual([
        [0, null],
        [0, null],
      ]);
      expect(wire!.destroyed).toBe(true);
      expect(Date.now() - before).toBeLessThan(20_000);
    }));

  test('what failed at the other side is told as ever', () =>
    withWorkspace(async (work) => {
      const far = { ...options, connect: overChild };
      const error = await failureOf(sync(`h:${work}/none`, work, far));
      expect(error).toMatchObject({ exitCode: 23, failures: [{ path: join(work, 'none'), errno: 2 }] });
      const dst = folder(join(work, 'dst'), { a: '', b: '', c: '' });
      const src = folder(join(work, 'src'), {});
      const deleting = sync(`${src}/`, `h:${dst}`, { ...far, delete: true, maxDelete: 1 });
      const text = 'Deletions stopped due to --max-delete limit (2 skipped)';
      expect(await eventsOf(deleting)).toContainEqual({ type: 'message', level: 'error', text });
      const started = { ...far, rsyncPath: 'false' };
      expect(await failureOf(sync(work, 'h:x', started))).toMatchObject({ exitCode: 12, retryable: true });
    }));
});

test('is asked for what the remote shell would be', () =>
  withWorkspace(async (work) => {
    const requests: ConnectRequest[] = [];
    const connect = (request: ConnectRequest) => {
      requests.push(request);
      return silent().end();
    };
    const options = { recursive: true, connect, env: {}, rsyncPath: "sudo -u 'a b' rsync" };
    await failureOf(sync('./', 'me@there:a b*', options));
    await failureOf(sync('./', 'there:a b', { ...options, secludedArgs: true }));
    await failureOf(sync('there::m/a', './', options));
    await failureOf(sync('rsync://me@there:99/m/a', './', options));
    const program = ['sudo', '-u', 'a b', 'rsync'];
    const [first, second, ...daemons] = requests;
    const server = ['--server', expect.stringMatching(/^-re\./)];
    expect(first).toEqual({
      kind: 'server',
      host: 'there',
      user: 'me',
      command: [...program, ...server, '--no-msgs2stderr', '.', 'a b*'],
      commandLine: expect.stringMatching(/^sudo -u 'a b' rsync --server -re\S+ --no-msgs2stderr \. a\\ b\*$/),
    });
    expect(second).toEqual({
      kind: 'server',
      host: 'there',
      command: [...program, '--server', expect.stringMatching(/^-sre\./)],
      commandLine: expect.stringMatching(/^sudo -u 'a b' rsync --server -sre\S+$/),
    });
    expect(daemons).toEqual([
      { kind: 'daemon', host: 'there', port: 873 },
      { kind: 'daemon', host: 'there', port: 99 },
    ]);
    // A local run needs none.
    await sync(`${folder(join(work, 'src'), { a: '' })}/`, join(work, 'dst'), { recursive: true, connect });
    expect(requests.length).toBe(4);
  }));

describe('a wire that does not hold', () => {
  /** What a pull of 3 MB leaves where an old file was. */
  const pull = async (work: string, options: RunOptions) => {
    const src = folder(join(work, 'src'), { f: 'n'.repeat(3_000_000) });
    writeFileSync(join(work, 'f'), 'old');
    const error = await failureOf(sync(`h:${src}/f`, work, { rsyncPath, wholeFile: true, ...options }));
    expect(readFileSync(join(work, 'f'), 'utf8')).toBe('old');
    expect(readdirSync(work).sort()).toEqual(['f', 'src']);
    return error;
  };
  const reset = () => Object.assign(new Error('reset'), { code: 'ECONNRESET', errno: -104 });

  test.each([
    ['ends at once', 0, (wire: Duplex) => wire.push(null), 12],
    ['ends in the middle', 1_000_000, (wire: Duplex) => wire.push(null), 12],
    ['is destroyed in the middle', 1_000_000, (wire: Duplex) => wire.destroy(), 12],
    ['fails before a word', 1, (wire: Duplex) => wire.destroy(reset()), 12],
    ['fails in the middle', 1_000_000, (wire: Duplex) => wire.destroy(reset()), 10],
    ['fails without words', 1_000_000, (wire: Duplex) => wire.destroy(new Error()), 10],
  ])('%s', (_, after, then, exitCode) =>
    withWorkspace(async (work) => {
      const connect = (request: ConnectRequest) => {
        const { wire } = brokenAfter(after || 1, request, then);
        if (after === 0) then(wire);
        return wire;
      };
      const error = await pull(work, { connect });
      expect(error).toMatchObject({ exitCode, retryable: true });
    }),
  );

  test('breaks under what we send', () =>
    withWorkspace(async (work) => {
      const src = folder(join(work, 'src'), { f: 'n'.repeat(3_000_000) });
      let left = 20;
      const connect = (request: ConnectRequest) => {
        const child = start(request);
        const { stdin, stdout } = child;
        stdin!.on('error', () => {});
        const wire: Duplex = new Duplex({
          read() {},
          write(chunk, _, done) {
            if (left-- > 0) stdin!.write(chunk, () => done());
            else done(reset());
          },
          destroy(error, done) {
            child.kill();
            done(error);
          },
        });
        stdout!.on('data', (chunk) => wire.destroyed || wire.push(chunk));
        return wire;
      };
      const error = await failureOf(sync(`${src}/f`, `h:${work}/dst`, { rsyncPath, connect }));
      expect([10, 12]).toContain(error.exitCode);
      expect(error.retryable).toBe(true);
      expect(existsSync(join(work, 'dst'))).toBe(false);
    }));

  test.each(['pull', 'push'])('says nothing: %s ends by timeout', (way) =>
    withWorkspace(async (work) => {
      const src = folder(join(work, 'src'), { f: '' });
      let wire: Duplex | undefined;
      const connect = () => {
        wire = silent();
        return wire;
      };
      const ends = way === 'pull' ? ['h:x', src] : [src, 'h:x'];
      const error = await failureOf(sync(ends[0]!, ends[1]!, { recursive: true, timeout: 1, connect }));
      expect(error).toMatchObject({ exitCode: 30, code: 'ERR_RSYNC_TIMEOUT' });
      expect(wire!.destroyed).toBe(true);
    }),
  );

  test.each([
    ['timeout: 1', 30],
    ['contimeout: 1, connect: () => new Promise(() => {})', 35],
  ])('says nothing, in a process that has nothing else to do: %s ends the run', (options, code) =>
    withWorkspace(async (work) => {
      const library = pathToFileURL(join(repositoryRoot, 'dist', 'index.mjs')).href;
      writeFileSync(
        join(work, 'alone.mjs'),
        `import { Duplex } from 'node:stream';
         import { sync } from '${library}';
         const connect = () => new Duplex({ read() {}, write(chunk, encoding, done) { done(); } });
         const { exitCode } = await sync('alone.mjs', 'h::m', { connect, reject: false, ${options} });
         console.log(exitCode);`,
      );
      const { code: ended, stdout } = await run([process.execPath, 'alone.mjs'], { cwd: work });
      expect([ended, stdout]).toEqual([0, `${code}\n`]);
    }),
  );

  test('takes nothing: a push ends by timeout', () =>
    withWorkspace(async (work) => {
      const src = folder(join(work, 'src'), { f: 'n'.repeat(3_000_000) });
      const connect = (request: ConnectRequest) => {
        const child = start(request);
        let taken = 0;
        const wire: Duplex = new Duplex({
          read() {},
          write(chunk, _, done) {
            taken += chunk.length;
            if (taken < 500_000) child.stdin!.write(chunk, () => done());
          },
          destroy(_, done) {
            child.kill();
            done(null);
          },
        });
        child.stdout!.on('data', (chunk) => wire.push(chunk));
        return wire;
      };
      const error = await failureOf(sync(`${src}/f`, `h:${work}/dst`, { rsyncPath, timeout: 1, connect }));
      expect(error.exitCode).toBe(30);
    }));
});

test('a wire that is slow, but moves, outlasts a timeout', () =>
  withWorkspace(async (work) => {
    const src = folder(join(work, 'src'), { f: 'n'.repeat(700_000) });
    const connect = (request: ConnectRequest) => {
      const { stdin, stdout } = start(request);
      const wire: Duplex = new Duplex({
        read() {},
        write: (chunk, _, done) => void stdin!.write(chunk, () => setTimeout(done, chunk.length / 150)),
        final: (done) => void stdin!.end(done),
      });
      stdout!.on('data', (chunk) => wire.push(chunk));
      stdout!.on('end', () => wire.push(null));
      return wire;
    };
    const before = Date.now();
    await sync(`${src}/f`, `h:${work}/dst`, { rsyncPath, wholeFile: true, timeout: 2, connect });
    expect(Date.now() - before).toBeGreaterThan(4000);
    expect(readFileSync(join(work, 'dst'), 'utf8').length).toBe(700_000);
  }));

describe('a wire that does not come', () => {
  const cause = new Error('no route');
  test.each([
    [
      'throws',
      () => {
        throw cause;
      },
    ],
    ['rejects', () => Promise.reject(cause)],
  ])('connect %s', async (_, connect) => {
    for (const far of ['h:x', 'h::m/x']) {
      const error = await failureOf(sync('./', far, { recursive: true, connect }));
      expect(error).toMatchObject({ exitCode: 10, code: 'ERR_RSYNC_SOCKETIO', retryable: true, cause });
      expect(error.message).toContain('connect failed: no route');
    }
  });

  test.each([
    [30, 'h:x', { timeout: 1 }],
    [30, 'h::m', { timeout: 1 }],
    [35, 'h::m', { contimeout: 1 }],
  ])('exit %i: it takes too long, and is dropped when it comes (%s)', async (exitCode, far, limit) => {
    let give!: (wire: Duplex) => void;
    const connect = () =>
      new Promise<Duplex>((resolve) => {
        give = resolve;
      });
    const error = await failureOf(sync(far, '.', { connect, ...limit }));
    expect(error).toMatchObject({ exitCode, retryable: true });
    const wire = silent();
    give(wire);
    await new Promise((resolve) => setImmediate(resolve));
    expect(wire.destroyed).toBe(true);
  });

  test.each([
    ['nothing', () => undefined, 1, /no duplex/],
    ['objects', () => new PassThrough({ objectMode: true }), 1, /object mode/],
    ['text', () => silent().setEncoding('utf8'), 1, /gives text/],
    ['an end', () => silent().end(), 12, /had ended/],
    ['what was destroyed', () => silent().destroy(), 12, /destroyed/],
  ])('%s is refused', async (_, connect, exitCode, words) => {
    const error = await failureOf(sync('h:x', '.', { connect: connect as () => Duplex }));
    expect(error.exitCode).toBe(exitCode);
    expect(error.message).toMatch(words);
  });

  test('is not asked for what cannot be told', async () => {
    const connect = () => silent().end();
    const none = { connect: 'ssh' } as unknown as { connect: typeof connect };
    expect((await failureOf(sync('h:x', '.', none))).message).toContain('connect is a function');
    const both = { connect, rsh: 'ssh' };
    expect((await failureOf(sync('h:x', '.', both))).message).toContain('rsh');
    const error = await failureOf(sync(bytes('h:caf\xe9'), '.', { connect }));
    expect(error).toMatchObject({ exitCode: 1, message: expect.stringContaining('secludedArgs') });
    const secluded = await failureOf(sync(bytes('h:caf\xe9'), '.', { connect, secludedArgs: true }));
    expect(secluded.exitCode).toBe(12);
  });
});

describe('an abort', () => {
  test('while it is awaited', async () => {
    const controller = new AbortController();
    let give!: (wire: Duplex) => void;
    const connect = () =>
      new Promise<Duplex>((resolve) => {
        give = resolve;
        controller.abort(new Error('enough'));
      });
    const error = await failureOf(sync('h:x', '.', { connect, signal: controller.signal }));
    expect(error).toMatchObject({ code: 'ERR_RSYNC_ABORTED', cause: { message: 'enough' } });
    const wire = silent();
    give(wire);
    await new Promise((resolve) => setImmediate(resolve));
    expect(wire.destroyed).toBe(true);
  });

  test.each(['push', 'pull'])('under way: %s leaves nothing, and the wire is destroyed', (way) =>
    withWorkspace(async (work) => {
      const src = folder(join(work, 'src'), { f: 'n'.repeat(3_000_000) });
      const dst = folder(join(work, 'dst'), {});
      const controller = new AbortController();
      let wire: Duplex | undefined;
      const connect = (request: ConnectRequest) => {
        const child = start(request);
        wire = wireOf(child);
        return wire;
      };
      const [source, to] = way === 'push' ? [`${src}/f`, `h:${dst}/`] : [`h:${src}/f`, `${dst}/`];
      const going = sync(source, to, {
        rsyncPath,
        wholeFile: true,
        bwlimit: '200k',
        connect,
        signal: controller.signal,
        onEvent: ({ type }) => type === 'progress' && controller.abort(),
      });
      setTimeout(() => controller.abort(), 2000).unref();
      expect(await failureOf(going)).toMatchObject({ code: 'ERR_RSYNC_ABORTED' });
      expect(wire!.destroyed).toBe(true);
      if (way === 'pull') expect(readdirSync(dst)).toEqual([]);
    }),
  );

  test('of a wire that neither takes anything nor closes', () =>
    withWorkspace(async (work) => {
      const src = folder(join(work, 'src'), { f: 'n'.repeat(3_000_000) });
      const stuck = () => new Duplex({ read() {}, write() {}, final() {}, destroy() {} });
      const signal = AbortSignal.timeout(300);
      const before = Date.now();
      const error = await failureOf(sync(`${src}/f`, 'h:x', { connect: stuck, signal }));
      expect(error.code).toBe('ERR_RSYNC_ABORTED');
      expect(Date.now() - before).toBeLessThan(10_000);
    }));
});

describe('who is slow is waited for', () => {
  test('the wire: no more than a piece of the stream waits in it', () =>
    withWorkspace(async (work) => {
      const src = folder(join(work, 'src'), { f: 'n'.repeat(6_000_000) });
      let most = 0;
      const connect = (request: ConnectRequest) => {
        const child = start(request);
        const wire: Duplex = new Duplex({
          read() {},
          write(chunk, _, done) {
            most = Math.max(most, wire.writableLength);
            child.stdin!.write(chunk, () => setTimeout(done, 1));
          },
          final: (done) => void child.stdin!.end(done),
        });
        child.stdout!.on('data', (chunk) => wire.push(chunk));
        child.stdout!.on('end', () => wire.push(null));
        return wire;
      };
      await sync(`${src}/f`, `h:${work}/dst`, { rsyncPath, wholeFile: true, connect });
      expect(readFileSync(join(work, 'dst'), 'utf8')).toBe('n'.repeat(6_000_000));
      expect(most).toBeLessThan(3_000_000);
    }));

  test('the run: a caller who takes no events stops the wire', () =>
    withWorkspace(async (work) => {
      const files = Object.fromEntries(
        Array.from({ length: 6000 }, (_, k) => [`d${k % 60}/f${k}`, 'x'.repeat(300)]),
      );
      const src = folder(join(work, 'src'), files);
      let came = 0;
      const connect = (request: ConnectRequest) => {
        const child = start(request);
        child.stdout!.on('data', () => {});
        child.stdout!.pause();
        const wire: Duplex = new Duplex({
          read: () => void child.stdout!.resume(),
          write: (chunk, _, done) => void child.stdin!.write(chunk, () => done()),
          final: (done) => void child.stdin!.end(done),
        });
        child.stdout!.on('data', (chunk: Buffer) => {
          came += chunk.length;
          if (!wire.push(chunk)) child.stdout!.pause();
        });
        child.stdout!.on('end', () => wire.push(null));
        return wire;
      };
      const going = sync(`h:${src}/`, join(work, 'dst'), { archive: true, rsyncPath, connect });
      const events = going[Symbol.asyncIterator]();
      await events.next();
      let before = -1;
      while (came !== before) {
        before = came;
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
      expect(came).toBeLessThan(1_500_000);
      while (!(await events.next()).done);
      await going;
      expect(came).toBeGreaterThan(1_800_000);
    }));
});

describe.skipIf(reference === null)('a daemon', () => {
  test('is reached over a stream, by both spellings', () =>
    withWorkspace(async (work) => {
      const daemon = await startDaemon(reference!, work);
      try {
        const src = tree(join(work, 'src'));
        const connect = ({ kind, host, port }: ConnectRequest & { kind: 'daemon' }) => {
          expect([kind, host]).toEqual(['daemon', 'far away']);
          expect([873, 99]).toContain(port);
          return connectSocket(daemon.port, '127.0.0.1');
        };
        const options = { archive: true, connect: connect as (request: ConnectRequest) => Duplex };
        await sync(`${src}/`, 'far away::rw/a', options);
        await sync('rsync://far away:99/rw/a/', join(work, 'back'), options);
        expect(compareSnapshots(takeSnapshot(src), takeSnapshot(join(work, 'back')))).toEqual([]);
        const events = await eventsOf(list('far away::', options));
        expect(events).toContainEqual(expect.objectContaining({ text: expect.stringMatching(/^rw\s/) }));
      } finally {
        await daemon.stop();
      }
    }));

  test('a program that serves one connection is one as well', () =>
    withWorkspace(async (work) => {
      const dir = folder(join(work, 'm'), { a: '1' });
      writeFileSync(join(work, 'conf'), `use chroot = no\n[m]\npath = ${dir}\n`);
      chmodSync(join(work, 'conf'), 0o644);
      const [file, ...args] = ours().command;
      const daemon = ['--server', '--daemon', `--config=${work}/conf`, '.'];
      const connect = () =>
        overChild({ kind: 'server', host: '', command: [file!, ...args, ...daemon], commandLine: '' });
      await sync('h::m/', join(work, 'dst'), { recursive: true, connect });
      expect(readdirSync(join(work, 'dst'))).toEqual(['a']);
    }));
});
