#!/usr/bin/env node
/**
 * Lays the native kernel under `native/prebuilds/`, ready for a release.
 *
 *   npm run prebuild                          for this machine
 *   npm run prebuild -- --target TRIPLE …     for others, by Rust's names for them
 *
 * For another Linux than this machine's `zig` and `cargo-zigbuild` have to be on PATH, and Rust's library for it
 * (`rustup target add TRIPLE`). They build for older C libraries than this machine's: a release's are all made so.
 *
 * prebuildify names and places the file, but would have node-gyp compile it; its PREBUILD_NODE_GYP hook
 * makes it call this script instead (`node-gyp rebuild …` becomes `prebuild.mjs rebuild …`), which has
 * napi-rs do the work and leaves the result where node-gyp would.
 */
import { chmodSync, copyFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { $, ProcessOutput } from 'zx';
import { optionsOf } from './options.mjs';

const root = join(import.meta.dirname, '..');
const native = join(root, 'native');
const release = join(native, 'build/Release');

/** Stands in for node-gyp. */
async function rebuild() {
  const output = join(root, 'target/prebuild');
  const target = targetWords(process.env.PREBUILD_TARGET ?? '');
  rmSync(output, { recursive: true, force: true });
  await $({
    cwd: root,
    stdio: 'inherit',
    // Not prebuildify's --strip: this machine's `strip` knows no other machine's files.
    env: { ...process.env, CARGO_PROFILE_RELEASE_STRIP: 'symbols' },
  })`node_modules/.bin/napi build --release --platform --no-js ${target} \
    --manifest-path crates/addon/Cargo.toml --output-dir ${output} --dts ../../native/addon.d.ts`;
  const built = readdirSync(output).find((name) => name.endsWith('.node'));
  if (built === undefined) throw new Error('napi build left no addon');
  mkdirSync(release, { recursive: true });
  copyFileSync(join(output, built), join(release, 'oc-rsync.node'));
}

/** How napi-rs is told to build for `triple`; Node runs with no glibc that is older. */
function targetWords(triple) {
  if (triple.endsWith('-gnu')) return ['--cross-compile', '--target', `${triple}.2.28`];
  if (triple.endsWith('-musl')) return ['--cross-compile', '--target', triple];
  return triple === '' ? [] : ['--target', triple];
}

/** What prebuildify calls the machine that Rust calls `triple`. */
function machine(triple) {
  const [cpu, , system, abi = ''] = triple.split('-');
  const arch = { x86_64: 'x64', aarch64: 'arm64' }[cpu];
  if (arch === undefined || !['linux', 'darwin'].includes(system)) throw new Error(`no kernel for ${triple}`);
  return {
    PREBUILD_TARGET: triple,
    PREBUILD_ARCH: arch,
    PREBUILD_PLATFORM: system,
    PREBUILD_LIBC: abi.startsWith('musl') ? 'musl' : 'glibc',
  };
}

/** Builds for one machine: this one, or that of `triple`. */
async function prebuild(triple) {
  const self = join(import.meta.dirname, 'prebuild.mjs');
  chmodSync(self, 0o755);
  const named = triple === undefined ? { PREBUILD_PLATFORM: process.platform } : machine(triple);
  const env = { ...process.env, ...named, PREBUILD_NODE_GYP: self };
  const libc = named.PREBUILD_PLATFORM === 'linux' ? ['--tag-libc'] : [];
  try {
    await $({ cwd: root, env, stdio: 'inherit' })`node_modules/.bin/prebuildify --napi ${libc} \
      --name oc-rsync --cwd ${native} --target ${process.versions.node}`;
  } finally {
    // node-gyp-build prefers a build folder to prebuilds.
    rmSync(join(native, 'build'), { recursive: true, force: true });
  }
}

try {
  if (process.argv[2] === 'rebuild') await rebuild();
  else {
    const given = optionsOf(import.meta.filename, { string: ['target'] });
    const targets = given.target === undefined ? [undefined] : [given.target].flat();
    for (const triple of targets) await prebuild(triple);
  }
} catch (error) {
  // A program that failed has said why.
  if (!(error instanceof ProcessOutput)) throw error;
  process.exitCode = 1;
}
