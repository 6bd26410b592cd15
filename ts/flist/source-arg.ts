import { ExitCode, overflowError, RsyncError } from '../errors.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { maxPath } from '../wire/constants.ts';
import { cleanName, hasDotDot } from './name-rules.ts';

/** A source as the walk needs it. */
export interface SourceArg {
  /** The folder that names are relative to; `''` is where the run started. */
  readonly dir: ByteString;
  /** The name in the transfer. */
  readonly name: ByteString;
  /** `dot`: the content of a folder; `slash`: a name that ended in a slash; `missing`: there is no such file. */
  readonly type: SourceType;
  /** --relative: a leading `./` asks for the attributes of the folder itself. */
  readonly leadingDot: boolean;
}
export type SourceType = 'normal' | 'slash' | 'dot' | 'missing';

/** Splits a source argument into the folder and the name that is sent (rsync(1), --relative and trailing slashes). */
export function splitSource(given: ByteString, relative: boolean): SourceArg {
  const arg = given.slice(0, maxPath - 1);
  return relative ? splitRelative(arg) : splitPlain(arg);
}

function splitPlain(arg: ByteString): SourceArg {
  let path = arg;
  let type: SourceType = 'normal';
  if (path === '' || path.endsWith('/')) {
    path = path === './' ? '.' : `${path}.`;
    type = 'dot';
  } else if (path === '..' || path.endsWith('/..')) {
    path = `${path}/.`;
    type = 'dot';
  } else if (path === '.' || path.endsWith('/.')) type = 'dot';
  if (path.length >= maxPath) throw overflowError('sender', 'send_file_list');
  const slash = path.lastIndexOf('/');
  if (slash < 0) return { dir: '', name: path, type, leadingDot: false };
  return {
    dir: slash === 0 ? '/' : path.slice(0, slash),
    name: path.slice(slash + 1),
    type,
    leadingDot: false,
  };
}

function splitRelative(arg: ByteString): SourceArg {
  let dir = '';
  let name = arg;
  const cut = arg.indexOf('/./');
  if (cut >= 0) {
    dir = cut === 0 ? '/' : cleanName(arg.slice(0, cut));
    name = arg.slice(cut + 3).replace(/^\/+/, '');
  }
  const leadingDot = name.startsWith('./') && name.length > 2;
  name = cleanName(name, { keepTrailingSlash: true, dropTrailingDot: true });
  let type: SourceType = 'normal';
  if (name === '/') {
    name = '/.';
    type = 'dot';
  } else if (name === '.') type = 'dot';
  else if (name.endsWith('/')) {
    name = name.slice(0, -1);
    type = name === '.' ? 'dot' : 'slash';
  }
  if (hasDotDot(name)) throw new RsyncError(ExitCode.Syntax, `found ".." dir in relative path: ${name}`);
  return { dir, name, type, leadingDot };
}

/**
 * A name from --files-from as it counts: below the source folder, whatever it says (rsync's
 * sanitize_path). `.` components stay with --relative, where `/./` has a meaning.
 */
export function confineListedName(name: ByteString, relative: boolean): ByteString {
  const parts: string[] = [];
  const trailing = name.endsWith('/') || (!relative && name.endsWith('/.'));
  for (const part of name.split('/')) {
    if (part === '' || (part === '.' && !relative)) continue;
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  if (parts.length === 0) return '.';
  return trailing ? `${parts.join('/')}/` : parts.join('/');
}

/** What stands before the names in a folder of the transfer. */
export function prefixOf(path: ByteString): ByteString {
  if (path === '' || path === '.') return '';
  if (path === '/' || path === '/.') return '/';
  return `${path}/`;
}
