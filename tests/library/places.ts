/** Where a run of the library and one of the reference do the same: a folder for each, and what to call it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { RsyncError, SyncEvent } from '../../ts/index.ts';
import { type Peer, remoteCommand } from '../support/peers.ts';

/** A remote shell that reaches this machine. */
export const lsh = join(import.meta.dirname, '..', 'support', 'lsh.sh');

/** Ways that a run can go. */
export const ways = ['local', 'push', 'pull'] as const;

/** Source and destination as they are called one way, and what it takes to reach them. */
export function placed(way: (typeof ways)[number], src: string, dst: string, peer: Peer) {
  return {
    source: way === 'pull' ? `lh:${src}` : src,
    destination: way === 'push' ? `lh:${dst}` : dst,
    far: way === 'local' ? {} : { rsh: lsh, rsyncPath: remoteCommand(peer) },
  };
}

/** A folder with files of these contents; a name that ends in a slash is a folder. */
export function folder(dir: string, files: Readonly<Record<string, string>>): string {
  mkdirSync(dir, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    if (name.endsWith('/')) mkdirSync(join(dir, name), { recursive: true });
    else {
      mkdirSync(join(dir, name, '..'), { recursive: true });
      writeFileSync(join(dir, name), content);
    }
  }
  return dir;
}

/** Standard error without what the portable kernel says of itself. */
export function withoutNotice(stderr: string): string {
  return stderr.replace('warning: the portable kernel keeps times to the microsecond only\n', '');
}

/** The error of a run that has to fail. */
export async function failureOf(run: PromiseLike<unknown>): Promise<RsyncError> {
  const outcome = await Promise.resolve(run).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(outcome, 'the run did not fail').toBeDefined();
  expect((outcome as Error).name).toBe('RsyncError');
  return outcome as RsyncError;
}

/** All events of a run; those of one that fails as well. */
export async function eventsOf(run: AsyncIterable<SyncEvent>): Promise<SyncEvent[]> {
  const events: SyncEvent[] = [];
  try {
    for await (const event of run) events.push(event);
  } catch (error) {
    expect((error as Error).name).toBe('RsyncError');
  }
  return events;
}

/** The lines that rsync's -i writes of the same events. */
export function itemized(events: readonly SyncEvent[]): string[] {
  return events.flatMap((event) => {
    if (event.type === 'delete') return [`*deleting   ${event.path}${event.kind === 'directory' ? '/' : ''}`];
    if (event.type !== 'item') return [];
    const { change, path, kind, linkTarget, hardLinkTo } = event;
    const link = hardLinkTo !== undefined ? ` => ${hardLinkTo}` : linkTarget ? ` -> ${linkTarget}` : '';
    return [`${change} ${path}${kind === 'directory' ? '/' : ''}${link}`];
  });
}
