/** rsync's options in a library. Written by scripts/library-options.mjs from ts/options/defs; not to be edited. */

/** The argument of an option; what is not UTF-8 comes as bytes. */
export type OptionText = string | number | Uint8Array;

/**
 * All of rsync's long options in camel case. `true` gives an option, `false` its `--no-` form where there is one, a
 * number gives one that has no argument so many times (`verbose: 2`). Options are given in the order in which the object
 * has them, which matters for filters.
 */
export interface RsyncOptions {
  /** `--recursive`, `-r`: go into directories. */
  readonly recursive?: boolean;
  /** `--inc-recursive`: send the file list piece by piece (aka --i-r). */
  readonly incRecursive?: boolean;
  /** `--i-r`: see `incRecursive`. */
  readonly iR?: boolean;
  /** `--relative`, `-R`: keep the whole path of each source. */
  readonly relative?: boolean;
  /** `--implied-dirs`. */
  readonly impliedDirs?: boolean;
  /** `--i-d`: see `impliedDirs`. */
  readonly iD?: boolean;
  /** `--dirs`, `-d`: transfer directories without what is in them. */
  readonly dirs?: boolean;
  /** `--old-dirs`: --dirs for a very old rsync. */
  readonly oldDirs?: boolean;
  /** `--old-d`: the same as --old-dirs. */
  readonly oldD?: boolean;
  /** `--list-only`: list files, copy none. */
  readonly listOnly?: boolean;
  /** `--one-file-system`, `-x`: stay on the file system. */
  readonly oneFileSystem?: boolean | number;
  /** `--existing`: create no new files on the receiver. */
  readonly existing?: boolean;
  /** `--ignore-non-existing`: the same as --existing. */
  readonly ignoreNonExisting?: boolean;
  /** `--ignore-existing`: update no files that are on the receiver. */
  readonly ignoreExisting?: boolean;
  /** `--update`, `-u`: skip files that are newer on the receiver. */
  readonly update?: boolean;
  /** `--max-size=SIZE`: skip files that are larger. */
  readonly maxSize?: OptionText;
  /** `--min-size=SIZE`: skip files that are smaller. */
  readonly minSize?: OptionText;
  /** `--prune-empty-dirs`, `-m`: leave out directories without files. */
  readonly pruneEmptyDirs?: boolean;
  /** `--cvs-exclude`, `-C`: leave out what CVS leaves out. */
  readonly cvsExclude?: boolean;
  /** `--filter=RULE`, `-f`: add a filter rule. */
  readonly filter?: OptionText | readonly OptionText[];
  /** `--exclude=PATTERN`: leave out files that match. */
  readonly exclude?: OptionText | readonly OptionText[];
  /** `--exclude-from=FILE`: read such patterns from FILE. */
  readonly excludeFrom?: OptionText | readonly OptionText[];
  /** `--include=PATTERN`: don't leave out files that match. */
  readonly include?: OptionText | readonly OptionText[];
  /** `--include-from=FILE`: read such patterns from FILE. */
  readonly includeFrom?: OptionText | readonly OptionText[];
  /** `--files-from=FILE`: read the names of source files from FILE. */
  readonly filesFrom?: OptionText;
  /** `--from0`, `-0`: zero bytes end the lines of these files. */
  readonly from0?: boolean;
  /** `--ignore-missing-args`: a missing source is no error. */
  readonly ignoreMissingArgs?: boolean;
  /** `--delete-missing-args`: delete a missing source's destination. */
  readonly deleteMissingArgs?: boolean;
  /** `--mkpath`: make the destination's missing parents. */
  readonly mkpath?: boolean;
  /** `--archive`, `-a`: archive mode: -rlptgoD (without -A,-X,-U,-N,-H). */
  readonly archive?: boolean;
  /** `--links`, `-l`: copy symlinks as symlinks. */
  readonly links?: boolean;
  /** `--copy-links`, `-L`: copy what symlinks point to. */
  readonly copyLinks?: boolean;
  /** `--copy-unsafe-links`: do so where they point out of the tree. */
  readonly copyUnsafeLinks?: boolean;
  /** `--safe-links`: skip symlinks that point out of the tree. */
  readonly safeLinks?: boolean;
  /** `--insecure-links`: follow symlinks of others in paths you name. */
  readonly insecureLinks?: boolean;
  /** `--confine-root=DIR`: refuse paths you name that lead out of DIR. */
  readonly confineRoot?: OptionText;
  /** `--munge-links`: make symlinks safe but unusable. */
  readonly mungeLinks?: boolean;
  /** `--copy-dirlinks`, `-k`: copy a symlink to a directory as a directory. */
  readonly copyDirlinks?: boolean;
  /** `--keep-dirlinks`, `-K`: use the receiver's symlink to a directory as one. */
  readonly keepDirlinks?: boolean;
  /** `--hard-links`, `-H`: keep hard links. */
  readonly hardLinks?: boolean | number;
  /** `--perms`, `-p`: keep permissions. */
  readonly perms?: boolean;
  /** `--executability`, `-E`: keep whether a file is executable. */
  readonly executability?: boolean;
  /** `--chmod=CHMOD`: change permissions on the way. */
  readonly chmod?: OptionText | readonly OptionText[];
  /** `--acls`, `-A`: keep ACLs (implies --perms). */
  readonly acls?: boolean;
  /** `--xattrs`, `-X`: keep extended attributes. */
  readonly xattrs?: boolean | number;
  /** `--owner`, `-o`: keep the owner (super-user only). */
  readonly owner?: boolean;
  /** `--group`, `-g`: keep the group. */
  readonly group?: boolean;
  /** `--devices`: keep device files (super-user only). */
  readonly devices?: boolean;
  /** `--copy-devices`: copy a device's content as a file. */
  readonly copyDevices?: boolean;
  /** `--write-devices`: write to devices as to files (implies --inplace). */
  readonly writeDevices?: boolean;
  /** `--specials`: keep fifos and sockets. */
  readonly specials?: boolean;
  /** `--drop-D`: the receiver makes no devices and specials. */
  readonly dropD?: boolean;
  /** `--times`, `-t`: keep modification times. */
  readonly times?: boolean;
  /** `--atimes`, `-U`: keep access times. */
  readonly atimes?: boolean | number;
  /** `--open-noatime`: don't touch access times when reading. */
  readonly openNoatime?: boolean;
  /** `--crtimes`, `-N`: keep creation times (not on this system). */
  readonly crtimes?: boolean;
  /** `--omit-dir-times`, `-O`: --times is not for directories. */
  readonly omitDirTimes?: boolean;
  /** `--omit-link-times`, `-J`: --times is not for symlinks. */
  readonly omitLinkTimes?: boolean;
  /** `--super`: the receiver tries what only the super-user may. */
  readonly super?: boolean;
  /** `--fake-super`: keep privileged attributes in xattrs. */
  readonly fakeSuper?: boolean;
  /** `--numeric-ids`: keep user and group ids, not names. */
  readonly numericIds?: boolean;
  /** `--usermap=STRING`: map user names. */
  readonly usermap?: OptionText;
  /** `--groupmap=STRING`: map group names. */
  readonly groupmap?: OptionText;
  /** `--chown=USER:GROUP`: map all to USER and GROUP. */
  readonly chown?: OptionText;
  /** `--checksum`, `-c`: compare by checksum, not by time and size. */
  readonly checksum?: boolean;
  /** `--checksum-choice=STR`: name the checksum (aka --cc). */
  readonly checksumChoice?: OptionText;
  /** `--cc=STR`: see `checksumChoice`. */
  readonly cc?: OptionText;
  /** `--checksum-seed=NUM`: set the seed of checksums. */
  readonly checksumSeed?: number;
  /** `--ignore-times`, `-I`: don't skip files of equal size and time. */
  readonly ignoreTimes?: boolean;
  /** `--size-only`: skip files of equal size. */
  readonly sizeOnly?: boolean;
  /** `--modify-window=NUM`, `-@`: times so close are equal. */
  readonly modifyWindow?: number;
  /** `--whole-file`, `-W`: send whole files, no deltas. */
  readonly wholeFile?: boolean;
  /** `--block-size=SIZE`, `-B`: set the length of blocks. */
  readonly blockSize?: OptionText;
  /** `--fuzzy`, `-y`: take a similar file as basis. */
  readonly fuzzy?: boolean | number;
  /** `--compare-dest=DIR`: skip files that are equal in DIR. */
  readonly compareDest?: OptionText | readonly OptionText[];
  /** `--copy-dest=DIR`: ... and copy them from there. */
  readonly copyDest?: OptionText | readonly OptionText[];
  /** `--link-dest=DIR`: ... or make hard links to them. */
  readonly linkDest?: OptionText | readonly OptionText[];
  /** `--backup`, `-b`: keep what is replaced (see --suffix and --backup-dir). */
  readonly backup?: boolean;
  /** `--backup-dir=DIR`: keep it in a tree below DIR. */
  readonly backupDir?: OptionText;
  /** `--suffix=SUFFIX`: ending of kept files (default ~ without --backup-dir). */
  readonly suffix?: OptionText;
  /** `--inplace`: write into destination files, not beside them. */
  readonly inplace?: boolean;
  /** `--append`: append to files that are shorter. */
  readonly append?: boolean;
  /** `--append-verify`: the same, and verify the part that was there. */
  readonly appendVerify?: boolean;
  /** `--partial`: keep files of which only a part arrived. */
  readonly partial?: boolean;
  /** `--partial-dir=DIR`: keep them in DIR. */
  readonly partialDir?: OptionText;
  /** `--delay-updates`: put all files in place at the end. */
  readonly delayUpdates?: boolean;
  /** `--temp-dir=DIR`, `-T`: create temporary files in DIR. */
  readonly tempDir?: OptionText;
  /** `--sparse`, `-S`: write runs of zeros as holes. */
  readonly sparse?: boolean;
  /** `--preallocate`: allocate a file before writing it. */
  readonly preallocate?: boolean;
  /** `--fsync`: fsync every file. */
  readonly fsync?: boolean;
  /** `--del`: the same as --delete-during. */
  readonly del?: boolean;
  /** `--delete`: delete what the source does not have. */
  readonly delete?: boolean;
  /** `--delete-before`: delete before the transfer. */
  readonly deleteBefore?: boolean;
  /** `--delete-during`: delete during the transfer. */
  readonly deleteDuring?: boolean;
  /** `--delete-delay`: look during the transfer, delete after it. */
  readonly deleteDelay?: boolean;
  /** `--delete-after`: delete after the transfer. */
  readonly deleteAfter?: boolean;
  /** `--delete-excluded`: delete excluded files too. */
  readonly deleteExcluded?: boolean;
  /** `--ignore-errors`: delete in spite of I/O errors. */
  readonly ignoreErrors?: boolean;
  /** `--force`: delete directories that are in the way, full or not. */
  readonly force?: boolean;
  /** `--max-delete=NUM`: delete at most NUM files. */
  readonly maxDelete?: number;
  /** `--remove-source-files`: the sender removes files once they are there. */
  readonly removeSourceFiles?: boolean;
  /** `--remove-sent-files`: see `removeSourceFiles`. */
  readonly removeSentFiles?: boolean;
  /** `--rsh=COMMAND`, `-e`: name the remote shell. */
  readonly rsh?: OptionText;
  /** `--rsync-path=PROGRAM`: name the rsync of the remote machine. */
  readonly rsyncPath?: OptionText;
  /** `--remote-option=OPT`, `-M`: give OPT to the remote side only. */
  readonly remoteOption?: OptionText | readonly OptionText[];
  /** `--old-args`: let the remote shell split arguments. */
  readonly oldArgs?: boolean | number;
  /** `--secluded-args`, `-s`: send arguments through the protocol. */
  readonly secludedArgs?: boolean;
  /** `--protect-args`: see `secludedArgs`. */
  readonly protectArgs?: boolean;
  /** `--trust-sender`: don't check the names a sender sends. */
  readonly trustSender?: boolean;
  /** `--blocking-io`: use blocking I/O for the remote shell. */
  readonly blockingIo?: boolean;
  /** `--contimeout=SECONDS`: give up connecting to a daemon after so long. */
  readonly contimeout?: number | false;
  /** `--iconv=CONVERT_SPEC`: convert the charset of names. */
  readonly iconv?: OptionText | false;
  /** `--port=PORT`: the daemon's port. */
  readonly port?: number;
  /** `--ipv4`, `-4`: prefer IPv4. */
  readonly ipv4?: boolean;
  /** `--ipv6`, `-6`: prefer IPv6. */
  readonly ipv6?: boolean;
  /** `--address=ADDRESS`: connect to a daemon from ADDRESS. */
  readonly address?: OptionText;
  /** `--sockopts=OPTIONS`: set options of the socket. */
  readonly sockopts?: OptionText;
  /** `--password-file=FILE`: read the daemon's password from FILE. */
  readonly passwordFile?: OptionText;
  /** `--early-input=FILE`: the daemon's early exec reads FILE. */
  readonly earlyInput?: OptionText;
  /** `--motd`. */
  readonly motd?: boolean;
  /** `--protocol=NUM`: speak an older protocol. */
  readonly protocol?: number;
  /** `--max-alloc=SIZE`: limit the memory of one allocation. */
  readonly maxAlloc?: OptionText;
  /** `--compress`, `-z`: compress on the wire. */
  readonly compress?: boolean | number;
  /** `--compress-choice=STR`: name the compression (aka --zc). */
  readonly compressChoice?: OptionText;
  /** `--zc=STR`: see `compressChoice`. */
  readonly zc?: OptionText;
  /** `--old-compress`: see `compressChoice`. */
  readonly oldCompress?: boolean;
  /** `--new-compress`: see `compressChoice`. */
  readonly newCompress?: boolean;
  /** `--compress-level=NUM`: set its level (aka --zl). */
  readonly compressLevel?: number;
  /** `--zl=NUM`: see `compressLevel`. */
  readonly zl?: number;
  /** `--compress-threads=NUM`: set its threads (aka --zt). */
  readonly compressThreads?: number;
  /** `--zt=NUM`: see `compressThreads`. */
  readonly zt?: number;
  /** `--skip-compress=LIST`: don't compress files with these suffixes. */
  readonly skipCompress?: OptionText;
  /** `--timeout=SECONDS`: give up when nothing comes for so long. */
  readonly timeout?: number | false;
  /** `--bwlimit=RATE`: use no more bandwidth. */
  readonly bwlimit?: OptionText | false;
  /** `--stop-after=MINS`: stop after MINS minutes. */
  readonly stopAfter?: OptionText;
  /** `--time-limit=MINS`: see `stopAfter`. */
  readonly timeLimit?: OptionText;
  /** `--stop-at=y-m-dTh:m`: stop at that time. */
  readonly stopAt?: OptionText;
  /** `--write-batch=FILE`: write the updates to FILE too. */
  readonly writeBatch?: OptionText;
  /** `--only-write-batch=FILE`: write the updates to FILE only. */
  readonly onlyWriteBatch?: OptionText;
  /** `--read-batch=FILE`: do the updates that FILE holds. */
  readonly readBatch?: OptionText;
  /** `--verbose`, `-v`: tell more. */
  readonly verbose?: boolean | number;
  /** `--info=FLAGS`: choose what is told, item by item. */
  readonly info?: OptionText | readonly OptionText[];
  /** `--debug=FLAGS`: choose what is told for debugging. */
  readonly debug?: OptionText | readonly OptionText[];
  /** `--stderr=e|a|c`: choose what goes to stderr (default: errors). */
  readonly stderr?: OptionText;
  /** `--msgs2stderr`: see `stderr`. */
  readonly msgs2stderr?: boolean;
  /** `--quiet`, `-q`: tell errors only. */
  readonly quiet?: boolean | number;
  /** `--itemize-changes`, `-i`: tell what changes of each file. */
  readonly itemizeChanges?: boolean | number;
  /** `--out-format=FORMAT`: tell of each file in this format. */
  readonly outFormat?: OptionText;
  /** `--log-format=FORMAT`: see `outFormat`. */
  readonly logFormat?: OptionText;
  /** `--stats`: give statistics at the end. */
  readonly stats?: boolean;
  /** `--human-readable`, `-h`: show numbers with units. */
  readonly humanReadable?: boolean | number;
  /** `--progress`: show progress. */
  readonly progress?: boolean;
  /** `--8-bit-output`, `-8`: show bytes above 127 as they are. */
  readonly eightBitOutput?: boolean;
  /** `--outbuf=N|L|B`: buffer output not at all, by line or by block. */
  readonly outbuf?: OptionText;
  /** `--log-file=FILE`: write a log to FILE. */
  readonly logFile?: OptionText | readonly OptionText[];
  /** `--log-file-format=FMT`: the format of its lines. */
  readonly logFileFormat?: OptionText;
  /** `--dry-run`, `-n`: change nothing, tell what would change. */
  readonly dryRun?: boolean;
  /** `--qsort`. */
  readonly qsort?: boolean;
}
