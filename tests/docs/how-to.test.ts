/**
 * The how-to pages for users, each done from top to bottom as it stands there: by ours and, on a twin, by real rsync in its
 * place. What is left must be equal, and what the page promises is looked for.
 */
import { execFileSync } from 'node:child_process';
import { createCipheriv } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { freePort, type Guarded, startGuarded, waitForPort } from '../support/guarded.ts';
import {
  isRoot,
  onPath,
  ours,
  type Peer,
  readPeerFile,
  referencePeer,
  remoteCommand,
  repositoryRoot,
} from '../support/peers.ts';
import { type RunResult, run } from '../support/run.ts';
import { compareSnapshots, type Snapshot, takeSnapshot } from '../support/snapshot.ts';
import { sshdMissing, startSshd } from '../support/sshd.ts';
import { withWorkspace } from '../support/workspace.ts';
import { type Block, documents } from './documents.ts';

const reference = referencePeer();

/** A home with the page's blocks, one after the other. */
interface Stage {
  readonly dir: string;
  readonly home: string;
  readonly srv: string;
  readonly etc: string;
  readonly bin: string;
  /** The home of `user@host:`, which is this machine. */
  readonly there: string;
  readonly who: Peer;
  /** Words of the page that mean something else here. */
  readonly means: [word: string | RegExp, here: string][];
  /** A program of this name for the page's commands. */
  program(name: string, text: string): void;
  /** The next block, as it means here. */
  take(): Block;
  /** The next block is one of a file, which names itself in its first lines: it is written there. */
  write(change?: (text: string) => string): string;
  /** The next block is one of commands: they are run, and must succeed. */
  run(): Promise<RunResult>;
  shell(text: string): Promise<RunResult>;
  /** All of the page has been done. */
  end(): void;
}

function stageOf(dir: string, page: string, who: Peer): Stage {
  const folder = (name: string) => {
    const path = join(dir, name);
    mkdirSync(path);
    return path;
  };
  const [home, srv, etc, bin] = [folder('home'), folder('srv'), folder('etc'), folder('bin')];
  const blocks = [...documents.find(({ name }) => name === `docs/how-to/${page}.md`)!.blocks];
  const stage: Stage = {
    dir,
    home,
    srv,
    etc,
    bin,
    there: folder('there'),
    who,
    means: [
      [/(?<![\w.])\/srv\//g, `${srv}/`],
      [/(?<![\w.])\/etc\//g, `${etc}/`],
    ],
    program(name, text) {
      writeFileSync(join(bin, name), `#!/bin/bash\n${text}\n`);
      chmodSync(join(bin, name), 0o755);
    },
    take() {
      const block = blocks.shift();
      if (block === undefined) throw new Error(`${page} has no more blocks`);
      let { text } = block;
      for (const [word, here] of stage.means) text = text.replaceAll(word, here);
      return { language: block.language, text };
    },
    write(change = (text) => text) {
      const { text } = stage.take();
      const path = /^(?:#!.*\n)?# ([^\s:]+)/.exec(text)?.[1];
      if (path === undefined) throw new Error(`a block of ${page} that names no file: ${text}`);
      const file = path.startsWith('/') ? path : join(home, path.replace(/^~\//, ''));
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, `${change(text)}\n`);
      if (text.startsWith('#!')) chmodSync(file, 0o755);
      return file;
    },
    run() {
      const { language, text } = stage.take();
      expect(language, text).toBe('sh');
      return stage.shell(text);
    },
    async shell(text) {
      const env = { PATH: `${bin}:${process.env.PATH}`, HOME: home };
      const result = await run(['sh', '-ec', text], { cwd: home, env, timeout: 50_000 });
      expect(result.code, `${text}\n${result.stdout}${result.stderr}`).toBe(0);
      return result;
    },
    end: () => expect(blocks).toEqual([]),
  };
  const command = remoteCommand(who);
  stage.program('oc-rsync', `exec ${command} "$@"`);
  stage.program('npx', '[ "$1" = -y ] && [ "$2" = oc-rsync ] && shift 2 && exec oc-rsync "$@"');
  stage.program('sleep', ':');
  const lsh = join(repositoryRoot, 'tests/support/lsh.sh');
  stage.program('ssh', `cd '${stage.there}' && HOME=$PWD exec sh '${lsh}' "$@"`);
  return stage;
}

/** Files of a folder; all of them old. */
function fill(folder: string, files: Readonly<Record<string, string | Buffer>>): void {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
  execFileSync('find', [folder, '-exec', 'touch', '-h', '-d', '@1000000000', '{}', '+']);
}

const read = (...path: string[]) => readFileSync(join(...path), 'utf8');

type Story = (stage: Stage) => Promise<void>;

/** Does a page with one program, and says what is left in the folders that it is about. */
function told(page: string, who: Peer, story: Story): Promise<readonly Snapshot[]> {
  return withWorkspace(async (dir) => {
    const since = Date.now();
    const stage = stageOf(dir, page, who);
    await story(stage);
    stage.end();
    const ignored = /^(\.cache|\.ssh|bin)(\/|$)/;
    return [stage.home, stage.srv, stage.there].map(
      (folder) => new Map([...takeSnapshot(folder, since)].filter(([name]) => !ignored.test(name))),
    );
  });
}

/** The pages that are done. */
const stories = new Set<string>();

/** A page, with ours and with rsync itself. */
function page(name: string, story: Story, why: string | null = null): void {
  stories.add(name);
  test.skipIf(why !== null)(name, { timeout: 120_000 }, async () => {
    const mine = await told(name, ours(), story);
    const theirs = await told(name, reference!, story);
    for (const [i, left] of mine.entries()) expect(compareSnapshots(theirs[i]!, left)).toEqual([]);
  });
}

/** A page of what only ours can do. */
function ownPage(name: string, story: Story): void {
  stories.add(name);
  test(name, { timeout: 120_000 }, async () => {
    await told(name, ours(), story);
  });
}

/** Pages that are not done beside rsync: those for whoever works on it, and one that only ours can do. */
const notOfUsers = /^(?:add-|read-the-wire$)/;

test('each page for users is here', () => {
  const pages = documents
    .flatMap(({ name }) => /^docs\/how-to\/(.*)\.md$/.exec(name)?.[1] ?? [])
    .filter((name) => !notOfUsers.test(name));
  expect(pages).toEqual([...stories].sort());
});

describe.skipIf(reference === null)('docs/how-to', () => {
  page('back-up-with-snapshots', async (stage) => {
    const { home, srv } = stage;
    fill(home, { 'work/report.txt': 'one', 'work/below/large': 'x'.repeat(100_000), 'work/gone': '' });
    // Each snapshot a name of its own, whatever time it is.
    stage.program('date', 'n=$(cat ~/.days || echo 10); echo $((n + 1)) >~/.days; echo 2026-11-$n');
    stage.write();
    await stage.run();
    expect(stage.take().text).toContain('$HOME/bin/snapshot work');

    fill(join(home, 'work'), { 'report.txt': 'another' });
    rmSync(join(home, 'work/gone'));
    await stage.shell(`~/bin/snapshot work ${srv}/backups/work`);
    const snapshots = join(srv, 'backups/work');
    expect(readdirSync(snapshots)).toEqual(['2026-11-10', '2026-11-11']);
    const node = (name: string) => statSync(join(snapshots, name)).ino;
    expect(node('2026-11-10/below/large')).toBe(node('2026-11-11/below/large'));
    expect(read(snapshots, '2026-11-10/report.txt')).toBe('one');
    expect(existsSync(join(snapshots, '2026-11-11/gone'))).toBe(false);

    expect((await stage.run()).stdout).toBe('');
    fill(join(home, 'work'), { 'report.txt': 'spoilt!!' });
    await stage.run();
    expect(read(home, 'work/report.txt')).toBe('another');
    for (let n = 10; n < 41; n++) mkdirSync(join(snapshots, `2027-01-${n}`));
    await stage.run();
    expect(readdirSync(snapshots)).toHaveLength(30);
    expect(existsSync(join(snapshots, '2026-11-11'))).toBe(false);
    fill(srv, {});
  });

  page(
    'mirror-over-ssh',
    async (stage) => {
      const { home, srv, bin, dir } = stage;
      fill(home, { 'site/index.html': '<p>a page</p>', 'site/below/more': 'x'.repeat(10_000) });
      fill(srv, { 'www/gone': '', 'beside/secret': 'secret' });
      const sshd = await startSshd(join(dir, 'sshd'));
      try {
        mkdirSync(join(home, '.ssh'));
        symlinkSync(join(dir, 'sshd/authorized'), join(home, '.ssh/authorized_keys'));
        writeFileSync(join(dir, 'sshd/authorized'), '');
        const mirrored = () => readdirSync(join(srv, 'www')).sort();
        await stage.run();
        const config = stage.write();
        const real = read(dir, 'sshd/ssh_config')
          .split('\n\n')[0]!
          .replace(/^.*\n.*\n/, '');
        writeFileSync(
          config,
          `Host mirror\n${real}\n${read(config)
            .replace(/^ *(HostName|User) .*\n/gm, '')
            .replaceAll('~', home)}`,
        );
        stage.program('ssh', `exec ${readPeerFile().ssh} -F '${config}' "$@"`);

        await stage.run();
        await stage.run();
        expect(mirrored()).toEqual(['below', 'index.html']);
        // The key does nothing else.
        const other = await stage.shell('ssh mirror cat /etc/passwd || echo refused');
        expect(other.stdout).toBe('refused\n');
        const out = await stage.shell(`oc-rsync -a site/ mirror:../beside/ || echo refused`);
        expect(out.stdout).toBe('refused\n');
        expect(readdirSync(join(srv, 'beside'))).toEqual(['secret']);

        // As root, a module is nobody's unless it says whose.
        stage.write((text) => (isRoot ? `uid = 0\ngid = 0\n${text}` : text));
        stage.means.push(['command="oc-rsync', `command="${bin}/oc-rsync`]);
        // Another server, to which somebody else comes as well.
        writeFileSync(join(dir, 'sshd/authorized'), '# a key of another\n');
        await stage.run();
        expect(read(dir, 'sshd/authorized')).toMatch(/^# a key of another\ncommand="/);
        fill(home, { 'site/new': 'new' });
        rmSync(join(home, 'site/below'), { recursive: true });
        fill(home, {});
        await stage.run();
        expect(mirrored()).toEqual(['index.html', 'new']);
        rmSync(join(srv, 'mirror.conf'));
        fill(srv, {});
      } finally {
        await sshd.stop();
      }
    },
    sshdMissing() ?? (onPath('rrsync') === null ? 'there is no rrsync' : null),
  );

  page('resume-a-big-transfer', async (stage) => {
    const { home, there } = stage;
    // Nothing in it comes twice.
    const image = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16)).update(
      Buffer.alloc(6 << 20),
    );
    fill(home, {
      'images/large.img': image,
      'logs/log': 'one\ntwo\n',
      'disk.img': 'x'.repeat(100_000),
    });
    fill(there, { 'images/small': 'small', 'logs/log': 'one\n', 'disk.img': 'x'.repeat(99_000) });

    // What head would do, had it no buffer.
    const twoMiB = `my $left = ${2 << 20};
      while ($left > 0 && (my $got = sysread STDIN, my $piece, $left < 65536 ? $left : 65536)) {
        syswrite STDOUT, $piece; $left -= $got }`;
    // What passes is counted, and the first two times it ends in the middle.
    const lsh = join(repositoryRoot, 'tests/support/lsh.sh');
    stage.program(
      'ssh',
      // Who is done is not waited for by what passes its bytes on.
      `cd '${there}' && echo >>../calls && exec 3<&0
[ $(wc -l <../calls) -le 2 ] && exec sh '${lsh}' "$@" < <(exec perl -e '${twoMiB}' <&3) 3<&-
exec sh '${lsh}' "$@" < <(exec tee ../passed <&3) 3<&-`,
    );
    const first = stage.take();
    expect(first.text).toMatch(/^oc-rsync .*--partial-dir/);
    expect((await stage.shell(`${first.text} || echo ended with $?`)).stdout).toMatch(
      /ended with (10|12|255)/,
    );
    expect(statSync(join(there, 'images/.rsync-partial/large.img')).size).toBeGreaterThan(1 << 20);

    stage.write();
    await stage.run();
    expect(read(there, 'images/large.img')).toBe(read(home, 'images/large.img'));
    expect(existsSync(join(there, 'images/.rsync-partial'))).toBe(false);
    expect(read(stage.dir, 'calls')).toBe('\n\n\n');
    expect(statSync(join(stage.dir, 'passed')).size).toBeLessThan(4 << 20);

    const node = statSync(join(there, 'disk.img')).ino;
    await stage.run();
    expect(read(there, 'logs/log')).toBe('one\ntwo\n');
    await stage.run();
    expect(statSync(join(there, 'disk.img'))).toMatchObject({ ino: node, size: 100_000 });
  });

  ownPage('replace-rsync', async (stage) => {
    const { home, there } = stage;
    fill(home, { 'work/file': 'file', 'copy/gone': '' });
    stage.program('rsync', `exec ${remoteCommand(reference!)} "$@"`);
    await stage.run();
    expect(read(home, 'ours')).toMatch(/^\*deleting +gone\n/);
    await stage.run();
    expect(readdirSync(join(home, 'copy'))).toEqual(['file']);
    const version = await stage.shell('PATH=~/bin:$PATH rsync --version | head -n 1');
    expect(version.stdout).toMatch(/^oc-rsync /);
    await stage.run();
    expect(read(there, 'work/file')).toBe('file');
    await stage.run();
    expect(existsSync(join(home, 'bin/rsync'))).toBe(false);
  });

  ownPage('use-in-ci', async (stage) => {
    const { home, there } = stage;
    fill(home, { 'dist/index.html': '<p>new</p>', 'dist/same': 'same' });
    fill(there, { 'www/index.html': '<p>old</p>', 'www/same': 'same', 'www/gone': '' });
    execFileSync('touch', [join(home, 'dist/same')]);

    const workflow = stage.take();
    expect(workflow.language).toBe('yaml');
    const [prepare] = /(?<=run: \|\n)(?: {10}.*\n)+/.exec(workflow.text)!;
    await stage.shell(`KEY=key HOST_KEY='host key'\n${prepare}`);
    expect([read(home, '.ssh/id_ed25519'), read(home, '.ssh/known_hosts')]).toEqual(['key\n', 'host key\n']);
    const deploy = /run: (npx .*)/.exec(workflow.text)![1]!;

    const would = await stage.run();
    expect(would.stdout).toContain('*deleting   gone\n');
    expect(would.stdout).toMatch(/^<fc.* index\.html$/m);
    // Its content is the same, whatever its time.
    expect(would.stdout).toMatch(/^\.f\.\.t.* same$/m);
    expect(readdirSync(join(there, 'www'))).toContain('gone');

    await stage.shell(deploy);
    expect(readdirSync(join(there, 'www')).sort()).toEqual(['index.html', 'same']);
    expect(JSON.parse((await stage.run()).stdout)).toMatchObject({ type: 'end', exitCode: 0 });
  });

  page('run-a-daemon', async (stage) => {
    const { home, srv, etc, dir, who } = stage;
    fill(srv, { 'pub/file': 'for everybody', 'team/old': '' });
    fill(home, { 'work/new': 'new' });
    const port = await freePort();
    // There is no such user here, and a daemon that is not root can be nobody else.
    stage.means.push(
      [/^ *uid = team\n *gid = team$/gm, isRoot ? '  uid = 0\n  gid = 0' : ''],
      ['files.example.com', `127.0.0.1:${port}`],
    );
    const config = stage.write(
      (text) => `${isRoot ? '' : 'use chroot = no\n'}log file = ${dir}/log\npid file = ${dir}/pid\n${text}`,
    );
    stage.write();
    await stage.run();

    // systemd is none of this machine's business: its units are there, and the daemon is started as one says.
    const units = join(etc, 'systemd/system');
    mkdirSync(units, { recursive: true });
    mkdirSync(join(dir, 'global'));
    symlinkSync(repositoryRoot, join(dir, 'global/oc-rsync'));
    stage.program('npm', `[ "$*" = 'root -g' ] && echo '${dir}/global'`);
    stage.program(
      'systemctl',
      `case $* in daemon-reload) ;; 'enable --now '*) cat '${units}/'"$3" >'${dir}/enabled' ;; *) exit 1 ;; esac`,
    );
    await stage.run();
    expect(read(dir, 'enabled')).toMatch(/^ListenStream=873$/m);
    const exec = /^ExecStart=\/usr\/bin\/env oc-rsync (.*)$/m
      .exec(read(units, 'oc-rsyncd.service'))![1]!
      .split(' ');
    const activate = onPath('systemd-socket-activate');
    const activated = activate !== null && who.name === 'ours';
    const daemon: Guarded = startGuarded([
      ...(activated ? [activate, `--listen=127.0.0.1:${port}`] : []),
      ...who.command,
      ...exec,
      `--config=${config}`,
      ...(activated ? [] : ['--address=127.0.0.1', `--port=${port}`]),
    ]);
    try {
      await waitForPort(port, daemon);
      const list = await stage.run();
      expect(list.stdout).toMatch(/^pub +\tfor everybody$/m);
      expect(read(home, 'pub/file')).toBe('for everybody');
      await stage.run();
      expect(read(srv, 'team/work/new')).toBe('new');
      const wrong = await stage.shell(
        `RSYNC_PASSWORD=wrong oc-rsync rsync://ann@127.0.0.1:${port}/team/ || echo refused`,
      );
      expect(wrong.stdout).toBe('refused\n');
      // What is written there holds for the next who comes.
      appendFileSync(config, `[late]\n  path = ${srv}/pub\n`);
      expect((await stage.shell(`oc-rsync rsync://127.0.0.1:${port}/`)).stdout).toMatch(/^late/m);
    } finally {
      await daemon.stop();
    }
    fill(srv, {});
  });
});
