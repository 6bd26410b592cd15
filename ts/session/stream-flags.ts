/** The options that a batch's stream depends on: a bit each at its beginning (rsync's write_stream_flags). */
import { ExitCode, RsyncError } from '../errors.ts';
import type { Options } from '../options/options.ts';
import * as text from '../report/messages.ts';

interface StreamFlag {
  readonly name: string;
  readonly isOn: (options: Options) => boolean;
  readonly set: (on: boolean) => Partial<Options>;
}

function one(name: string, isOn: StreamFlag['isOn'], set: StreamFlag['set']): StreamFlag {
  return { name, isOn, set };
}

const streamOptions: readonly StreamFlag[] = [
  one(
    '--recurse (-r)',
    (o) => o.recursive,
    (recursive) => ({ recursive }),
  ),
  one(
    '--owner (-o)',
    (o) => o.owner,
    (owner) => ({ owner }),
  ),
  one(
    '--group (-g)',
    (o) => o.group,
    (group) => ({ group }),
  ),
  one(
    '--links (-l)',
    (o) => o.links,
    (links) => ({ links }),
  ),
  one(
    '--devices (-D)',
    (o) => o.devices,
    (devices) => ({ devices }),
  ),
  one(
    '--hard-links (-H)',
    (o) => o.hardLinks,
    (hardLinks) => ({ hardLinks }),
  ),
  one(
    '--checksum (-c)',
    (o) => o.checksum,
    (checksum) => ({ checksum }),
  ),
  one(
    '--dirs (-d)',
    (o) => o.dirs,
    (dirs) => ({ dirs }),
  ),
  one(
    '--compress (-z)',
    (o) => o.compressChoice !== '',
    (on) => ({ compressChoice: on ? 'zlib' : '' }),
  ),
  one(
    '--iconv',
    (o) => o.iconv !== '',
    () => ({}),
  ),
  one(
    '--acls (-A)',
    (o) => o.acls,
    (acls) => ({ acls }),
  ),
  one(
    '--xattrs (-X)',
    (o) => o.xattrs > 0,
    (on) => ({ xattrs: on ? 1 : 0 }),
  ),
  one(
    '--inplace',
    (o) => o.inplace,
    (inplace) => ({ inplace }),
  ),
  one(
    '--append',
    (o) => o.append === 'plain',
    (on) => ({ append: on ? 'plain' : 'no' }),
  ),
  one(
    '--append-verify',
    (o) => o.append === 'verify',
    (on) => (on ? { append: 'verify' } : {}),
  ),
];

/** The flags of a batch that is written with these options. */
export function streamFlags(options: Options): number {
  return streamOptions.reduce((flags, { isOn }, bit) => (isOn(options) ? flags | (1 << bit) : flags), 0);
}

/** What a batch was written with: options follow it, which is told (rsync's check_batch_flags). */
export function matchStream(
  given: Options,
  flags: number,
  protocol: number,
  tell: (line: string) => void,
): Options {
  // From the first flag on that its protocol does not know, none counts.
  const known = protocol < 29 ? 7 : protocol < 30 ? 9 : streamOptions.length;
  let options = given;
  streamOptions.slice(0, known).forEach(({ name, isOn, set }, bit) => {
    const on = (flags & (1 << bit)) !== 0;
    if (isOn(options) === on) return;
    if (name === '--iconv') throw new RsyncError(ExitCode.Syntax, text.batchWantsIconv(on));
    tell(text.matchingBatch(name, on));
    options = { ...options, ...set(on) };
  });
  return options;
}
