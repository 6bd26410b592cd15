/** What a module of the configuration makes of a connection: the place it lives in, whose rights it has, its rules. */
import { closeSync, constants, openSync, statSync } from 'node:fs';
import { EPERM, errnoText } from '../errno.ts';
import { RsyncError, SysError } from '../errors.ts';
import { type FilterChain, moduleRules } from '../filter/index.ts';
import type { IdNames } from '../flist/id-names.ts';
import { mungedDirectory } from '../flist/munge.ts';
import { type Host, type Identity, pathAt, type Site, type UpperRules } from '../host.ts';
import type { ByteString, Kernel } from '../kernel/kernel.ts';
import { systemError } from '../report/messages.ts';
import type { ModuleName, ModuleValues } from './config/parameters.ts';
import { tidyPath } from './paths.ts';
import { refuse } from './refusal.ts';
import { wordsOf } from './words.ts';

/** Texts of a module, filled in as they are now. */
export type TextOf = (name: ModuleName) => ByteString;

export interface ModuleSetup {
  readonly values: ModuleValues;
  readonly text: TextOf;
  readonly host: Host;
  readonly kernel: Kernel;
  readonly names: IdNames;
  complain(line: ByteString): void;
}

/** Where a module is, before and after its root was changed. */
export interface ModulePlace {
  /** The new root; undefined stays in the old one. */
  readonly root: ByteString | undefined;
  /** The module's directory as it is named then. */
  readonly dir: ByteString;
  /** As it is named now. */
  readonly fullPath: ByteString;
}

/** Where the module is. Throws what the client is told. */
export function placeOf(setup: ModuleSetup): ModulePlace {
  const { values, text, host } = setup;
  const path = text('path');
  if (path === '') throw refuse('no path setting.', `No path specified for module ${values.name}`);
  const inner = path.indexOf('/./');
  const absolute = (name: ByteString): ByteString => {
    const tidy = tidyPath(pathAt({ cwd: host.workingDirectory() }, name));
    return tidy.length > 1 ? tidy.replace(/\/\.?$/, '') || '/' : tidy;
  };
  if (!changesRoot(setup, inner >= 0)) {
    const dir = absolute(path.replaceAll('/./', '/'));
    return { root: undefined, dir, fullPath: dir };
  }
  if (inner < 0) {
    const root = absolute(path);
    return { root, dir: '/', fullPath: root };
  }
  return {
    root: absolute(path.slice(0, inner) || '/'),
    dir: absolute(path.slice(inner + 2)),
    fullPath: absolute(path.replaceAll('/./', '/')),
  };
}

/** use chroot: who leaves it to us has one where that can be. */
function changesRoot({ values, kernel, host, complain }: ModuleSetup, hasInner: boolean): boolean {
  const wanted = values['use chroot'];
  if (wanted !== undefined) return wanted;
  if (hasInner) return true;
  if (kernel.changeRoot !== undefined && host.user.euid === 0) {
    const errno = kernel.changeRoot('/');
    if (errno === 0) return true;
    complain(`chroot test failed: ${errnoText(errno)}. Switching 'use chroot' from unset to false.`);
    return false;
  }
  complain(`chroot test failed: ${errnoText(EPERM)}. Switching 'use chroot' from unset to false.`);
  return false;
}

/** Whose rights the module's clients have. Throws what the client is told. */
export function identityOf({ text, host, names }: ModuleSetup): Identity {
  const isRoot = host.user.uid === 0;
  const user = text('uid') || (isRoot ? 'nobody' : '');
  const uid = user === '' ? undefined : idOf(user, (name) => names.userId(name));
  if (user !== '' && uid === undefined) throw refuse(`invalid uid ${user}`, `Invalid uid ${user}`);
  const groups: number[] = [];
  const words = wordsOf(text('gid'));
  if (words.length === 0 && isRoot) words.push(groupOfNobody(names));
  for (const [k, word] of words.entries()) {
    if (word === '*' && k === 0) {
      const all = allGroups(uid ?? host.user.uid, names);
      if (all.length === 0) throw refuse('getpwuid failed', 'getpwuid failed');
      groups.push(...all);
      continue;
    }
    const gid = idOf(word, (name) => names.groupId(name));
    if (gid === undefined) throw refuse(`invalid gid ${word}`, `Invalid gid ${word}`);
    groups.push(gid);
  }
  return { uid, groups: [...new Set(groups)], name: undefined };
}

/** Systems call it one way or the other. */
function groupOfNobody(names: IdNames): ByteString {
  return names.groupId('nobody') === undefined ? 'nogroup' : 'nobody';
}

function allGroups(uid: number | undefined, names: IdNames): number[] {
  const name = uid === undefined ? undefined : names.userName(uid);
  const groups = name === undefined ? [] : names.groupsOf(name);
  return groups.map((group) => names.groupId(group)).filter((gid) => gid !== undefined);
}

/** A number counts before a name. */
export function idOf(word: ByteString, find: (name: ByteString) => number | undefined): number | undefined {
  return /^\d+$/.test(word) ? Number(word) : find(word);
}

const noDirMerge = 'a dir-merge rule in "filter" is not supported; use merge, or rules in the configuration';

/** The rules above those of the client. Read before any right is given up: they are the daemon's own. */
export function rulesOf({ values, text, host }: ModuleSetup): UpperRules | undefined {
  // Files are named as the daemon's owner sees them, whatever a client will see.
  const site: Site = { cwd: host.workingDirectory(), moduleDir: '', module: undefined };
  let chain: FilterChain | undefined;
  try {
    chain = moduleRules(
      {
        filter: text('filter'),
        includeFrom: text('include from'),
        include: text('include'),
        excludeFrom: text('exclude from'),
        exclude: text('exclude'),
      },
      {
        side: 'receiver',
        server: true,
        early: 'Receiver',
        site,
        host,
        warn() {},
        refused() {},
        failed() {},
        trace: undefined,
        readFile: undefined,
      },
    );
  } catch (error) {
    // It says already who speaks.
    if (error instanceof RsyncError) error.who = 'Receiver';
    throw error;
  }
  if (chain === undefined) return undefined;
  // Taking no notice would show what the rules of such files hide.
  if (chain.hasPerDir) throw refuse('module configuration error', `${values.name}: ${noDirMerge}`);
  const rules = chain;
  return { excludes: (path, isDir) => rules.check(path, isDir, 'protect') === 'excluded' };
}

/**
 * Goes there, and becomes who the module wants. Answers the place as it can be named then. Throws what the client is told.
 */
export function enter(setup: ModuleSetup, place: ModulePlace, whom: Identity): ModulePlace {
  const { kernel, host } = setup;
  const { root, dir } = place;
  if (root !== undefined) {
    // Node reads it once.
    new Date().getTimezoneOffset();
    if (kernel.changeRoot === undefined) throw refuse('chroot failed', 'chroot needs the native kernel');
    const errno = kernel.changeRoot(root);
    if (errno !== 0)
      throw refuse('chroot failed', systemError('Receiver', errno, `chroot("${root}") failed`));
  }
  try {
    kernel.openTree(dir, { trustedLinks: root === undefined && !setup.values['insecure links'] }).close();
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    throw refuse('chdir failed', systemError('Receiver', error.errno, `chdir ${dir} failed`));
  }
  // Who may be in the module need not have the right to get there.
  const held =
    process.platform === 'linux' && root === undefined ? openSync(bytesOf(dir), heldFlags) : undefined;
  const failed = host.become(whom);
  if (failed !== undefined) {
    const named = failed
      .replace(/^setgid/, `setgid ${whom.groups[0]}`)
      .replace(/^setuid/, `setuid ${whom.uid}`);
    throw refuse(`${failed.split(':', 1)[0]}`, `rsync: [Receiver] ${named}`);
  }
  if (held === undefined) return place;
  try {
    kernel.openTree(dir).close();
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    return { ...place, dir: `/proc/self/fd/${held}` };
  }
  closeSync(held);
  return place;
}

/** Names a directory without the right to read it; Node does not list the flag. */
const O_PATH = 0o10000000;
const heldFlags = O_PATH | constants.O_DIRECTORY;

function bytesOf(path: ByteString): Buffer {
  return Buffer.from(path, 'latin1');
}

/** munge symlinks: left to us, where a link could lead out. Throws where munged links would lead somewhere. */
export function munges({ values, complain }: ModuleSetup, { root, dir }: ModulePlace): boolean {
  const wanted = values['munge symlinks'] ?? (root === undefined || dir !== '/');
  if (!wanted) return false;
  const there = statSync(mungedDirectory, { throwIfNoEntry: false });
  if (there !== undefined && (there.mode & constants.S_IFMT) === constants.S_IFDIR) {
    complain(`Symlink munging is unsafe when a ${mungedDirectory} directory exists.`);
    throw refuse('daemon security issue -- contact admin', '');
  }
  return true;
}
