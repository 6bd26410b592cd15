#!/usr/bin/env node
/**
 * Builds what runs: the bundles in `dist/`, and the native kernel where cargo is there.
 *
 * `--no-addon` leaves the native kernel out, `--addon-only` builds nothing else.
 */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { $, argv, which } from 'zx';

const root = join(import.meta.dirname, '..');
const nodeTarget = 'node20';

const shared = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: nodeTarget,
  logLevel: 'warning',
};

/** ESM has `import.meta.dirname`; CommonJS calls it otherwise. */
const commonJs = { format: 'cjs', define: { 'import.meta.dirname': '__dirname' } };
const small = { minifySyntax: true, minifyWhitespace: true };

const mainFile = 'dist/parts/main.cjs';
const bundles = [
  // One file: what a run does not use (help, the portable kernel) is not run, and compiled only where it is.
  { entryPoints: ['ts/cli/main.ts'], outfile: mainFile, ...commonJs, ...small },
  { entryPoints: ['ts/index.ts'], outfile: 'dist/index.mjs', format: 'esm' },
  { entryPoints: ['ts/index.ts'], outfile: 'dist/index.cjs', ...commonJs },
];

async function buildBundles() {
  const present = bundles.filter((bundle) => existsSync(join(root, bundle.entryPoints[0])));
  const built = await Promise.all(present.map((bundle) => build({ ...shared, ...bundle, metafile: true })));
  removeOldParts(new Set(built.flatMap(({ metafile }) => Object.keys(metafile.outputs))));
  await buildStart();
  const command = join(root, 'dist/oc-rsync.mjs');
  if (existsSync(command)) chmodSync(command, 0o755);
}

/** The file that starts the program: it knows the other one's hash, by which compiled code is kept. */
async function buildStart() {
  const mainHash = createHash('sha256')
    .update(readFileSync(join(root, mainFile)))
    .digest('hex');
  await build({
    ...shared,
    ...small,
    entryPoints: ['ts/cli/start.ts'],
    outfile: 'dist/oc-rsync.mjs',
    format: 'esm',
    define: { mainHash: JSON.stringify(mainHash) },
  });
}

/** Parts of earlier builds, whose names have other hashes. */
function removeOldParts(current) {
  const folder = join(root, 'dist/parts');
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder))
    if (!current.has(`dist/parts/${name}`)) rmSync(join(folder, name), { force: true });
}

/** glibc or musl, as node-gyp-build tells them apart; other systems have one libc. */
function libc() {
  if (process.platform !== 'linux') return '';
  return existsSync('/etc/alpine-release') ? '.musl' : '.glibc';
}

/** Compiles the addon, and lays it where node-gyp-build looks. A file in use is replaced, never overwritten. */
async function buildAddon() {
  const output = join(root, 'target/addon');
  const crate = join(root, 'crates/addon/Cargo.toml');
  const napi = join(root, 'node_modules/.bin/napi');
  await $({ cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })`${napi} build --release --platform --no-js \
    --manifest-path ${crate} --output-dir ${output} --dts ../../native/addon.d.ts`;
  const built = readdirSync(output).find((name) => name.endsWith('.node'));
  if (built === undefined) throw new Error('napi build left no addon');
  const folder = join(root, 'native/prebuilds', `${process.platform}-${process.arch}`);
  const target = join(folder, `oc-rsync${libc()}.node`);
  mkdirSync(folder, { recursive: true });
  copyFileSync(join(output, built), `${target}.new`);
  renameSync(`${target}.new`, target);
}

if (!argv['addon-only']) await buildBundles();
if (argv.addon !== false) {
  const cargo = process.platform === 'linux' && (await which('cargo', { nothrow: true }));
  if (!cargo) console.log('oc-rsync: no cargo here, so the portable kernel will be used');
  else {
    try {
      await buildAddon();
    } catch (error) {
      console.error(error.message);
      console.log('oc-rsync: the native kernel does not build, so the portable kernel will be used');
      if (argv['addon-only']) process.exitCode = 1;
    }
  }
}
