import type { Host } from '../host.ts';
import type { Options } from '../options/options.ts';
import { ignoringBatch } from '../report/messages.ts';

/** Tells of a batch that a server was asked for, which its client has. */
export function tellOfIgnoredBatch({ quiet }: Options, kind: Options['batchIgnored'], host: Host): void {
  if (kind !== undefined && !quiet) host.stderr(Buffer.from(`${ignoringBatch(kind)}\n`, 'latin1'));
}
