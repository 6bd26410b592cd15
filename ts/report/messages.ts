/**
 * The texts of the roles, in rsync's wording, because scripts look for them. Each function returns one
 * message without its line end; where it is printed decides the log code. Names are byte strings.
 */
import { ELOOP, ENOTDIR, errnoText } from '../errno.ts';
import { ExitCode, RsyncError } from '../errors.ts';
import type { ByteString, Loss } from '../kernel/kernel.ts';
import { cleanName } from '../options/clean-name.ts';
import { ndxDone, ndxFlistOffset } from '../wire/constants.ts';
import type { ListRange } from './item-entry.ts';

/** Which process of rsync speaks (who_am_i). */
export type Who = 'client' | 'server' | 'sender' | 'generator' | 'receiver' | 'Receiver';

/** Where relative names start: the absolute path of a held directory, and the daemon's module, if any. */
export interface Place {
  readonly path: ByteString;
  readonly module?: ByteString;
}

/** The errors that roles tell apart. */
export { EACCES, EEXIST, EISDIR, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR, ENOTEMPTY, EXDEV } from '../errno.ts';

/** What a daemon's module refuses. */
export const moduleIsReadOnly = 'ERROR: module is read only';
export const moduleIsWriteOnly = 'ERROR: module is write only';
export const noRemovalFromModule = 'ERROR: --remove-source-files cannot be used with a read-only module';
export const optionsRejected = 'Your options have been rejected by the server.';
export function destinationExcluded(path: ByteString): ByteString {
  return `ERROR: daemon has excluded destination "${path}"`;
}
export function refusedToReceive(isDir: boolean, path: ByteString): ByteString {
  return `ERROR: daemon refused to receive ${isDir ? 'directory' : 'file'} "${path}"`;
}
export function rejectedRequest(path: ByteString): ByteString {
  return `ERROR: rejecting file transfer request for daemon excluded file: ${path}`;
}

/** What asked for more memory than --max-alloc lets one part of a run have. */
export function exceededMaxAlloc(who: string, maxAlloc: number): ByteString {
  return `[${who}] exceeded --max-alloc=${maxAlloc} setting`;
}

/** A failed system call: `rsync: [sender] TEXT: No such file or directory (2)` (rsyserr). */
export function systemError(who: Who, errno: number, text: ByteString): ByteString {
  return `rsync: [${who}] ${text}: ${errnoText(errno)} (${errno})`;
}

/** Without what leads nowhere: a place may have been named by way of others. */
export function collapsed(path: ByteString): ByteString {
  if (!/\/\.{0,2}(?:\/|$)/.test(path)) return path;
  const clean = cleanName(path);
  return clean.endsWith('/.') ? clean.slice(0, -1) : clean;
}

/** A path in quotes, made absolute, with the module it is in (full_fname). */
export function fullName(place: Place, path: ByteString): ByteString {
  const suffix = place.module === undefined ? '' : ` (in ${place.module})`;
  if (path.startsWith('/')) return `"${path}"${suffix}`;
  // At the module's root.
  if (place.module !== undefined && place.path === '') return `"${path}"${suffix}`;
  const at = collapsed(place.path);
  const base = at.endsWith('/') ? at : `${at}/`;
  return `"${base}${path}"${suffix}`;
}

// --- file list

/** --iconv: a charset that is not known (iconv_open). */
export function noSuchCharset(from: ByteString, to: ByteString): ByteString {
  return `iconv_open("${to}", "${from}") failed`;
}

export function charsetInUse(who: Who, name: ByteString): ByteString {
  return `[${who}] charset: ${name}`;
}

export function cannotConvertName(who: Who, name: ByteString, errno: number): ByteString {
  return `[${who}] cannot convert filename: ${name} (${errnoText(errno)})`;
}

/** A folder that an option names. */
export function folderStatFailed(what: ByteString, errno: number): ByteString {
  return `Failed to stat ${what}: ${errnoText(errno)}`;
}

const noBasis = 'got a block match with no basis file for ';
export function noBasisFile(place: Place, path: ByteString): ByteString {
  return `${noBasis}${fullName(place, path)} [receiver]`;
}
/** Whether this is what a kernel's job says, which knows the file by the name of its temporary. */
export function isNoBasis(message: string): boolean {
  return message.startsWith(noBasis);
}

/** `fullName`: the link's. */
export function cannotConvertTarget(who: Who, fullName: ByteString, errno: number): ByteString {
  return `[${who}] cannot convert symlink data for: ${fullName} (${errnoText(errno)})`;
}

export function sendingFileList(): ByteString {
  return 'sending incremental file list';
}
export function receivingFileList(): ByteString {
  return 'receiving incremental file list';
}
/** For the log alone. */
export const buildingFileList: ByteString = 'building file list';
export const receivingFileListLogged: ByteString = 'receiving file list';
export function wireTotals(written: number, read: number, size: number): ByteString {
  return `sent ${written} bytes  received ${read} bytes  total size ${size}`;
}
export function logFileFailed(who: ByteString, path: ByteString, why: ByteString): ByteString {
  return `rsync: [${who}] failed to open log-file ${path}: ${why}`;
}
export const logFileIgnored: ByteString = 'Ignoring "log file" setting.';
export function skippingDirectory(path: ByteString): ByteString {
  return `skipping directory ${path}`;
}
export function skippingMountPoint(who: Who, path: ByteString): ByteString {
  return `[${who}] skipping mount-point dir ${path}`;
}
/** A message that is longer than it may be, or of another length than its kind has. */
export function badMessage(
  problem: 'invalid' | 'overflow',
  tag: number,
  length: number,
  who: string,
): ByteString {
  const what = problem === 'overflow' ? 'multiplexing overflow' : 'invalid multi-message';
  return `${what} ${tag}:${length} [${who}]`;
}
export function ioTimeout(who: Who, seconds: number): ByteString {
  return `[${who}] io timeout after ${seconds} seconds -- exiting`;
}
export function timeoutOfServer(seconds: number): ByteString {
  return `Setting --timeout=${seconds} to match server`;
}
export function wireValueOutOfRange(what: string, value: number, most: number, who: Who): ByteString {
  return `wire value ${what} out of range: ${value} not in [0,${most}] [${who}]`;
}

/** A name from the sender whose directory it never told of. */
export function invalidPathFromSender(path: ByteString): ByteString {
  return `ABORTING due to invalid path from sender: ${path}`;
}
export function parentNotListed(dir: ByteString): ByteString {
  return `WARNING: parent dir is absent in the file list: ${dir}`;
}
export function linkStatFailed(
  place: Place,
  path: ByteString,
  errno: number,
  who: Who = 'sender',
): ByteString {
  return systemError(who, errno, `link_stat ${fullName(place, path)} failed`);
}
export function readlinkStatFailed(
  place: Place,
  path: ByteString,
  errno: number,
  who: Who = 'sender',
): ByteString {
  return systemError(who, errno, `readlink_stat(${fullName(place, path)}) failed`);
}
export function opendirFailed(
  place: Place,
  path: ByteString,
  errno: number,
  who: Who = 'sender',
): ByteString {
  return systemError(who, errno, `opendir ${fullName(place, path)} failed`);
}
export function readdirFailed(
  place: Place,
  path: ByteString,
  errno: number,
  who: Who = 'sender',
): ByteString {
  return systemError(who, errno, `readdir(${fullName(place, path)})`);
}
export function changeDirFailed(
  place: Place,
  path: ByteString,
  errno: number,
  who: Who = 'sender',
): ByteString {
  return systemError(who, errno, `change_dir ${fullName(place, path)} failed`);
}
export function copyingUnsafeSymlink(path: ByteString, target: ByteString): ByteString {
  return `copying unsafe symlink "${path}" -> "${target}"`;
}
export function ignoringUnsafeSymlink(path: ByteString, target: ByteString): ByteString {
  return `ignoring unsafe symlink "${path}" -> "${target}"`;
}
/** A backup that --safe-links does not make; without a target where it cannot be read. */
export function noBackupOfLink(path: ByteString, target: ByteString | undefined): ByteString {
  if (target === undefined) return `not backing up symlink with unreadable target "${path}"`;
  return `not backing up unsafe symlink "${path}" -> "${target}"`;
}
export function mungingUnsafe(directory: ByteString): ByteString {
  return `Symlink munging is unsafe when a ${directory} directory exists.`;
}
export function symlinkWithoutReferent(place: Place, path: ByteString): ByteString {
  return `symlink has no referent: ${fullName(place, path)}`;
}
export function vanished(place: Place, path: ByteString, isDir = false): ByteString {
  return `${isDir ? 'directory' : 'file'} has vanished: ${fullName(place, path)}`;
}
export function removingDuplicate(path: ByteString, ndx: number): ByteString {
  return `removing duplicate name ${path} from file list (${ndx})`;
}

// --- sender

export function sendOpenFailed(place: Place, path: ByteString, errno: number): ByteString {
  return systemError('sender', errno, `send_files failed to open ${fullName(place, path)}`);
}
export function readErrors(place: Place, path: ByteString, errno: number): ByteString {
  return systemError('sender', errno, `read errors mapping ${fullName(place, path)}`);
}
export function skippedDiminished(place: Place, path: ByteString): ByteString {
  return `skipped diminished file: ${fullName(place, path)}`;
}

// --- generator

export function upToDate(path: ByteString, isDir = false): ByteString {
  return `${path}${isDir ? '/' : ''} is uptodate`;
}
export function notCreating(isDir: boolean, path: ByteString): ByteString {
  return `not creating new ${isDir ? 'directory' : 'file'} "${path}"`;
}
/** `reason` is '' or one of ` (type change)`, ` (sum change)`, … */
export function exists(path: ByteString, reason: string): ByteString {
  return `${path} exists${reason}`;
}
export function newer(path: ByteString): ByteString {
  return `${path} is newer`;
}
export function overMaxSize(path: ByteString): ByteString {
  return `${path} is over max-size`;
}
export function underMinSize(path: ByteString): ByteString {
  return `${path} is under min-size`;
}
export function skippingNonRegular(path: ByteString): ByteString {
  return `skipping non-regular file "${path}"`;
}
export function mkdirFailed(place: Place, path: ByteString, errno: number): ByteString {
  return systemError('generator', errno, `recv_generator: mkdir ${fullName(place, path)} failed`);
}
export const skippingContents = '*** Skipping any contents from this failed directory ***';
export function modifyPermsFailed(place: Place, path: ByteString, errno: number): ByteString {
  return systemError('generator', errno, `failed to modify permissions on ${fullName(place, path)}`);
}
export function symlinkFailed(place: Place, path: ByteString, target: ByteString, errno: number): ByteString {
  return systemError('generator', errno, `symlink ${fullName(place, path)} -> "${target}" failed`);
}
export function moveFailed(
  call: 'rename' | 'copy',
  { tree, from, to }: { readonly tree: Place; readonly from: ByteString; readonly to: ByteString },
  errno: number,
): ByteString {
  return systemError('receiver', errno, `${call} ${fullName(tree, from)} -> "${to}"`);
}
export function delayedRenameFailed(
  place: Place,
  from: ByteString,
  to: ByteString,
  errno: number,
): ByteString {
  return systemError('receiver', errno, `rename failed for ${fullName(place, to)} (from ${from})`);
}
export function renameFailed(place: Place, from: ByteString, to: ByteString, errno: number): ByteString {
  return systemError(
    'generator',
    errno,
    `rename ${fullName(place, from)} -> "${fullName(place, to)}" failed`,
  );
}
export function mknodFailed(place: Place, path: ByteString, errno: number): ByteString {
  return systemError('generator', errno, `mknod ${fullName(place, path)} failed`);
}
export function linkFailed(
  place: Place,
  path: ByteString,
  target: ByteString,
  errno: number,
  who: Who = 'generator',
): ByteString {
  return systemError(who, errno, `link ${fullName(place, path)} => ${target} failed`);
}
export function basisStatFailed(place: Place, path: ByteString, errno: number): ByteString {
  return systemError('generator', errno, `recv_generator: failed to stat ${fullName(place, path)}`);
}
export function basisOpenFailed(place: Place, path: ByteString, errno: number): ByteString {
  return systemError('generator', errno, `failed to open ${fullName(place, path)}, continuing`);
}
export function statFailed(
  place: Place,
  path: ByteString,
  errno: number,
  who: Who = 'generator',
): ByteString {
  return systemError(who, errno, `stat ${fullName(place, path)} failed`);
}
/** The default ACL of a directory that something is to be made in. */
export function defaultPermsUnknown(dir: ByteString, errno: number): ByteString {
  const call = `sys_acl_get_file(${dir}, ACL_TYPE_DEFAULT)`;
  return `default_perms_for_dir: ${call}: ${errnoText(errno)}, falling back on umask`;
}
export function tooLargeForSums(path: ByteString): ByteString {
  return `WARNING: file is too large for checksum sending: ${path}`;
}
export function copyFailed(place: Place, path: ByteString, to: ByteString, errno: number): ByteString {
  return systemError('generator', errno, `copy_file ${fullName(place, path)} => ${to}`);
}
export function deltaTransmission(enabled: boolean): ByteString {
  return `delta-transmission ${enabled ? 'enabled' : 'disabled for local transfer or --whole-file'}`;
}
export function backedUp(path: ByteString, backup: ByteString): ByteString {
  return `backed up ${path} to ${backup}`;
}
/** rsync does not name the file. */
export function backupNameTooLong(_path?: ByteString): ByteString {
  return 'backup filename too long';
}
/** --debug=cmd: the command that reaches the other side, and the arguments that a daemon gets. */
export function openingConnection(command: readonly ByteString[]): ByteString {
  return argumentLine('opening connection using:', command);
}
export function sendingDaemonArgs(args: readonly ByteString[]): ByteString {
  return argumentLine('sending daemon args:', args);
}
/** What --secluded-args keeps from the command. */
export function protectedArgs(args: readonly ByteString[]): ByteString {
  return argumentLine('protected args:', args);
}
function argumentLine(prefix: string, words: readonly ByteString[]): ByteString {
  const shown = words.map((word) => (/^[A-Za-z0-9,.\-_=+@/]*$/.test(word) ? word : `"${word}"`));
  return `${prefix} ${shown.map((word) => `${word} `).join('')} (${words.length} args)`;
}

export function noBackupOfNonRegular(path: ByteString): ByteString {
  return `make_bak: skipping non-regular file ${path}`;
}
export function keepBackupFailed(
  place: Place,
  path: ByteString,
  backup: ByteString,
  errno: number,
  who: Who,
): ByteString {
  return systemError(who, errno, `keep_backup failed: ${fullName(place, path)} -> "${backup}"`);
}

/** What of a copy inside the machine failed, and at which of its two files. */
export function copyStepFailed(
  place: Place,
  path: ByteString,
  step: string,
  errno: number,
  who: Who,
): ByteString {
  const word = step === 'read' || step === 'write' ? step : 'open';
  return systemError(who, errno, `${word} ${fullName(place, path)}`);
}

export function unlinkFailed(place: Place, path: ByteString, errno: number, who: Who): ByteString {
  return systemError(who, errno, `unlink ${fullName(place, path)}`);
}

/** Said of each way that is not gone because of a symbolic link, before what comes of it is said. */
export const refusingLink =
  'refusing to follow a symlink owned by an untrusted user; use --insecure-links locally or ' +
  '"insecure links = yes" in a daemon module ONLY if every path component is trusted';

// --- deletion

export function ioErrorSkipsDeletion(): ByteString {
  return 'IO error encountered -- skipping file deletion';
}
export function cannotDeleteNonEmpty(path: ByteString): ByteString {
  return `cannot delete non-empty directory: ${path}`;
}
/** rsync names the file without its place. */
export function deleteFailed(_place: Place, path: ByteString, step: string, errno: number): ByteString {
  return systemError('generator', errno, `delete_file: ${step}(${path}) failed`);
}
/** What is to be made where something else is in the way. */
export type ObstacleFor = 'regular file' | 'directory' | 'symlink' | 'device file' | 'special file';
export function couldNotMakeWay(path: ByteString, kind: ObstacleFor): ByteString {
  return `could not make way for new ${kind}: ${path}`;
}
export function deletionsStopped(skipped: number): ByteString {
  return `Deletions stopped due to --max-delete limit (${skipped} skipped)`;
}

// --- batches

/** --iconv has to be as it was when the batch was written. */
export function batchWantsIconv(on: boolean): ByteString {
  return `${on ? 'Please' : 'Do not'} specify the --iconv option to use this batch file.`;
}
export function matchingBatch(option: string, on: boolean): ByteString {
  return `${on ? 'Sett' : 'Clear'}ing the ${option} option to match the batchfile.`;
}

export function batchOpenFailed(path: ByteString, why: ByteString): ByteString {
  return `rsync: [Receiver] Batch file "${path}" open error: ${why}`;
}
export function batchNoFile(path: ByteString): ByteString {
  return `Batch file "${path}" is neither a regular file nor a FIFO`;
}
export function batchWriteFailed(who: Who, bytes: number, why: ByteString): ByteString {
  return `rsync: [${who}] safe_write failed to write ${bytes} bytes to batch file: ${why}`;
}
export function batchScriptFailed(file: ByteString, why: ByteString): ByteString {
  return `rsync: [Receiver] Batch file ${file}.sh write error: ${why}`;
}
export function batchTooNew(theirs: number, ours: number): ByteString {
  return `The protocol version in the batch file is too new (${theirs} > ${ours}).`;
}
export const unfitForBatch: ByteString = 'Incompatible options specified for inc-recursive batch file.';
export const remoteReplay: ByteString = 'remote destination is not allowed with --read-batch';
export function noBatchedUpdate(path: ByteString, redo: boolean): ByteString {
  return `(No batched update for${redo ? ' resend of' : ''} "${path}")`;
}
export function skippingBatched(path: ByteString, redo: boolean): ByteString {
  return `(Skipping batched update for${redo ? ' resend of' : ''} "${path}")`;
}

export const stoppedAtLimit: ByteString = 'stopping at requested limit';

// --- receiver

/**
 * A step of putting a file in place that failed; the names are the kernel's `receiveSteps`. `written` is the file that
 * becomes the one at `path`, if it is another.
 */
export function receiveFailed(
  place: Place,
  path: ByteString,
  written: ByteString,
  step: string,
  errno: number,
): ByteString {
  switch (step) {
    case 'mkstemp':
      return systemError('receiver', errno, `mkstemp ${fullName(place, written)} failed`);
    case 'open':
      return systemError('receiver', errno, `open ${fullName(place, path)} failed`);
    case 'write':
      return systemError('receiver', errno, `write failed on ${fullName(place, path)}`);
    case 'ftruncate':
      return systemError('receiver', errno, `ftruncate failed on ${fullName(place, path)}`);
    case 'fsync':
      return systemError('receiver', errno, `fsync failed on ${fullName(place, path)}`);
    case 'read':
      return systemError('receiver', errno, `read errors mapping ${fullName(place, path)}`);
    default:
      return systemError('receiver', errno, `rename ${fullName(place, written)} -> "${path}"`);
  }
}
/** Owner (`chown`, `chgrp`), permissions (`chmod`) or times (`utimes`) that could not be set. */
export function attributesFailed(
  place: Place,
  path: ByteString,
  step: string,
  errno: number,
  who: Who,
): ByteString {
  switch (step) {
    case 'chmod':
      return systemError(who, errno, `failed to set permissions on ${fullName(place, path)}`);
    case 'utimes':
      return systemError(who, errno, `failed to set times on ${fullName(place, path)}`);
    default:
      return systemError(who, errno, `${step} ${fullName(place, path)} failed`);
  }
}
/** --debug=fuzzy. */
export function fuzzySelected(path: ByteString, basis: ByteString): ByteString {
  return `fuzzy basis selected for ${path}: ${basis}`;
}
export function fuzzyTwin(path: ByteString): ByteString {
  return `fuzzy size/modtime match for ${path}`;
}
export function fuzzyDistance(path: ByteString, distance: number): ByteString {
  const rest = String(distance % 0x10000).padStart(5, '0');
  return `fuzzy distance for ${path} = ${Math.floor(distance / 0x10000)}.${rest}`;
}
/** --remove-source-files. */
export type RemovalStep = 're-lstat' | 'remove';
export function removalFailed(step: RemovalStep, path: ByteString, errno: number): ByteString {
  // A parent was replaced by a link, which nothing is removed through.
  const elsewhere = step === 're-lstat' && (errno === ELOOP || errno === ENOTDIR);
  return systemError('sender', errno, `sender failed to ${elsewhere ? 'secure-open-parent' : step} ${path}`);
}
export function removalOfChanged(path: ByteString): ByteString {
  return `ERROR: Skipping sender remove for changed file: ${path}`;
}
export function removalOfDestination(path: ByteString): ByteString {
  return `ERROR: Skipping sender remove of destination file: ${path}`;
}
export function sourceRemoved(path: ByteString): ByteString {
  return `sender removed ${path}`;
}
export function sourceGone(path: ByteString): ByteString {
  return `sender file already removed: ${path}`;
}
/** An ACL that cannot be read or set; `type` is rsync's name of its kind. */
export function aclReadFailed(path: ByteString, type: string, errno: number, who: Who): ByteString {
  return systemError(who, errno, `get_acl: sys_acl_get_file(${path}, ${type})`);
}
export function aclWriteFailed(path: ByteString, type: string, errno: number, who: Who): ByteString {
  return systemError(who, errno, `set_acl: sys_acl_set_file(${path}, ${type})`);
}
/** Extended attributes, or one of them, that cannot be read, set or removed. */
export function xattrFailed(
  place: Place,
  path: ByteString,
  { call, name, errno }: { readonly call: string; readonly name: ByteString; readonly errno: number },
  who: Who,
): ByteString {
  const at = fullName(place, path);
  switch (call) {
    case 'list':
      return systemError(who, errno, `get_xattr_names: llistxattr(${at},1024) failed`);
    case 'get':
      return systemError(who, errno, `get_xattr_data: lgetxattr(${at},"${name}",0) failed`);
    default:
      return systemError(who, errno, `rsync_xal_set: l${call}xattr(${at},"${name}") failed`);
  }
}
/** What --fake-super has to note of a file cannot be written. */
export function noteFailed(place: Place, path: ByteString, errno: number): ByteString {
  return systemError(
    'generator',
    errno,
    `failed to write xattr user.rsync.%stat for ${fullName(place, path)}`,
  );
}
/** What --fake-super noted of a file cannot be read. */
export function noteUnreadable(place: Place, path: ByteString, errno: number, who: Who): ByteString {
  return systemError(who, errno, `failed to read xattr user.rsync.%stat for ${fullName(place, path)}`);
}
export function xattrValueMissing(place: Place, path: ByteString, name: ByteString): ByteString {
  return `Missing abbreviated xattr value, ${name}, for ${fullName(place, path)}`;
}
export function xattrNotReadAgain(name: ByteString, path: ByteString): ByteString {
  return `failed to re-read xattr ${name} for ${path}`;
}
/** A value that was asked for, or came, of an attribute that an entry does not have. */
export function noSuchXattr(num: number, path: ByteString, who: Who): ByteString {
  return `[${who}] could not find xattr #${num} for ${path}`;
}
export function xattrNotLong(name: ByteString, path: ByteString, who: Who): ByteString {
  return `[${who}] internal abbrev error on ${path} (${name})!`;
}
/** Ends the run after a failed write (the message about it was given). */
export function fatalFileIo(): RsyncError {
  return new RsyncError(ExitCode.FileIo, '');
}
export type Kept = 'discarded' | 'retained' | 'put into partial-dir';
/** `again`: another attempt follows; else this was it. */
export function failedVerification(
  path: ByteString,
  kept: Kept,
  again: 'will' | 'may' | undefined,
): ByteString {
  const word = again === undefined ? 'ERROR' : 'WARNING';
  const hope = again === undefined ? '' : ` (${again} try again)`;
  return `${word}: ${path} failed verification -- update ${kept}${hope}.`;
}
export function badBasisDir(index: number): ByteString {
  return `invalid basis_dir index: ${index}.`;
}
export function unwantedFuzzy(path: ByteString): ByteString {
  return `rsync: refusing malicious fuzzy operation for ${path}`;
}
export function temporaryNameTooLong(): ByteString {
  return 'temporary filename too long';
}
export function isADirectory(place: Place, path: ByteString): ByteString {
  return `recv_files: ${fullName(place, path)} is a directory`;
}
export function noPartialDir(path: ByteString, complete: boolean): ByteString {
  return `Unable to create partial-dir for ${path} -- discarding ${complete ? 'completed' : 'partial'} file.`;
}

// --- destination

export function createdDirectory(path: ByteString): ByteString {
  return `created directory ${path}`;
}
export function createdDirectories(count: number, path: ByteString): ByteString {
  return `created ${count} director${count === 1 ? 'y' : 'ies'} for ${path}`;
}
export function destinationMkdirFailed(place: Place, path: ByteString, errno: number): ByteString {
  return systemError('Receiver', errno, `mkdir ${fullName(place, path)} failed`);
}
export function destinationStatFailed(place: Place, path: ByteString, errno: number): ByteString {
  return systemError('Receiver', errno, `ERROR: cannot stat destination ${fullName(place, path)}`);
}
/** rsync tries in three places, which the number tells apart. */
export function destinationEnterFailed(
  turn: 1 | 2 | 3,
  place: Place,
  path: ByteString,
  errno: number,
): ByteString {
  return systemError('Receiver', errno, `change_dir#${turn} ${fullName(place, path)} failed`);
}
export function destinationMustBeDirectory(): ByteString {
  return 'ERROR: destination must be a directory when copying more than 1 file';
}
export function cannotOverwriteWithDirectory(): ByteString {
  return 'ERROR: cannot overwrite non-directory with a directory';
}
export function destinationIsNoDirectory(): ByteString {
  return 'ERROR: destination path is not a directory';
}
export function alternateMissing(option: string, dir: ByteString): ByteString {
  return `--${option} arg does not exist: ${dir}`;
}
export function alternateNoDirectory(option: string, dir: ByteString): ByteString {
  return `--${option} arg is not a dir: ${dir}`;
}
/** Of `dir` only what it is relative to is made plain; from one that is not there yet, its first step up, too. */
export function alternateShown(base: ByteString, dir: ByteString, missing: boolean): ByteString {
  if (dir.startsWith('/')) return dir;
  const from = collapsed(base).replace(/\/$/, '');
  const name = dir.replace(/(.)\/+$/s, '$1');
  if (missing && name.startsWith('../')) return `${from.slice(0, from.lastIndexOf('/'))}/${name.slice(3)}`;
  return `${from}/${name}`;
}

// --- a peer that breaks the protocol

interface Lists {
  readonly segments: readonly ListRange[];
}
function lastNdx(lists: Lists): number {
  const last = lists.segments.at(-1);
  return last === undefined ? -1 : last.ndxStart + last.count - 1;
}
/** An index that no held list has, or a special one where none may be. */
export function badNdx(
  ndx: number,
  lists: Lists,
  who: Who,
  place: 'read_ndx_and_attrs' | 'got_flist_entry_status' | 'successful_send' = 'read_ndx_and_attrs',
): ByteString {
  if (ndx < 0 && place === 'read_ndx_and_attrs')
    return `Invalid file index: ${ndx} (${ndxDone} - ${lastNdx(lists)}) [${who}]`;
  const first = lists.segments.length === 0 ? 0 : lists.segments[0].ndxStart - 1;
  return `File-list index ${ndx} not in ${first} - ${lastNdx(lists)} (${place}) [${who}]`;
}
export function badDirNdx(ndx: number, lists: { readonly dirs: { readonly length: number } }, who: Who) {
  return `Invalid dir index: ${ndx} (${ndxFlistOffset} - ${ndxFlistOffset - lists.dirs.length + 1}) [${who}]`;
}
export function clearedNdx(ndx: number): ByteString {
  return `rsync: refusing transfer of cleared file index ${ndx}`;
}
export function transferInPhase2(who: Who): ByteString {
  return `got transfer request in phase 2 [${who}]`;
}
export function notRegular(ndx: number, who: Who): ByteString {
  return `received request to transfer non-regular file: ${ndx} [${who}]`;
}
export function invalidPacketAtEnd(ndx: number, who: Who): ByteString {
  return `Invalid packet at end of run (${ndx}) [${who}]`;
}
export function connectionClosed(bytesRead: number, who: Who): ByteString {
  return `rsync: connection unexpectedly closed (${bytesRead} bytes received so far) [${who}]`;
}

// --- statistics

/** --info=stats3: the head of a process's block, and one of its lines. */
export function heapHead(pid: number, who: string): ByteString {
  return `rsync[${pid}] (${who}) heap statistics:`;
}
export function heapLine(name: string, bytes: number, what: string): ByteString {
  return `  ${`${name}:`.padEnd(11)}${`${bytes}`.padStart(10)}   (${what})`;
}

// --- debug output

/** --debug=send, recv, genr: where each role is. Roles that batch their work tell of files as these are told of. */
export function serverStarts(sender: boolean, args: number, pid: number): ByteString {
  return sender ? `server_sender starting pid=${pid}` : `server_recv(${args}) starting pid=${pid}`;
}
export function sendFilesStarts(): ByteString {
  return 'send_files starting';
}
export function sendFilesItem(ndx: number, name: ByteString): ByteString {
  return `send_files(${ndx}, ${name})`;
}
export function senderFinished(name: ByteString): ByteString {
  return `sender finished ${name}`;
}
export function sendFilesFinished(): ByteString {
  return 'send files finished';
}
export function generatorStarts(pid: number): ByteString {
  return `generator starting pid=${pid}`;
}
export function generatorItem(path: ByteString, ndx: number): ByteString {
  return `recv_generator(${path},${ndx})`;
}
export function generatorFinished(): ByteString {
  return 'generate_files finished';
}
export function recvFilesStarts(entries: number): ByteString {
  return `recv_files(${entries}) starting`;
}
export function recvFilesItem(path: ByteString): ByteString {
  return `recv_files(${path})`;
}
export function renaming(from: ByteString, to: ByteString): ByteString {
  return `renaming ${from} to ${to}`;
}
export function recvFilesFinished(): ByteString {
  return 'recv_files finished';
}
export function phaseOf(role: 'send_files' | 'recv_files' | 'generate_files', phase: number): ByteString {
  return `${role} phase=${phase}`;
}
export function localName(entries: number, destination: ByteString | undefined): ByteString {
  return `get_local_name count=${entries} ${destination ?? '(null)'}`;
}
/** --debug=flist2 */
export function fileListSent(): ByteString {
  return 'send_file_list done';
}
export function fileListReceived(entries: number): readonly ByteString[] {
  return [`received ${entries} names`, 'recv_file_list done'];
}

/** --debug=deltasum: what the match search found in all files. */
export function matchReport(matches: number, hashHits: number, falseAlarms: number, literal: number) {
  return `total: matches=${matches}  hash_hits=${hashHits}  false_alarms=${falseAlarms} data=${literal}`;
}

/** -x: a mounted file system is not deleted with what holds it. */
export function cannotDeleteMount(path: ByteString): ByteString {
  return `cannot delete mount point: ${path}`;
}

/** The phases ended, but not all that was asked for had come. */
export function unanswered(count: number): ByteString {
  return `the sender ended without an answer to ${count} request${count === 1 ? '' : 's'} [generator]`;
}
/** MSG_ERROR_EXIT with a value that is none of a failed run's. */
export function peerEndedEarly(value: number): ByteString {
  return `the other side ended early (exit value ${value})`;
}

// --- --usermap and --groupmap

export function idMapNoColon(kind: 'user' | 'group', part: string): string {
  return `No colon found in --${kind}map: ${part}`;
}
export function idMapNoName(kind: 'user' | 'group', part: string): string {
  return `No name found after colon --${kind}map: ${part}`;
}
export function idMapBadNumber(kind: 'user' | 'group', from: string): string {
  return `Invalid number in --${kind}map: ${from}`;
}
export function idMapBadId(digits: string): string {
  return `Invalid ID number: ${digits}`;
}
export function idMapUnknown(kind: 'user' | 'group', name: string): string {
  return `Unknown --${kind}map name on receiver: ${name}`;
}

/** The peer's protocol is one that was spoken once, and is not here. */
export const protocolNotSpoken = (theirs: number, lowest: number, highest: number): ByteString =>
  `the other side speaks protocol ${theirs}; here protocols ${lowest} to ${highest} are spoken`;

/** The working directory was deleted, or cannot be reached. */
export const noWorkingDirectory = (reason: ByteString): ByteString => `getcwd(): ${reason}`;

/** What the portable kernel could not keep, once a run; rsync has no such thing. */
export function lost(loss: Loss): ByteString {
  switch (loss) {
    case 'nanoseconds':
      return 'warning: the portable kernel keeps times to the microsecond only';
    case 'preallocate':
      return 'warning: the portable kernel cannot set space aside (--preallocate)';
    case 'holes':
      return 'warning: the portable kernel cannot make holes in a file that it updates in place (--sparse)';
    case 'defaultAcl':
      return 'warning: the portable kernel does not see default ACLs: modes of new entries follow the umask';
  }
}

/** --checksum with a choice that sums up nothing. */
export const noFileChecksum = 'Invalid checksum-choice for --checksum: none (0)';

/** A server that is asked for a batch. */
export function ignoringBatch(kind: 'write' | 'read'): ByteString {
  return `ignoring --${kind}-batch option sent to server`;
}

/** A dry run and a real one do not understand each other. */
export const dryRunOneSide = 'rsync: --dry-run for one side alone cannot be';

/** Both ends of a local run are one process, which has one user. */
export const copyAsOneSide =
  'rsync: --copy-as for one side of a local copy needs a remote shell, as in -e lsh src/ lh:dest/';
