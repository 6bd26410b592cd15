/** rsyncd.conf's parameters in a library. Written by scripts/library-options.mjs from ts/daemon/config; not to be edited. */
import type { OptionText } from './options.ts';

/** Those of a module. A `%NAME%` in a text is a variable of the environment, as in a file. */
export interface ModuleParameters {
  /** `auth digest`: The weakest digest that a password may be proven by; a client that knows none so strong stays out. */
  readonly authDigest?: OptionText | undefined;
  /** `auth users`: Users who may come in, with commas or blanks between; everybody otherwise. A pattern or an @GROUP may stand for several, and one with :deny, :ro or :rw behind it says what such a user may do. The first that matches counts: guest:deny, @staff:rw, *:ro.
They are names of the secrets file, and need be no users of the system; groups are those of the system. */
  readonly authUsers?: OptionText | undefined;
  /** `charset`: The charset of the file names in the module, for clients with --iconv. */
  readonly charset?: OptionText | undefined;
  /** `comment`: What a list of the modules shows beside the name. */
  readonly comment?: OptionText | undefined;
  /** `dont compress`: Patterns of names that need no compression. Taken, and without effect. */
  readonly dontCompress?: OptionText | undefined;
  /** `early exec`: A command that is run before the client has said what it wants. If it fails the client is refused. */
  readonly earlyExec?: OptionText | undefined;
  /** `exclude`: Patterns of names that no client sees or writes. */
  readonly exclude?: OptionText | undefined;
  /** `exclude from`: A file of such patterns. */
  readonly excludeFrom?: OptionText | undefined;
  /** `filter`: Filter rules of the module, above those of any client, with blanks between: - *.tmp - /private/. What they leave out can neither be read nor written or deleted. Rules that merge a file of each directory cannot be kept, and close the module. */
  readonly filter?: OptionText | undefined;
  /** `gid`: The groups that a session has; * adds all that its user is in. nobody or nogroup where the daemon is root. */
  readonly gid?: OptionText | undefined;
  /** `hosts allow`: Who may connect: addresses, networks with a mask, host names or patterns of them, with blanks or commas between: 192.168.1.0/24 fd00::/8 *.example.com. All others may not, unless hosts deny is set too; then those that match neither may. */
  readonly hostsAllow?: OptionText | undefined;
  /** `hosts deny`: Who may not connect, written in the same way. hosts allow wins where both match. */
  readonly hostsDeny?: OptionText | undefined;
  /** `include`: Patterns that are exempt from exclude. */
  readonly include?: OptionText | undefined;
  /** `include from`: A file of such patterns. */
  readonly includeFrom?: OptionText | undefined;
  /** `incoming chmod`: Changes to the permissions of what comes in, as --chmod has them. */
  readonly incomingChmod?: OptionText | undefined;
  /** `lock file`: Where connections are counted for max connections. Modules with one file share one count. */
  readonly lockFile?: OptionText | undefined;
  /** `log file`: Where to log; the system log otherwise. */
  readonly logFile?: OptionText | undefined;
  /** `log format`: How a transferred file is logged where transfer logging is on; --out-format and --log-file-format have the same letters.
Of the file: %n name, %f name with its directory, %L where a link leads, %l size, %M time of modification, %B permissions, %U user, %G group, %C checksum, %i what changes, as --itemize-changes says it.
Of the transfer: %o send, recv or del., %b bytes that passed for the file, %c bytes of its block sums, %t time, %p number of the process.
Of a daemon alone: %m module, %P its path, %a address of the client, %h its host name, %u its user name.
A number between % and the letter is a width (with - in front at the left), and %' groups digits. */
  readonly logFormat?: OptionText | undefined;
  /** `name converter`: A command that translates between names and numbers of users and groups, where a chroot hides those of the system. */
  readonly nameConverter?: OptionText | undefined;
  /** `outgoing chmod`: Changes to the permissions of what goes out, as --chmod has them. */
  readonly outgoingChmod?: OptionText | undefined;
  /** `post-xfer exec`: A command that is run when a session has ended, with the environment of pre-xfer exec but for request and words. RSYNC_EXIT_STATUS is the exit code of the session, RSYNC_RAW_STATUS what waitpid(2) gives. */
  readonly postXferExec?: OptionText | undefined;
  /** `pre-xfer exec`: A command that is run before a session. If it fails the client is refused, and sees what it printed.
Its environment says who comes for what: RSYNC_MODULE_NAME, RSYNC_MODULE_PATH, RSYNC_HOST_ADDR, RSYNC_HOST_NAME, RSYNC_USER_NAME, RSYNC_PID, RSYNC_REQUEST (module and path) and RSYNC_ARG0 on (the words of the command line). */
  readonly preXferExec?: OptionText | undefined;
  /** `refuse options`: Options that a client may not use: names, letters, or patterns of them. ! in front takes back a refusal, and the last one that matches counts.
delete* keeps clients from deleting; * !a !v !z leaves them -avz and nothing else. */
  readonly refuseOptions?: OptionText | undefined;
  /** `secrets file`: Lines USER:PASSWORD, or @GROUP:PASSWORD. Passwords are there as they are, so that nobody else may read it: see strict modes. */
  readonly secretsFile?: OptionText | undefined;
  /** `syslog tag`: The name in the system log. */
  readonly syslogTag?: OptionText | undefined;
  /** `uid`: The user that a session runs as. nobody where the daemon is root. */
  readonly uid?: OptionText | undefined;
  /** `path`: The directory that is served. It has to be set. A /./ in it parts the root of a chroot from the module in it. */
  readonly path?: OptionText | undefined;
  /** `temp dir`: Where files are written until they are complete, relative to the module. */
  readonly tempDir?: OptionText | undefined;
  /** `max connections`: As many sessions at a time; 0 is no limit, and a negative number closes the module. */
  readonly maxConnections?: number | undefined;
  /** `max verbosity`: Levels of --verbose that a client can ask for. */
  readonly maxVerbosity?: number | undefined;
  /** `timeout`: Seconds of silence after which a session ends; if the client has set one too, the shorter counts. 0 is no limit. */
  readonly timeout?: number | undefined;
  /** `syslog facility`: The facility in the system log, by name or number. */
  readonly syslogFacility?:
    | 'kern'
    | 'user'
    | 'mail'
    | 'daemon'
    | 'auth'
    | 'security'
    | 'syslog'
    | 'lpr'
    | 'news'
    | 'uucp'
    | 'cron'
    | 'authpriv'
    | 'ftp'
    | 'local0'
    | 'local1'
    | 'local2'
    | 'local3'
    | 'local4'
    | 'local5'
    | 'local6'
    | 'local7'
    | undefined;
  /** `fake super`: Sessions work as with --fake-super. */
  readonly fakeSuper?: boolean | undefined;
  /** `forward lookup`: A host name in hosts allow and hosts deny is looked up when that of the client did not match. */
  readonly forwardLookup?: boolean | undefined;
  /** `ignore errors`: Errors in reading a source do not keep a client from deleting. */
  readonly ignoreErrors?: boolean | undefined;
  /** `ignore nonreadable`: Files that the session may not read are left out without a word. */
  readonly ignoreNonreadable?: boolean | undefined;
  /** `insecure links`: Symlinks of others are followed in the paths that the configuration names. */
  readonly insecureLinks?: boolean | undefined;
  /** `list`: The module shows in the list. One that does not can be used all the same by those who know it. */
  readonly list?: boolean | undefined;
  /** `read only`: Nobody can push. */
  readonly readOnly?: boolean | undefined;
  /** `reverse lookup`: The name of each client is looked up. Without it patterns of host names match nobody, and logs have addresses. */
  readonly reverseLookup?: boolean | undefined;
  /** `strict modes`: A secrets file that others can read, or that belongs to somebody else, lets nobody in. */
  readonly strictModes?: boolean | undefined;
  /** `transfer logging`: Every file is logged as log format says. */
  readonly transferLogging?: boolean | undefined;
  /** `write only`: Nobody can pull. */
  readonly writeOnly?: boolean | undefined;
  /** `munge symlinks`: Symlinks that come in are made unusable, and are as they were to whoever pulls them. Left to the daemon it is on wherever a link could lead out of the module. */
  readonly mungeSymlinks?: boolean | undefined;
  /** `numeric ids`: Users and groups are numbers and not names. Left to the daemon it is on unless use chroot is no or there is a name converter. */
  readonly numericIds?: boolean | undefined;
  /** `open noatime`: yes never changes access times by reading, no never avoids it; left to the daemon the client may choose. */
  readonly openNoatime?: boolean | undefined;
  /** `use chroot`: The module becomes the root of its session, so that no name can lead out of it. Left to the daemon it is tried, and done without where it is not possible; yes closes the module there. Names of users and groups cannot be looked up in a chroot: see numeric ids and name converter. */
  readonly useChroot?: boolean | undefined;
}

/** Those of a server as a whole. */
export interface ServerParameters {
  /** `daemon chroot`: A directory that becomes the root before a client is heard. Paths of the configuration begin there. */
  readonly daemonChroot?: OptionText | undefined;
  /** `daemon gid`: The group of what serves a client, before gid of a module counts. */
  readonly daemonGid?: OptionText | undefined;
  /** `daemon uid`: The user of what serves a client, before uid of a module counts; only root can become that. */
  readonly daemonUid?: OptionText | undefined;
  /** `motd file`: A file whose text is shown to every client. */
  readonly motdFile?: OptionText | undefined;
  /** `proxy protocol hosts`: Peers that may speak for others by the proxy protocol; a list as in hosts allow. Without it nobody is let in where proxy protocol is on. */
  readonly proxyProtocolHosts?: OptionText | undefined;
  /** `socket options`: Options of the sockets, such as SO_KEEPALIVE or TCP_NODELAY, with commas between. */
  readonly socketOptions?: OptionText | undefined;
  /** `listen backlog`: How many connections may wait to be accepted. */
  readonly listenBacklog?: number | undefined;
  /** `proxy protocol`: Every connection begins with a header (version 1 or 2) that says where the client really is. */
  readonly proxyProtocol?: boolean | undefined;
}
