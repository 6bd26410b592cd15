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
  readonly recursive?: boolean | undefined;
  /** `--inc-recursive`: send the file list piece by piece (aka --i-r). */
  readonly incRecursive?: boolean | undefined;
  /** `--i-r`: see `incRecursive`. */
  readonly iR?: boolean | undefined;
  /** `--relative`, `-R`: keep the whole path of each source. */
  readonly relative?: boolean | undefined;
  /** `--implied-dirs`. */
  readonly impliedDirs?: boolean | undefined;
  /** `--i-d`: see `impliedDirs`. */
  readonly iD?: boolean | undefined;
  /** `--dirs`, `-d`: transfer directories without what is in them. */
  readonly dirs?: boolean | undefined;
  /** `--old-dirs`: --dirs for a very old rsync. */
  readonly oldDirs?: boolean | undefined;
  /** `--old-d`: the same as --old-dirs. */
  readonly oldD?: boolean | undefined;
  /** `--list-only`: list files, copy none. */
  readonly listOnly?: boolean | undefined;
  /** `--one-file-system`, `-x`: stay on the file system. */
  readonly oneFileSystem?: boolean | number | undefined;
  /** `--existing`: create no new files on the receiver. */
  readonly existing?: boolean | undefined;
  /** `--ignore-non-existing`: the same as --existing. */
  readonly ignoreNonExisting?: boolean | undefined;
  /** `--ignore-existing`: update no files that are on the receiver. */
  readonly ignoreExisting?: boolean | undefined;
  /** `--update`, `-u`: skip files that are newer on the receiver. */
  readonly update?: boolean | undefined;
  /** `--max-size=SIZE`: skip files that are larger. */
  readonly maxSize?: OptionText | undefined;
  /** `--min-size=SIZE`: skip files that are smaller. */
  readonly minSize?: OptionText | undefined;
  /** `--prune-empty-dirs`, `-m`: leave out directories without files. */
  readonly pruneEmptyDirs?: boolean | undefined;
  /** `--cvs-exclude`, `-C`: leave out what CVS leaves out. */
  readonly cvsExclude?: boolean | undefined;
  /** `--filter=RULE`, `-f`: add a filter rule. */
  readonly filter?: OptionText | readonly OptionText[] | undefined;
  /** `--exclude=PATTERN`: leave out files that match. */
  readonly exclude?: OptionText | readonly OptionText[] | undefined;
  /** `--exclude-from=FILE`: read such patterns from FILE. */
  readonly excludeFrom?: OptionText | readonly OptionText[] | undefined;
  /** `--include=PATTERN`: don't leave out files that match. */
  readonly include?: OptionText | readonly OptionText[] | undefined;
  /** `--include-from=FILE`: read such patterns from FILE. */
  readonly includeFrom?: OptionText | readonly OptionText[] | undefined;
  /** `--files-from=FILE`: read the names of source files from FILE. */
  readonly filesFrom?: OptionText | undefined;
  /** `--from0`, `-0`: zero bytes end the lines of these files. */
  readonly from0?: boolean | undefined;
  /** `--ignore-missing-args`: a missing source is no error. */
  readonly ignoreMissingArgs?: boolean | undefined;
  /** `--delete-missing-args`: delete a missing source's destination. */
  readonly deleteMissingArgs?: boolean | undefined;
  /** `--mkpath`: make the destination's missing parents. */
  readonly mkpath?: boolean | undefined;
  /** `--archive`, `-a`: archive mode: -rlptgoD (without -A,-X,-U,-N,-H). */
  readonly archive?: boolean | undefined;
  /** `--links`, `-l`: copy symlinks as symlinks. */
  readonly links?: boolean | undefined;
  /** `--copy-links`, `-L`: copy what symlinks point to. */
  readonly copyLinks?: boolean | undefined;
  /** `--copy-unsafe-links`: do so where they point out of the tree. */
  readonly copyUnsafeLinks?: boolean | undefined;
  /** `--safe-links`: skip symlinks that point out of the tree. */
  readonly safeLinks?: boolean | undefined;
  /** `--insecure-links`: follow symlinks of others in paths you name. */
  readonly insecureLinks?: boolean | undefined;
  /** `--confine-root=DIR`: refuse paths you name that lead out of DIR. */
  readonly confineRoot?: OptionText | undefined;
  /** `--munge-links`: make symlinks safe but unusable. */
  readonly mungeLinks?: boolean | undefined;
  /** `--copy-dirlinks`, `-k`: copy a symlink to a directory as a directory. */
  readonly copyDirlinks?: boolean | undefined;
  /** `--keep-dirlinks`, `-K`: use the receiver's symlink to a directory as one. */
  readonly keepDirlinks?: boolean | undefined;
  /** `--hard-links`, `-H`: keep hard links. */
  readonly hardLinks?: boolean | number | undefined;
  /** `--perms`, `-p`: keep permissions. */
  readonly perms?: boolean | undefined;
  /** `--executability`, `-E`: keep whether a file is executable. */
  readonly executability?: boolean | undefined;
  /** `--chmod=CHMOD`: change permissions on the way. */
  readonly chmod?: OptionText | readonly OptionText[] | undefined;
  /** `--acls`, `-A`: keep ACLs (implies --perms). */
  readonly acls?: boolean | undefined;
  /** `--xattrs`, `-X`: keep extended attributes. */
  readonly xattrs?: boolean | number | undefined;
  /** `--owner`, `-o`: keep the owner (super-user only). */
  readonly owner?: boolean | undefined;
  /** `--group`, `-g`: keep the group. */
  readonly group?: boolean | undefined;
  /** `--devices`: keep device files (super-user only). */
  readonly devices?: boolean | undefined;
  /** `--copy-devices`: copy a device's content as a file. */
  readonly copyDevices?: boolean | undefined;
  /** `--write-devices`: write to devices as to files (implies --inplace). */
  readonly writeDevices?: boolean | undefined;
  /** `--specials`: keep fifos and sockets. */
  readonly specials?: boolean | undefined;
  /** `--drop-D`: the receiver makes no devices and specials. */
  readonly dropD?: boolean | undefined;
  /** `--times`, `-t`: keep modification times. */
  readonly times?: boolean | undefined;
  /** `--atimes`, `-U`: keep access times. */
  readonly atimes?: boolean | number | undefined;
  /** `--open-noatime`: don't touch access times when reading. */
  readonly openNoatime?: boolean | undefined;
  /** `--crtimes`, `-N`: keep creation times (not on this system). */
  readonly crtimes?: boolean | undefined;
  /** `--omit-dir-times`, `-O`: --times is not for directories. */
  readonly omitDirTimes?: boolean | undefined;
  /** `--omit-link-times`, `-J`: --times is not for symlinks. */
  readonly omitLinkTimes?: boolean | undefined;
  /** `--super`: the receiver tries what only the super-user may. */
  readonly super?: boolean | undefined;
  /** `--fake-super`: keep privileged attributes in xattrs. */
  readonly fakeSuper?: boolean | undefined;
  /** `--numeric-ids`: keep user and group ids, not names. */
  readonly numericIds?: boolean | undefined;
  /** `--usermap=STRING`: map user names. */
  readonly usermap?: OptionText | undefined;
  /** `--groupmap=STRING`: map group names. */
  readonly groupmap?: OptionText | undefined;
  /** `--chown=USER:GROUP`: map all to USER and GROUP. */
  readonly chown?: OptionText | undefined;
  /** `--checksum`, `-c`: compare by checksum, not by time and size. */
  readonly checksum?: boolean | undefined;
  /** `--checksum-choice=STR`: name the checksum (aka --cc). */
  readonly checksumChoice?: OptionText | undefined;
  /** `--cc=STR`: see `checksumChoice`. */
  readonly cc?: OptionText | undefined;
  /** `--checksum-seed=NUM`: set the seed of checksums. */
  readonly checksumSeed?: number | undefined;
  /** `--ignore-times`, `-I`: don't skip files of equal size and time. */
  readonly ignoreTimes?: boolean | undefined;
  /** `--size-only`: skip files of equal size. */
  readonly sizeOnly?: boolean | undefined;
  /** `--modify-window=NUM`, `-@`: times so close are equal. */
  readonly modifyWindow?: number | undefined;
  /** `--whole-file`, `-W`: send whole files, no deltas. */
  readonly wholeFile?: boolean | undefined;
  /** `--block-size=SIZE`, `-B`: set the length of blocks. */
  readonly blockSize?: OptionText | undefined;
  /** `--fuzzy`, `-y`: take a similar file as basis. */
  readonly fuzzy?: boolean | number | undefined;
  /** `--compare-dest=DIR`: skip files that are equal in DIR. */
  readonly compareDest?: OptionText | readonly OptionText[] | undefined;
  /** `--copy-dest=DIR`: ... and copy them from there. */
  readonly copyDest?: OptionText | readonly OptionText[] | undefined;
  /** `--link-dest=DIR`: ... or make hard links to them. */
  readonly linkDest?: OptionText | readonly OptionText[] | undefined;
  /** `--backup`, `-b`: keep what is replaced (see --suffix and --backup-dir). */
  readonly backup?: boolean | undefined;
  /** `--backup-dir=DIR`: keep it in a tree below DIR. */
  readonly backupDir?: OptionText | undefined;
  /** `--suffix=SUFFIX`: ending of kept files (default ~ without --backup-dir). */
  readonly suffix?: OptionText | undefined;
  /** `--inplace`: write into destination files, not beside them. */
  readonly inplace?: boolean | undefined;
  /** `--append`: append to files that are shorter. */
  readonly append?: boolean | undefined;
  /** `--append-verify`: the same, and verify the part that was there. */
  readonly appendVerify?: boolean | undefined;
  /** `--partial`: keep files of which only a part arrived. */
  readonly partial?: boolean | undefined;
  /** `--partial-dir=DIR`: keep them in DIR. */
  readonly partialDir?: OptionText | undefined;
  /** `--delay-updates`: put all files in place at the end. */
  readonly delayUpdates?: boolean | undefined;
  /** `--temp-dir=DIR`, `-T`: create temporary files in DIR. */
  readonly tempDir?: OptionText | undefined;
  /** `--sparse`, `-S`: write runs of zeros as holes. */
  readonly sparse?: boolean | undefined;
  /** `--preallocate`: allocate a file before writing it. */
  readonly preallocate?: boolean | undefined;
  /** `--fsync`: fsync every file. */
  readonly fsync?: boolean | undefined;
  /** `--del`: the same as --delete-during. */
  readonly del?: boolean | undefined;
  /** `--delete`: delete what the source does not have. */
  readonly delete?: boolean | undefined;
  /** `--delete-before`: delete before the transfer. */
  readonly deleteBefore?: boolean | undefined;
  /** `--delete-during`: delete during the transfer. */
  readonly deleteDuring?: boolean | undefined;
  /** `--delete-delay`: look during the transfer, delete after it. */
  readonly deleteDelay?: boolean | undefined;
  /** `--delete-after`: delete after the transfer. */
  readonly deleteAfter?: boolean | undefined;
  /** `--delete-excluded`: delete excluded files too. */
  readonly deleteExcluded?: boolean | undefined;
  /** `--ignore-errors`: delete in spite of I/O errors. */
  readonly ignoreErrors?: boolean | undefined;
  /** `--force`: delete directories that are in the way, full or not. */
  readonly force?: boolean | undefined;
  /** `--max-delete=NUM`: delete at most NUM files. */
  readonly maxDelete?: number | undefined;
  /** `--remove-source-files`: the sender removes files once they are there. */
  readonly removeSourceFiles?: boolean | undefined;
  /** `--remove-sent-files`: see `removeSourceFiles`. */
  readonly removeSentFiles?: boolean | undefined;
  /** `--rsh=COMMAND`, `-e`: name the remote shell. */
  readonly rsh?: OptionText | undefined;
  /** `--rsync-path=PROGRAM`: name the rsync of the remote machine. */
  readonly rsyncPath?: OptionText | undefined;
  /** `--remote-option=OPT`, `-M`: give OPT to the remote side only. */
  readonly remoteOption?: OptionText | readonly OptionText[] | undefined;
  /** `--old-args`: let the remote shell split arguments. */
  readonly oldArgs?: boolean | number | undefined;
  /** `--secluded-args`, `-s`: send arguments through the protocol. */
  readonly secludedArgs?: boolean | undefined;
  /** `--protect-args`: see `secludedArgs`. */
  readonly protectArgs?: boolean | undefined;
  /** `--trust-sender`: don't check the names a sender sends. */
  readonly trustSender?: boolean | undefined;
  /** `--blocking-io`: use blocking I/O for the remote shell. */
  readonly blockingIo?: boolean | undefined;
  /** `--contimeout=SECONDS`: give up connecting to a daemon after so long. */
  readonly contimeout?: number | false | undefined;
  /** `--iconv=CONVERT_SPEC`: convert the charset of names. */
  readonly iconv?: OptionText | false | undefined;
  /** `--port=PORT`: the daemon's port. */
  readonly port?: number | undefined;
  /** `--ipv4`, `-4`: prefer IPv4. */
  readonly ipv4?: boolean | undefined;
  /** `--ipv6`, `-6`: prefer IPv6. */
  readonly ipv6?: boolean | undefined;
  /** `--address=ADDRESS`: connect to a daemon from ADDRESS. */
  readonly address?: OptionText | undefined;
  /** `--sockopts=OPTIONS`: set options of the socket. */
  readonly sockopts?: OptionText | undefined;
  /** `--password-file=FILE`: read the daemon's password from FILE. */
  readonly passwordFile?: OptionText | undefined;
  /** `--early-input=FILE`: the daemon's early exec reads FILE. */
  readonly earlyInput?: OptionText | undefined;
  /** `--motd`. */
  readonly motd?: boolean | undefined;
  /** `--protocol=NUM`: speak an older protocol. */
  readonly protocol?: number | undefined;
  /** `--max-alloc=SIZE`: limit the memory of one allocation. */
  readonly maxAlloc?: OptionText | undefined;
  /** `--compress`, `-z`: compress on the wire. */
  readonly compress?: boolean | number | undefined;
  /** `--compress-choice=STR`: name the compression (aka --zc). */
  readonly compressChoice?: OptionText | undefined;
  /** `--zc=STR`: see `compressChoice`. */
  readonly zc?: OptionText | undefined;
  /** `--old-compress`: see `compressChoice`. */
  readonly oldCompress?: boolean | undefined;
  /** `--new-compress`: see `compressChoice`. */
  readonly newCompress?: boolean | undefined;
  /** `--compress-level=NUM`: set its level (aka --zl). */
  readonly compressLevel?: number | undefined;
  /** `--zl=NUM`: see `compressLevel`. */
  readonly zl?: number | undefined;
  /** `--compress-threads=NUM`: set its threads (aka --zt). */
  readonly compressThreads?: number | undefined;
  /** `--zt=NUM`: see `compressThreads`. */
  readonly zt?: number | undefined;
  /** `--skip-compress=LIST`: don't compress files with these suffixes. */
  readonly skipCompress?: OptionText | undefined;
  /** `--timeout=SECONDS`: give up when nothing comes for so long. */
  readonly timeout?: number | false | undefined;
  /** `--bwlimit=RATE`: use no more bandwidth. */
  readonly bwlimit?: OptionText | false | undefined;
  /** `--stop-after=MINS`: stop after MINS minutes. */
  readonly stopAfter?: OptionText | undefined;
  /** `--time-limit=MINS`: see `stopAfter`. */
  readonly timeLimit?: OptionText | undefined;
  /** `--stop-at=y-m-dTh:m`: stop at that time. */
  readonly stopAt?: OptionText | undefined;
  /** `--write-batch=FILE`: write the updates to FILE too. */
  readonly writeBatch?: OptionText | undefined;
  /** `--only-write-batch=FILE`: write the updates to FILE only. */
  readonly onlyWriteBatch?: OptionText | undefined;
  /** `--read-batch=FILE`: do the updates that FILE holds. */
  readonly readBatch?: OptionText | undefined;
  /** `--verbose`, `-v`: tell more. */
  readonly verbose?: boolean | number | undefined;
  /** `--info=FLAGS`: choose what is told, item by item. */
  readonly info?: OptionText | readonly OptionText[] | undefined;
  /** `--debug=FLAGS`: choose what is told for debugging. */
  readonly debug?: OptionText | readonly OptionText[] | undefined;
  /** `--stderr=e|a|c`: choose what goes to stderr (default: errors). */
  readonly stderr?: OptionText | undefined;
  /** `--msgs2stderr`: see `stderr`. */
  readonly msgs2stderr?: boolean | undefined;
  /** `--quiet`, `-q`: tell errors only. */
  readonly quiet?: boolean | number | undefined;
  /** `--itemize-changes`, `-i`: tell what changes of each file. */
  readonly itemizeChanges?: boolean | number | undefined;
  /** `--out-format=FORMAT`: tell of each file in this format. */
  readonly outFormat?: OptionText | undefined;
  /** `--log-format=FORMAT`: see `outFormat`. */
  readonly logFormat?: OptionText | undefined;
  /** `--stats`: give statistics at the end. */
  readonly stats?: boolean | undefined;
  /** `--human-readable`, `-h`: show numbers with units. */
  readonly humanReadable?: boolean | number | undefined;
  /** `--progress`: show progress. */
  readonly progress?: boolean | undefined;
  /** `--8-bit-output`, `-8`: show bytes above 127 as they are. */
  readonly eightBitOutput?: boolean | undefined;
  /** `--outbuf=N|L|B`: buffer output not at all, by line or by block. */
  readonly outbuf?: OptionText | undefined;
  /** `--log-file=FILE`: write a log to FILE. */
  readonly logFile?: OptionText | readonly OptionText[] | undefined;
  /** `--log-file-format=FMT`: the format of its lines. */
  readonly logFileFormat?: OptionText | undefined;
  /** `--dry-run`, `-n`: change nothing, tell what would change. */
  readonly dryRun?: boolean | undefined;
  /** `--qsort`. */
  readonly qsort?: boolean | undefined;
}
