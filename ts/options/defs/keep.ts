/** What is kept of files: links, permissions, owners, times. */
import type { ByteString } from '../../kernel/kernel.ts';
import { type BackingUp, keepsBeside } from '../backups.ts';
import { isChmod } from '../chmod-syntax.ts';
import { cleanName } from '../clean-name.ts';
import {
  count,
  derived,
  flag,
  leading,
  letter,
  letterTo,
  off,
  on,
  option,
  type Telling,
  text,
  word,
} from '../definition.ts';
import { closes, none, plainEntries, where } from '../paths.ts';
import { type Quoting, quoteOption } from '../shell-quote.ts';
import { syntax } from '../wrong.ts';

/** --super, --fake-super or --no-super; 'auto' goes by the effective user. */
type SuperUser = 'auto' | 'on' | 'off' | 'fake';

/** A map of names, and the option that it came by. */
interface NameMap {
  readonly map: ByteString;
  readonly by: '' | '--usermap' | '--groupmap' | '--chown';
}
const noMap: NameMap = { map: '', by: '' };

/** Each map once, and not by two kinds of option. */
function mapOnce(kind: 'user' | 'group', prior: NameMap, by: NameMap['by'], map: ByteString): NameMap {
  if (prior.by === '') return { map, by };
  if (prior.by !== by) throw syntax(`${by} conflicts with prior ${prior.by}.`);
  const what = by === '--chown' ? `a ${kind}-affecting --chown` : by;
  throw syntax(`You can only specify ${what} once.`);
}

interface Owners {
  usermap: NameMap;
  groupmap: NameMap;
  owner: boolean;
  group: boolean;
}

interface Archive {
  recursive: number;
  links: boolean;
  perms: boolean;
  times: boolean;
  group: boolean;
  owner: boolean;
  devices: boolean;
  specials: boolean;
}

interface Nodes {
  devices: boolean;
  specials: boolean;
}

/** The sender opens what links lead to. */
const followsLinks = closes('filesByName', 'sumsWhereCompared', 'sourceRecords', 'answersTogether');

export const keepOptions = {
  archive: leading(undefined, [
    on('--archive, -a', 'archive mode: -rlptgoD (without -A,-X,-U,-N,-H)', (_, __, draft: Archive) => {
      if (draft.recursive === 0) draft.recursive = 1;
      draft.links = true;
      draft.perms = true;
      draft.times = true;
      draft.group = true;
      draft.owner = true;
      draft.devices = true;
      draft.specials = true;
      return undefined;
    }),
    { note: '--no-OPTION', help: 'switch off an OPTION that another implies (e.g. --no-D)' },
  ]),
  links: flag('--links, -l', 'copy symlinks as symlinks', {
    off: 'no-links no-l',
    letter: letter('l'),
    closes: none,
  }),
  copyLinks: flag('--copy-links, -L', 'copy what symlinks point to', {
    letter: letterTo('sender', 'L'),
    closes: followsLinks,
  }),
  copyUnsafeLinks: flag('--copy-unsafe-links', 'do so where they point out of the tree', {
    tells: word('--copy-unsafe-links'),
    closes: followsLinks,
  }),
  safeLinks: flag('--safe-links', 'skip symlinks that point out of the tree', {
    tells: word('--safe-links'),
    closes: closes('passesOver'),
  }),
  insecureLinks: flag('--insecure-links', 'follow symlinks of others in paths you name', {
    off: 'no-insecure-links',
    closes: none,
  }),
  /** '' for none. */
  confineRoot: option({
    initial: '',
    switches: [
      on<ByteString>(
        '--confine-root=DIR',
        'refuse paths you name that lead out of DIR',
        (_, { value }) => value,
      ),
    ],
    settle: (root: ByteString, draft: { readonly insecureLinks: boolean }): ByteString => {
      if (root === '') return '';
      if (!root.startsWith('/')) throw syntax('--confine-root must be an absolute path');
      if (draft.insecureLinks) throw syntax('--insecure-links cannot be combined with --confine-root');
      // Of `/` everything is in it.
      return cleanName(root) === '/' ? '' : cleanName(root);
    },
    closes: none,
  }),
  mungeLinks: flag('--munge-links', 'make symlinks safe but unusable', {
    off: 'no-munge-links',
    // Each end changes the targets of its own.
    closes: closes('listsAsTheyAre', 'passesOver'),
  }),
  copyDirlinks: flag('--copy-dirlinks, -k', 'copy a symlink to a directory as a directory', {
    letter: letterTo('sender', 'k'),
    closes: closes('sourceRecords'),
  }),
  keepDirlinks: flag('--keep-dirlinks, -K', "use the receiver's symlink to a directory as one", {
    letter: letterTo('receiver', 'K'),
    closes: closes('passesOver', 'looksAhead', 'scansAhead'),
  }),
  hardLinks: option({
    initial: 0,
    switches: [
      on<number>('--hard-links, -H', 'keep hard links', (times) => times + 1),
      ...off('no-hard-links no-H', 0),
    ],
    settle: (times: number): boolean => times > 0,
    closes: none,
  }),
  /** How often -H was given: the server is told. */
  hardLinksGiven: derived((draft: { readonly hardLinks: number }): number => draft.hardLinks, {
    letter: letter('H', 2),
    closes: none,
  }),
  perms: flag('--perms, -p', 'keep permissions', {
    off: 'no-perms no-p',
    letter: letter('p'),
    closes: [where((kept: boolean) => !kept, 'listShared', 'passesOver')],
  }),
  executability: flag('--executability, -E', 'keep whether a file is executable', {
    letter: (kept, { options, push }: Telling<{ readonly perms: boolean }>): string =>
      kept && !options.perms && push ? 'E' : '',
    closes: none,
  }),
  /** --chmod arguments in order, comma-joined; '' for none. */
  chmod: option({
    initial: '',
    switches: [
      on<ByteString>('--chmod=CHMOD', 'change permissions on the way', (before, { value }) => {
        if (!isChmod(value)) throw syntax(`Invalid argument passed to --chmod (${value})`);
        return before === '' ? value : `${before},${value}`;
      }),
    ],
    settle: (modes: ByteString): ByteString => modes,
    closes: closes('sourceRecords', 'plainEntriesIn'),
  }),
  acls: option({
    initial: false,
    switches: [
      on('--acls, -A', 'keep ACLs (implies --perms)', (_: boolean, __, draft: { perms: boolean }) => {
        draft.perms = true;
        return true;
      }),
      ...off('no-acls no-A', false),
    ],
    settle: (kept: boolean): boolean => kept,
    letter: letter('A'),
    closes: closes(...plainEntries, 'listsAsTheyAre'),
  }),
  /** -X count. */
  xattrs: count('--xattrs, -X', 'keep extended attributes', {
    off: 'no-xattrs no-X',
    letter: letter('X', 2),
    closes: closes(...plainEntries, 'listsAsTheyAre'),
  }),
  owner: flag('--owner, -o', 'keep the owner (super-user only)', {
    off: 'no-owner no-o',
    letter: letter('o'),
    closes: none,
  }),
  group: flag('--group, -g', 'keep the group', { off: 'no-group no-g', letter: letter('g'), closes: none }),
  devices: flag('--devices', 'keep device files (super-user only)', {
    off: 'no-devices',
    letter: letter('D'),
    closes: none,
  }),
  copyDevices: flag('--copy-devices', "copy a device's content as a file", {
    tells: word('--copy-devices', 'sender'),
    closes: closes('filesByName', 'sourceRecords', 'answersTogether'),
  }),
  writeDevices: flag('--write-devices', 'write to devices as to files (implies --inplace)', {
    off: 'no-write-devices',
    tells: word('--write-devices', 'receiver'),
    closes: closes('filesByName', 'writesTogether', 'passesOver'),
  }),
  specials: flag('--specials', 'keep fifos and sockets', {
    off: 'no-specials',
    // The server's -D stands for both.
    tells: (kept, { options }: Telling<{ readonly devices: boolean }>): string[] =>
      kept === options.devices ? [] : [kept ? '--specials' : '--no-specials'],
    closes: none,
  }),
  dropDevices: flag('--drop-D', 'the receiver makes no devices and specials', {
    off: 'no-drop-D',
    closes: closes('passesOver'),
  }),
  devicesAndSpecials: leading(undefined, [
    on('-D', 'the same as --devices --specials', (_, __, draft: Nodes) => {
      draft.devices = true;
      draft.specials = true;
      return undefined;
    }),
    on('--no-D', undefined, (_, __, draft: Nodes) => {
      draft.devices = false;
      draft.specials = false;
      return undefined;
    }),
  ]),
  times: flag('--times, -t', 'keep modification times', {
    off: 'no-times no-t',
    letter: letter('t'),
    closes: [where((kept: boolean) => !kept, 'passesOver')],
  }),
  /** -U count: 2 also opens files without touching their access times. */
  atimes: count('--atimes, -U', 'keep access times', {
    off: 'no-atimes no-U',
    letter: letter('U', 2),
    closes: closes(...plainEntries),
  }),
  openNoatime: option({
    initial: false,
    switches: [
      on<boolean>('--open-noatime', "don't touch access times when reading", () => true),
      ...off('no-open-noatime', false),
    ],
    settle: (given: boolean, draft: { readonly atimes: number }): boolean => given || draft.atimes > 1,
    tells: (kept: boolean, { options }: Telling<{ readonly atimes: number }>): string[] =>
      kept && options.atimes <= 1 ? ['--open-noatime'] : [],
    closes: none,
  }),
  /** Linux tells creation times, but nobody can set them: as with rsync there, it is an error to ask for them. */
  crtimes: option({
    initial: false,
    switches: [
      on(
        '--crtimes, -N',
        'keep creation times (not on this system)',
        (_: boolean, __, { server }: { readonly server: boolean }): boolean => {
          throw syntax(`${server ? 'The server' : 'This rsync'} does not support --crtimes (-N)`);
        },
      ),
      ...off('no-crtimes no-N', false),
    ],
    settle: (kept: boolean): boolean => kept,
    closes: closes(...plainEntries),
  }),
  /** -O, or implied by --backup without --backup-dir. */
  omitDirTimes: option({
    initial: false,
    switches: [
      on<boolean>('--omit-dir-times, -O', '--times is not for directories', () => true),
      ...off('no-omit-dir-times no-O', false),
    ],
    settle: (given: boolean, draft: BackingUp): boolean => given || keepsBeside(draft),
    closes: none,
  }),
  /** -O was given: the server is told only then. */
  omitDirTimesGiven: derived(
    (draft: BackingUp & { readonly omitDirTimes: boolean }): boolean =>
      draft.omitDirTimes && !keepsBeside(draft),
    { letter: letterTo('receiver', 'O'), closes: none },
  ),
  omitLinkTimes: flag('--omit-link-times, -J', '--times is not for symlinks', {
    off: 'no-omit-link-times no-J',
    letter: letterTo('receiver', 'J'),
    closes: none,
  }),
  superUser: option({
    initial: 'auto' as SuperUser,
    switches: [
      on<SuperUser>('--super', 'the receiver tries what only the super-user may', () => 'on'),
      ...off<SuperUser>('no-super', 'off'),
      on<SuperUser>('--fake-super', 'keep privileged attributes in xattrs', () => 'fake'),
    ],
    settle: (how: SuperUser, draft: { readonly xattrs: number }): SuperUser => {
      if (how === 'fake' && draft.xattrs > 1) throw syntax('--fake-super conflicts with -XX');
      return how;
    },
    tells: (how: SuperUser, { push }): string[] => (how === 'on' && push ? ['--super'] : []),
    // On and off: `amRoot` of the roles knows. Faked owners and types are read and written elsewhere.
    closes: [
      where(
        (how: SuperUser) => how === 'fake',
        'filesByName',
        'sumsWhereCompared',
        'sourceRecords',
        'passesOver',
      ),
    ],
  }),
  numericIds: flag('--numeric-ids', 'keep user and group ids, not names', {
    off: 'no-numeric-ids',
    tells: word('--numeric-ids'),
    closes: none,
  }),
  /** Ids pass as numbers, but in lists as if names went along: what a daemon decides must not change the protocol. */
  idListsAnyway: derived((): boolean => false, { closes: none }),
  /** --usermap (or the user of --chown as `*:USER`); undefined for none: an empty one is wrong. */
  usermap: option({
    initial: noMap,
    switches: [
      on('--usermap=STRING', 'map user names', (prior: NameMap, { value }, draft: { owner: boolean }) => {
        draft.owner = true;
        return mapOnce('user', prior, '--usermap', value);
      }),
    ],
    settle: ({ map, by }: NameMap): ByteString | undefined => (by === '' ? undefined : map),
    tells: (map: ByteString | undefined, { options, push }: Telling<Quoting>): ByteString[] =>
      map !== undefined && push ? [quoteOption('--usermap', map, options)] : [],
    closes: none,
  }),
  groupmap: option({
    initial: noMap,
    switches: [
      on('--groupmap=STRING', 'map group names', (prior: NameMap, { value }, draft: { group: boolean }) => {
        draft.group = true;
        return mapOnce('group', prior, '--groupmap', value);
      }),
    ],
    settle: ({ map, by }: NameMap): ByteString | undefined => (by === '' ? undefined : map),
    tells: (map: ByteString | undefined, { options, push }: Telling<Quoting>): ByteString[] =>
      map !== undefined && push ? [quoteOption('--groupmap', map, options)] : [],
    closes: none,
  }),
  chown: leading(undefined, [
    on('--chown=USER:GROUP', 'map all to USER and GROUP', (_, { value }, draft: Owners) => {
      const colon = value.indexOf(':');
      const user = colon < 0 ? value : value.slice(0, colon);
      const group = colon < 0 ? '' : value.slice(colon + 1);
      if (user !== '') {
        draft.usermap = mapOnce('user', draft.usermap, '--chown', `*:${user}`);
        draft.owner = true;
      }
      if (group !== '') {
        draft.groupmap = mapOnce('group', draft.groupmap, '--chown', `*:${group}`);
        draft.group = true;
      }
      return undefined;
    }),
  ]),
  /** USER[:GROUP]; '' for none. */
  // Nothing is read as the user that one was before.
  copyAs: text('--copy-as=USER[:GROUP]', 'copy as that user', { closes: closes('sourceAhead') }),
};
