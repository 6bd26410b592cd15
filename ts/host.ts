/**
 * What a session is given of the world around it. `Host` is the process, made by `ts/cli` (or by a test) and handed
 * down to whoever needs a part of it; `Site` is where the session lives. Nobody below `ts/cli` asks the process itself,
 * and neither has a member that can be left out: two sessions of one process can differ in each of them.
 */
import type { IdNames } from './flist/id-names.ts';
import type { ByteString } from './kernel/kernel.ts';
import type { Charset } from './report/escape.ts';

/** Variables as Node decodes them; children are started with them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Variables of an environment as bytes; undefined for one that is not set. */
export type Variables = (name: ByteString) => ByteString | undefined;

/** Those of an environment that is decoded already. */
export function variablesOf(env: Environment): Variables {
  return (name) => {
    const value = env[Buffer.from(name, 'latin1').toString('utf8')];
    return value === undefined ? undefined : Buffer.from(value, 'utf8').toString('latin1');
  };
}

/** What a child is started with. */
export interface ChildVariables {
  readonly env: Environment;
  /** Those whose bytes `env` has lost, by their names; undefined: none. */
  readonly lost?: Readonly<Record<string, ByteString>>;
}

/**
 * Variables that Node hands to no child as they are: what is no UTF-8 in them was lost. With those come the ones that a
 * shell would drop, by which they are set again.
 */
export function lostVariables({
  env,
  variables,
}: Pick<Host, 'env' | 'variables'>): Record<string, ByteString> {
  const named = Object.entries(env).filter(
    ([name, value]) => value !== undefined && !name.includes('\uFFFD'),
  );
  const isLost = (value: string | undefined): boolean => value?.includes('\uFFFD') === true;
  if (!named.some(([, value]) => isLost(value))) return {};
  const variable = variables();
  const names = named.filter(([name, value]) => isLost(value) || !isShellName(name)).map(([name]) => name);
  return Object.fromEntries(
    names.map((name) => Buffer.from(name).toString('latin1')).map((name) => [name, variable(name) ?? '']),
  );
}

/** Whether a shell can have a variable of this name. */
export function isShellName(name: string): boolean {
  return /^[A-Za-z_]\w*$/.test(name);
}

/** Whose rights a run has; undefined on systems without such numbers. */
export interface User {
  readonly uid: number | undefined;
  readonly euid: number | undefined;
  /** The groups it is a member of. */
  groups(): readonly number[];
}

/** Bytes of memory that the process holds. */
export interface MemoryInUse {
  readonly resident: number;
  /** Outside the heap, held by its objects. */
  readonly external: number;
  /** The part of those that buffers are. */
  readonly buffers: number;
  /** V8's heap: all of it, what of it is used, what it may grow by, and what V8 has from malloc. */
  readonly heap: number;
  readonly used: number;
  readonly available: number;
  readonly malloced: number;
}

/** Whom a process shall be. */
export interface Identity {
  /** undefined: whoever it is. */
  readonly uid: number | undefined;
  /** The first is its own; without any they stay as they are. */
  readonly groups: readonly number[];
  /** With a name it is in all groups that the user has. */
  readonly name: ByteString | undefined;
}

/** The process that a session runs in. */
export interface Host {
  readonly env: Environment;
  /** The same as bytes. Who changes the root asks before; what is answered later is what was there then. */
  variables(): Variables;
  /** Absolute path of the working directory; throws Node's error where there is none any more. */
  workingDirectory(): ByteString;
  /** Where programs start that it starts; undefined: where this process is. */
  readonly childDirectory: string | undefined;
  /** The command, program and all. */
  readonly commandLine: readonly ByteString[];
  /** How this program is started anew: interpreter, its flags, and the program. */
  readonly program: readonly string[];
  umask(): number;
  readonly user: User;
  /** Becomes another user for good; answers what failed, as rsync says it. */
  become(whom: Identity): ByteString | undefined;
  readonly pid: number;
  /** At random from 0 to 1, and not the same as in another process. */
  random(): number;
  /** This process is a copy from now on, which `exit` ends. */
  becomeCopy(exit: (status: number) => void): void;
  /** A run that succeeds may end this process by `exit`; undefined: by Node's own way alone. */
  endBy(exit: ((status: number) => void) | undefined): void;
  /** Flags of V8's are set by `set`, where it can; undefined: by Node's own way alone. */
  flagsBy(set: ((flag: string) => boolean) | undefined): void;
  /** What the user's terminal can show. */
  readonly charset: Charset;
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls `listener` whenever the user asks how far the run is (a signal); answers what ends that. */
  onProgressWanted(listener: () => void): () => void;
  /** Sends a signal (0: none) to a process that leads a group, and to all that are in it; whether anybody is. */
  signalGroup(leader: number, signal: 'SIGTERM' | 'SIGKILL' | 0): boolean;
  /** Calls `listener` when processes that this one has made have ended. */
  onChildEnd(listener: () => void): void;
  memory(): MemoryInUse;
  /** Whether it may draw on its terminal. */
  inForeground(): boolean;
  /** Asks the user for a secret; undefined where there is nobody to ask, or the user gave up. Rejects as `signal` says. */
  askPassword(prompt: string, signal: AbortSignal): Promise<ByteString | undefined>;
  /** Descriptors: of input that is read as it is, and both of a server's wire. */
  readonly descriptors: { readonly input: number; readonly output: number };
  stdout(text: ByteString): void;
  stderr(bytes: Uint8Array): void;
}

/** A daemon's module, as a session in it sees it. */
export interface Module {
  readonly name: ByteString;
  readonly readOnly: boolean;
  readonly writeOnly: boolean;
  /**
   * Absolute path that nothing may be reached beside; undefined where the system sees to that (a chroot of its own), or
   * where the module is all there is.
   */
  readonly boundary: ByteString | undefined;
  /** Symbolic links are kept unusable (`munge symlinks`). */
  readonly munges: boolean;
  /** Modes of what comes in, or of what goes out, are changed by this, after what the client wants. */
  readonly chmod: ByteString;
  /** What a sender may not read is left out without a word. */
  readonly ignoresNonreadable: boolean;
  /** Rules above those of the client. */
  readonly rules: UpperRules | undefined;
  /** Who is served, for its log. */
  readonly visitor: { readonly host: ByteString; readonly address: ByteString; readonly user: ByteString };
  /** Its path as the daemon has it, whatever it is in here; and what it really is in here. */
  readonly fullPath: ByteString;
  readonly inside: ByteString;
  /** Who is called what here. */
  readonly names: IdNames;
}

/** What a module hides from all of its clients. */
export interface UpperRules {
  /** `path` as it lies in the module. */
  excludes(path: ByteString, isDir: boolean): boolean;
}

/** Where a session lives. */
export interface Site {
  /** Absolute path that arguments and names of options are relative to. */
  readonly cwd: ByteString;
  /** A daemon module's directory without its last slash, below which absolute patterns are; '' outside of any. */
  readonly moduleDir: ByteString;
  /** The module; undefined outside of any. */
  readonly module: Module | undefined;
}

/** The absolute path of a name that the user gave. */
export function pathAt({ cwd }: Pick<Site, 'cwd'>, name: ByteString): ByteString {
  if (name.startsWith('/')) return name;
  return cwd.endsWith('/') ? cwd + name : `${cwd}/${name}`;
}

/**
 * Beside root, whose symbolic links may lie in paths that the user names: others may have planted theirs. Undefined
 * (--insecure-links, or a system without users): anybody's.
 */
export function linkOwner({ user }: Pick<Host, 'user'>, insecureLinks: boolean): number | undefined {
  return insecureLinks ? undefined : user.euid;
}
