/**
 * Every option that rsync 3.5.0 takes: the parser, the help, the server's arguments and completions go by
 * this one table. Rows stand in the order of the help; a row without help text is an alias or a --no-X.
 */
import type { Draft } from './draft.ts';

/** Named effects that are more than storing a value; `parse.ts` carries them out. */
export type Action =
  | 'acls'
  | 'append'
  | 'archive'
  | 'block-size'
  | 'bwlimit'
  | 'chmod'
  | 'chown'
  | 'compare-dest'
  | 'compress'
  | 'copy-dest'
  | 'daemon'
  | 'debug'
  | 'devices-specials'
  | 'exclude'
  | 'exclude-from'
  | 'filter'
  | 'groupmap'
  | 'help'
  | 'include'
  | 'include-from'
  | 'info'
  | 'link-dest'
  | 'max-size'
  | 'min-size'
  | 'modify-window'
  | 'new-compress'
  | 'no-compress'
  | 'no-devices-specials'
  | 'old-compress'
  | 'only-write-batch'
  | 'partial-progress'
  | 'per-dir-filter'
  | 'read-batch'
  | 'remote-option'
  | 'sender'
  | 'server'
  | 'stderr'
  | 'stop-after'
  | 'stop-at'
  | 'usermap'
  | 'write-batch';

/** What an option does to the draft. `store` keeps the argument, `count` adds one, `run` is an action. */
export type Effect =
  | { readonly set: keyof Draft; readonly to: boolean | number | string | undefined }
  | { readonly count: keyof Draft }
  | { readonly store: keyof Draft }
  | { readonly run: Action };

export interface OptionRow {
  readonly long?: string;
  readonly short?: string;
  /** Kind of its argument; an `int` is read as C reads one (decimal, 0x, leading 0 for octal). */
  readonly arg: 'none' | 'string' | 'int';
  readonly effect: Effect;
  /** Text of the help; lines after the first are indented. Aliases and --no-X have none. */
  readonly help?: string;
  /** Name of the argument in the help. */
  readonly argName?: string;
  /** False: its use ends the run with exit 4. */
  readonly works: boolean;
}

/** A line of the help that is no option of its own. */
export interface HelpNote {
  readonly note: string;
  readonly help: string;
}

export type TableRow = OptionRow | HelpNote;

interface Extra {
  readonly help?: string;
  readonly argName?: string;
  readonly later?: true;
}

/** `--name, -x`, or `-x` alone; an argument's name follows as `=NAME`. */
function row(spec: string, arg: OptionRow['arg'], effect: Effect, extra: Extra): OptionRow {
  const match = /^(?:--([^\s,=]+))?(?:=(\S+?))?(?:, )?(?:-(.))?$/.exec(spec)!;
  const [, long, argName, short] = match;
  return { long, short, arg, effect, argName, help: extra.help, works: extra.later !== true };
}

/** Marks an option whose use ends with exit 4. */
const later = { later: true } as const;

function set(spec: string, field: keyof Draft, to: boolean | number | string, help?: string, more?: Extra) {
  return row(spec, 'none', { set: field, to }, { help, ...more });
}
function count(spec: string, field: keyof Draft, help?: string, more?: Extra) {
  return row(spec, 'none', { count: field }, { help, ...more });
}
function text(spec: string, field: keyof Draft, help?: string, more?: Extra) {
  return row(spec, 'string', { store: field }, { help, ...more });
}
function int(spec: string, field: keyof Draft, help?: string, more?: Extra) {
  return row(spec, 'int', { store: field }, { help, ...more });
}
/** With an argument's name in the spec, the action takes a string. */
function run(spec: string, action: Action, help?: string, more?: Extra) {
  return row(spec, spec.includes('=') ? 'string' : 'none', { run: action }, { help, ...more });
}
/** `--no-NAME` and its short forms: the feature's value when it is off. */
function off(
  names: string,
  field: keyof Draft,
  to: boolean | number | string | undefined = false,
): OptionRow[] {
  return names.split(' ').map((name) => row(`--${name}`, 'none', { set: field, to: to as boolean }, {}));
}

export const optionTable: readonly TableRow[] = [
  count('--verbose, -v', 'verbose', 'tell more'),
  ...off('no-verbose no-v', 'verbose', 0),
  run('--info=FLAGS', 'info', 'choose what is told, item by item'),
  run('--debug=FLAGS', 'debug', 'choose what is told for debugging'),
  run('--stderr=e|a|c', 'stderr', 'choose what goes to stderr (default: errors)'),
  set('--msgs2stderr', 'msgs2stderr', 1),
  ...off('no-msgs2stderr', 'msgs2stderr', 0),
  count('--quiet, -q', 'quiet', 'tell errors only'),
  set('--no-motd', 'motd', false, "don't show the daemon's message of the day"),
  set('--motd', 'motd', true),
  set('--checksum, -c', 'checksum', true, 'compare by checksum, not by time and size'),
  ...off('no-checksum no-c', 'checksum'),
  run('--archive, -a', 'archive', 'archive mode: -rlptgoD (without -A,-X,-U,-N,-H)'),
  { note: '--no-OPTION', help: 'switch off an OPTION that another implies (e.g. --no-D)' },
  set('--recursive, -r', 'recursive', 2, 'go into directories'),
  ...off('no-recursive no-r', 'recursive', 0),
  set('--inc-recursive', 'incRecursive', true, 'send the file list piece by piece (aka --i-r)'),
  set('--i-r', 'incRecursive', true),
  set('--no-inc-recursive', 'incRecursive', false, 'send the whole file list first'),
  set('--no-i-r', 'incRecursive', false, 'the same as --no-inc-recursive'),
  set('--relative, -R', 'relative', true, 'keep the whole path of each source'),
  ...off('no-relative no-R', 'relative'),
  set('--no-implied-dirs', 'impliedDirs', false, 'with --relative, leave the attributes of parents alone'),
  ...off('no-i-d', 'impliedDirs'),
  set('--implied-dirs', 'impliedDirs', true),
  set('--i-d', 'impliedDirs', true),
  set('--backup, -b', 'backup', true, 'keep what is replaced (see --suffix and --backup-dir)'),
  ...off('no-backup', 'backup'),
  text('--backup-dir=DIR', 'backupDir', 'keep it in a tree below DIR'),
  text('--suffix=SUFFIX', 'suffix', 'ending of kept files (default ~ without --backup-dir)'),
  set('--update, -u', 'update', true, 'skip files that are newer on the receiver'),
  set('--inplace', 'inplace', true, 'write into destination files, not beside them'),
  ...off('no-inplace', 'inplace'),
  run('--append', 'append', 'append to files that are shorter'),
  set('--append-verify', 'append', 2, 'the same, and verify the part that was there'),
  ...off('no-append', 'append', 0),
  set('--dirs, -d', 'dirs', 2, 'transfer directories without what is in them'),
  ...off('no-dirs no-d', 'dirs', 0),
  set('--old-dirs', 'dirs', 4, '--dirs for a very old rsync'),
  set('--old-d', 'dirs', 4, 'the same as --old-dirs'),
  set('--mkpath', 'mkpath', true, "make the destination's missing parents", later),
  ...off('no-mkpath', 'mkpath'),
  set('--links, -l', 'links', true, 'copy symlinks as symlinks'),
  ...off('no-links no-l', 'links'),
  set('--copy-links, -L', 'copyLinks', true, 'copy what symlinks point to', later),
  set('--copy-unsafe-links', 'copyUnsafeLinks', true, 'do so where they point out of the tree', later),
  set('--safe-links', 'safeLinks', true, 'skip symlinks that point out of the tree', later),
  set('--insecure-links', 'insecureLinks', true, 'follow symlinks of others in paths you name', later),
  ...off('no-insecure-links', 'insecureLinks'),
  text('--confine-root=DIR', 'confineRoot', 'refuse paths you name that lead out of DIR', later),
  set('--munge-links', 'mungeLinks', true, 'make symlinks safe but unusable', later),
  ...off('no-munge-links', 'mungeLinks'),
  set('--copy-dirlinks, -k', 'copyDirlinks', true, 'copy a symlink to a directory as a directory', later),
  set('--keep-dirlinks, -K', 'keepDirlinks', true, "use the receiver's symlink to a directory as one", later),
  count('--hard-links, -H', 'hardLinks', 'keep hard links'),
  ...off('no-hard-links no-H', 'hardLinks', 0),
  set('--perms, -p', 'perms', true, 'keep permissions'),
  ...off('no-perms no-p', 'perms'),
  set('--executability, -E', 'executability', true, 'keep whether a file is executable'),
  run('--chmod=CHMOD', 'chmod', 'change permissions on the way'),
  run('--acls, -A', 'acls', 'keep ACLs (implies --perms)', later),
  ...off('no-acls no-A', 'acls'),
  count('--xattrs, -X', 'xattrs', 'keep extended attributes', later),
  ...off('no-xattrs no-X', 'xattrs', 0),
  set('--owner, -o', 'owner', true, 'keep the owner (super-user only)'),
  ...off('no-owner no-o', 'owner'),
  set('--group, -g', 'group', true, 'keep the group'),
  ...off('no-group no-g', 'group'),
  set('--devices', 'devices', true, 'keep device files (super-user only)'),
  ...off('no-devices', 'devices'),
  set('--copy-devices', 'copyDevices', true, "copy a device's content as a file", later),
  set('--write-devices', 'writeDevices', true, 'write to devices as to files (implies --inplace)', later),
  ...off('no-write-devices', 'writeDevices'),
  set('--specials', 'specials', true, 'keep fifos and sockets'),
  ...off('no-specials', 'specials'),
  set('--drop-D', 'dropDevices', true, 'the receiver makes no devices and specials'),
  ...off('no-drop-D', 'dropDevices'),
  run('-D', 'devices-specials', 'the same as --devices --specials'),
  run('--no-D', 'no-devices-specials'),
  set('--times, -t', 'times', true, 'keep modification times'),
  ...off('no-times no-t', 'times'),
  count('--atimes, -U', 'atimes', 'keep access times'),
  ...off('no-atimes no-U', 'atimes', 0),
  set('--open-noatime', 'openNoatime', true, "don't touch access times when reading"),
  ...off('no-open-noatime', 'openNoatime'),
  set('--crtimes, -N', 'crtimes', true, 'keep creation times', later),
  ...off('no-crtimes no-N', 'crtimes'),
  set('--omit-dir-times, -O', 'omitDirTimes', true, '--times is not for directories'),
  ...off('no-omit-dir-times no-O', 'omitDirTimes'),
  set('--omit-link-times, -J', 'omitLinkTimes', true, '--times is not for symlinks'),
  ...off('no-omit-link-times no-J', 'omitLinkTimes'),
  set('--super', 'superUser', 'on', 'the receiver tries what only the super-user may', later),
  ...off('no-super', 'superUser', 'off').map((r) => ({ ...r, works: false })),
  set('--fake-super', 'superUser', 'fake', 'keep privileged attributes in xattrs', later),
  set('--sparse, -S', 'sparse', true, 'write runs of zeros as holes'),
  ...off('no-sparse no-S', 'sparse'),
  set('--preallocate', 'preallocate', true, 'allocate a file before writing it'),
  set('--dry-run, -n', 'dryRun', true, 'change nothing, tell what would change'),
  set('--whole-file, -W', 'wholeFile', true, 'send whole files, no deltas'),
  set('--no-whole-file', 'wholeFile', false, 'send deltas, also locally (aka --no-W)'),
  ...off('no-W', 'wholeFile'),
  text('--checksum-choice=STR', 'checksumChoice', 'name the checksum (aka --cc)'),
  text('--cc=STR', 'checksumChoice'),
  count('--one-file-system, -x', 'oneFileSystem', 'stay on the file system'),
  ...off('no-one-file-system no-x', 'oneFileSystem', 0),
  run('--block-size=SIZE, -B', 'block-size', 'set the length of blocks'),
  text('--rsh=COMMAND, -e', 'rsh', 'name the remote shell'),
  text('--rsync-path=PROGRAM', 'rsyncPath', 'name the rsync of the remote machine'),
  set('--existing', 'existing', true, 'create no new files on the receiver'),
  set('--ignore-non-existing', 'existing', true, 'the same as --existing'),
  set('--ignore-existing', 'ignoreExisting', true, 'update no files that are on the receiver'),
  set('--remove-source-files', 'removeSource', 1, 'the sender removes files once they are there', later),
  set('--remove-sent-files', 'removeSource', 2, undefined, later),
  set('--del', 'deleteDuring', 1, 'the same as --delete-during'),
  set('--delete', 'delete', true, 'delete what the source does not have'),
  set('--delete-before', 'deleteBefore', true, 'delete before the transfer'),
  set('--delete-during', 'deleteDuring', 1, 'delete during the transfer'),
  set('--delete-delay', 'deleteDuring', 2, 'look during the transfer, delete after it'),
  set('--delete-after', 'deleteAfter', true, 'delete after the transfer'),
  set('--delete-excluded', 'deleteExcluded', true, 'delete excluded files too', later),
  set('--ignore-missing-args', 'ignoreMissingArgs', true, 'a missing source is no error', later),
  set('--delete-missing-args', 'deleteMissingArgs', true, "delete a missing source's destination", later),
  set('--ignore-errors', 'ignoreErrors', true, 'delete in spite of I/O errors', later),
  ...off('no-ignore-errors', 'ignoreErrors'),
  set('--force', 'force', true, 'delete directories that are in the way, full or not', later),
  ...off('no-force', 'force'),
  int('--max-delete=NUM', 'maxDelete', 'delete at most NUM files', later),
  run('--max-size=SIZE', 'max-size', 'skip files that are larger'),
  run('--min-size=SIZE', 'min-size', 'skip files that are smaller'),
  text('--max-alloc=SIZE', 'maxAlloc', 'limit the memory of one allocation'),
  set('--partial', 'partial', true, 'keep files of which only a part arrived'),
  ...off('no-partial', 'partial'),
  text('--partial-dir=DIR', 'partialDir', 'keep them in DIR'),
  set('--delay-updates', 'delayUpdates', true, 'put all files in place at the end', later),
  ...off('no-delay-updates', 'delayUpdates'),
  set('--prune-empty-dirs, -m', 'pruneEmptyDirs', true, 'leave out directories without files', later),
  ...off('no-prune-empty-dirs no-m', 'pruneEmptyDirs'),
  set('--numeric-ids', 'numericIds', true, 'keep user and group ids, not names'),
  ...off('no-numeric-ids', 'numericIds'),
  run('--usermap=STRING', 'usermap', 'map user names'),
  run('--groupmap=STRING', 'groupmap', 'map group names'),
  run('--chown=USER:GROUP', 'chown', 'map all to USER and GROUP'),
  int('--timeout=SECONDS', 'timeout', 'give up when nothing comes for so long'),
  ...off('no-timeout', 'timeout', 0),
  int('--contimeout=SECONDS', 'contimeout', 'give up connecting to a daemon after so long'),
  ...off('no-contimeout', 'contimeout', 0),
  set('--ignore-times, -I', 'ignoreTimes', true, "don't skip files of equal size and time"),
  set('--size-only', 'sizeOnly', true, 'skip files of equal size'),
  row(
    '--modify-window=NUM, -@',
    'int',
    { run: 'modify-window' },
    {
      help: 'times so close are equal',
    },
  ),
  text('--temp-dir=DIR, -T', 'tempDir', 'create temporary files in DIR', later),
  count('--fuzzy, -y', 'fuzzy', 'take a similar file as basis', later),
  ...off('no-fuzzy no-y', 'fuzzy', 0),
  run('--compare-dest=DIR', 'compare-dest', 'skip files that are equal in DIR'),
  run('--copy-dest=DIR', 'copy-dest', '... and copy them from there'),
  run('--link-dest=DIR', 'link-dest', '... or make hard links to them'),
  run('--compress, -z', 'compress', 'compress on the wire'),
  run('--old-compress', 'old-compress'),
  run('--new-compress', 'new-compress'),
  run('--no-compress', 'no-compress'),
  run('--no-z', 'no-compress'),
  text('--compress-choice=STR', 'compressChoice', 'name the compression (aka --zc)'),
  text('--zc=STR', 'compressChoice'),
  int('--compress-level=NUM', 'compressLevel', 'set its level (aka --zl)'),
  int('--zl=NUM', 'compressLevel'),
  int('--compress-threads=NUM', 'compressThreads', 'set its threads (aka --zt)'),
  int('--zt=NUM', 'compressThreads', undefined),
  text('--skip-compress=LIST', 'skipCompress', "don't compress files with these suffixes", later),
  set('--cvs-exclude, -C', 'cvsExclude', true, 'leave out what CVS leaves out'),
  run('--filter=RULE, -f', 'filter', 'add a filter rule'),
  run(
    '-F',
    'per-dir-filter',
    "--filter='dir-merge /.rsync-filter'\nand, repeated, --filter='- .rsync-filter'",
  ),
  run('--exclude=PATTERN', 'exclude', 'leave out files that match'),
  run('--exclude-from=FILE', 'exclude-from', 'read such patterns from FILE'),
  run('--include=PATTERN', 'include', "don't leave out files that match"),
  run('--include-from=FILE', 'include-from', 'read such patterns from FILE'),
  text('--files-from=FILE', 'filesFrom', 'read the names of source files from FILE'),
  set('--from0, -0', 'from0', true, 'zero bytes end the lines of these files'),
  ...off('no-from0', 'from0'),
  count('--old-args', 'oldArgs', 'let the remote shell split arguments'),
  ...off('no-old-args', 'oldArgs', 0),
  set('--secluded-args, -s', 'secludedArgs', true, 'send arguments through the protocol', later),
  set('--protect-args', 'secludedArgs', true, undefined, later),
  ...off('no-secluded-args no-protect-args no-s', 'secludedArgs'),
  set('--trust-sender', 'trustSender', true, "don't check the names a sender sends", later),
  text('--copy-as=USER[:GROUP]', 'copyAs', 'copy as that user', later),
  text('--address=ADDRESS', 'address', 'connect to a daemon from ADDRESS', later),
  int('--port=PORT', 'port', "the daemon's port"),
  text('--sockopts=OPTIONS', 'sockopts', 'set options of the socket', later),
  set('--blocking-io', 'blockingIo', true, 'use blocking I/O for the remote shell', later),
  ...off('no-blocking-io', 'blockingIo'),
  text('--outbuf=N|L|B', 'outbuf', 'buffer output not at all, by line or by block', later),
  set('--stats', 'stats', true, 'give statistics at the end'),
  set('--8-bit-output, -8', 'eightBitOutput', true, 'show bytes above 127 as they are', later),
  ...off('no-8-bit-output no-8', 'eightBitOutput'),
  count('--human-readable, -h', 'humanReadable', 'show numbers with units'),
  ...off('no-human-readable no-h', 'humanReadable', 0),
  set('--progress', 'progress', true, 'show progress'),
  ...off('no-progress', 'progress'),
  run('-P', 'partial-progress', 'the same as --partial --progress'),
  count('--itemize-changes, -i', 'itemize', 'tell what changes of each file'),
  ...off('no-itemize-changes no-i', 'itemize', 0),
  run('--remote-option=OPT, -M', 'remote-option', 'give OPT to the remote side only'),
  text('--out-format=FORMAT', 'outFormat', 'tell of each file in this format'),
  text('--log-format=FORMAT', 'outFormat'),
  text('--log-file=FILE', 'logFile', 'write a log to FILE', later),
  text('--log-file-format=FMT', 'logFileFormat', 'the format of its lines', later),
  text('--password-file=FILE', 'passwordFile', "read the daemon's password from FILE"),
  text('--early-input=FILE', 'earlyInput', "the daemon's early exec reads FILE", later),
  set('--list-only', 'listOnly', true, 'list files, copy none'),
  run('--bwlimit=RATE', 'bwlimit', 'use no more bandwidth'),
  ...off('no-bwlimit', 'bwlimit', 0),
  run('--stop-after=MINS', 'stop-after', 'stop after MINS minutes', later),
  run('--time-limit=MINS', 'stop-after', undefined, later),
  run('--stop-at=y-m-dTh:m', 'stop-at', 'stop at that time', later),
  set('--fsync', 'fsync', true, 'fsync every file'),
  run('--write-batch=FILE', 'write-batch', 'write the updates to FILE too', later),
  run('--only-write-batch=FILE', 'only-write-batch', 'write the updates to FILE only', later),
  run('--read-batch=FILE', 'read-batch', 'do the updates that FILE holds', later),
  int('--protocol=NUM', 'protocol', 'speak an older protocol'),
  text('--iconv=CONVERT_SPEC', 'iconv', 'convert the charset of names', later),
  ...off('no-iconv', 'iconv', ''),
  int('--checksum-seed=NUM', 'checksumSeed', 'set the seed of checksums', later),
  set('--ipv4, -4', 'addressFamily', 'ipv4', 'prefer IPv4', later),
  set('--ipv6, -6', 'addressFamily', 'ipv6', 'prefer IPv6', later),
  set('--qsort', 'qsort', true, undefined, later),
  count('--version, -V', 'version', 'tell the version and more (-VV as JSON), and exit'),
  run('--help', 'help'),
  { note: '--help, -h (*)', help: 'show this (* -h only on its own)' },
  run('--server', 'server'),
  run('--sender', 'sender'),
  run('--daemon', 'daemon'),
  run('--config=FILE', 'daemon'),
  run('--dparam=OVERRIDE', 'daemon'),
  run('--detach', 'daemon'),
  run('--no-detach', 'daemon'),
];
