/**
 * What a stranger can do at a daemon's door, before there is a session: say nothing, say too much, claim to be somebody,
 * ask for what costs us more than him. Each time the next client is served, and nothing of it stays.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { ruleFor } from '../../ts/daemon/authenticate.ts';
import type { IdNames } from '../../ts/flist/id-names.ts';
import { rawClient } from '../support/hostile-peer.ts';
import { isRoot, kernelName, ours } from '../support/peers.ts';
import { run } from '../support/run.ts';
import {
  children,
  makeModule,
  oneModule,
  residentMiB,
  type Standing,
  sharedDaemon,
  soon,
  standing,
} from '../support/standing.ts';
import { test } from '../support/tables.ts';

const program = ours().command;
const pullArguments = ['--server', '--sender', '-ltre.LsfxCIvu', '--cc=md5'];

const config = `${oneModule}
[locked]
path = TWIN/m
auth users = alice
secrets file = TWIN/secrets
`;

function prepare(dir: string): void {
  makeModule(dir);
  writeFileSync(join(dir, 'secrets'), 'alice:wonder\n', { mode: 0o600 });
}

const waits = sharedDaemon({ config, prepare });
const waitsASecond = sharedDaemon({ config: `timeout = 1\n${config}`, prepare });

/** Plays it to a daemon; then one who means well is served, and it holds what it held before. */
async function attacked(daemon: Standing, body: (daemon: Standing) => Promise<void>): Promise<void> {
  const memory = residentMiB(daemon.pid);
  const before = daemon.log().length;
  await body({ ...daemon, log: () => daemon.log().slice(before) });
  const to = join(daemon.dir, 'to');
  rmSync(to, { recursive: true, force: true });
  const { code, stderr } = await run([...program, '-a', `${daemon.url}/m/file`, to]);
  expect(code, `${stderr}\n${daemon.log()}`).toBe(0);
  expect(readFileSync(to, 'latin1')).toBe('content\n');
  await daemon.settles();
  expect(residentMiB(daemon.pid)).toBeLessThan(memory + 20);
  expect(daemon.log()).not.toMatch(/\bat .*\.[cm]?[jt]s:\d|node:internal|TypeError|RangeError/);
}

const greeting = '@RSYNCD: 31.0 md5\n';

describe('who does not go on', () => {
  test.each([
    ['says nothing', []],
    ['breaks off in his greeting', ['@RSYNCD: 31']],
    ['names no module', [greeting]],
    ['gives no early input', [`${greeting}#early_input=100\nabc`]],
    ['gives no password', [`${greeting}locked\n`, 'alice']],
    ['breaks off in his arguments', [`${greeting}m\n`, '--server\0--sender\0-lt']],
  ])('%s: is shown out', (_, words) =>
    attacked(waitsASecond(), async ({ port, logged }) => {
      const stranger = await rawClient(port);
      for (const word of words) {
        stranger.send(word);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      expect(await stranger.ended(5000)).toBe(true);
      await logged(/daemon handshake timeout/);
      stranger.close();
    }),
  );

  test('gives a byte at a time, also of arguments: has no more time than others', () =>
    attacked(waitsASecond(), async ({ port, log }) => {
      for (const start of ['', `${greeting}m\n`]) {
        const stranger = await rawClient(port);
        stranger.send(start);
        if (start !== '') await stranger.until(/OK\n/);
        const slowly = setInterval(() => stranger.send('a\0'.slice(0, start === '' ? 1 : 2)), 100);
        expect(await stranger.ended(7000)).toBe(true);
        clearInterval(slowly);
        stranger.close();
      }
      expect(log().match(/daemon handshake timeout/g)?.length).toBeGreaterThanOrEqual(2);
    }));

  test('is gone at once, or in the middle of a word', () =>
    attacked(waits(), async ({ port }) => {
      for (const words of ['', '@RSY', `${greeting}m`, `${greeting}m\n--serv`, `${greeting}locked\n`])
        for (let k = 0; k < 3; k++) {
          const stranger = await rawClient(port);
          stranger.send(words);
          await new Promise((resolve) => setTimeout(resolve, 20 * k));
          stranger.close();
        }
    }));
});

describe('who says too much', () => {
  const endless = 64 * 1024;
  test.each([
    ['a greeting', ['@RSYNCD: 31.0 '], 'x'],
    ['a module', [greeting], 'x'],
    ['a password', [`${greeting}locked\n`], 'x'],
    ['a user', [`${greeting}locked\n`], 'alice alice '],
    ['an argument', [`${greeting}m\n`], '-'],
    ['arguments', [`${greeting}m\n`], '-v\0'],
    ['arguments that come protected', [`${greeting}m\n--server\0-s\0.\0\0`], '-v\0'],
    ['paths', [`${greeting}m\n--server\0--sender\0-r\0.\0`], 'm/*\0'],
  ])('%s without end: is shown out', (_, words, more) =>
    attacked(waits(), async ({ port, pid }) => {
      const stranger = await rawClient(port);
      for (const word of words) stranger.send(word);
      await new Promise((resolve) => setTimeout(resolve, 100));
      const piece = more.repeat(endless / more.length);
      let [peak, isOver] = [0, false];
      const watch = setInterval(() => {
        for (const child of children(pid)) {
          try {
            peak = Math.max(peak, residentMiB(child));
          } catch {}
        }
      }, 50);
      for (let sent = 0; sent < 64 * 1024 * 1024 && !isOver; sent += piece.length) {
        stranger.send(piece);
        isOver = await stranger.ended(1);
      }
      isOver ||= await stranger.ended(10_000);
      clearInterval(watch);
      expect(isOver).toBe(true);
      expect(peak).toBeLessThan(150);
      stranger.close();
    }),
  );

  test.each([15_990, 15_996, 15_997, 15_998, 15_999, 16_000, 16_001])('%i arguments', (count) =>
    attacked(waits(), async ({ port, log }) => {
      const stranger = await rawClient(port);
      const args = [...pullArguments, '.', 'm/'];
      await stranger.enter('m', [...Array(count - args.length).fill('-v'), ...args]);
      await stranger.until(/OK\n/);
      stranger.close();
      if (count >= 15_999) expect(await soon(() => /too many daemon arguments/.test(log()))).toBe(true);
    }),
  );
});

describe('an option that costs more than it should', () => {
  const options: readonly [option: string, says: RegExp][] = [
    ['--max-alloc=0', /max-alloc/],
    [`--max-size=${'9'.repeat(4000)}`, /max-size/],
    [`--min-size=${'9'.repeat(40)}P`, /min-size/],
    [`--max-alloc=${'9'.repeat(400)}`, /max-alloc/],
    [`--block-size=${'9'.repeat(40)}`, /block|-B/],
  ];
  const shown = ([option]: readonly [string, RegExp]) => option.replace(/9{4,}/, '999…');
  test.each(options.map((row) => [shown(row), ...row] as const))('%s', (_, option, says) =>
    attacked(waits(), async ({ port, logged }) => {
      const stranger = await rawClient(port);
      await stranger.enter('m', [...pullArguments, option, '.', 'm/']);
      expect(await stranger.ended(5000)).toBe(true);
      expect(stranger.said()).toMatch(says);
      await logged(/rsync error: .*\(code [14]\)/);
      stranger.close();
    }),
  );

  test('blocks that look like each place of a file', () =>
    attacked(waits(), async ({ url, dir }) => {
      const [file, basis] = [join(dir, 'm', 'empty'), join(dir, 'basis')];
      writeFileSync(file, Buffer.alloc(16 * 1024 * 1024));
      // Their weak sum is that of zeros: hashing a block at each place would take minutes.
      const alike = Buffer.alloc(128 * 1024);
      alike.set([1, 0xfe, 1]);
      writeFileSync(basis, Buffer.concat(Array(128).fill(alike)));
      const options = ['-I', '--no-whole-file', '--block-size=131072', '--cc=md5'];
      const pull = await run([...program, ...options, `${url}/m/empty`, basis], { timeout: 30_000 });
      expect(pull.timedOut).toBe(false);
      expect(pull.stderr).toBe('');
      expect(readFileSync(basis).equals(readFileSync(file))).toBe(true);
      rmSync(file);
    }));

  test.skipIf(kernelName === 'portable')('a great many threads', () =>
    attacked(waits(), async ({ url, pid, dir }) => {
      writeFileSync(join(dir, 'm', 'large'), Buffer.alloc(64 * 1024 * 1024, 'so and so '));
      let [most, isOver] = [0, false];
      const pull = run([
        ...program,
        '-rz',
        '--zc=zstd',
        '-M--compress-threads=256',
        '--bwlimit=20m',
        `${url}/m/`,
        join(dir, 'copy'),
      ]).finally(() => {
        isOver = true;
      });
      while (!isOver) {
        for (const child of children(pid))
          try {
            most = Math.max(most, readdirSync(`/proc/${child}/task`).length);
          } catch {}
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      expect((await pull).stderr).toBe('');
      // Node's own, and eight.
      expect(most).toBeLessThan(40);
    }),
  );
});

describe('who claims to be somebody', () => {
  const header = (address: string) => `PROXY TCP4 ${address} 10.0.0.9 4000 873\r\n`;
  const ask = async (daemon: Standing, words: string): Promise<string> => {
    // A daemon behind a proxy says nothing before it.
    const stranger = await rawClient(daemon.port, false);
    stranger.send(words);
    await stranger.ended(5000);
    stranger.close();
    return stranger.said();
  };

  test.each([
    ['10.1.2.3', '127.0.0.1', /OK\n|EXIT/],
    ['10.9.9.9', '127.0.0.1', /access denied/],
    ['10.1.2.3', '192.168.0.1', /^$/],
    ['10.1.2.3', '', /^$/],
  ])('by a PROXY header for %s, where %j may send one', (address, trusted, says) =>
    standing(
      {
        config: `proxy protocol = true\nproxy protocol hosts = ${trusted}\n[m]\npath = TWIN/m\nhosts allow = 10.1.2.3\n`,
        prepare: makeModule,
      },
      async (daemon) => {
        const said = await ask(daemon, `${header(address)}${greeting}m\n\0`);
        expect(said, daemon.log()).toMatch(says);
      },
    ),
  );

  test('by a header that is none', () =>
    standing(
      {
        config: `proxy protocol = true\nproxy protocol hosts = 127.0.0.1\n${oneModule}`,
        prepare: makeModule,
      },
      async (daemon) => {
        for (const bad of [
          'PROXY TCP4 10.1.2.3 10.0.0.9 4000\r\n',
          'PROXY TCP4 10.1.2 10.0.0.9 1 2\r\n',
          'PROXY TCP6 10.1.2.3 10.0.0.9 0 2\r\n',
          `PROXY ${'x'.repeat(200)}`,
          '\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff',
          '\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x04abcd',
          `@RSYNCD: 31.0 md5\nm\n${' '.repeat(200)}`,
        ])
          expect(await ask(daemon, bad + greeting), JSON.stringify(bad)).toBe('');
      },
    ));

  test.skipIf(!isRoot || kernelName === 'portable')(
    'is looked up before the root is changed to where nobody could be',
    () =>
      standing(
        {
          preamble: 'log file = TWIN/log\npid file = TWIN/pid\ndaemon chroot = TWIN\nuid = 0\ngid = 0\n',
          config: '[m]\npath = /m\nuse chroot = no\nhosts deny = localhost*\nforward lookup = no\n',
          prepare: makeModule,
        },
        async ({ url, log }) => {
          const { code, stderr } = await run([...program, `${url}/m/`]);
          expect(stderr, log()).toMatch(/access denied to m from localhost/);
          expect(code).toBe(5);
        },
      ),
  );

  test.each(['no-such-host.invalid', '1.2.3', '10.0.0.0/x'])('whom "hosts deny = %s" might mean', (deny) =>
    standing(
      { config: `[m]\npath = TWIN/m\nhosts deny = ${deny}\n`, prepare: makeModule },
      async ({ url }) => {
        const { code, stderr } = await run([...program, `${url}/m/`]);
        expect(stderr).toMatch(/access denied to m from/);
        expect(code).toBe(5);
      },
    ),
  );

  test('a group with a blank in its name is one group, in a list that begins with a comma', () => {
    const names = { groupsOf: () => ['domain users', 'users'] } as unknown as IdNames;
    expect(ruleFor(', @domain users:deny, *:rw', 'eve', names)).toEqual({
      access: 'deny',
      group: 'domain users',
    });
    expect(ruleFor(',@domain users:ro,*:rw', 'eve', names)?.access).toBe('ro');
    expect(ruleFor('@domain users:deny *:rw', 'eve', names)?.access).not.toBe('ro');
  });

  test('answers are compared as a whole, and never to a name that is no user', () =>
    attacked(waits(), async ({ port, logged }) => {
      for (const answer of [
        'alice ',
        'alice',
        ' ',
        'alice x\0',
        '@alice x',
        '#alice x',
        `alice ${'A'.repeat(22)}`,
      ]) {
        const stranger = await rawClient(port);
        stranger.send(`${greeting}locked\n`);
        await stranger.until(/AUTHREQD \S+\n/);
        stranger.send(`${answer}\n`);
        expect(await stranger.ended(5000), answer).toBe(true);
        expect(stranger.said()).toMatch(/@ERROR: auth failed on module locked|AUTHREQD \S+\n$/);
        stranger.close();
      }
      await logged(/auth failed on module locked/);
    }));
});

describe('what a command of the daemon gets to see', () => {
  const converter = `#!/bin/sh
while IFS= read -r line; do echo "$line" >>TWIN/asked; case $line in 'usr known') echo 77;; *) echo;; esac; done
`;
  test.skipIf(kernelName === 'portable')(
    'of a name with a line end in it: nothing, and nobody is root by it',
    () =>
      standing(
        {
          config: `[m]\npath = TWIN/m\nread only = no\nname converter = TWIN/converter\nfake super = yes\nnumeric ids = no\n`,
          prepare(dir) {
            makeModule(dir);
            mkdirSync(join(dir, 's'));
            writeFileSync(join(dir, 's', 'f'), 'x');
            writeFileSync(join(dir, 'converter'), converter.replaceAll('TWIN', dir), { mode: 0o755 });
          },
        },
        async ({ dir, url, log }) => {
          const push = (name: string) =>
            run([...program, '-rto', `--usermap=*:${name}`, `${dir}/s/`, `${url}/m/`]);
          for (const name of ['evil\nusr known', 'evil\rusr known', 'nobody-knows']) await push(name);
          const asked = readFileSync(join(dir, 'asked'), 'latin1');
          expect(asked).not.toMatch(/usr known/);
          expect(asked).toMatch(/usr nobody-knows/);
          const attribute = await run(['getfattr', '-d', '-m', '-', join(dir, 'm', 'f')]);
          expect(attribute.stdout, log()).not.toMatch(/ 0:0"/);
        },
      ),
  );

  // Users have no blanks in their names.
  const ifs = '$' + '{IFS}';
  test.each([
    'pre-xfer exec = echo %RSYNC_USER_NAME% >TWIN/told',
    'early exec = echo %RSYNC_HOST_NAME% %RSYNC_MODULE_NAME% $RSYNC_REQUEST >TWIN/told',
    'pre-xfer exec = echo "$RSYNC_REQUEST" "$RSYNC_ARG2" >TWIN/told',
    "post-xfer exec = echo '%RSYNC_USER_NAME%' >TWIN/told",
  ])('%s', (line) =>
    standing(
      {
        config: `[m]\npath = TWIN/m\nauth users = *\nstrict modes = no\nsecrets file = TWIN/secrets\n${line}\n`,
        prepare(dir) {
          makeModule(dir);
        },
      },
      async ({ dir, port }) => {
        for (const user of [
          `$(touch${ifs}pwned)`,
          `';touch${ifs}pwned;'`,
          `\`touch${ifs}pwned\``,
          `a|touch${ifs}pwned`,
        ]) {
          writeFileSync(join(dir, 'secrets'), `${user}:x\n`);
          const url = `rsync://${encodeURIComponent(user)}@127.0.0.1:${port}/m/`;
          for (const path of ['file', '$(touch pwned)', "';touch pwned;'", '`touch pwned`\n'])
            await run([...program, '-r', `${url}${path}`, join(dir, 'x')], {
              cwd: dir,
              env: { RSYNC_PASSWORD: 'x' },
            });
        }
        const found = readdirSync(dir).concat(readdirSync(join(dir, 'm')));
        expect(found).not.toContain('pwned');
        expect(existsSync('/pwned')).toBe(false);
      },
    ),
  );
});

describe('rules that lie where the module hides them', () => {
  test.each([
    '--filter=._/secret/rules',
    '--filter=. secret/rules',
    '--filter=merge,- /secret/rules',
    '--exclude-from=/secret/rules',
    '--exclude-from=secret/../secret/rules',
    '--include-from=/secret/rules',
    '--files-from=/secret/rules',
  ])('%s', (option) =>
    standing(
      {
        config: '[m]\npath = TWIN/m\nfilter = - /secret/***\n',
        prepare(dir) {
          makeModule(dir);
          mkdirSync(join(dir, 'm', 'secret'));
          writeFileSync(join(dir, 'm', 'secret', 'rules'), '- *\n');
        },
      },
      async ({ url, dir }) => {
        // It is told, or nothing comes of it.
        const { code, stderr } = await run([...program, '-r', `-M${option}`, `${url}/m/`, join(dir, 'to')]);
        expect(stderr).not.toMatch(/- \*/);
        if (code === 0) expect(readdirSync(join(dir, 'to'))).toEqual(['file']);
        else expect(stderr).toMatch(/rejected/);
      },
    ),
  );
});
