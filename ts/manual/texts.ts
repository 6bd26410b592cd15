/** What the help has no room for, in plain sentences; each line is a paragraph. */
import type { Draft } from '../options/options.ts';

/** Of each option. One that is not here is told by its help alone. */
export const optionTexts: Readonly<Partial<Record<keyof Draft, string>>> = {
  recursive:
    'Without it (and without --dirs) a directory is skipped with a message. A source that ends with a slash stands for what is in it; without the slash the directory itself comes too.',
  incRecursive:
    'The list of files is sent while files are already transferred, so that a large tree starts at once and takes less memory. Options that need the whole list first, --delete-before or --delay-updates for example, switch it off.',
  relative:
    'a/b/c then arrives as DEST/a/b/c and not as DEST/c. A /./ in a source says from where on its path is kept.',
  impliedDirs:
    'Parents of what is named are made where they are missing, with usual permissions, and otherwise left as they are: one that is a symlink to a directory at the destination stays one, and files go through it.',
  dirs: 'A directory that is named is made at the destination; one named with a slash behind is also listed one level deep.',
  listOnly:
    'As a single source without a destination does by itself. A destination that is given is not touched. Together with -h sizes have units. --json tells the same to programs.',
  oneFileSystem:
    'Given twice, mount points are left out altogether instead of being sent as empty directories.',
  existing: 'Together with --ignore-existing nothing is written; that is of use with --delete.',
  nonExisting: 'Nothing is made at the destination; what is there is brought up to date.',
  ignoreExisting:
    'Directories are gone into all the same. It keeps what somebody has changed at the destination, and continues a run whose files are complete as soon as they are there.',
  update: 'Only regular files are spared; a difference of type is always put right.',
  maxSize:
    'SIZE is a number with a unit behind it: K, M, G, T or P count by 1024, KB, MB and so on by 1000. A fraction, and +1 or -1 behind it, may be given. Files that are left out here are not deleted at the destination.',
  minSize: 'SIZE is written as for --max-size. --min-size=1 leaves empty files out.',
  pruneEmptyDirs:
    'Directories that hold nothing but such directories go too, and are deleted at the destination if --delete is given. -am --include=*/ --include=*.pdf --exclude=* copies the .pdf files of a tree, and the directories that they need.',
  cvsExclude: 'Names like those of backups and object files, and what .cvsignore files and $CVSIGNORE say.',
  filters:
    'Rules are tried in the order of the command line, and the first one that matches decides; what none matches is transferred. A pattern with a slash in front is held against the root of the transfer, one with a slash behind matches directories alone; * and ? stop at slashes, ** does not.',
  filesFrom:
    'One name a line, relative to the only source; - is standard input, and HOST:FILE a file of the remote side. It implies --relative and --dirs, and --archive does not go into directories then.',
  from0:
    'For --files-from, --exclude-from, --include-from and merged files of rules, as find -print0 writes them: so that names with a line end in them can be given.',
  missingArgs: 'The names are those of sources on the command line, or of --files-from.',
  mkpath:
    'Without it the last part of the destination alone is made, so that a slip in its path is an error and no new tree.',
  archive:
    'Goes into directories and keeps symlinks, permissions, times, owner, group, devices and specials. Hard links, ACLs, extended attributes and access times are not part of it: -H, -A, -X and -U add them.',
  links: 'Without any option for symlinks they are skipped with a message.',
  copyLinks:
    'Symlinks in the tree are replaced by the files and directories behind them. One that leads nowhere is an error, and the run ends with 23.',
  copyUnsafeLinks: 'Other symlinks stay symlinks. Absolute ones count as pointing out.',
  safeLinks: 'Absolute ones count as pointing out.',
  insecureLinks:
    'In paths that you name, symlinks are followed only if they belong to root or to you, unless this is given.',
  confineRoot:
    'DIR is absolute. A merge file or a file of names, which a client can name too, is refused outside of it. rrsync gives it to the side that it bounds; it is not passed on to the other side, cannot be combined with --insecure-links, and means nothing to a daemon, whose module is its bound.',
  mungeLinks:
    'A prefix that names no existing directory is put before the target, and is taken off again by a sender that has the option.',
  copyDirlinks: 'On the sending side. Symlinks to files stay symlinks, which --copy-links would replace too.',
  keepDirlinks: 'Whoever can make symlinks at the destination can send files elsewhere by it.',
  hardLinks:
    'Names of one file are found among the files of the transfer alone, and it takes memory to find them.',
  perms:
    'Without it files that exist keep their permissions, and new ones get those of the source cut by the umask.',
  executability:
    'It counts without --perms only: where the source is executable, whoever may read the copy may execute it; where the source is not, nobody may.',
  chmod:
    'Several changes, with commas between, as chmod(1) has them. D before one is for directories alone, F for everything else. Together with --perms the result is kept, else new files have it.',
  acls: 'Both sides need file systems that have them, and the native kernel. A side whose system has other ACLs can keep them by --fake-super.',
  xattrs:
    'Those of user. and, for the super-user, all others but system. ones. Given twice, the attributes that --fake-super makes are copied as well.',
  owner: 'Names count, where both sides know one, and numbers otherwise: see --numeric-ids.',
  group: 'A plain user can give files to groups that he is a member of.',
  devices:
    'Block and character devices are made anew with their numbers. All but the super-user leave them out, unless --fake-super is given. --archive implies it.',
  copyDevices:
    'The sender reads the device, as far as it goes: a disk becomes a file. A daemon refuses it unless its module says otherwise.',
  writeDevices:
    'The receiver writes into the device that has the name of a file, as far as the file goes. Look twice at what is there. A daemon refuses it unless its module says otherwise.',
  specials: 'They are made anew; nothing of what passes through them is read. --archive implies it.',
  dropDevices:
    'They are left out with a message, whatever the sender sends; those that are there stay. Unlike --no-D it is for one side alone: the protocol stays as it is. -M--drop-D asks it of a remote receiver.',
  devicesAndSpecials: '--archive implies it. --no-D takes both back.',
  times: 'Without it the next run takes each file for changed, unless --size-only or --checksum is given.',
  atimes:
    'Given twice, files are read without a new access time, as by --open-noatime. Access times that differ are no reason to transfer a file.',
  openNoatime:
    'Where the system lets its user do so: the owner of the file, or root. Elsewhere it is passed over in silence.',
  crtimes:
    'Where the system lets them be set. Linux does not: the run ends with an error, as with an rsync that was built there.',
  omitDirTimes:
    'It spares a pass over all directories at the end, and is what NFS servers like. --backup without --backup-dir implies it.',
  omitLinkTimes: 'Of use where the destination cannot set the times of symlinks.',
  superUser:
    'With --fake-super owners, modes and device numbers are kept in an extended attribute of each file, and a plain user can restore them. --no-super leaves out what needs the super-user even for root.',
  numericIds:
    'Names of users and groups are neither asked for nor sent. For a backup of another machine, or of a system that is mounted here.',
  usermap:
    'FROM:TO, with commas between; FROM is a name, a number, a range of numbers or a pattern, and the first that matches counts.',
  groupmap: 'As --usermap, for groups.',
  chown:
    'One of the two may be left out: --chown=USER, --chown=:GROUP. It stands for --usermap=*:USER --groupmap=*:GROUP, and cannot be combined with either of them. Giving files to others takes the super-user at the destination.',
  copyAs:
    'This side gives up its own rights first, which takes the super-user; the other one does so by --remote-option. In a local run both are one process.',
  checksum:
    'Every file of equal size is read on both sides before anything is sent. Without it a file of equal size and modification time is taken for unchanged. What is transferred is verified by a checksum in any case.',
  checksumChoice:
    'Without it the sides agree on the best that both have. Two names with a comma between are for the transfer and for --checksum; none as the first sends whole files without verifying them.',
  checksumSeed:
    'A number that goes into the sums of blocks. The server takes another each time; a fixed one makes runs that can be compared byte by byte. 0 stands for the usual.',
  ignoreTimes:
    'Every file is sent again, by its differences, and is afterwards what the source is, also where somebody has changed it without a new time or size. --checksum finds such files by reading all of them, and sends them alone.',
  sizeOnly:
    'For a destination whose times were not kept: a file of equal size is taken for unchanged, whatever is in it.',
  modifyWindow: 'In seconds; for file systems with coarse times. -1 compares nanoseconds too.',
  wholeFile: 'The delta algorithm is left out. That is what a local run does by itself.',
  blockSize: 'Of the delta algorithm. It follows from the size of each file otherwise.',
  fuzzy:
    'Looks in the directory of a new file for one of equal size and time, or of a similar name. Given twice, it looks in the alternate directories too.',
  alternateDests:
    'A relative DIR begins at the destination. Up to 20 may be given, all of one kind; the first that has the file counts.',
  backup: 'What would be replaced or deleted is renamed, with a suffix or into another tree.',
  backupDir:
    'Implies --backup. A relative DIR begins at the destination, and is best one that --delete and the next run do not go into: --backup-dir=../before-today. At a daemon it lies in the module.',
  suffix:
    'Implies nothing by itself: it is for --backup. With --backup-dir there is none unless it is given.',
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
  sparse:
    'Holes take no room on the disk: for images of machines and databases. With --inplace it depends on the kernel and the file system what becomes of data that turns into zeros.',
  preallocate:
    'A full disk is found before a file is written, and large files lie in one piece. It takes a file system with fallocate, and the native kernel.',
  fsync: 'The file is on the disk before the run is over. That costs time for each of many small files.',
  delete:
    'Only in directories that are transferred, and only what is not excluded. Needs --recursive or --dirs. Where the source could not be read without errors nothing is deleted, unless --ignore-errors is given. Try it with --dry-run first.',
  deleteExcluded: 'Rules protect what they exclude otherwise.',
  ignoreErrors:
    '--delete deletes nothing as soon as the source could not be read whole, because what was not seen would count as gone.',
  force:
    'A directory at the destination goes with all that is in it where a file, a symlink or a device shall have its name. --delete does so anyway.',
  maxDelete: 'The rest stays, and the run ends with 25. 0 warns of what there was to delete.',
  removeSourceFiles: 'Directories stay. Files that somebody still writes to do not belong into such a run.',
  rsh: 'Split at blanks; quotes keep words together. The default is ssh, or RSYNC_RSH.',
  rsyncPath: 'It is run by the shell of the remote machine.',
  remoteOptions: 'One option each time; --remote-option=--log-file=FILE for example.',
  oldArgs: 'As rsync did before 3.2.4: file names with blanks have to be quoted twice then.',
  secludedArgs: 'No shell sees them. RSYNC_PROTECT_ARGS=1 asks for it always.',
  trustSender:
    "Of a remote sender's list it is otherwise tested that nothing came that was not asked for, and nothing that a filter rule leaves out. It saves time with a great many rules.",
  iconv: 'LOCAL,REMOTE, or . for the charset of the locale. Names alone are converted.',
  blockingIo:
    'The remote shell gets blocking pipes, as rsh wants them; ssh does not. rsh and remsh imply it.',
  contimeout:
    'Ends with 35. It is for daemons alone; ssh has ConnectTimeout. 0 waits as long as the system does.',
  port: '873 unless this or the address says otherwise.',
  addressFamily: 'For a connection to a daemon, and for ssh if that is the remote shell.',
  address:
    'ADDRESS is one of this machine, from which the connection goes out. For a daemon it is where to listen.',
  sockopts:
    'Names of setsockopt(2) with commas between, with a number where they have one: SO_KEEPALIVE,SO_SNDBUF=262144. It is for connections to daemons.',
  passwordFile:
    'Its first line is the password; nobody else may be able to read it. RSYNC_PASSWORD is the other way.',
  earlyInput:
    'Up to 5 KiB, which early exec of a module reads from its standard input before anything else: a secret to mount a disk by, for one.',
  motd: 'Because the protocol has no other place for it, the list of modules (rsync host::) is not shown then either.',
  protocol: 'From 27 to 32; the sides agree by themselves on the newest that both have.',
  maxAlloc: '1G unless it is given; 0 is no limit, which a daemon refuses. Units are those of --max-size.',
  compress:
    'The sides agree on the best method that both have, unless --compress-choice names one. It saves nothing in a local run.',
  compressChoice: 'auto agrees with the other side on one.',
  compressLevel:
    'Implies --compress, unless the level says off. zlib and zlibx have 1 to 9 (6), zstd -131072 to 22 (3), lz4 has none. A number out of range is taken for the nearest: --zl=99 is the strongest of whatever method is agreed on. --debug=nstr shows which it is.',
  compressThreads: 'For zstd, on the side that sends.',
  skipCompress:
    "Taken for rsync's sake, and without effect, as there: no method can change its level within a run.",
  bwlimit: 'In KiB a second, or with a unit as in --max-size; 0 is no limit.',
  timeout:
    'Ends with 30. Both sides keep it; where a daemon has one too, the shorter counts. 0 waits without end.',
  stopAt: 'The run then ends with 30, and what has come by then is in place.',
  batch:
    'A batch repeats the changes of a run at other destinations that are as this one was. Beside FILE a script FILE.sh is left that does so.',
  verbose:
    'Once names what is transferred, twice what is skipped too. Each level stands for flags of --info and --debug.',
  quiet: 'What the other side says beside errors is left out too. For cron, where each line becomes a mail.',
  info: 'A number behind a flag is its level; 0 silences it. --info=help lists them. Two are not of rsync, go to stderr, and are not part of all: progress3 shows on a terminal one block (a bar, files and bytes of those asked for, the speed, the time left, the name under way) and elsewhere a line every few seconds; failures lists, when a run ends with 23 or 24, each failed file below its reason.',
  debug: 'A number behind a flag is its level; 0 silences it. --debug=help lists them.',
  msgs2stderr:
    'errors: errors alone. all: messages as well, so that standard output stays empty. client: errors of the remote side come by the protocol and can lag behind.',
  itemize:
    'Eleven letters a line: what is done (< sent, > received, c changed, h hard link, . attributes alone, * a message), what it is (f, d, L, D, S), and what differs: c content, s size, t time, p permissions, o owner, g group, u access time, a ACL, x attributes. + stands for a new item. Given twice, unchanged items are shown too.',
  outFormat:
    '%n is the name, %l the size, %i what changes, %b the bytes that passed; more letters are those of log format in rsyncd.conf.',
  stats:
    'Files by their kinds, bytes that were sent as they are (literal) and found at the destination (matched), bytes of the list and of both directions, and how much smaller that is than the files. The same as --info=stats2.',
  humanReadable: 'Once with units by 1000, twice by 1024; --no-human-readable has plain digits.',
  progress:
    'A line for each file while it passes. --info=progress2 shows the whole run in one line; --info=progress3, which rsync has not, in a block that tells more.',
  partialAndProgress: '--info=progress2 --partial shows the whole run instead of each file.',
  eightBitOutput:
    'Otherwise bytes that are no text in the locale are shown by a backslash, # and three octal digits. Control characters always are.',
  outbuf:
    'N, L or B, or a word that begins so (none, line, block), in any case. For a file or a pipe it is blocks unless it is given: --outbuf=L lets whoever reads see each line at once.',
  logFile:
    'What is transferred, as --log-file-format says, messages and figures, each line with its time and the number of the process. Only of this side; --remote-option=--log-file=FILE has the other one write its own.',
  logFileFormat:
    'With the letters of --out-format; an empty one leaves the files out. It is %i %n%L unless it is given.',
  dryRun: 'Best with --itemize-changes or --verbose.',
  version: 'Given twice it is JSON: version, protocols, capabilities, kernel, checksums and compressions.',
  server: 'Said by a client to its other side, and not for people.',
  sender: 'Said by a client to its other side, and not for people.',
};

/** Of the forms of an option that has several, by their names. */
export const formTexts: Readonly<Record<string, string>> = {
  'no-inc-recursive':
    'All is known before the first file comes, which --info=progress2 shows, and takes memory for each file.',
  'old-dirs': 'Sent as -r with an exclude rule, which an rsync before 2.6.4 understands.',
  F: 'Once: each directory may have a file .rsync-filter with rules for what is below it. Twice: those files themselves are left out.',
  exclude:
    'The rule - PATTERN of --filter. --exclude=/cache/ is the directory at the root of the transfer, --exclude=*.o every such file.',
  'exclude-from':
    'One a line; lines that are empty or begin with ; or # say nothing, and + or - with a blank at the beginning of a line makes a rule of either kind of it. - is standard input.',
  include: 'The rule + PATTERN of --filter: it spares from an exclude that comes later on the command line.',
  'include-from': 'As --exclude-from, but lines without + or - are includes.',
  'delete-missing-args':
    'A directory that is not empty goes with --delete or --force alone. Other deletions are not asked for by it.',
  'no-OPTION':
    'The option may be one that another implies, or that an alias has given: -a --no-o --no-g keeps no owners. It counts from where it stands.',
  'fake-super':
    'For the side that has it alone: -M--fake-super is for the other one. In a local run it is for both.',
  'no-whole-file':
    'Of use locally where the destination is a slow disk or a network, or with --inplace on a file system with snapshots.',
  'copy-dest':
    'An unchanged file is copied from DIR, and what differs is sent by its differences to the file there: so a new tree is made beside an old one that stays as it is.',
  'link-dest':
    'An unchanged file becomes a hard link to that in DIR, if nothing differs of what is kept (mode, owner, times); with a mere difference of these it is copied from there. --link-dest=../yesterday makes a backup for each day that takes the room of what has changed.',
  'append-verify': 'A file that begins otherwise is sent whole in a second go.',
  delete:
    'When it happens is for the program to choose: during the transfer, unless an old rsync is at the other side.',
  'delete-before':
    'Makes room first. The whole list has to be there before, which takes time and memory; --timeout may be too short for it.',
  'delete-during': 'Each directory is cleared just before its files come. The list need not be whole.',
  'delete-delay':
    'What goes is found while the transfer runs, and goes when it is over, so that readers miss nothing meanwhile; with --delay-updates all changes come nearly at once.',
  'delete-after':
    'What goes is looked for when all has come, by the rules of merge files that have come with it. The whole list has to be there.',
  ipv6: 'For a connection to a daemon, and for ssh if that is the remote shell.',
  'stop-at':
    'Parts may be left out, and the next time that fits is meant: 14:00, :59, 1-30, 2027-01-30T06:00. It is the time of this machine.',
  'only-write-batch':
    'The destination stays as it is. Sending to another machine saves the way: the changes go into FILE, and reach it by other means.',
  'read-batch': 'The destination has to be as the one was that FILE was made with. - is standard input.',
};

/** Of the daemon's own options, by their names. */
export const daemonTexts: Readonly<Record<string, string>> = {
  daemon:
    'Behind it count the options of this topic alone. With a socket as standard input (inetd, Accept=yes of systemd) it serves that client; with sockets given by systemd it serves these; else it listens, and goes into the background.',
  address: 'As address in the configuration, which it overrules.',
  bwlimit: 'A client that asks for less gets less.',
  config: '/etc/rsyncd.conf is the usual one. It is read anew for each client.',
  dparam:
    'As if it stood at the end of the global part: --dparam=pidfile=/run/rsyncd.pid. Blanks in names may be left out.',
  'no-detach': 'For a service manager, and to try things out.',
  port: 'As port in the configuration, which it overrules.',
  'log-file': 'An empty FILE is the system log.',
  'log-file-format': 'As log format of a module, with its letters. An empty one logs no files.',
  sockopts: 'As socket options in the configuration, which they overrule.',
  metrics:
    'At /metrics: connections now and so far, refusals, files, bytes and errors by module. HOST is the loopback unless it is given.',
  'memory-limit':
    'SIZE is written as for --max-size. It takes the native kernel; where there is none, the log says so.',
  ipv4: 'Without either both are listened on.',
  ipv6: 'Without either both are listened on.',
};
