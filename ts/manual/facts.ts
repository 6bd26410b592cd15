/** What the pages say of the program besides its options. */
import { exitText } from '../errors.ts';

/** A name, and what it is for. */
export type Row = readonly [name: string, text: string];

/** Of the last change to what the pages say. */
export const pageDate = 'November 29, 2026';

export const summary = 'copy files from one place to another, sending only what differs';

export const description: readonly string[] = [
  'Makes files and directories at a destination what they are at their sources, on one machine or between two. Of a file that is there in another version only the differences pass.',
  'It speaks the protocol of rsync (versions 27 to 32): the other side can be a real rsync of any kind, as client, as server or as daemon. Options, output and exit codes are those of rsync; what is not is marked.',
  'A source that ends with a slash stands for what is in it; without the slash the directory itself is copied. One side has to be here. Options and arguments may stand in any order, and -- ends the options.',
];

/** How each of our own commands is called, and what it does. rsync takes their words for paths. */
export const commands: readonly Row[] = [
  [
    'help OPTION',
    'Explains an option in any spelling (-a, a, --archive, archive, no-times) and proposes others for one that there is not (exit 1).',
  ],
  [
    'completion bash|zsh|fish',
    'Prints a script that completes options, their arguments, files and hosts. Write it once to where the shell looks for such files: ~/.local/share/bash-completion/completions/oc-rsync, a directory of $fpath under the name _oc_rsync, or ~/.config/fish/completions/oc-rsync.fish.',
  ],
  [
    'bench [OPTION]...',
    'Measures this program beside an rsync on this machine and prints a table. bench --help lists what it measures.',
  ],
  [
    'decode FILE',
    'Tells, a line a thing, of a conversation that OC_RSYNC_TRACE=capture:FILE has kept, or of a batch. What is broken is told of as far as it goes (exit 12); a file that is neither ends with 11.',
  ],
];

/** When the words above are no source and no destination. */
export const commandRule =
  'Of help and completion there are two words, and nothing of either name is in the working directory; of decode the second is a file, and nothing is called decode; nothing called bench is there, and behind that word stand its own options alone. Otherwise the words are sources and a destination, as with rsync.';

/** What precedes the options of one of them. */
export const benchText =
  'It measures this program beside the rsync on PATH in local copies, through a remote shell that starts the other side on this machine, and with daemons on the loopback interface; compares what both have made with the data; and removes all of it. It ends with 23 where a program failed or made something else, and with 11 where there is no room.';

export const environment: readonly Row[] = [
  ['RSYNC_RSH', 'The remote shell, where --rsh is not given.'],
  ['RSYNC_PROXY', 'HOST:PORT of an HTTP proxy by which daemons are reached.'],
  [
    'RSYNC_CONNECT_PROG',
    'A command whose input and output are the connection to a daemon; %H in it is the host.',
  ],
  ['RSYNC_PASSWORD', 'The password for a daemon, where --password-file is not given.'],
  ['RSYNC_PARTIAL_DIR', 'The directory of --partial-dir for runs with --partial.'],
  ['RSYNC_ICONV', 'What --iconv says, where it is not given.'],
  ['RSYNC_MAX_ALLOC', 'What --max-alloc says, where it is not given.'],
  ['RSYNC_OLD_ARGS, RSYNC_PROTECT_ARGS', '1 stands for --old-args, or --secluded-args.'],
  [
    'RSYNC_CHECKSUM_LIST, RSYNC_COMPRESS_LIST',
    'Names to agree on with the other side, best first; & parts those of a client from those of a server.',
  ],
  ['RSYNC_SHELL', 'The shell that runs RSYNC_CONNECT_PROG.'],
  ['CVSIGNORE', 'Patterns that --cvs-exclude adds.'],
  ['POSIXLY_CORRECT', 'If it is set, the first argument ends the options.'],
  ['OC_RSYNC_KERNEL', 'native or portable: the kernel to use, where the best one shall not be. (ours)'],
  ['OC_RSYNC_IO', 'plain, uring or splice: how large files are moved. (ours)'],
  [
    'OC_RSYNC_TRACE',
    'wire: what passes between client and server is told on standard error, a line a thing; wire:FILE: in a file; capture:FILE: it is kept for oc-rsync decode, with the content of the files that pass. Passwords are masked. (ours)',
  ],
  ['OC_RSYNC_CODE_CACHE', 'off: compiled code of the program is neither read nor kept. (ours)'],
];

export const files: readonly Row[] = [
  ['/etc/rsyncd.conf', 'The configuration of a daemon.'],
  [
    'rsyncd.conf',
    'That of a daemon that a remote shell starts for a plain user, in the directory where it starts.',
  ],
  ['~/.popt', 'Options that the user has put together of others.'],
];

/** Exit codes with their reasons. */
export const exits: readonly Row[] = [
  ['0', 'everything went well'],
  ...Object.entries(exitText).map(([code, text]): Row => [code, text]),
];

/** How rsyncd.conf is written. */
export const configFormat: readonly string[] = [
  'The file is made of lines NAME = VALUE. [MODULE] begins a module, and what stands before the first one is of the daemon as a whole, or the default of the modules. In names neither case nor blanks count.',
  'A line that begins with # or ; is a comment, and a backslash at the end of a line joins it to the next. %NAME% in a value is a variable of the environment, and in what is used for one client also what is known of it (%RSYNC_USER_NAME%, %RSYNC_HOST_ADDR% and so on).',
  '&include FILE reads another file, whose defaults hold in it alone; &merge FILE reads one as if it stood here. Of a directory, &include reads what ends in .conf and &merge what ends in .inc, in order of the names.',
  'Switches are yes or no, true or false, 1 or 0. A switch that is unset is left to the daemon.',
];
