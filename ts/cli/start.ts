#!/usr/bin/env node
/**
 * Where the program starts. The rest is one CommonJS file, loaded with the compiled code that an earlier run
 * left, and Node's own modules are asked for by function: an ES import of one runs its lazy getters, which
 * loads streams and workers (docs/decisions/0010-compiled-code.md).
 */
import './node-version.ts';
import './open-files.ts';
import { compiledCode } from './compiled-code.ts';

/** The SHA-256 of `parts/main.cjs`, filled in where both are built. */
declare const mainHash: string;

/** A run that is not over after so long is one that lasts. */
const lastingMs = 8;

const { getBuiltinModule } = process;

/** In a function: what is done with at its end, a megabyte of compiled code for one, is not held for the whole run. */
function start(): void {
  const file = `${import.meta.dirname}/parts/main.cjs`;
  const source = getBuiltinModule('node:fs').readFileSync(file, 'latin1');
  // They use different parts of the program.
  const kind = ['copies', 'daemon', 'server'].find((name) => process.argv.includes(`--${name}`)) ?? 'run';
  const { data, keep } = compiledCode(`${process.version}-${process.arch}-${mainHash.slice(0, 16)}-${kind}`);

  const { Script } = getBuiltinModule('node:vm');
  const script = new Script(source, { filename: file, cachedData: data });
  const main: { exports: { keepCodeBy?: (keep: () => void) => void } } = { exports: {} };
  // What makes a true `require` loads more of Node than most runs use.
  const require = (name: string): unknown =>
    getBuiltinModule(name) ?? getBuiltinModule('node:module').createRequire(file)(name);
  script.runInThisContext()(require, main, main.exports, file, `${import.meta.dirname}/parts`);

  if (data === undefined || script.cachedDataRejected === true)
    main.exports.keepCodeBy?.(() => keep(script.createCachedData()));
  // V8's last compiler tier waits for runs that are long enough to earn back what it costs
  // (docs/decisions/0005-late-turbofan.md). The flag is set in runs that last, because loading what sets it takes three
  // milliseconds; not in a run whose code is kept, which would be of use only to runs that start with the flag. Older
  // Nodes would complain of a flag they do not know.
  else if (Number.parseInt(process.versions.node, 10) >= 22) setTimeout(setLateFlag, lastingMs).unref();
}

function setLateFlag(): void {
  getBuiltinModule('node:v8').setFlagsFromString('--invocation-count-for-turbofan=100000');
}

start();
