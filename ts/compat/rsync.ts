/**
 * The chain of npm's `rsync` wrapper over this program. No shell takes part: names and values reach rsync as they are,
 * with blanks and quotes in them.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { join, resolve } from 'node:path';

/** Called when the run is over; `error` is null where it succeeded. */
export type ExecuteCallback = (error: Error | null, code: number | null, command: string) => void;

/** Gets what is written, as it comes. */
export type OutputHandler = (data: Buffer) => void;

/** An option's value; null for one that has none. */
export type OptionValue = string | number | readonly (string | number)[] | null;

/** A pattern with its sign, or apart: `-*.o`, `{ action: '+', pattern: 'x' }`. */
export type Pattern = string | { readonly action: string; readonly pattern: string };

/** What `Rsync.build` takes: names of methods, each with what it is called with. */
export interface BuildOptions {
  readonly [method: string]: unknown;
}

/** Builds a command, method by method, and runs it. */
export default class Rsync {
  private programPath: string | undefined;
  private readonly sources: string[] = [];
  private target = '';
  private readonly rules: { readonly action: '-' | '+'; readonly pattern: string }[] = [];
  private readonly options = new Map<string, OptionValue>();
  private readonly handlers: { stdout?: OutputHandler; stderr?: OutputHandler } = {};
  private directory = process.cwd();
  private environment: NodeJS.ProcessEnv = process.env;

  /** `executable`: another rsync than this one. */
  constructor(config: { readonly executable?: string } = {}) {
    this.programPath = config.executable;
  }

  /** Makes a command of an object that calls these methods. */
  static build(options: BuildOptions): Rsync {
    const command = new Rsync();
    for (const [name, value] of Object.entries(options)) {
      const method: unknown = Reflect.get(command, name);
      if (name !== 'constructor' && typeof method === 'function') Reflect.apply(method, command, [value]);
    }
    return command;
  }

  /** Gives an option, with or without dashes before its name; one that was given is given anew. */
  set(option: string, value?: OptionValue): this {
    const name = withoutDashes(option);
    if (name !== '') this.options.set(name, value === undefined || value === '' ? null : value);
    return this;
  }
  /** Takes an option back. */
  unset(option: string): this {
    this.options.delete(withoutDashes(option));
    return this;
  }
  /** Whether an option was given, by this name. */
  isSet(option: string): boolean {
    return this.options.has(withoutDashes(option));
  }
  /** The value of an option: null for one without, undefined for one that was not given. */
  option(name: string): OptionValue | undefined {
    return this.options.get(withoutDashes(name));
  }

  /** Gives options of one letter, or takes them back: `flags('az')`, `flags('a', 'z', false)`, `flags({ a: true })`. */
  flags(...given: (string | boolean | readonly string[] | Readonly<Record<string, boolean>>)[]): this {
    const last = given.at(-1);
    const on = typeof last === 'boolean' ? last : true;
    for (const one of given) {
      if (typeof one === 'boolean') continue;
      if (typeof one === 'string') for (const flag of withoutDashes(one)) this.give(flag, on);
      else if (isList(one)) for (const flag of one) this.give(flag, on);
      else for (const [flag, set] of Object.entries(one)) this.give(flag, set);
    }
    return this;
  }

  /** Includes and excludes in their order. */
  patterns(...patterns: (Pattern | readonly Pattern[])[]): this {
    for (const one of patterns.flat() as Pattern[]) {
      const { action, pattern } =
        typeof one === 'string' ? { action: one.slice(0, 1), pattern: one.slice(1) } : one;
      if (action !== '-' && action !== '+') throw new Error(`Invalid pattern: ${pattern}`);
      this.rules.push({ action, pattern });
    }
    return this;
  }
  /** Leaves out what matches. */
  exclude(...patterns: (string | readonly string[])[]): this {
    for (const pattern of patterns.flat() as string[]) this.rules.push({ action: '-', pattern });
    return this;
  }
  /** Does not leave out what matches. */
  include(...patterns: (string | readonly string[])[]): this {
    for (const pattern of patterns.flat() as string[]) this.rules.push({ action: '+', pattern });
    return this;
  }

  /** The sources, or one more of them. */
  source(): string[];
  source(source: string | readonly string[]): this;
  source(source?: string | readonly string[]): this | string[] {
    if (source === undefined) return this.sources;
    for (const one of [source].flat()) {
      if (typeof one !== 'string') throw new Error('Value for Rsync::source must be a String');
      if (!this.sources.includes(one)) this.sources.push(one);
    }
    return this;
  }
  /** The destination. */
  destination(): string;
  destination(destination: string): this;
  destination(destination?: string): this | string {
    if (destination === undefined) return this.target;
    this.target = destination;
    return this;
  }
  /** The program: 'rsync' is this one. */
  executable(): string;
  executable(path: string): this;
  executable(path?: string): this | string {
    if (path === undefined) return this.programPath ?? 'rsync';
    this.programPath = path;
    return this;
  }
  /** Where it runs. */
  cwd(directory?: string): string {
    if (directory !== undefined) {
      if (typeof directory !== 'string') throw new Error('Directory should be a string');
      this.directory = resolve(directory);
    }
    return this.directory;
  }
  /** Its environment. */
  env(environment?: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
    if (environment !== undefined) {
      if (typeof environment !== 'object') throw new Error('Environment should be an object');
      this.environment = environment;
    }
    return this.environment;
  }
  /** Who gets what it writes. */
  output(stdout?: OutputHandler | readonly OutputHandler[], stderr?: OutputHandler): this {
    const [out, err] = typeof stdout === 'object' ? stdout : [stdout, stderr];
    if (typeof out === 'function') this.handlers.stdout = out;
    if (typeof err === 'function') this.handlers.stderr = err;
    return this;
  }

  /** The remote shell, with its options. */
  shell(): OptionValue | undefined;
  shell(command: string): this;
  shell(command?: string): this | OptionValue | undefined {
    if (command === undefined) return this.option('rsh');
    return command === '' ? this.unset('rsh') : this.set('rsh', command);
  }
  /** Changes of permissions, one more of them each time. */
  chmod(): OptionValue | undefined;
  chmod(change: string | readonly string[]): this;
  chmod(change?: string | readonly string[]): this | OptionValue | undefined {
    const before = this.option('chmod');
    if (change === undefined) return before;
    if (change === '') return this.unset('chmod');
    return this.set('chmod', [...[before ?? []].flat(), ...[change].flat()]);
  }
  /** --delete */
  delete = this.switch('delete');
  /** --progress */
  progress = this.switch('progress');
  /** -a */
  archive = this.switch('a');
  /** -z */
  compress = this.switch('z');
  /** -r */
  recursive = this.switch('r');
  /** -u */
  update = this.switch('u');
  /** -q */
  quiet = this.switch('q');
  /** -d */
  dirs = this.switch('d');
  /** -l */
  links = this.switch('l');
  /** -n */
  dry = this.switch('n');
  /** -H */
  hardLinks = this.switch('H');
  /** -p */
  perms = this.switch('p');
  /** -E */
  executability = this.switch('E');
  /** -g */
  group = this.switch('g');
  /** -o */
  owner = this.switch('o');
  /** -A */
  acls = this.switch('A');
  /** -X */
  xattrs = this.switch('X');
  /** --devices */
  devices = this.switch('devices');
  /** --specials */
  specials = this.switch('specials');
  /** -t */
  times = this.switch('t');

  /** The words of the command, each as rsync gets it. */
  args(): string[] {
    let letters = '';
    const words: string[] = [];
    for (const [name, value] of this.options) {
      if (value === null && name.length === 1) letters += name;
      else if (value === null) words.push(`--${name}`);
      else
        for (const one of [value].flat())
          words.push(...(name.length === 1 ? [`-${name}`, String(one)] : [`--${name}=${one}`]));
    }
    if (letters !== '') words.unshift(`-${letters}`);
    for (const { action, pattern } of this.rules)
      words.push(`--${action === '-' ? 'exclude' : 'include'}=${pattern}`);
    const names = this.target === '' ? this.sources : [...this.sources, this.target];
    // A name that looks like an option is none.
    return [...words, ...(names.some((name) => name.startsWith('-')) ? ['--'] : []), ...names];
  }
  /** The command as one would type it. */
  command(): string {
    return [this.executable(), ...this.args()].map(quoted).join(' ');
  }
  /** The same as `command`. */
  toString(): string {
    return this.command();
  }

  /** Runs it. What is returned is its process, which may be ended. */
  execute(callback?: ExecuteCallback, stdout?: OutputHandler, stderr?: OutputHandler): ChildProcess {
    this.output(stdout, stderr);
    const [program, ...before] =
      this.programPath === undefined || this.programPath === 'rsync' ? ownProgram() : [this.programPath];
    const child = spawn(program!, [...before, ...this.args()], {
      cwd: this.directory,
      env: this.environment,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    // What nobody takes must not hold it up.
    child.stdout.on('data', this.handlers.stdout ?? (() => {}));
    child.stderr.on('data', this.handlers.stderr ?? (() => {}));
    let failed: Error | undefined;
    child.on('error', (error) => {
      failed = error;
    });
    child.on('close', (code, signal) => {
      const how = signal === null ? `code ${code}` : signal;
      const error = code === 0 ? null : (failed ?? new Error(`rsync exited with ${how}`));
      callback?.(error, code, this.command());
    });
    return child;
  }

  private give(flag: string, on: boolean): this {
    return on ? this.set(flag) : this.unset(flag);
  }
  private switch(option: string): (on?: boolean) => this {
    return (on = true) => this.give(option, on);
  }
}

/** The program of this package, beside the folder that this file is built into. */
function ownProgram(): string[] {
  return [process.execPath, join(import.meta.dirname, '..', 'oc-rsync.mjs')];
}

function withoutDashes(option: string): string {
  return option.replace(/^-+/, '');
}

function isList(value: object): value is readonly string[] {
  return Array.isArray(value);
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
