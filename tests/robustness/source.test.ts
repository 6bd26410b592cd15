/**
 * Sources that vanish or cannot be read, and destinations that cannot be written: the rest is transferred,
 * and exit code and messages are rsync's.
 */
import { spawnSync } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { expectSameFailure } from '../support/failures.ts';
import { isRoot, ours, type Peer, referencePeer, remoteCommand } from '../support/peers.ts';
import { fewer } from '../support/property.ts';
import { run } from '../support/run.ts';
import { removeTree, withWorkspace } from '../support/workspace.ts';

const reference = referencePeer();
const lsh = join(import.meta.dirname, '..', 'support', 'lsh.sh');
const ways = ['local', 'push', 'pull'] as const;

function command(
  who: Peer,
  way: (typeof ways)[number],
  options: string[],
  src: string,
  dst: string,
): string[] {
  const far = way === 'local' ? [] : [`--rsh=${lsh}`, `--rsync-path=${remoteCommand(who)}`];
  const [from, to] = [way === 'pull' ? `lh:${src}` : src, way === 'push' ? `lh:${dst}` : dst];
  return [...who.command, ...far, ...options, from, to];
}

describe.skipIf(reference === null)('a source file vanishes', () => {
  test.each(fewer(ways))('%s', (way) =>
    withWorkspace(async (work) => {
      const [src, dst] = [join(work, 'src'), join(work, 'dst')];
      await expectSameFailure(
        {
          before: () => {
            removeTree(src);
            removeTree(dst);
            mkdirSync(src);
            // Slow enough that the last file is gone long before it is opened.
            writeFileSync(join(src, 'a-first'), Buffer.alloc(400_000, 'x'));
            for (const name of ['m', 'z-gone']) writeFileSync(join(src, name), name);
          },
          command: (who) => command(who, way, ['-r', '--bwlimit=200'], `${src}/`, `${dst}/`),
          options: {
            onStart: (child) => {
              const timer = setInterval(() => {
                if (!existsSync(dst) || spawnSync('ls', ['-A', dst]).stdout.length === 0) return;
                clearInterval(timer);
                rmSync(join(src, 'z-gone'), { force: true });
              }, 20);
              child.on('exit', () => clearInterval(timer));
            },
          },
          says: [/file has vanished: ".*\/z-gone"/],
          codes: [24],
          after: () => {
            expect(existsSync(join(dst, 'm'))).toBe(true);
            expect(existsSync(join(dst, 'z-gone'))).toBe(false);
          },
        },
        ours(),
        reference!,
      );
    }),
  );
});

/** A command as a user without rights; null where that cannot be done. */
function asNobody(words: readonly string[]): string[] {
  return ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--inh-caps=-all', ...words];
}

const canDrop =
  isRoot &&
  spawnSync('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', ...ours().command, '--version'])
    .status === 0;

describe.skipIf(reference === null || !canDrop)(
  'without rights (needs root and setpriv, to give them up)',
  () => {
    const prepare = (work: string) => {
      chmodSync(work, 0o755);
      const [src, dst] = [join(work, 'src'), join(work, 'dst')];
      removeTree(src);
      removeTree(dst);
      mkdirSync(join(src, 'closed'), { recursive: true });
      mkdirSync(dst);
      for (const name of ['a', 'secret', 'z', 'closed/inside']) writeFileSync(join(src, name), name);
      writeFileSync(join(dst, 'extra'), 'not in the source');
      chmodSync(join(src, 'secret'), 0o600);
      spawnSync('chown', ['-R', '65534:65534', dst]);
      return [src, dst] as const;
    };

    test.each(fewer(ways))('an unreadable file: %s', (way) =>
      withWorkspace(async (work) => {
        await expectSameFailure(
          {
            before: () => void prepare(work),
            command: (who) => asNobody(command(who, way, ['-r'], join(work, 'src/'), join(work, 'dst/'))),
            says: [/send_files failed to open ".*\/secret": Permission denied \(13\)/],
            codes: [23],
            after: () => {
              accessSync(join(work, 'dst/z'));
              accessSync(join(work, 'dst/closed/inside'));
              expect(existsSync(join(work, 'dst/secret'))).toBe(false);
            },
          },
          ours(),
          reference!,
        );
      }),
    );

    test.each(fewer(ways))('unreadable files and --checksum: %s', (way) =>
      withWorkspace(async (work) => {
        await expectSameFailure(
          {
            before: () => {
              const [src, dst] = prepare(work);
              for (const name of ['empty', 'both']) writeFileSync(join(src, name), '', { mode: 0 });
              writeFileSync(join(dst, 'secret'), 'SECRET');
              for (const name of ['a', 'empty', 'both']) writeFileSync(join(dst, name), '');
              // What neither side can read has equal sums: none.
              chmodSync(join(dst, 'both'), 0);
              spawnSync('chown', ['-R', '65534:65534', dst]);
            },
            command: (who) => asNobody(command(who, way, ['-rci'], join(work, 'src/'), join(work, 'dst/'))),
            says: [
              /open ".*\/secret": Permission denied \(13\)/,
              /open ".*\/empty": Permission denied \(13\)/,
            ],
            codes: [23],
            after: ({ stderr }) => {
              expect(stderr).not.toMatch(/both/);
              expect(readFileSync(join(work, 'dst/secret'), 'utf8')).toBe('SECRET');
            },
          },
          ours(),
          reference!,
        );
      }),
    );

    test.each(fewer(ways))('an unreadable folder, and nothing is deleted: %s', (way) =>
      withWorkspace(async (work) => {
        await expectSameFailure(
          {
            before: () => {
              const [src] = prepare(work);
              chmodSync(join(src, 'closed'), 0o700);
              unlinkSync(join(src, 'secret'));
            },
            command: (who) =>
              asNobody(command(who, way, ['-r', '--delete'], join(work, 'src/'), join(work, 'dst/'))),
            says: [/opendir ".*\/closed" failed: Permission denied \(13\)/],
            codes: [23],
            after: () => accessSync(join(work, 'dst/z')),
          },
          ours(),
          reference!,
        );
      }),
    );

    test.each(fewer(ways))('an unwritable destination: %s', (way) =>
      withWorkspace(async (work) => {
        await expectSameFailure(
          {
            before: () => {
              const [src, dst] = prepare(work);
              unlinkSync(join(src, 'secret'));
              spawnSync('chown', ['-R', '0:0', dst]);
            },
            command: (who) => asNobody(command(who, way, ['-r'], join(work, 'src/'), join(work, 'dst/'))),
            says: [/mkstemp ".*" failed: Permission denied \(13\)/],
            codes: [23],
          },
          ours(),
          reference!,
        );
      }),
    );

    test.each(fewer(ways))('owners, groups and devices that only root may set: %s', (way) =>
      withWorkspace(async (work) => {
        const [src, dst] = prepare(work);
        unlinkSync(join(src, 'secret'));
        unlinkSync(join(dst, 'extra'));
        spawnSync('sh', ['-c', 'find "$1" -exec touch -d "2010-02-03 04:05:06.789" {} +', 'sh', src]);
        const check = async (who: Peer) => {
          const result = await run(asNobody(command(who, way, ['-a'], `${src}/`, `${dst}/`)));
          const listing = spawnSync('sh', [
            '-c',
            'cd "$1" && find . -printf "%p %m %u %g %T@\\n" | sort',
            'sh',
            dst,
          ]);
          return { code: result.code, listing: String(listing.stdout) };
        };
        const theirs = await check(reference!);
        spawnSync('sh', ['-c', 'rm -rf -- "$1"/*', 'sh', dst]);
        expect(await check(ours())).toEqual(theirs);
      }),
    );
  },
);
