#!/usr/bin/env node
/**
 * Checks that the folders of `ts/` import each other only along the design's arrows: dependencies point
 * one way. Open to all are type-only imports, `ts/clock.ts`, `ts/errno.ts`, `ts/errors.ts`, `ts/room.ts`, `ts/utf8.ts`, `ts/v8-flags.ts`, and the files
 * that declare the kernel's tables and the wire's numbers. The addon is reached from `ts/kernel/native.ts` alone; the roles never
 * import each other. No files import each other in a circle, by value or by type. What the process is (environment,
 * directory, ids, streams) is asked in `ts/cli` alone, which hands it down (`ts/host.ts`); which system and which Node
 * it runs on, anybody may ask.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';

const root = join(import.meta.dirname, '..');
const below = ['flist', 'filter', 'delta', 'metadata', 'wire', 'report', 'options'];

/** Declarations: errors, table layouts and constants, without behaviour of a layer. */
const openToAll = [
  'errno.ts',
  'errors.ts',
  'host.ts',
  'clock.ts',
  'room.ts',
  'utf8.ts',
  'v8-flags.ts',
  'kernel/kernel.ts',
  'kernel/types.ts',
  'kernel/stat-table.ts',
  'kernel/receive-batch.ts',
  'kernel/name-runs.ts',
  'kernel/listing.ts',
  'wire/constants.ts',
].map((file) => join(root, 'ts', file));

/** For each folder of `ts/`, the others that it may import values from. */
const arrows = {
  '.': ['library'],
  cli: ['library', 'manual', 'bench', 'trace', 'session', 'daemon', 'options', 'report', 'kernel'],
  manual: ['bench', 'daemon', 'options'],
  // Starts the program, and looks from outside.
  bench: ['options'],
  // Listens to both ends of a session, and takes part in none.
  trace: ['session', 'roles', 'kernel', ...below],
  // Of `ts/cli` the process alone, which is asked in one place.
  library: ['cli', 'session', 'daemon', 'options', 'report', 'wire'],
  // Starts the program, as anybody can.
  compat: [],
  daemon: ['session', 'transport', 'kernel', ...below],
  session: ['roles', 'transport', 'batch', 'kernel', ...below],
  roles: ['flist', 'filter', 'delta', 'metadata', 'wire', 'report'],
  transport: ['kernel'],
  batch: ['wire', 'options'],
  flist: ['wire', 'filter', 'metadata'],
  filter: ['wire', 'kernel'],
  delta: ['wire'],
  metadata: ['kernel'],
  report: ['options'],
  wire: ['kernel'],
  options: [],
  kernel: [],
};

const statement = /(?:^|\n)\s*(import|export)\s+(type\s+)?([^'";]*?\bfrom\s*)?['"]([^'"]+)['"]/g;
const dynamic = /\b(?:import|require|createRequire\([^)]*\))\(\s*['"]([^'"]+)['"]\s*\)/g;

/** True when nothing of an import is left once the types are gone. */
const typesOnly = (keyword, clause) => {
  if (keyword !== undefined) return true;
  const braces = /^\s*\{([^}]*)\}\s*from\s*$/.exec(clause ?? '');
  if (!braces) return false;
  const names = braces[1].split(',').map((name) => name.trim());
  return names.filter((name) => name !== '').every((name) => name.startsWith('type '));
};

const withoutComments = (source) =>
  source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"])\/\/.*$/gm, '$1');

/** Uses of the process's state, and imports of it under another name. */
const stateOfProcess =
  /\bprocess\b\??\.(?!(?:platform|arch|versions?|dlopen|hrtime)\b)\w+|\bglobalThis\.process\b|['"](?:node:)?process['"]/g;

/** What a source file asks of the process. */
export const processUses = (source) => withoutComments(source).match(stateOfProcess) ?? [];

/** What a source file imports: the modules, and whether values come from them or types alone. */
export const importsOf = (source) => {
  const code = withoutComments(source);
  const found = [];
  for (const [, , keyword, clause, from] of code.matchAll(statement))
    found.push({ from, types: typesOnly(keyword, clause), loaded: true });
  for (const [, from] of code.matchAll(dynamic)) found.push({ from, types: false, loaded: false });
  return found;
};

/** Where a file of `ts/` belongs: its folder, and for roles which of the three. */
const placeOf = (path) => {
  const parts = relative(join(root, 'ts'), path).split(sep);
  if (parts[0] === '..') return { folder: null, role: null };
  return {
    folder: parts.length === 1 ? '.' : parts[0],
    role: parts[0] === 'roles' && parts.length > 2 ? parts[1] : null,
  };
};

/** Why a file may not import a module; null when it may. */
const offence = (file, module) => {
  if (!module.startsWith('.')) return null;
  const target = resolve(dirname(file), module);
  const [from, to] = [placeOf(file), placeOf(target)];
  if (to.folder === null) {
    const inside = relative(root, target).split(sep);
    if (inside[0] === 'native' && file === join(root, 'ts', 'kernel', 'native.ts')) return null;
    return inside[0] === 'native' ? 'only ts/kernel/native.ts reaches the addon' : 'it lies outside ts/';
  }
  if (openToAll.includes(target)) return null;
  if (!(from.folder in arrows)) return `ts/${from.folder} has no place in the design`;
  if (from.folder === to.folder) {
    const crosses = from.role !== null && to.role !== null && from.role !== to.role;
    return crosses ? 'roles do not import each other' : null;
  }
  if (arrows[from.folder].includes(to.folder)) return null;
  return `ts/${from.folder} may import ${arrows[from.folder].join(', ') || 'no other folder'}`;
};

const sources = readdirSync(join(root, 'ts'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  .map((entry) => join(entry.parentPath, entry.name));

const files = new Map(sources.sort().map((file) => [file, importsOf(readFileSync(file, 'utf8'))]));

let offenders = 0;
for (const [file, imports] of files) {
  for (const { from, types } of imports) {
    const why = types ? null : offence(file, from);
    if (why === null) continue;
    offenders++;
    console.log(`${relative(root, file)} imports ${from}: ${why}`);
  }
}

for (const file of files.keys()) {
  // The second is no part of a run: it starts the program from another one.
  if (['cli', 'compat'].includes(placeOf(file).folder)) continue;
  for (const use of processUses(readFileSync(file, 'utf8'))) {
    offenders++;
    console.log(`${relative(root, file)} uses ${use}: it comes in by the host`);
  }
}

/** The files that a file cannot be read without, by value or by type. A part that is loaded on use is none. */
const neighbours = (file) =>
  files
    .get(file)
    .filter(({ from, loaded }) => loaded && from.startsWith('.'))
    .map(({ from }) => resolve(dirname(file), from))
    .filter((target) => files.has(target));

/** Groups of files that reach each other (Tarjan's strongly connected components of more than one). */
const circles = () => {
  const found = [];
  const order = new Map();
  const low = new Map();
  const stack = [];
  const visit = (file) => {
    order.set(file, order.size);
    low.set(file, order.get(file));
    stack.push(file);
    for (const next of neighbours(file)) {
      if (!order.has(next)) visit(next);
      if (stack.includes(next)) low.set(file, Math.min(low.get(file), low.get(next)));
    }
    if (low.get(file) !== order.get(file)) return;
    const group = stack.splice(stack.indexOf(file));
    if (group.length > 1) found.push(group);
  };
  for (const file of files.keys()) if (!order.has(file)) visit(file);
  return found;
};

const round = circles();
for (const group of round)
  console.log(`in a circle: ${group.map((file) => relative(root, file)).join(', ')}`);
console.log(`layers: ${sources.length} files, ${offenders} against the arrows, ${round.length} circles`);
process.exitCode = offenders > 0 || round.length > 0 ? 1 : 0;
