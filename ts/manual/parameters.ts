/** What each parameter of rsyncd.conf means; each line is a paragraph. That all of them are here is seen to by the type. */
import type { GlobalName, ModuleName } from '../daemon/config/parameters.ts';

export const parameterTexts: Readonly<Record<GlobalName | ModuleName, string>> = {
  address: 'The address to listen on; all of the machine otherwise.',
  'daemon chroot':
    'A directory that becomes the root before a client is heard. Paths of the configuration begin there.',
  'daemon gid': 'The group of what serves a client, before gid of a module counts.',
  'daemon uid': 'The user of what serves a client, before uid of a module counts; only root can become that.',
  'motd file': 'A file whose text is shown to every client.',
  'pid file':
    'Where the process number is written. The file is locked, so that a second daemon with it does not start.',
  'proxy protocol hosts':
    'Peers that may speak for others by the proxy protocol; a list as in hosts allow. Without it nobody is let in where proxy protocol is on.',
  'socket options': 'Options of the sockets, such as SO_KEEPALIVE or TCP_NODELAY, with commas between.',
  'listen backlog': 'How many connections may wait to be accepted.',
  port: 'The port to listen on; 0 stands for 873.',
  'proxy protocol':
    'Every connection begins with a header (version 1 or 2) that says where the client really is.',

  'auth digest':
    'The weakest digest that a password may be proven by; a client that knows none so strong stays out.',
  'auth users':
    'Users who may come in, with commas or blanks between; everybody otherwise. A pattern or an @GROUP may stand for several, and one with :deny, :ro or :rw behind it says what such a user may do. The first that matches counts: guest:deny, @staff:rw, *:ro.\nThey are names of the secrets file, and need be no users of the system; groups are those of the system.',
  charset: 'The charset of the file names in the module, for clients with --iconv.',
  comment: 'What a list of the modules shows beside the name.',
  'dont compress': 'Patterns of names that need no compression. Taken, and without effect.',
  'early exec':
    'A command that is run before the client has said what it wants. If it fails the client is refused.',
  exclude: 'Patterns of names that no client sees or writes.',
  'exclude from': 'A file of such patterns.',
  filter:
    'Filter rules of the module, above those of any client, with blanks between: - *.tmp - /private/. What they leave out can neither be read nor written or deleted. Rules that merge a file of each directory cannot be kept, and close the module.',
  gid: 'The groups that a session has; * adds all that its user is in. nobody or nogroup where the daemon is root.',
  'hosts allow':
    'Who may connect: addresses, networks with a mask, host names or patterns of them, with blanks or commas between: 192.168.1.0/24 fd00::/8 *.example.com. All others may not, unless hosts deny is set too; then those that match neither may.',
  'hosts deny': 'Who may not connect, written in the same way. hosts allow wins where both match.',
  include: 'Patterns that are exempt from exclude.',
  'include from': 'A file of such patterns.',
  'incoming chmod': 'Changes to the permissions of what comes in, as --chmod has them.',
  'lock file': 'Where connections are counted for max connections. Modules with one file share one count.',
  'log file': 'Where to log; the system log otherwise.',
  'log format':
    "How a transferred file is logged where transfer logging is on; --out-format and --log-file-format have the same letters.\nOf the file: %n name, %f name with its directory, %L where a link leads, %l size, %M time of modification, %B permissions, %U user, %G group, %C checksum, %i what changes, as --itemize-changes says it.\nOf the transfer: %o send, recv or del., %b bytes that passed for the file, %c bytes of its block sums, %t time, %p number of the process.\nOf a daemon alone: %m module, %P its path, %a address of the client, %h its host name, %u its user name.\nA number between % and the letter is a width (with - in front at the left), and %' groups digits.",
  name: 'The name of the module, where it is not that of its section.',
  'name converter':
    'A command that translates between names and numbers of users and groups, where a chroot hides those of the system.',
  'outgoing chmod': 'Changes to the permissions of what goes out, as --chmod has them.',
  'post-xfer exec':
    'A command that is run when a session has ended, with the environment of pre-xfer exec but for request and words. RSYNC_EXIT_STATUS is the exit code of the session, RSYNC_RAW_STATUS what waitpid(2) gives.',
  'pre-xfer exec':
    'A command that is run before a session. If it fails the client is refused, and sees what it printed.\nIts environment says who comes for what: RSYNC_MODULE_NAME, RSYNC_MODULE_PATH, RSYNC_HOST_ADDR, RSYNC_HOST_NAME, RSYNC_USER_NAME, RSYNC_PID, RSYNC_REQUEST (module and path) and RSYNC_ARG0 on (the words of the command line).',
  'refuse options':
    'Options that a client may not use: names, letters, or patterns of them. ! in front takes back a refusal, and the last one that matches counts.\ndelete* keeps clients from deleting; * !a !v !z leaves them -avz and nothing else.',
  'secrets file':
    'Lines USER:PASSWORD, or @GROUP:PASSWORD. Passwords are there as they are, so that nobody else may read it: see strict modes.',
  'syslog tag': 'The name in the system log.',
  uid: 'The user that a session runs as. nobody where the daemon is root.',
  path: 'The directory that is served. It has to be set. A /./ in it parts the root of a chroot from the module in it.',
  'temp dir': 'Where files are written until they are complete, relative to the module.',
  'max connections': 'As many sessions at a time; 0 is no limit, and a negative number closes the module.',
  'max verbosity': 'Levels of --verbose that a client can ask for.',
  timeout:
    'Seconds of silence after which a session ends; if the client has set one too, the shorter counts. 0 is no limit.',
  'syslog facility': 'The facility in the system log, by name or number.',
  'fake super': 'Sessions work as with --fake-super.',
  'forward lookup':
    'A host name in hosts allow and hosts deny is looked up when that of the client did not match.',
  'ignore errors': 'Errors in reading a source do not keep a client from deleting.',
  'ignore nonreadable': 'Files that the session may not read are left out without a word.',
  'insecure links': 'Symlinks of others are followed in the paths that the configuration names.',
  list: 'The module shows in the list. One that does not can be used all the same by those who know it.',
  'read only': 'Nobody can push.',
  'reverse lookup':
    'The name of each client is looked up. Without it patterns of host names match nobody, and logs have addresses.',
  'strict modes': 'A secrets file that others can read, or that belongs to somebody else, lets nobody in.',
  'transfer logging': 'Every file is logged as log format says.',
  'write only': 'Nobody can pull.',
  'munge symlinks':
    'Symlinks that come in are made unusable, and are as they were to whoever pulls them. Left to the daemon it is on wherever a link could lead out of the module.',
  'numeric ids':
    'Users and groups are numbers and not names. Left to the daemon it is on unless use chroot is no or there is a name converter.',
  'open noatime':
    'yes never changes access times by reading, no never avoids it; left to the daemon the client may choose.',
  'use chroot':
    'The module becomes the root of its session, so that no name can lead out of it. Left to the daemon it is tried, and done without where it is not possible; yes closes the module there. Names of users and groups cannot be looked up in a chroot: see numeric ids and name converter.',
};
