/** The bundles of the program and of the library. */
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { build } from 'esbuild';
import { asExportEquals, declarationsOf } from './declarations.mjs';

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

/** What a plain run never reads, as bundles of their own beside the program's: the module of `ts/`, and the file's name. */
const apart = {
  'bench/index.ts': 'bench.cjs',
  'manual/index.ts': 'manual.cjs',
  'trace/index.ts': 'trace.cjs',
};

/** Leaves those to their files. */
const leaveApart = {
  name: 'apart',
  setup(context) {
    context.onResolve({ filter: /\/index\.ts$/, namespace: 'file' }, ({ path, kind, resolveDir }) => {
      const name = apart[relative(join(context.initialOptions.absWorkingDir, 'ts'), join(resolveDir, path))];
      return name !== undefined && kind === 'dynamic-import'
        ? { path: `./${name}`, external: true }
        : undefined;
    });
  },
};

/** Builds all bundles into `dist/`. */
export async function buildBundles(root) {
  await Promise.all([buildProgram(root, 'dist', small), buildLibrary(root), buildCompat(root)]);
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
  const parts = join(outdir, 'parts');
  // One file: what a run does not use (help, the portable kernel) is not run, and compiled only where it is.
  const main = join(parts, 'main.cjs');
  const { metafile } = await build({
    ...shared,
    ...commonJs,
    ...style,
    absWorkingDir: root,
    entryPoints: ['ts/cli/main.ts'],
    outfile: main,
    // What `start.ts` runs it with. Put around it there, it would be a second copy of the text in memory.
    plugins: [leaveApart],
    banner: { js: '(function (require, module, exports, __filename, __dirname) {' },
    footer: { js: '})' },
    metafile: true,
  });
  const made = new Set(Object.keys(metafile.outputs));
  for (const [module, name] of Object.entries(apart)) {
    const entryPoints = [`ts/${module}`];
    const options = { ...shared, ...commonJs, ...style, absWorkingDir: root, metafile: true };
    const built = await build({ ...options, entryPoints, outfile: join(parts, name) });
    for (const file of Object.keys(built.metafile.outputs)) made.add(file);
  }
  removeOldParts(root, parts, made);
  const start = join(outdir, 'oc-rsync.mjs');
  // It knows the other one's hash, by which compiled code is kept.
  const hash = createHash('sha256')
    .update(readFileSync(join(root, main)))
    .digest('hex');
  await build({
    ...shared,
    ...small,
    absWorkingDir: root,
    entryPoints: ['ts/cli/start.ts'],
    outfile: start,
    format: 'esm',
    define: { mainHash: JSON.stringify(hash) },
  });
  chmodSync(join(root, start), 0o755);
  return join(root, start);
}

/** Builds the program with line breaks and a map to its sources, for a profiler to name things by. */
export function buildMapped(root, outdir) {
  return buildProgram(root, outdir, { minifySyntax: true, sourcemap: true, sourcesContent: false });
}

/** Parts of earlier builds, whose names are others. */
function removeOldParts(root, parts, current) {
  for (const name of readdirSync(join(root, parts)))
    if (!current.has(`${parts}/${name}`)) rmSync(join(root, parts, name), { force: true });
}
