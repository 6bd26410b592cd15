#!/usr/bin/env node
/**
 * Builds what runs: the bundles in `dist/`, and the native kernel where cargo is there.
 *
 * `--no-addon` leaves the native kernel out, `--addon-only` builds nothing else.
 */
import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { $, which } from 'zx';
import { buildBundles } from './bundles.mjs';
import { optionsOf } from './options.mjs';

const root = join(import.meta.dirname, '..');
const given = optionsOf(import.meta.filename, { boolean: ['addon', 'addon-only'], default: { addon: true } });

/** glibc or musl, as node-gyp-build tells them apart; other systems have one libc. */
function libc() {
  if (process.platform !== 'linux') return '';
  return existsSync('/etc/alpine-release') ? '.musl' : '.glibc';
}

const prebuilds = join(root, 'native/prebuilds', `${process.platform}-${process.arch}`);
const addon = join(prebuilds, `oc-rsync${libc()}.node`);

/** What runs where nothing could be built. */
function withoutBuild() {
  return existsSync(addon)
    ? 'so the native kernel stays the one that is there'
    : 'so the portable kernel will be used';
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
  mkdirSync(prebuilds, { recursive: true });
  copyFileSync(join(output, built), `${addon}.new`);
  renameSync(`${addon}.new`, addon);
}

if (!given['addon-only']) await buildBundles(root);
if (given.addon) {
  const cargo = ['linux', 'darwin'].includes(process.platform) && (await which('cargo', { nothrow: true }));
  if (!cargo) console.log(`oc-rsync: no cargo here, ${withoutBuild()}`);
  else {
    try {
      await buildAddon();
    } catch (error) {
      console.error(error.message);
      console.log(`oc-rsync: the native kernel does not build, ${withoutBuild()}`);
      if (given['addon-only']) process.exitCode = 1;
    }
  }
}
