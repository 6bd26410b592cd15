#!/usr/bin/env node
/**
 * Lays the native kernel under `native/prebuilds/`, ready for a release.
 *
 * prebuildify names and places the file, but would have node-gyp compile it; its PREBUILD_NODE_GYP hook
 * makes it call this script instead (`node-gyp rebuild …` becomes `prebuild.mjs rebuild …`), which has
 * napi-rs do the work and leaves the result where node-gyp would.
 */
import { chmodSync, copyFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { $, argv } from 'zx';

const root = join(import.meta.dirname, '..');
const native = join(root, 'native');
const release = join(native, 'build/Release');

/** Stands in for node-gyp. */
async function rebuild() {
  const output = join(root, 'target/prebuild');
  const target = process.env.PREBUILD_TARGET ? ['--target', process.env.PREBUILD_TARGET] : [];
  rmSync(output, { recursive: true, force: true });
  await $({
    cwd: root,
    stdio: 'inherit',
  })`node_modules/.bin/napi build --release --platform --no-js ${target} \
    --manifest-path crates/addon/Cargo.toml --output-dir ${output} --dts ../../native/addon.d.ts`;
  const built = readdirSync(output).find((name) => name.endsWith('.node'));
  if (built === undefined) throw new Error('napi build left no addon');
  mkdirSync(release, { recursive: true });
  copyFileSync(join(output, built), join(release, 'oc-rsync.node'));
}

if (argv._[0] === 'rebuild') await rebuild();
else {
  const self = join(import.meta.dirname, 'prebuild.mjs');
  chmodSync(self, 0o755);
  const env = { ...process.env, PREBUILD_NODE_GYP: self };
  const libc = process.platform === 'linux' ? ['--tag-libc'] : [];
  try {
    await $({ cwd: root, env, stdio: 'inherit' })`node_modules/.bin/prebuildify --napi --strip ${libc} \
      --name oc-rsync --cwd ${native} --target ${process.versions.node}`;
  } finally {
    // node-gyp-build prefers a build folder to prebuilds.
    rmSync(join(native, 'build'), { recursive: true, force: true });
  }
}
