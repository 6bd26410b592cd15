/** The bundles of the program and of the library. */
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build } from 'esbuild';
import { asExportEquals, declarationsOf } from './declarations.mjs';
import { buildParts } from './parts.mjs';

const shared = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  logLevel: 'warning',
  // Its tables are larger than the program, and only --iconv reads them.
  external: ['iconv-lite'],
};

/** ESM has `import.meta.dirname`; CommonJS calls it otherwise. What is compiled from cached code can only `require`. */
const commonJs = {
  format: 'cjs',
  define: { 'import.meta.dirname': '__dirname' },
  supported: { 'dynamic-import': false },
};
// Half of the text is names, which V8 reads in each start.
const small = { minify: true };
/** Who debugs a program of theirs sees the library's names. */
const readable = { minifySyntax: true, minifyWhitespace: true };

/** Builds all bundles into `dist/`. */
export async function buildBundles(root) {
  await Promise.all([
    buildProgram(root, 'dist', { minify: true, sourcemap: false }),
    buildLibrary(root),
    buildCompat(root),
  ]);
}

/**
 * Builds the library, with its declarations and the schema of its events. The one instance is CommonJS: who imports it and
 * who requires it must get the same classes.
 */
async function buildLibrary(root) {
  const file = join(root, 'dist/library.cjs');
  await buildCommonJs(root, 'ts/index.ts', file);
  const names = Object.keys(createRequire(file)(file)).sort();
  // Whoever imports CommonJS has Node read its whole text for what it exports, which takes Node 20 a tenth of a second.
  const members = names.map((name) => `exports.${name} = library.${name};\n`);
  const text = `'use strict';\nconst library = require('./library.cjs');\n${members.join('')}`;
  writeFileSync(join(root, 'dist/index.cjs'), text);
  writeFileSync(join(root, 'dist/index.mjs'), `export { ${names.join(', ')} } from './index.cjs';\n`);
  copyFileSync(join(root, 'docs/events.schema.json'), join(root, 'dist/events.schema.json'));
  const declarations = declarationsOf(root, 'index');
  for (const kind of ['mts', 'cts']) writeFileSync(join(root, `dist/index.d.${kind}`), declarations);
}

/** The class in place of npm's `rsync`: what is required is the class itself. */
async function buildCompat(root) {
  const file = join(root, 'dist/compat/rsync.cjs');
  await buildCommonJs(root, 'ts/compat/rsync.ts', file, { js: 'module.exports = module.exports.default;' });
  writeFileSync(
    join(root, 'dist/compat/rsync.mjs'),
    "import Rsync from './rsync.cjs';\nexport default Rsync;\n",
  );
  const text = declarationsOf(root, 'compat/rsync');
  writeFileSync(join(root, 'dist/compat/rsync.d.mts'), text);
  writeFileSync(join(root, 'dist/compat/rsync.d.cts'), asExportEquals(text));
}

function buildCommonJs(root, entry, outfile, footer = {}) {
  return build({
    ...shared,
    ...commonJs,
    ...readable,
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    footer,
  });
}

/**
 * Builds the program into the folder `outdir` below `root`, and gives the file to run. It finds the addon from
 * any folder that is at most two below the root.
 */
async function buildProgram(root, outdir, style) {
  const parts = await buildParts(root, join(outdir, 'parts'), style);
  removeOldParts(join(root, outdir, 'parts'), parts);
  // It knows their hash, by which compiled code is kept.
  const hash = createHash('sha256');
  for (const text of parts.values()) hash.update(text);
  const start = join(outdir, 'oc-rsync.mjs');
  await build({
    ...shared,
    ...small,
    absWorkingDir: root,
    entryPoints: ['ts/cli/start.ts'],
    outfile: start,
    format: 'esm',
    define: { partsHash: JSON.stringify(hash.digest('hex')) },
  });
  chmodSync(join(root, start), 0o755);
  return join(root, start);
}

/** Builds the program with line breaks and a map to its sources, for a profiler to name things by. */
export function buildMapped(root, outdir) {
  return buildProgram(root, outdir, { minify: false, sourcemap: true });
}

/** Parts of earlier builds, whose names are others. */
function removeOldParts(folder, parts) {
  for (const name of readdirSync(folder)) if (!parts.has(name)) rmSync(join(folder, name), { force: true });
}
