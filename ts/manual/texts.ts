/** What the help has no room for, in plain sentences. An option that is not here is told by its help alone. */
import type { Draft } from '../options/options.ts';

export const optionTexts: Readonly<Partial<Record<keyof Draft, string>>> = {
  recursive:
    'Without it (and without --dirs) a directory is skipped with a message. A source that ends with a slash stands for what is in it; without the slash the directory itself comes too.',
  incRecursive:
    'The list of files is sent while files are already transferred, so that a large tree starts at once and takes less memory. Options that need the whole list first, --delete-before or --delay-updates for example, switch it off.',
  relative:
    'a/b/c then arrives as DEST/a/b/c and not as DEST/c. A /./ in a source says from where on its path is kept.',
  dirs: 'A directory that is named is made at the destination; one named with a slash behind is also listed one level deep.',
  oneFileSystem:
    'Given twice, mount points are left out altogether instead of being sent as empty directories.',
  existing: 'Together with --ignore-existing nothing is written; that is of use with --delete.',
  update: 'Only regular files are spared; a difference of type is always put right.',
  maxSize:
    'SIZE is a number with a unit behind it: K, M, G, T or P count by 1024, KB, MB and so on by 1000. A fraction, and +1 or -1 behind it, may be given. Files that are left out here are not deleted at the destination.',
  cvsExclude: 'Names like those of backups and object files, and what .cvsignore files and $CVSIGNORE say.',
  filters:
    'Rules are tried in the order of the command line, and the first one that matches decides; what none matches is transferred. A pattern with a slash in front is held against the root of the transfer, one with a slash behind matches directories alone; * and ? stop at slashes, ** does not.',
  filesFrom:
    'One name a line, relative to the only source; - is standard input, and HOST:FILE a file of the remote side. It implies --relative and --dirs, and --archive does not go into directories then.',
  missingArgs: 'The names are those of sources on the command line, or of --files-from.',
  archive:
    'Goes into directories and keeps symlinks, permissions, times, owner, group, devices and specials. Hard links, ACLs, extended attributes and access times are not part of it: -H, -A, -X and -U add them.',
  links: 'Without any option for symlinks they are skipped with a message.',
  copyUnsafeLinks: 'Other symlinks stay symlinks. Absolute ones count as pointing out.',
  safeLinks: 'Absolute ones count as pointing out.',
  insecureLinks:
    'In paths that you name, symlinks are followed only if they belong to root or to you, unless this is given.',
  mungeLinks:
    'A prefix that names no existing directory is put before the target, and is taken off again by a sender that has the option.',
  keepDirlinks: 'Whoever can make symlinks at the destination can send files elsewhere by it.',
  hardLinks:
    'Names of one file are found among the files of the transfer alone, and it takes memory to find them.',
  perms:
    'Without it files that exist keep their permissions, and new ones get those of the source cut by the umask.',
  chmod:
    'Several changes, with commas between, as chmod(1) has them. D before one is for directories alone, F for everything else. Together with --perms the result is kept, else new files have it.',
  xattrs:
    'Those of user. and, for the super-user, all others but system. ones. Given twice, the attributes that --fake-super makes are copied as well.',
  owner: 'Names count, where both sides know one, and numbers otherwise: see --numeric-ids.',
  group: 'A plain user can give files to groups that he is a member of.',
  times: 'Without it the next run takes each file for changed, unless --size-only or --checksum is given.',
  superUser:
    'With --fake-super owners, modes and device numbers are kept in an extended attribute of each file, and a plain user can restore them. --no-super leaves out what needs the super-user even for root.',
  usermap:
    'FROM:TO, with commas between; FROM is a name, a number, a range of numbers or a pattern, and the first that matches counts.',
  groupmap: 'As --usermap, for groups.',
  copyAs:
    'This side gives up its own rights first, which takes the super-user; the other one does so by --remote-option. In a local run both are one process.',
  checksum:
    'Every file of equal size is read on both sides before anything is sent. Without it a file of equal size and modification time is taken for unchanged. What is transferred is verified by a checksum in any case.',
  checksumChoice:
    'Without it the sides agree on the best that both have. Two names with a comma between are for the transfer and for --checksum; none as the first sends whole files without verifying them.',
  modifyWindow: 'In seconds; for file systems with coarse times. -1 compares nanoseconds too.',
  wholeFile: 'The delta algorithm is left out. That is what a local run does by itself.',
  blockSize: 'Of the delta algorithm. It follows from the size of each file otherwise.',
  fuzzy:
    'Looks in the directory of a new file for one of equal size and time, or of a similar name. Given twice, it looks in the alternate directories too.',
  alternateDests:
    'A relative DIR begins at the destination. Up to 20 may be given, all of one kind; the first that has the file counts.',
  backup: 'What would be replaced or deleted is renamed, with a suffix or into another tree.',
  inplace:
    'It saves room and keeps hard links, but a reader sees half a file, and an interrupted run leaves one. Without it a file is written beside the old one and takes its name when it is complete.',
  append:
    'What is at the destination is taken for the beginning of the file as it is. --append-verify sends the file again where that was wrong.',
  partial: 'The next run goes on with them. Without it they are removed.',
  partialDir:
    'A relative DIR is made where it is needed, and removed when it is empty. It implies --partial. RSYNC_PARTIAL_DIR names one for runs that have --partial.',
  delayUpdates:
    'Each file waits beside its place until all have come, so that the tree changes nearly at once.',
  tempDir: 'If it is on another file system, files are copied from there and not renamed.',
  delete:
    'Only in directories that are transferred, and only what is not excluded. Needs --recursive or --dirs. Where the source could not be read without errors nothing is deleted, unless --ignore-errors is given. Try it with --dry-run first.',
  deleteExcluded: 'Rules protect what they exclude otherwise.',
  maxDelete: 'The rest stays, and the run ends with 25. 0 warns of what there was to delete.',
  removeSourceFiles: 'Directories stay. Files that somebody still writes to do not belong into such a run.',
  rsh: 'Split at blanks; quotes keep words together. The default is ssh, or RSYNC_RSH.',
  rsyncPath: 'It is run by the shell of the remote machine.',
  remoteOptions: 'One option each time; --remote-option=--log-file=FILE for example.',
  oldArgs: 'As rsync did before 3.2.4: file names with blanks have to be quoted twice then.',
  secludedArgs: 'No shell sees them. RSYNC_PROTECT_ARGS=1 asks for it always.',
  iconv: 'LOCAL,REMOTE, or . for the charset of the locale. Names alone are converted.',
  port: '873 unless this or the address says otherwise.',
  passwordFile:
    'Its first line is the password; nobody else may be able to read it. RSYNC_PASSWORD is the other way.',
  protocol: 'From 27 to 32; the sides agree by themselves on the newest that both have.',
  maxAlloc: '1G unless it is given; 0 is no limit. Units are those of --max-size.',
  compress:
    'The sides agree on the best method that both have, unless --compress-choice names one. It saves nothing in a local run.',
  compressChoice: 'auto agrees with the other side on one.',
  bwlimit: 'In KiB a second, or with a unit as in --max-size; 0 is no limit.',
  stopAt: 'The run then ends with 30, and what has come by then is in place.',
  batch:
    'A batch repeats the changes of a run at other destinations that are as this one was. Beside FILE a script FILE.sh is left that does so.',
  verbose:
    'Once names what is transferred, twice what is skipped too. Each level stands for flags of --info and --debug.',
  info: 'A number behind a flag is its level; 0 silences it. --info=help lists them. Two are not of rsync, go to stderr, and are not part of all: progress3 shows on a terminal one block (a bar, files and bytes of those asked for, the speed, the time left, the name under way) and elsewhere a line every few seconds; failures lists, when a run ends with 23 or 24, each failed file below its reason.',
  debug: 'A number behind a flag is its level; 0 silences it. --debug=help lists them.',
  msgs2stderr:
    'errors: errors alone. all: messages as well, so that standard output stays empty. client: errors of the remote side come by the protocol and can lag behind.',
  itemize:
    'Eleven letters a line: what is done (< sent, > received, c changed, h hard link, . attributes alone, * a message), what it is (f, d, L, D, S), and what differs: c content, s size, t time, p permissions, o owner, g group, u access time, a ACL, x attributes. + stands for a new item. Given twice, unchanged items are shown too.',
  outFormat:
    '%n is the name, %l the size, %i what changes, %b the bytes that passed; more letters are those of log format in rsyncd.conf.',
  humanReadable: 'Once with units by 1000, twice by 1024; --no-human-readable has plain digits.',
  progress:
    'A line for each file while it passes. --info=progress2 shows the whole run in one line; --info=progress3, which rsync has not, in a block that tells more.',
  dryRun: 'Best with --itemize-changes or --verbose.',
  server: 'Said by a client to its other side, and not for people.',
  sender: 'Said by a client to its other side, and not for people.',
};
