import { ELOOP } from '../errno.ts';
import { SysError } from '../errors.ts';
import { compileWild, wildMatches } from '../filter/wildmatch.ts';
import { deadEnd } from '../flist/dead-end.ts';
import type { Module, Site } from '../host.ts';
import type { ByteString, Kernel, Tree } from '../kernel/kernel.ts';

/** Where names are looked for: of a module, what keeps them in it. */
export interface Globbed extends Pick<Site, 'cwd'> {
  readonly module: Pick<Module, 'rules' | 'boundary'> | undefined;
}

/** Expands the arguments behind the `.` (rsync's glob_expand); one that matches nothing stays as it is. */
export function expandArgs(
  kernel: Pick<Kernel, 'openTree'>,
  { cwd, module }: Globbed,
  args: readonly ByteString[],
): ByteString[] {
  const beneath = module?.boundary;
  const followParents = beneath === undefined ? 'anywhere' : 'below';
  const here = new Place(kernel.openTree(cwd, { followParents, beneath }), module);
  try {
    const dot = args.indexOf('.');
    return args.flatMap((arg, k) => (dot < 0 || k <= dot ? [arg] : expand(here, collapse(arg))));
  } finally {
    here.tree.close();
  }
}

function expand(here: Place, arg: ByteString): ByteString[] {
  if (!hasWild(arg)) return [arg];
  const found = matches(here, arg.startsWith('/') ? '/' : '', arg.replace(/^\/+/, '').split('/'));
  return found.length > 0 ? found : [arg];
}

/** What there is below `base` (with its slash) that the parts of a path match. */
function matches(here: Place, base: ByteString, [part, ...rest]: readonly ByteString[]): ByteString[] {
  const names = hasWild(part) ? namesIn(here, base).filter(matcher(part)) : [part];
  return names.flatMap((name) => {
    const path = base + name;
    // A slash at the end asks for a directory.
    if (rest.length === 0) return hasWild(part) && !isThere(here, path, false) ? [] : [path];
    return name === '' || isThere(here, path, true) ? matches(here, `${path}/`, rest) : [];
  });
}

function hasWild(text: ByteString): boolean {
  return /[*?[]/.test(text);
}

function matcher(pattern: ByteString): (name: ByteString) => boolean {
  const compiled = compileWild(pattern);
  return (name) => wildMatches(compiled, name);
}

function namesIn(here: Place, base: ByteString): ByteString[] {
  try {
    const rows = here.tree.scan(base);
    return Array.from({ length: rows.count }, (_, row) => rows.name(row));
  } catch (error) {
    if (error instanceof SysError) return [];
    throw error;
  }
}

/** Where arguments are looked for, and what a module hides there. */
class Place {
  readonly tree: Tree;
  private readonly module: Globbed['module'];

  constructor(tree: Tree, module: Globbed['module']) {
    this.tree = tree;
    this.module = module;
  }

  hides(path: ByteString, isDir: boolean): boolean {
    return this.module?.rules?.excludes(path, isDir) === true;
  }

  /** Whether a link that cannot be followed may lead out of the module. */
  mayLeadOut(path: ByteString): boolean {
    const boundary = this.module?.boundary;
    return boundary !== undefined && deadEnd(this.tree, boundary, `${this.tree.path}/${path}`) === undefined;
  }
}

function isThere(here: Place, path: ByteString, asDirectory: boolean): boolean {
  try {
    const isDir = here.tree.stat(path).isDir();
    return (isDir || !asDirectory) && !here.hides(path, isDir);
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    // What is out of a module is not looked at, but the link to it is a name in the module.
    return error.errno === ELOOP && !asDirectory && here.mayLeadOut(path) && !here.hides(path, false);
  }
}

/** Without repeated slashes and `..`, by the letters of the path. */
function collapse(arg: ByteString): ByteString {
  const parts: ByteString[] = [];
  const all = arg.split('/');
  all.forEach((part, k) => {
    if (part === '' && k > 0 && k < all.length - 1) return;
    const last = parts.at(-1);
    if (part !== '..' || last === undefined || last === '..' || last === '.' || last === '') parts.push(part);
    else parts.pop();
  });
  const joined = parts.join('/');
  return joined === '' ? (arg.startsWith('/') ? '/' : '.') : joined;
}
