/** What --debug tells of a run's steps, in rsync's words. */
import type { ByteString } from '../kernel/kernel.ts';
import { commaNumber } from './numbers.ts';

const octal = (mode: number): string => mode.toString(8);

export const backedUpBy = (how: 'HLINK' | 'RENAME' | 'DEVICE' | 'SYMLINK' | 'COPY', path: ByteString) =>
  `make_backup: ${how} ${path} successful.`;

export const deletingIn = (path: ByteString) => `deleting in ${path}`;
export const deleteInDir = (path: ByteString) => `delete_in_dir(${path})`;
export const deleteItem = (path: ByteString, mode: number, flags: number) =>
  `delete_item(${path}) mode=${octal(mode)} flags=${flags}`;
export const deleteContents = (path: ByteString, flags: number) =>
  `delete_dir_contents(${path}) flags=${flags}`;

export const makingNode = (path: ByteString, mode: number, major: number, minor: number) =>
  `mknod(${path}, 0${octal(mode)}, [${major},${minor}])`;
export const touchingUp = (path: ByteString, i: number) => `touch_up_dirs: ${path} (${i})`;

export const settingOwner = (what: 'uid' | 'gid', path: ByteString, from: number, to: number) =>
  `set ${what} of ${path} from ${from} to ${to}`;
export const mappedId = (what: 'uid' | 'gid', id: number, name: ByteString, to: number) =>
  `${what} ${id}(${name}) maps to ${to}`;
export const groupsOfProcess = (groups: readonly number[]) =>
  `process has ${groups.length} gid${groups.length === 1 ? '' : 's'}: ${groups.map((gid) => ` ${gid}`).join('')}`;

export const makingEntry = (who: string, path: ByteString, filters: number) =>
  `[${who}] make_file(${path},*,${filters})`;
export const receivedName = (path: ByteString) => `recv_file_name(${path})`;
export const listsEnd = (who: string) => `[${who}] flist_eof=1`;
export const listFollows = (who: string, dir: number) => `[${who}] receiving flist for dir ${dir}`;
export const listIs = (who: string, start: number, used: number, low: number, high: number) =>
  `[${who}] flist start=${start}, used=${used}, low=${low}, high=${high}`;
export interface ToldEntry {
  readonly name: ByteString;
  readonly mode: number;
  readonly size: number;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  readonly skipsGroup: boolean;
  readonly flags: number;
}
export const entryIs = (who: string, ndx: number, told: ToldEntry, level: number) => {
  const { name, mode, size, uid, gid, skipsGroup, flags } = told;
  const owner = uid === undefined ? '' : ` uid=${uid}`;
  const group = gid === undefined ? '' : ` gid=${skipsGroup ? `(${gid})` : gid}`;
  return `[${who}] i=${ndx} ${name} mode=0${octal(mode)} len=${commaNumber(size, level)}${owner}${group} flags=${flags.toString(16)}`;
};
export const recordsAre = (bytes: number, extra: number) => `FILE_STRUCT_LEN=${bytes}, EXTRA_LEN=${extra}`;

export const tableOfDevice = (who: string, dev: number) => `[${who}] created hashtable for dev ${dev}`;
export const inodeIs = (who: string, ndx: number, dev: number, inode: number | bigint) =>
  `[${who}] dev:inode for #${ndx} is ${dev}:${inode}`;
export const linksTo = (who: string, ndx: number, first: number, isHere: boolean) =>
  `[${who}] #${ndx} hard-links #${first} (${isHere ? '' : 'un'}abbrev)`;
export const laterName = (ndx: number, path: ByteString, group: number, becomes: ByteString) =>
  `hlink for ${ndx} (${path},${group}): ${becomes}`;

export const enteringDirectory = (who: string, path: ByteString) => `[${who}] change_dir(${path})`;

export const fileListSent = 'file list sent';

export const checkingCharset = (name: ByteString) => `msg checking charset: ${name}`;

export const describing = (
  count: number | bigint,
  rest: number,
  block: number,
  strong: number,
  size: number,
) => `count=${count} rem=${rest} blength=${block} s2length=${strong} flength=${size}`;
export const sendingSums = (ndx: number) => `generating and sending sums for ${ndx}`;
export const mappedByGenerator = (path: ByteString, size: number) => `gen mapped ${path} of size ${size}`;
export const sumOfChunk = (k: number, offset: number, length: number, sum: number) =>
  `chunk[${k}] offset=${offset} len=${length} sum1=${(sum >>> 0).toString(16).padStart(8, '0')}`;
export const mappedBySender = (path: ByteString, size: number) => `send_files mapped ${path} of size ${size}`;
export const matching = (path: ByteString) => `calling match_sums ${path}`;
export const builtTable = 'built hash table';
export const searching = (block: number, size: number) => `hash search b=${block} len=${size}`;
export const searchDone = 'done hash search';
export const sendingFileSum = 'sending file_sum';
export const searched = ({ falseAlarms, hashHits, matches }: Searched) =>
  `false_alarms=${falseAlarms} hash_hits=${hashHits} matches=${matches}`;
/** How the search for matching blocks went, which began if there were any. */
export interface Searched {
  readonly blocks?: { readonly length: number; readonly size: number };
  readonly falseAlarms: number;
  readonly hashHits: number;
  readonly matches: number;
}
export const nothingSearched: Searched = { falseAlarms: 0, hashHits: 0, matches: 0 };
export const mappedByReceiver = (path: ByteString, size: number) => `recv mapped ${path} of size ${size}`;
export const gotFileSum = 'got file_sum';

/** The parts of a command line that names another machine; what it does not name is shown as nothing. */
export function remoteParts(
  shell: ByteString | undefined,
  machine: ByteString | undefined,
  user: ByteString | undefined,
  path: ByteString | undefined,
): ByteString {
  const nothing = '<NULL>';
  return `cmd=${shell ?? nothing} machine=${machine ?? nothing} user=${user ?? nothing} path=${path ?? nothing}`;
}
export const numberedWords = (words: readonly ByteString[]) =>
  words.map((word, k) => `cmd[${k}]=${word} `).join('');

export const waitingOn = (who: 'client_run' | 'client_run2', pid: number) => `${who} waiting on ${pid}`;
const cleanup = (who: string, code: number) =>
  `[${who}] _exit_cleanup(code=${code}, file=oc-rsync, line=0): `;
export const cleanupEntered = (who: string, code: number) => `${cleanup(who, code)}entered`;
/** `first`: what it began to end with. */
export const aboutToExit = (who: string, first: number, code: number, dryRun: boolean) =>
  `${cleanup(who, first)}about to call exit(${code})${dryRun ? ' (DRY RUN)' : ''}`;
export const sendingErrorExit = (who: string, code: number) =>
  `[${who}] sending MSG_ERROR_EXIT with exit_code ${code}`;
/** What the peer ended with, in so many bytes, and how that is passed on. */
export const peersExit = (who: string, bytes: number, code: number) => [
  `[${who}] got MSG_ERROR_EXIT with ${bytes} bytes`,
  who === 'sender' || bytes === 0 ? `[${who}] sending MSG_ERROR_EXIT (len 0)` : sendingErrorExit(who, code),
];
