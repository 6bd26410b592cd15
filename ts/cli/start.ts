#!/usr/bin/env node
/**
 * Where the program starts. The rest is in parts, each loaded when it is first asked for, with the compiled code that an
 * earlier run left; and Node's own modules are asked for by function: an ES import of one runs its lazy getters, which
 * loads streams and workers (docs/decisions/0010-compiled-code.md, 0061-parts.md).
 */
import './node-version.ts';
import './open-files.ts';
import { maglevWaits, turbofanWaits } from '../v8-flags.ts';
import { compiledCode } from './compiled-code.ts';

/** The SHA-256 of all parts, filled in where they are built. */
declare const partsHash: string;

/** A part that others ask for right away is loaded by then. */
const soonMs = 1;
/** A run that is not over by then lasts, and can bear that Node loads all of its streams to set a flag. */
const lastingMs = 8;

interface Part {
  exports: object;
}
type PartFunction = (require: (name: string) => unknown, module: Part, dirname: string) => void;
type Main = Pick<typeof import('./main.ts'), 'keepCodeBy' | 'setFlagByKernel'>;

const { getBuiltinModule } = process;
const { readFileSync } = getBuiltinModule('node:fs');
const { Script } = getBuiltinModule('node:vm');

const folder = `${import.meta.dirname}/parts`;
const code = compiledCode();
// They use different functions of a part.
const kind = ['copies', 'daemon', 'server'].find((name) => process.argv.includes(`--${name}`)) ?? 'run';
const entryPrefix = `${process.version}-${process.arch}-${partsHash.slice(0, 16)}-${kind}`;

/** A daemon lives long without V8's flags, and what copies itself has rehearsed all that there is. */
const isGrowing = kind === 'run' || kind === 'server';

/** What copies itself rehearses until it is compiled, and was started with the first of them (ts/daemon/stock.ts). */
const lateFlags = kind === 'copies' ? [] : [...turbofanWaits, ...maglevWaits];

interface ToKeep {
  readonly script: InstanceType<typeof Script>;
  /** Bytes of compiled code that were found. */
  readonly found: number;
}

/** How much larger what was found has to become to be written anew. */
const worthKeeping = 1.02;

const parts = new Map<string, Part>();
/** Of which no compiled code was found that fits, or all where what was found is to grow. */
const toKeep = new Map<string, ToKeep>();
let keepsCode = code.isKept;
/** The first part, where it is time to see whether this run has more to keep than it found. */
let reviewed: string | undefined;
let flagging: NodeJS.Timeout | undefined;
let hasLateFlags = false;

/** What the part in the file `name` exports. Its text and its compiled code, megabytes together, are not held here. */
function load(name: string): object {
  const loaded = parts.get(name);
  if (loaded !== undefined) return loaded.exports;
  const part: Part = { exports: {} };
  parts.set(name, part);
  runPart(name, part);
  return part.exports;
}

function runPart(name: string, part: Part): void {
  const filename = `${folder}/${name}`;
  const entry = `${entryPrefix}-${name.slice(0, -'.cjs'.length)}`;
  const kept = code.find(entry);
  const script = new Script(readFileSync(filename, 'latin1'), { filename, cachedData: kept?.data });
  const found = script.cachedDataRejected === true ? 0 : (kept?.data.length ?? 0);
  if (kept?.isDue && parts.size === 1 && isGrowing) reviewed = entry;
  if (keepsCode && !hasLateFlags && (found === 0 || reviewed !== undefined))
    toKeep.set(entry, { script, found });
  (script.runInThisContext() as PartFunction)(requireByPart, part, folder);
}

// What makes a true `require` loads more of Node than most runs use.
function requireByPart(name: string): unknown {
  if (!name.startsWith('./'))
    return getBuiltinModule(name) ?? getBuiltinModule('node:module').createRequire(`${folder}/`)(name);
  const exports = load(name.slice('./'.length));
  settleCode();
  return exports;
}

/**
 * Where there may be code to keep, the run is told how. Otherwise V8's last compiler tier is made to wait for runs that are long
 * enough to earn back what it costs (docs/decisions/0005-late-turbofan.md): once all parts are there, because V8 refuses code
 * that was kept without that flag. Older Nodes would complain of a flag they do not know.
 */
function settleCode(): void {
  clearTimeout(flagging);
  const main = parts.get('main.cjs')?.exports as Partial<Main>;
  if (toKeep.size > 0) main.keepCodeBy?.({ keep: keepCode, keepNothing });
  else if (!hasLateFlags && lateFlags.length > 0) flagging = setTimeout(setLateFlags, soonMs, main).unref();
}

function keepCode(): void {
  const all = [...toKeep].map(([entry, { script, found }]) => ({
    entry,
    found,
    data: script.createCachedData(),
  }));
  const hasGrown = all.some(({ found, data }) => found > 0 && data.length > worthKeeping * found);
  if (reviewed !== undefined && !hasGrown) code.reviewed(reviewed);
  code.keep(all.filter(({ found }) => hasGrown || found === 0).map(({ entry, data }) => [entry, data]));
  toKeep.clear();
}

function keepNothing(): void {
  keepsCode = false;
  toKeep.clear();
  settleCode();
}

function setLateFlags(main: Partial<Main>): void {
  const { setFlagByKernel } = main;
  hasLateFlags = setFlagByKernel !== undefined && lateFlags.every(setFlagByKernel);
  if (!hasLateFlags) flagging = setTimeout(setLateFlagsByNode, lastingMs).unref();
}

function setLateFlagsByNode(): void {
  hasLateFlags = true;
  for (const flag of lateFlags) getBuiltinModule('node:v8').setFlagsFromString(flag);
}

requireByPart('./main.cjs');
