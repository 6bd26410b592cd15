/** What users of npm's wrapper have complained of, through the class in its place and through the library. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type RsyncClass from '../../ts/compat/rsync.ts';
import { type SyncEvent, sync } from '../../ts/index.ts';
import { ours, remoteCommand, repositoryRoot } from '../support/peers.ts';
import { fewer } from '../support/property.ts';
import { sshdMissing, startSshd } from '../support/sshd.ts';
import { descendants, isThere, soon } from '../support/standing.ts';
import { withWorkspace } from '../support/workspace.ts';
import { failureOf, folder, lsh, withoutNotice } from './places.ts';

const require = createRequire(import.meta.url);
const Rsync = require(join(repositoryRoot, 'dist', 'compat', 'rsync.cjs')) as typeof RsyncClass;

function executed(command: RsyncClass): Promise<{ code: number | null; out: string; err: string }> {
  let [out, err] = ['', ''];
  return new Promise((resolve) => {
    command.execute(
      (_, code) => resolve({ code, out, err }),
      (data) => {
        out += data;
      },
      (data) => {
        err += data;
      },
    );
  });
}

/** What a shell would obey, as names. */
const evil = [
  '$(touch pwned)',
  '`touch pwned`',
  '; touch pwned ;',
  '| touch pwned',
  '"; touch pwned; "',
  "'; touch pwned; '",
  '&& touch pwned',
];

describe.skipIf(sshdMissing() !== null)('keys, names and shells of a real ssh', () => {
  test('a key in a folder with a blank, and names that a shell would obey', () =>
    withWorkspace(async (work) => {
      const sshd = await startSshd(join(work, 'sshd'));
      try {
        const key = join(work, "my key's folder", 'id key');
        mkdirSync(join(key, '..'));
        copyFileSync(sshd.clientKey, key);
        const quiet =
          '-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o BatchMode=yes -o IdentitiesOnly=yes';
        const rsh = `${sshd.rsh.split(' ')[0]} -F none -p ${sshd.port} ${quiet} -i "${key}"`;
        const host = `${userInfo().username}@127.0.0.1`;
        folder(join(work, 'src'), Object.fromEntries(evil.map((name) => [name, name])));
        const names = [...evil].sort();
        const there = (name: string) => `${host}:${join(work, name)}`;

        const command = Rsync.build({
          shell: rsh,
          flags: 'a',
          source: `${work}/src/`,
          destination: there('by class'),
        });
        command.set('rsync-path', remoteCommand(ours()));
        command.cwd(work);
        const { code, err } = await executed(command);
        expect([code, withoutNotice(err)]).toEqual([0, '']);
        expect(readdirSync(join(work, 'by class')).sort()).toEqual(names);

        const far = { rsh, rsyncPath: remoteCommand(ours()), recursive: true };
        await sync(`${work}/src/`, there('by library'), far);
        expect(readdirSync(join(work, 'by library')).sort()).toEqual(names);
        for (const name of evil) await sync(there(`src/${name}`), join(work, 'back/'), far);
        expect(readdirSync(join(work, 'back')).sort()).toEqual(names);
        const wrongKey = { ...far, rsh: rsh.replace('id key', 'no key') };
        expect(await failureOf(sync(`${work}/src/`, there('none'), wrongKey))).toMatchObject({
          stderrTail: expect.stringContaining('Permission denied (publickey)'),
        });
        const pwned = [work, join(work, 'src'), userInfo().homedir].filter((dir) =>
          existsSync(join(dir, 'pwned')),
        );
        expect(pwned).toEqual([]);
      } finally {
        await sshd.stop();
      }
    }));
});

test.each(fewer(evil))('code in a value, a host or a shell is not run: %s', (code) =>
  withWorkspace(async (work) => {
    folder(join(work, 'src'), { a: '1' });
    const commands: readonly ((command: RsyncClass) => unknown)[] = [
      (r) => r.exclude(code).destination('dst/'),
      (r) => r.set('out-format', code).destination('dst/'),
      (r) => r.set('log-file', `log${code.replaceAll('/', '')}`).destination('dst/'),
      (r) => r.shell(code).destination('lh:dst/'),
      (r) => r.destination(`${code}:dst/`),
      (r) => r.destination(`-oProxyCommand=${code}:dst/`),
      (r) => r.flags(code).destination('dst/'),
    ];
    for (const build of commands) {
      const command = new Rsync().flags('r').source('src/');
      command.cwd(work);
      build(command);
      command.env({ PATH: process.env.PATH, RSYNC_RSH: lsh });
      await executed(command);
    }
    const options = { recursive: true, cwd: work, reject: false } as const;
    await sync('src/', 'dst/', { ...options, exclude: code });
    await sync('src/', 'lh:dst/', { ...options, rsh: code });
    await sync('src/', `-oProxyCommand=${code}:dst/`, { ...options, rsh: 'ssh' });
    await sync('src/', `${code}:dst/`, { ...options, rsh: lsh, rsyncPath: remoteCommand(ours()) });
    expect(
      readdirSync(work, { recursive: true, encoding: 'utf8' }).filter((name) => /(^|\/)pwned$/.test(name)),
    ).toEqual([]);
  }),
);

test('progress comes while files do, to its end', () =>
  withWorkspace(async (work) => {
    folder(join(work, 'src'), { big: 'x'.repeat(5_000_000) });
    const percents: number[] = [];
    const command = new Rsync()
      .flags('r')
      .progress()
      .set('bwlimit', '1500')
      .source('src/')
      .destination('by class');
    command.cwd(work);
    const ended = await new Promise((resolve) =>
      command.execute(
        (_, code) => resolve([code, Date.now()]),
        (data) =>
          percents.push(...[...`${data}`.matchAll(/ (\d+)% /g)].map(([, percent]) => Number(percent))),
      ),
    );
    expect(ended).toEqual([0, expect.any(Number)]);
    expect(percents.length).toBeGreaterThan(2);
    expect(percents.at(-1)).toBe(100);
    expect(percents).toEqual(percents.toSorted((a, b) => a - b));
    const bytes: number[] = [];
    const onEvent = (event: SyncEvent) => {
      if (event.type === 'progress') bytes.push(event.bytes);
    };
    await sync('src/', 'by library', { recursive: true, bwlimit: 1500, cwd: work, onEvent });
    expect(bytes.length).toBeGreaterThan(2);
    expect(bytes.at(-1)).toBe(5_000_000);
  }));

describe('a program that is ended in the middle takes its run with it', () => {
  const byClass = (
    handlers: string,
  ) => `const command = new Rsync().flags('r').progress().set('bwlimit', '500').source('src/').destination('dst');
const child = command.execute(() => {}, () => {});
${handlers}`;
  const programs: readonly (readonly [string, string, NodeJS.Signals])[] = [
    // As the wrapper's page has it.
    [
      'the class, by a handler',
      byClass(`const quit = () => { child.kill(); process.exit(); };
process.on('SIGINT', quit); process.on('SIGTERM', quit); process.on('exit', quit);`),
      'SIGTERM',
    ],
    [
      'the library, by a handler',
      `const controller = new AbortController();
process.once('SIGTERM', () => controller.abort());
sync('src/', 'dst', { recursive: true, bwlimit: 500, signal: controller.signal }).catch(() => process.exit(20));`,
      'SIGTERM',
    ],
    [
      'the library over a shell, killed',
      `sync('src/', 'lh:dst', { recursive: true, bwlimit: 500, rsh: ${JSON.stringify(lsh)}, rsyncPath: ${JSON.stringify(remoteCommand(ours()))} });`,
      'SIGKILL',
    ],
  ];
  test.each(programs)('%s', (_, body, signal) =>
    withWorkspace(async (work) => {
      mkdirSync(join(work, 'node_modules'));
      symlinkSync(repositoryRoot, join(work, 'node_modules', 'oc-rsync'));
      folder(join(work, 'src'), { big: 'x'.repeat(5_000_000) });
      folder(join(work, 'dst'), { big: 'the old one' });
      writeFileSync(
        join(work, 'program.mjs'),
        `import Rsync from 'oc-rsync/compat/rsync';\nimport { sync } from 'oc-rsync';\n${body}`,
      );
      const program = spawn(process.execPath, ['program.mjs'], { cwd: work, stdio: 'ignore' });
      const ended = once(program, 'exit');
      expect(await soon(() => readdirSync(join(work, 'dst')).length > 1)).toBe(true);
      const all = descendants(program.pid!);
      program.kill(signal);
      await ended;
      expect(await soon(() => !all.some(isThere), 5000)).toBe(true);
      expect(readdirSync(join(work, 'dst'))).toEqual(['big']);
      expect(readFileSync(join(work, 'dst/big'), 'utf8')).toBe('the old one');
    }),
  );
});
