/** A daemon without a log file writes to the system's log, here one that the test has. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { isRoot, kernelName, onPath, ours, type Peer, realPeers, referencePeer } from '../support/peers.ts';
import { run } from '../support/run.ts';
import { withWorkspace } from '../support/workspace.ts';

const reference = referencePeer();
const socket = '/dev/log';
const possible = isRoot && !existsSync(socket) && onPath('perl') !== null && kernelName !== 'portable';

/** Takes datagrams at /dev/log, and writes each to a file as a line. */
const listener = `use Socket; socket(S, AF_UNIX, SOCK_DGRAM, 0); bind(S, sockaddr_un('${socket}')) or exit 1;
$| = 1; print "ready\\n"; open(F, '>>', $ARGV[0]); F->autoflush(1); while (defined recv(S, $m, 65536, 0)) { print F "$m\\n" }`;

describe.skipIf(reference === null || !possible)('the system log', () => {
  const [client = reference!] = realPeers();

  test('hears what the daemon has to say, with its tag and facility', () =>
    withWorkspace(async (dir) => {
      const file = join(dir, 'heard');
      const log = spawn('perl', ['-MIO::Handle', '-e', listener, file], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      try {
        await new Promise((resolve) => log.stdout.once('data', resolve));
        mkdirSync(join(dir, 'm'));
        writeFileSync(join(dir, 'm', 'file'), 'content\n');
        const config = join(dir, 'rsyncd.conf');
        writeFileSync(
          config,
          `use chroot = yes\nuid = 0\ngid = 0\nreverse lookup = no\nsyslog facility = local3\nsyslog tag = first\n[m]\npath = ${dir}/m\nread only = no\nsyslog tag = second\nsyslog facility = local4\ntransfer logging = yes\n[lost]\npath = ${dir}/m\nlog file = ${dir}/none/log\nuse chroot = no\n`,
        );
        const heard = async (daemon: Peer) => {
          writeFileSync(file, '');
          const program = [...daemon.command, '--daemon', `--config=${config}`].join(' ');
          const pulled = await run([...client.command, '-a', 'rsync://localhost/m/', join(dir, 'to')], {
            env: { RSYNC_CONNECT_PROG: program },
          });
          expect(pulled.code, pulled.stderr).toBe(0);
          writeFileSync(join(dir, 'm', 'gone'), '');
          await run([...client.command, '-a', '--delete', `${join(dir, 'to')}/`, 'rsync://localhost/m/'], {
            env: { RSYNC_CONNECT_PROG: program },
          });
          expect(existsSync(join(dir, 'm', 'gone'))).toBe(false);
          for (const name of ['m/nothing', 'lost/file'])
            await run([...client.command, '-a', `rsync://localhost/${name}`, join(dir, 'to')], {
              env: { RSYNC_CONNECT_PROG: program },
            });
          await setTimeout(500);
          // rsync sends a line end along.
          return readFileSync(file, 'latin1')
            .replace(/\n+/g, '\n')
            .replace(/(?<=>)\w{3} [ \d]\d \d\d:\d\d:\d\d/g, 'TIME')
            .replace(/\[\d+\]/g, '[PID]')
            .replace(/ at [\w.-]+\(\d+\) \[(\w+)=[\d.]+\]/g, ' [$1]')
            .replace(/\b(sent|received|total size) \d+/g, '$1 N');
        };
        const theirs = await heard(reference!);
        expect(theirs).toMatch(/second\[PID\]: .*send .* file 8/);
        await run(['rm', '-rf', join(dir, 'to')]);
        expect(await heard(ours())).toBe(theirs);
      } finally {
        log.kill();
        await run(['rm', '-f', socket]);
      }
    }));
});
