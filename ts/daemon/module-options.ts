/** What a module makes of its client's options. */
import { ExitCode, RsyncError } from '../errors.ts';
import type { Site } from '../host.ts';
import type { ByteString } from '../kernel/kernel.ts';
import type { FilterArg, Options } from '../options/options.ts';
import { limitLevels } from '../options/output-flags.ts';
import { optionsRejected } from '../report/messages.ts';
import type { ModuleSetup } from './module.ts';
import { sanitizePath } from './paths.ts';

/** Threads that a client may have us compress with. */
const mostThreads = 8;
const unitsOfBandwidth = 1024;

/** Where a module's options count. */
interface ModuleContext {
  readonly site: Site;
  /** The daemon's own: KiB a second, and where a client that says nothing of it has temporary files. */
  readonly bwlimit: number;
  readonly tempDir: ByteString;
  readonly hasSocket: boolean;
}

/** The options that count. Throws exit 4 where they name what the module hides. */
export function inModule(
  options: Options,
  { values, text }: ModuleSetup,
  { site, bwlimit, tempDir: usual, hasSocket }: ModuleContext,
): Options {
  const inside = (path: ByteString): ByteString =>
    path === '' || site.moduleDir === '' ? path : sanitizePath(path, site.moduleDir);
  const { sender } = options;
  const filesFrom = isOurFile(options) ? inside(options.filesFrom) : options.filesFrom;
  const filters = options.filters.map((arg) => insideFilter(arg, inside));
  // The owner's is in the module, too, as in rsync.
  const tempDir = inside(text('temp dir') || options.tempDir || usual);
  const settled: Options = {
    ...options,
    quiet: false,
    server: true,
    filters,
    filesFrom,
    tempDir: sender ? '' : tempDir,
    backupDir: inside(options.backupDir),
    // The module is what nothing leads out of; a client cannot have it otherwise.
    confineRoot: site.module?.boundary === undefined ? '' : site.module.inside,
    insecureLinks: values['insecure links'],
    // The client asks for conversion, the module says from what.
    iconv: options.iconv === '' ? '' : text('charset'),
    mungeLinks: false,
    chmod: [options.chmod, site.module?.chmod ?? ''].filter((part) => part !== '').join(','),
    // Without a shell in between there is no standard error that the client would see.
    msgs2stderr: hasSocket ? false : options.msgs2stderr,
    openNoatime: values['open noatime'] ?? options.openNoatime,
    ignoreErrors: options.ignoreErrors || values['ignore errors'],
    xattrs: values['fake super'] ? Math.min(options.xattrs, 1) : options.xattrs,
    // That of the client is not the machine's: here it means the same as --super.
    superUser: values['fake super'] ? 'fake' : options.superUser === 'fake' ? 'on' : options.superUser,
    ...numericIds(options, { values, text }),
    timeout: shorter(options.timeout, values.timeout),
    bwlimit: shorter(options.bwlimit, bwlimit * unitsOfBandwidth),
    compressThreads: Math.min(options.compressThreads, mostThreads),
    ...limitLevels(options, values['max verbosity']),
  };
  checkHidden(settled, site);
  return settled;
}

/** In a chroot there are no names, unless somebody knows them. */
function numericIds(
  { numericIds }: Options,
  { values, text }: Pick<ModuleSetup, 'values' | 'text'>,
): Pick<Options, 'numericIds' | 'idListsAnyway'> {
  if (numericIds) return { numericIds, idListsAnyway: false };
  const wanted = values['numeric ids'];
  const quietly = wanted ?? (values['use chroot'] !== false && text('name converter') === '');
  return { numericIds: quietly, idListsAnyway: quietly };
}

/** The smaller one, of which 0 is none. */
function shorter(a: number, b: number): number {
  return a > 0 && b > 0 ? Math.min(a, b) : Math.max(a, b, 0);
}

/** The file is in the module; `-` is what the client sends. */
function isOurFile({ filesFrom, filesFromHost }: Options): boolean {
  return filesFrom !== '' && filesFrom !== '-' && filesFromHost === undefined;
}

function insideFilter(arg: FilterArg, inside: (path: ByteString) => ByteString): FilterArg {
  return 'file' in arg ? { ...arg, file: inside(arg.file) } : arg;
}

/** Nobody may name by an option what the module hides. */
function checkHidden(options: Options, { moduleDir, module }: Site): void {
  const rules = module?.rules;
  if (rules === undefined) return;
  const hides = (path: ByteString, isDir: boolean): boolean => {
    const clean = sanitizePath(path, '/').replace(/^\/+/, '/');
    const prefix = moduleDir === '' ? '/' : `${moduleDir}/`;
    const name = clean.startsWith(prefix) ? clean.slice(prefix.length) : clean.replace(/^\//, '');
    return name !== '' && name !== '.' && rules.excludes(name, isDir);
  };
  const files = options.filters.flatMap((arg) => ('file' in arg ? [arg.file] : []));
  if (isOurFile(options)) files.push(options.filesFrom);
  const dirs = options.sender ? [] : [options.tempDir, options.backupDir].filter((dir) => dir !== '');
  if (files.some((file) => hides(file, false)) || dirs.some((dir) => hides(dir, true)))
    throw new RsyncError(ExitCode.Unsupported, `rsync: ${optionsRejected}`);
}
