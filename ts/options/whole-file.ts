/** The names of --checksum-choice, and whether anything but whole files can be sent with it. */
import { ExitCode, RsyncError } from '../errors.ts';

/** What --checksum-choice may say. */
export const checksumNames: ReadonlySet<string> = new Set([
  'xxh128',
  'xxh3',
  'xxh64',
  'xxhash',
  'md5',
  'md4',
  'sha1',
  'none',
  'auto',
]);

/** What of a draft decides that. */
export interface Choosing {
  readonly checksumChoice: string | undefined;
  readonly wholeFile: boolean | undefined;
}

/** The names are checked here; a transfer checksum of `none` can only send whole files. */
export function checksumOf(draft: Choosing): { choice: string; wholeFile: boolean | undefined } {
  const choice = (draft.checksumChoice ?? 'auto').toLowerCase();
  if (choice === 'auto' || choice === 'auto,auto') return { choice: '', wholeFile: draft.wholeFile };
  const comma = choice.indexOf(',');
  const names = comma < 0 ? [choice] : [choice.slice(0, comma), choice.slice(comma + 1)];
  for (const name of names) {
    if (checksumNames.has(name)) continue;
    const shown =
      comma < 0 ? draft.checksumChoice! : draft.checksumChoice!.slice(names.indexOf(name) * (comma + 1));
    throw new RsyncError(ExitCode.Unsupported, `unknown checksum name: ${shown}`);
  }
  return { choice, wholeFile: names[0] === 'none' ? true : draft.wholeFile };
}
