import { errnoText } from '../errno.ts';
import { ExitCode, RsyncError, SysError } from '../errors.ts';
import { linkOwner, pathAt } from '../host.ts';
import type { ByteString } from '../kernel/kernel.ts';
import type { FilterContext, FilterRoot } from './context.ts';
import { type MergeList, RuleList } from './merge-list.ts';
import { cleanPath } from './paths.ts';
import { openRuleFile, readRuleInput } from './read-rule-file.ts';

/** Where the text of the rules being parsed comes from, when that is a file. */
export interface RuleSource {
  /** Shown in messages; undefined where the name itself was read from a file. */
  readonly file?: ByteString;
  /** Where a file without a name to show was named. */
  readonly namedAt?: ByteString;
  /** 0 where words are counted, not lines. */
  line: number;
}

/** The options that matter to the parsing of rules. */
export interface FilterSettings {
  readonly from0?: boolean;
  readonly deleteExcluded?: boolean;
  readonly insecureLinks?: boolean;
  readonly confineRoot?: ByteString;
  readonly protocol?: number;
}

/** All that parsing, checking and sending of one side's rules share. */
export class FilterState {
  readonly context: FilterContext;
  /** Zero bytes end the lines of the files that are read now. */
  from0: boolean;
  readonly deleteExcluded: boolean;
  readonly insecureLinks: boolean;
  /** Rule files have to lie in it. */
  readonly confineRoot: ByteString | undefined;
  /** Of the options until the handshake, then the one agreed on. */
  protocol: number;
  readonly list = new RuleList();
  /** Rules that -C stands for; made when first needed. */
  cvs: RuleList | undefined;
  /** Some rule is about names of extended attributes. */
  hasXattrRules = false;
  /** Per-directory merge files in the order found; replaced, never changed, when one is added. */
  merges: readonly MergeList[] = [];
  /** Absolute path with a slash at its end of the directory whose merge files are read; '' before any. */
  dir: ByteString = '';
  /** Reading the merge files of directories above the transfer. */
  parentScan = false;
  mergeDepth = 0;
  source: RuleSource | undefined;
  readonly moduleDir: ByteString;
  /** The exchange of filters with the peer has begun. */
  hasStarted = false;
  private root: ByteString | undefined;
  private rootGiven: ByteString | undefined;
  /** What makes a name absolute for rules with the `/` modifier. */
  absolutePrefix: ByteString = '';

  constructor(context: FilterContext, options: FilterSettings, protocol: number) {
    this.context = context;
    this.from0 = options.from0 ?? false;
    this.deleteExcluded = options.deleteExcluded ?? false;
    this.insecureLinks = options.insecureLinks ?? false;
    this.confineRoot = options.confineRoot || undefined;
    this.protocol = options.protocol ?? protocol;
    this.moduleDir = context.site.moduleDir;
    // Until a transfer has its root, names are a module's.
    if (this.moduleDir !== '') this.dir = `${this.moduleDir}/`;
  }

  /** Role name in messages. */
  get who(): string {
    const { side, server, early } = this.context;
    if (!this.hasStarted) return early ?? (server ? 'server' : 'client');
    if (side === 'sender') return 'sender';
    return this.root === undefined ? 'Receiver' : 'generator';
  }

  setRoot(root: FilterRoot): void {
    if (root.path === this.rootGiven) return;
    this.rootGiven = root.path;
    const absolute = cleanPath(this.absolute(root.path, undefined));
    this.root = absolute;
    const inside = absolute.slice(this.moduleDir.length + 1);
    this.absolutePrefix = inside === '' ? '' : `${inside}/`;
  }

  /**
   * Makes `dir` the directory whose merge files are read: below the root, or absolute, as names are that
   * --relative sends whole.
   */
  setDir(dir: ByteString): void {
    const path = cleanPath(dir.startsWith('/') ? dir : `${this.root ?? ''}/${dir}`);
    this.dir = path === '/' ? path : `${path}/`;
  }

  /** Opens a rule file; throws `SysError`. Relative names are below the transfer's root, or the cwd. */
  openFile(path: ByteString, perDirectory = false): Iterable<Uint8Array> {
    const { readFile, server, host } = this.context;
    const isInput = path === '-' && !server;
    if (readFile !== undefined)
      return [readFile(isInput || this.root === undefined ? path : this.absolute(path, this.root))];
    if (isInput) return readRuleInput(host);
    const absolute = this.absolute(path, this.root);
    // As if nothing were in it: whether it is there is not told either.
    if (this.isHidden(absolute)) return [];
    try {
      return openRuleFile(absolute, linkOwner(host, this.insecureLinks), {
        perDirectory,
        root: this.confineRoot,
      });
    } catch (error) {
      if (error instanceof SysError && error.code === 'ELOOP') this.context.refused(absolute);
      throw error;
    }
  }

  /** A module's rules hide the file, or a directory on the way to it. */
  private isHidden(path: ByteString): boolean {
    const rules = this.context.site.module?.rules;
    if (rules === undefined) return false;
    const inside = cleanPath(path).slice(this.moduleDir.length + 1);
    for (let end = inside.indexOf('/'); end > 0; end = inside.indexOf('/', end + 1))
      if (rules.excludes(inside.slice(0, end), true)) return true;
    return rules.excludes(inside, false);
  }

  /** --debug=FILTER2. */
  tell(words: () => ByteString): void {
    this.context.details?.(`[${this.who}] ${words()}`);
  }

  warn(text: ByteString): void {
    this.context.warn(text);
  }

  /**
   * Text of a rule as a message may show it: what a file holds is nobody's business but its owner's. `isHidden` says
   * that it came from one that was read before.
   */
  shown(text: ByteString, isHidden = false): ByteString {
    return this.source === undefined && !isHidden ? text : `<rule from ${this.where()}>`;
  }

  where(): ByteString {
    const source = this.source;
    if (source?.file === undefined)
      return source?.namedAt === undefined ? 'a file read earlier' : `a file named at ${source.namedAt}`;
    return source.line > 0 ? `${source.file} line ${source.line}` : source.file;
  }

  openFailed(kind: 'in' | 'ex', path: ByteString, error: SysError, hidden: boolean): RsyncError {
    // Not even whether it is there: its name is what a file holds.
    if (hidden)
      return new RsyncError(ExitCode.FileIo, `failed to open ${kind}clude file ${this.shown(path, hidden)}`);
    const why = `${errnoText(error.errno)} (${error.errno})`;
    const text = `rsync: [${this.who}] failed to open ${kind}clude file ${path}: ${why}`;
    return new RsyncError(ExitCode.FileIo, text, { cause: error });
  }

  private absolute(path: ByteString, base: ByteString | undefined): ByteString {
    return pathAt({ cwd: base ?? this.context.site.cwd }, path);
  }
}
