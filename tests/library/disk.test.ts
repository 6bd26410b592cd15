/** A run of the library whose destination has no room: what it rejects with, and what it leaves. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type SyncEvent, sync } from '../../ts/index.ts';
import { isRoot, ours, referencePeer } from '../support/peers.ts';
import { withSmallDisk } from '../support/small-disk.ts';
import { soon } from '../support/standing.ts';
import { withWorkspace } from '../support/workspace.ts';
import { failureOf, folder, placed, ways } from './places.ts';

const reference = referencePeer();
const peers = [ours(), ...(reference === null ? [] : [reference])];

describe.skipIf(!isRoot).each(peers)(
  'a full disk (needs root, to mount a small one), $name at the other end',
  (peer) => {
    test.for(ways)('%s: names the file, the reason and what was done until then', (way, context) =>
      withWorkspace(async (work) => {
        const src = folder(join(work, 'src'), {
          'a first': 'fits',
          big: 'no room for this '.repeat(300_000),
          'later/z': 'comes not',
        });
        const mounted = await withSmallDisk(work, async (disk) => {
          writeFileSync(join(disk, 'big'), 'the old one');
          writeFileSync(join(disk, 'gone'), '');
          const at = placed(way, `${src}/`, `${disk}/`, peer);
          const events: SyncEvent[] = [];
          const onEvent = (event: SyncEvent) => events.push(event);
          const options = { archive: true, deleteAfter: true, ...at.far, onEvent };
          const error = await failureOf(sync(at.source, at.destination, options));
          expect(error).toMatchObject({
            code: 'ERR_RSYNC_FILEIO',
            exitCode: 11,
            exitName: 'RERR_FILEIO',
            retryable: false,
          });
          expect(error.message).toMatch(/^error in file IO \(code 11\): .*No space left on device/);
          expect(error.failures).toContainEqual(
            expect.objectContaining({
              path: expect.stringMatching(/big/),
              reason: 'No space left on device',
              errno: 28,
            }),
          );
          expect(events).toContainEqual({ type: 'failure', ...error.failures[0]! });
          expect(error.stderrTail).toMatch(/No space left on device \(28\)/);
          expect(error.stats?.numFiles).toBeGreaterThanOrEqual(3);
          expect(error.stats?.deletedFiles).toBe(0);
          expect(events.at(-1)).toEqual({ type: 'end', exitCode: 11, stats: error.stats });
          // Where the other side receives it is done with its file a moment later.
          await soon(() => !readdirSync(disk).some((name) => name.startsWith('.')), 3000);
          expect(readdirSync(disk).filter((name) => name.startsWith('.'))).toEqual([]);
          expect(readFileSync(join(disk, 'big'), 'utf8')).toBe('the old one');
          expect(readdirSync(disk)).toContain('gone');
        });
        if (!mounted) context.skip('no small file system can be mounted here');
      }),
    );
  },
);
