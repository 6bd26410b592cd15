/** Each command of the README's recipes is run as it stands there, and does what real rsync does with the same. */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { freePort, startGuarded, waitForPort } from '../support/guarded.ts';
import { ours, type Peer, referencePeer, repositoryRoot } from '../support/peers.ts';
import { run } from '../support/run.ts';
import { compareSnapshots, takeSnapshot } from '../support/snapshot.ts';
import { withWorkspace } from '../support/workspace.ts';

const readme = readFileSync(join(repositoryRoot, 'README.md'), 'utf8');
const blocks = (language: string) =>
  [...readme.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, 'gm'))].map(([, text]) => text);
/** What a clone is made of and tested by, and what measures: tests/docs/commands.test.ts has them. */
const isElsewhere = (command: string) => /^(npm ci|oc-rsync bench)/.test(command);
const commands = blocks('sh')
  .flatMap((text) => text.trim().split('\n'))
  .filter((command) => !isElsewhere(command));
const served = 8730;
const isDaemon = (command: string) => command.includes('--daemon');
/** What only ours knows, and says in its own way. */
const isOwn = (command: string) => /--help|--version|npx| help | completion /.test(command);
const reference = referencePeer();

/** A program of the sandbox. */
function script(path: string, text: string): void {
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
}

/** A home with what the recipes speak of, and programs by their names; `who` is behind `oc-rsync`. */
function sandbox(dir: string, who: Peer): Record<string, string> {
  const home = join(dir, 'home');
  const bin = join(dir, 'bin');
  for (const folder of [
    bin,
    home,
    ...['work/below', 'site', 'backups/yesterday', 'www', 'copy'].map((name) => join(home, name)),
  ])
    mkdirSync(folder, { recursive: true });
  for (const [name, text] of [
    ['work/same', 'the same'],
    ['work/below/new one', 'new'],
    ['site/index.html', '<p>a page</p>'],
    ['backups/yesterday/same', 'the same'],
    ['copy/gone', 'gone'],
    ['list', 'below\nsame\n'],
  ])
    writeFileSync(join(home, name), text);
  const command = who.command.map((word) => `'${word}'`).join(' ');
  script(join(bin, 'oc-rsync'), `exec ${command} "$@"`);
  script(join(bin, 'rsync'), `exec ${command} "$@"`);
  script(join(bin, 'npx'), '[ "$1" = -y ] && [ "$2" = oc-rsync ] && shift 2 && exec oc-rsync "$@"');
  copyFileSync(join(repositoryRoot, 'tests', 'support', 'lsh.sh'), join(bin, 'ssh'));
  chmodSync(join(bin, 'ssh'), 0o755);
  writeFileSync(
    join(home, 'rsyncd.conf'),
    `pid file = ${dir}/pid\nlog file = ${dir}/log\n${blocks('ini')[0].replace('/srv/files', join(home, 'work'))}`,
  );
  execFileSync('find', [home, '-exec', 'touch', '-d', '@1000000000', '{}', '+']);
  return { PATH: `${bin}:${process.env.PATH}`, HOME: home };
}

async function runIn(dir: string, who: Peer, command: string) {
  const since = Date.now();
  const env = sandbox(dir, who);
  const home = join(dir, 'home');
  const port = await freePort();
  const line = command.replaceAll(String(served), String(port));
  const daemonLine = commands.find(isDaemon) ?? '';
  const daemon =
    isDaemon(command) || line.includes('rsync://')
      ? startGuarded(
          ['sh', '-c', `cd '${home}' && exec ${daemonLine.replace(String(served), String(port))}`],
          env,
        )
      : undefined;
  try {
    if (daemon !== undefined) await waitForPort(port, daemon);
    const result = isDaemon(command)
      ? undefined
      : await run(['sh', '-c', line], { cwd: home, env, timeout: 30_000 });
    return { result, left: takeSnapshot(home, since) };
  } finally {
    await daemon?.stop();
  }
}

describe.skipIf(reference === null)('the README', () => {
  test('has its recipes', () => {
    expect(commands.length).toBeGreaterThan(8);
    expect(commands.filter((command) => !/^(oc-)?rsync /.test(command))).toEqual([]);
  });

  test.each(commands)('%s', (command) =>
    withWorkspace(async (dir) => {
      const [mine, theirs] = [join(dir, 'mine'), join(dir, 'theirs')];
      const own = await runIn(mine, ours(), command);
      expect(own.result?.code ?? 0, own.result?.stderr).toBe(0);
      const told = own.result?.stderr ?? '';
      if (command.includes('progress3')) expect(told).toMatch(/^1 file, .* transferred .*\n$/);
      else expect(told).toBe('');
      if (isOwn(command)) return;
      const real = await runIn(theirs, reference!, command);
      // Rates are the machine's.
      if (!command.includes('progress')) expect(own.result?.stdout).toBe(real.result?.stdout);
      const but = (left: typeof own.left) =>
        new Map([...left].filter(([name]) => !['rsyncd.conf', '.cache'].includes(name.split('/')[0])));
      expect(compareSnapshots(but(real.left), but(own.left))).toEqual([]);
    }),
  );
});
