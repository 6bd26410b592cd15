/** rsyncd.conf read: the daemon's parameters, and its modules with theirs. */
import { readdirSync, statSync } from 'node:fs';
import { EINVAL, errnoText } from '../../errno.ts';
import { SysError } from '../../errors.ts';
import type { Variables } from '../../host.ts';
import type { ByteString } from '../../kernel/kernel.ts';
import { systemErrorOf } from '../../kernel/trusted-path.ts';
import { expand } from './expand.ts';
import { statements } from './lines.ts';
import {
  findParameter,
  type GlobalValues,
  globalParameters,
  initialValues,
  type ModuleValues,
  moduleParameters,
  sameWord,
  settledValue,
  unset,
} from './parameters.ts';

export interface Config {
  readonly global: GlobalValues;
  /** What a module is that sets nothing: the daemon's own log and look-ups go by it, too. */
  readonly defaults: ModuleValues;
  /** In order, each with its name. */
  readonly modules: readonly ModuleValues[];
}

/** What --dparam gave. */
export interface Override {
  readonly name: ByteString;
  readonly value: ByteString;
}

export interface ReadSetup {
  /** The whole text of a file; throws `SysError`. */
  readonly read: (path: ByteString) => ByteString;
  readonly variables: Variables;
  readonly overrides: readonly Override[];
  /** Only what stands before the first module matters. */
  readonly globalsOnly: boolean;
  /** What is wrong, but does not keep the daemon from going on. */
  readonly complain: (line: ByteString) => void;
}

/** Files that include each other. */
const deepest = 64;

interface Draft {
  global: Record<string, unknown>;
  defaults: Record<string, unknown>;
}

/** Reads `file` and what it includes; undefined where that cannot be made out, after it was told of. */
export function readConfig(file: ByteString, setup: ReadSetup): Config | undefined {
  const reading = new Reading(setup);
  const outcome = reading.file(file, 0);
  if (outcome === 'failed') return undefined;
  reading.endOfGlobals();
  return reading.config();
}

type Outcome = 'all' | 'stopped' | 'failed';

/** The state of reading, which goes on over all files. */
class Reading {
  private readonly setup: ReadSetup;
  private draft: Draft = {
    global: { ...initialValues(globalParameters) },
    defaults: { ...initialValues(moduleParameters) },
  };
  private readonly modules: Record<string, unknown>[] = [];
  /** undefined: in the global section. */
  private current: Record<string, unknown> | undefined;
  private overridden = false;

  constructor(setup: ReadSetup) {
    this.setup = setup;
  }

  config(): Config {
    const { global, defaults } = this.draft;
    return {
      global: global as unknown as GlobalValues,
      defaults: defaults as unknown as ModuleValues,
      modules: this.modules as unknown as ModuleValues[],
    };
  }

  file(path: ByteString, depth: number): Outcome {
    const { setup } = this;
    let text: ByteString;
    try {
      text = setup.read(path);
    } catch (error) {
      return this.failed(`unable to open config file "${path}"`, error);
    }
    for (const statement of statements(text)) {
      const at = `${path} line ${statement.line}`;
      switch (statement.kind) {
        case 'section':
          if (setup.globalsOnly) return 'stopped';
          if (!this.section(statement.name, at)) return 'failed';
          break;
        case 'parameter':
          this.parameter(statement.name, statement.value, at);
          break;
        case 'directive': {
          const outcome = this.directive(statement.name, statement.value, { at, depth });
          if (outcome !== 'all') return outcome;
          break;
        }
        case 'ignored':
          setup.complain(`Ignoring ${statement.problem} (${at})`);
          break;
        case 'broken':
          setup.complain(`${statement.problem} (${at})`);
          return 'failed';
      }
    }
    return 'all';
  }

  /** --dparam comes after all that the global section says, and before the first module. */
  endOfGlobals(): void {
    if (this.overridden) return;
    this.overridden = true;
    const { current } = this;
    this.current = undefined;
    for (const { name, value } of this.setup.overrides) this.parameter(name, value, '--dparam');
    this.current = current;
  }

  private section(name: ByteString, at: string): boolean {
    if (sameWord(name, 'global')) {
      this.current = undefined;
      return true;
    }
    if (this.current === undefined && this.modules.length === 0) this.endOfGlobals();
    if (name.includes('/')) {
      this.setup.complain(`Warning: invalid section name in configuration file: ${name} (${at})`);
      return false;
    }
    const known = this.modules.findLast((one) => sameWord(one.name as ByteString, name));
    this.current = known ?? { ...this.draft.defaults, name };
    if (known === undefined) this.modules.push(this.current);
    return true;
  }

  private parameter(written: ByteString, value: ByteString, at: string): void {
    const { complain, variables } = this.setup;
    const found = findParameter(written);
    if (found === undefined) {
      complain(`Unknown Parameter encountered: "${written}" (${at})`);
      complain(`IGNORING unknown parameter "${written}"`);
      return;
    }
    if (found.scope === 'global' && this.current !== undefined) {
      complain(`Global parameter ${written} found in module section! (${at})`);
      return;
    }
    const { kind } = found;
    const isText = kind.kind === 'text' || kind.kind === 'path';
    const settled = settledValue(kind, isText ? value : expand(value, variables));
    if (settled === undefined) {
      if (kind.kind !== 'choice') complain(`Badly formed boolean in configuration file: "${value}". (${at})`);
      return;
    }
    const target = this.current ?? (found.scope === 'global' ? this.draft.global : this.draft.defaults);
    target[found.name] = settled === unset ? undefined : settled;
  }

  private directive(name: ByteString, path: ByteString, from: { at: string; depth: number }): Outcome {
    const { complain } = this.setup;
    const which = name.toLowerCase();
    if (which !== '&include' && which !== '&merge') {
      complain(`Unknown directive: ${name}. (${from.at})`);
      return 'failed';
    }
    if (from.depth >= deepest) {
      complain(`config files include each other (${from.at})`);
      return 'failed';
    }
    let files: ByteString[];
    // What the files of &include set is theirs alone.
    const apart = which === '&include';
    try {
      files = filesAt(path, apart ? '.conf' : '.inc');
    } catch (error) {
      return this.failed(`unable to stat config file "${path}" (${from.at})`, error);
    }
    const before = copyOf(this.draft);
    let outcome: Outcome = 'all';
    for (const file of files) {
      if (apart) this.enterGlobals(copyOf(before));
      outcome = this.file(file, from.depth + 1);
      if (outcome !== 'all') break;
    }
    if (apart && !this.setup.globalsOnly) this.enterGlobals(before);
    return outcome;
  }

  private enterGlobals(draft: Draft): void {
    if (this.setup.globalsOnly) return;
    this.draft = draft;
    this.current = undefined;
  }

  private failed(what: ByteString, error: unknown): 'failed' {
    const failure = systemErrorOf(error);
    if (!(failure instanceof SysError)) throw error;
    this.setup.complain(`rsync: ${what}: ${errnoText(failure.errno)} (${failure.errno})`);
    return 'failed';
  }
}

function copyOf({ global, defaults }: Draft): Draft {
  return { global: { ...global }, defaults: { ...defaults } };
}

/** A file, or those of a directory that end in `ending`, in order. */
function filesAt(path: ByteString, ending: string): ByteString[] {
  const bytes = Buffer.from(path, 'latin1');
  const stat = statSync(bytes);
  if (stat.isFile()) return [path];
  if (!stat.isDirectory()) throw new SysError(EINVAL, 'EINVAL', 'open');
  return readdirSync(bytes, 'latin1')
    .filter((name) => name.endsWith(ending))
    .sort((a, b) => (a < b ? -1 : 1))
    .map((name) => `${path.replace(/(.)\/+$/s, '$1')}/${name}`);
}
