/**
 * The process around a run: bytes of the command line, streams, signals, exit codes. The program is
 * bundled with stand-ins for the kernel, and for the session, which says what it was given and does what a test asks for.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** `args[0]` names what the stand-in does. */
const session = `
import { RsyncError, SysError } from '../errors.ts';
const bytes = (text) => Buffer.from(text, 'latin1');
async function run(options, args, io) {
  const [what] = args;
  const who = 'sender';
  if (what === 'args') io.host.stdout(JSON.stringify({ args, server: options.server, exclude: options.filters }));
  if (what === 'much') for (let i = 0; i < 3000; i++) io.host.stdout('x'.repeat(99) + '\\n');
  if (what === 'order') for (const n of [1, 2, 3]) { io.host.stdout('o' + n); io.host.stderr(bytes('e' + n)); }
  if (what === 'peer') throw new RsyncError(11, '', { told: true });
  if (what === 'throw') throw new RsyncError(12, 'rsync: gone \\x07 wrong');
  if (what === 'sys') throw new SysError(2, 'ENOENT', 'open');
  if (what === 'bug') throw new TypeError('oops');
  if (what === 'stall') await new Promise(() => {});
  if (what === 'at-once') {
    io.host.stdout('said');
    io.host.endBy((status) => {
      io.host.stderr(bytes(' and ended with ' + status));
      process.reallyExit(status);
    });
    return { code: Number(args[1] ?? 0), who };
  }
  if (what === 'code') return { code: Number(args[1]), who };
  if (what === 'wait' || what === 'stuck') {
    const alive = setInterval(() => {}, 1000);
    io.host.stdout('ready\\n');
    await new Promise((done) => { if (what === 'wait') io.signal.addEventListener('abort', done); });
    clearInterval(alive);
    io.host.stdout('cleaned up\\n');
    throw io.signal.reason;
  }
  return { code: 0, who };
}
export const runClient = run, runServer = run;
export const openNamedFiles = async () => {};
`;

const kernel = `
export const loadKernel = async () => ({
  report: () => ({ name: 'portable', features: [] }),
  digests: ['md5'], compressions: ['zlib'], can: { linkTimes: true },
});
`;

let dir: string;
let program: string;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'oc-rsync-cli-'));
  program = join(dir, 'program.mjs');
  await build({
    entryPoints: ['ts/cli/main.ts'],
    outfile: program,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    plugins: [
      {
        name: 'stand-in',
        setup(context) {
          for (const [name, contents] of Object.entries({ session, kernel })) {
            const path = join(process.cwd(), 'ts', name, 'index.ts');
            context.onLoad({ filter: new RegExp(`ts/${name}/index\\.ts$`) }, () => ({
              contents,
              loader: 'js',
            }));
            context.onResolve({ filter: new RegExp(`${name}/index\\.ts$`) }, () => ({ path }));
          }
        },
      },
    ],
  });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function run(...argv: string[]) {
  return spawnSync(process.execPath, [program, ...argv], { encoding: 'latin1' });
}

describe('requests that only print', () => {
  it('--help, -h', () => {
    for (const option of ['--help', '-h']) {
      const { status, stdout, stderr } = run(option);
      expect([status, stderr]).toEqual([0, '']);
      expect(stdout).toContain('\n--verbose, -v ');
    }
  });

  it('--version, -V, -VV, --info=help', () => {
    expect(run('--version').stdout).toMatch(/^oc-rsync {2}version /);
    expect(run('-V').stdout).toBe(run('--version').stdout);
    expect(JSON.parse(run('-VV').stdout)).toMatchObject({
      program: 'oc-rsync',
      kernel: { name: 'portable' },
    });
    expect(run('--info=help').stdout).toContain('\nPROGRESS ');
  });

  it('no argument is wrong use', () => {
    const { status, stdout, stderr } = run();
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toContain('Usage: oc-rsync ');
    expect(stderr).toMatch(/\nrsync error: syntax or usage error \(code 1\) at .* \[client=\S+\]\n$/);
    expect(run('-v').status).toBe(1);
  });
});

describe('a Node that is too old', () => {
  /** The built program, in this Node, which says that it is another; what it has to be asked for came with Node 20. */
  function runAs(version: string) {
    const versions = JSON.stringify({ value: { ...process.versions, node: version } });
    const pretence = `Object.defineProperty(process, 'versions', ${versions});
      if (process.versions.node.startsWith('18.')) delete process.getBuiltinModule;`;
    const preload = `data:text/javascript,${encodeURIComponent(pretence)}`;
    return spawnSync(process.execPath, ['--import', preload, 'dist/oc-rsync.mjs', '--version'], {
      encoding: 'latin1',
    });
  }

  it.each(['18.20.4', '20.18.3', '21.7.3', '22.11.0'])('%s is named, with what is needed', (version) => {
    const { status, stdout, stderr } = runAs(version);
    const { engines } = JSON.parse(readFileSync('package.json', 'utf8')) as { engines: { node: string } };
    const needed = engines.node.match(/\d+\.\d+/g)?.join(', ');
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toBe(`oc-rsync needs Node ${needed} or newer; this is Node ${version}\n`);
  });

  it.each(['20.19.0', '22.12.0', '23.0.0'])('%s is not refused', (version) => {
    expect(runAs(version)).toMatchObject({ status: 0, stderr: '' });
  });
});

describe('the command line', () => {
  it('keeps bytes that are not UTF-8', () => {
    const command = `exec "$0" "$1" "$(printf -- '--exclude=\\377\\303\\274')" args "$(printf '\\200\\357\\277\\275')"`;
    const { stdout } = spawnSync('sh', ['-c', command, process.execPath, program], { encoding: 'latin1' });
    expect(JSON.parse(stdout)).toEqual({
      args: ['args', '\x80\xef\xbf\xbd'],
      server: false,
      exclude: [{ kind: 'exclude', pattern: '\xff\xc3\xbc' }],
    });
  });

  it('--server runs the server', () => {
    expect(JSON.parse(run('--server', '-re.x', 'args').stdout)).toMatchObject({ server: true });
  });
});

describe('how a run ends', () => {
  it('at once by what the kernel has for that, when it succeeded and Node has nothing left to do', () => {
    const ended = (env: Record<string, string>, ...argv: string[]) => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...argv], {
        encoding: 'latin1',
        env: { PATH: process.env.PATH, ...env },
      });
      return [status, stdout, stderr.split('\n', 1)[0]];
    };
    expect(ended({}, 'at-once')).toEqual([0, 'said', ' and ended with 0']);
    expect(ended({}, 'at-once', '23')).toEqual([
      23,
      'said',
      expect.stringMatching(/^rsync error: some files/),
    ]);
    expect(ended({ NODE_OPTIONS: '--no-warnings' }, 'at-once')).toEqual([0, 'said', '']);
    expect(ended({ NODE_V8_COVERAGE: dir }, 'at-once')).toEqual([0, 'said', '']);
  });

  it('with the code of the session and a last line', () => {
    expect(run('code', '0')).toMatchObject({ status: 0, stderr: '' });
    const partial = run('code', '23');
    expect(partial.status).toBe(23);
    expect(partial.stderr).toMatch(
      /^rsync error: some files\/attrs were not transferred \(see previous errors\) \(code 23\) at .* \[sender=\S+\]\n$/,
    );
    expect(run('code', '24').stderr).toMatch(/^rsync warning: some files vanished .* \(code 24\) at /);
  });

  it('without a last line where the other side has told or will tell', () => {
    expect(run('peer', 'x')).toMatchObject({ status: 11, stderr: '' });
    expect(run('--server', '-re.x', 'code', '23')).toMatchObject({ status: 23, stderr: '' });
    expect(run('--server', '-re.x', 'code', '11').stderr).toMatch(
      /^rsync error: error in file IO \(code 11\)/,
    );
  });

  it('with the message of what was thrown, made safe to show', () => {
    const { status, stderr } = run('throw', 'x');
    expect(status).toBe(12);
    expect(stderr).toMatch(
      /^rsync: gone \\#007 wrong\nrsync error: error in rsync protocol data stream \(code 12\)/,
    );
    expect(run('sys', 'x')).toMatchObject({ status: 11 });
    expect(run('sys', 'x').stderr).toMatch(/^rsync: open failed: No such file or directory \(2\)\n/);
    expect(run('bug', 'x').stderr).toContain('TypeError: oops');
    expect(run('bug', 'x').status).toBe(15);
  });

  it('with an error where nothing is left to wait for', () => {
    const { status, stderr } = run('stall', 'x');
    expect(status).toBe(15);
    expect(stderr).toContain('nothing is left to wait for, but the run has not ended');
  });

  it('with all of its output, also through a pipe that is read late', () => {
    const { stdout, status } = spawnSync(
      'sh',
      ['-c', '"$0" "$1" much x | { sleep 0.3; wc -c; }', process.execPath, program],
      {
        encoding: 'utf8',
      },
    );
    expect([stdout.trim(), status]).toEqual(['300000', 0]);
  });

  it('in order where both streams are one', () => {
    const { stdout } = spawnSync('sh', ['-c', '"$0" "$1" order x 2>&1', process.execPath, program], {
      encoding: 'utf8',
    });
    expect(stdout).toBe('o1e1o2e2o3e3');
  });

  it('quietly when nobody reads any more', () => {
    const command = '{ "$0" "$1" much x; echo "code $?" >&2; } | true';
    const { stderr } = spawnSync('sh', ['-c', command, process.execPath, program], { encoding: 'utf8' });
    expect(stderr).toBe('code 0\n');
  });
});

describe('signals', () => {
  interface Ended {
    code: number | null;
    signal: string | null;
    stdout: string;
    stderr: string;
  }

  /** Starts the program and calls `act` once it says that it is ready. */
  function signalled(what: string, act: (child: ChildProcess) => void): Promise<Ended> {
    const child = spawn(process.execPath, [program, what, 'x'], { stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
      if (String(chunk).includes('ready')) act(child);
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    return new Promise((done) => {
      child.on('close', (code, signal) => done({ code, signal, stdout, stderr }));
    });
  }

  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    it(`${name} lets the run clean up and ends with 20`, async () => {
      const ended = await signalled('wait', (child) => child.kill(name));
      expect(ended).toMatchObject({ code: 20, stdout: 'ready\ncleaned up\n' });
      expect(ended.stderr).toMatch(
        /^rsync error: received SIGINT, SIGTERM, or SIGHUP \(code 20\) at .*\]\n$/,
      );
    });
  }

  it('a second one ends it at once', async () => {
    const ended = await signalled('stuck', (child) => {
      child.kill('SIGINT');
      setTimeout(() => child.kill('SIGTERM'), 100);
    });
    expect(ended).toMatchObject({ code: 20, stdout: 'ready\n' });
  });
});

it('a standard output that is full for now is waited for', async () => {
  const { writeFully } = await import('../../ts/cli/streams.ts');
  const written: number[] = [];
  const answers = ['EAGAIN', 3, 'EINTR', 'EAGAIN', 2];
  const write = (_fd: number, _bytes: unknown, offset: number) => {
    const answer = answers.shift();
    if (typeof answer === 'string') throw Object.assign(new Error(answer), { code: answer });
    written.push(offset);
    return answer as number;
  };
  expect(writeFully(1, Buffer.from('hello'), write as never)).toBe(true);
  expect(written).toEqual([0, 3]);
  answers.push('EPIPE');
  expect(writeFully(1, Buffer.from('hello'), write as never)).toBe(false);
});

it.each(['ENOSPC', 'EIO'])(
  'what a standard output does not take is lost, and the next is tried: %s',
  async (code) => {
    const { writeFully } = await import('../../ts/cli/streams.ts');
    let tried = 0;
    const write = () => {
      tried++;
      throw Object.assign(new Error(code), { code });
    };
    expect(writeFully(1, Buffer.from('hello'), write as never)).toBe(true);
    expect(tried).toBe(1);
  },
);
