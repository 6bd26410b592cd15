#!/usr/bin/env node
/**
 * `npm run check`: what can be told in less than a minute. All checks, side by side, and the unit tests of what is not
 * committed yet; those of Rust where some of that is Rust. What fails is shown whole.
 */
import { spawn, spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { which } from 'zx';
import { cargoChecks, checks } from './checks.mjs';
import { optionsOf } from './options.mjs';

const root = join(import.meta.dirname, '..');
optionsOf(import.meta.filename);

const run = ([program, ...args]) =>
  new Promise((resolve) => {
    const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    const add = (chunk) => {
      text += chunk;
    };
    child.stdout.on('data', add);
    child.stderr.on('data', add);
    child.on('error', (error) => resolve({ code: 127, text: String(error) }));
    child.on('close', (code) => resolve({ code: code ?? 1, text }));
  });

const unitTests = {
  name: 'unit tests of what changed',
  command: ['npx', '--no-install', 'vitest', 'run', '--changed', '--passWithNoTests', 'tests/unit'],
};

/** Why nothing is asked of cargo; undefined where something is. A first clippy compiles for longer than all else takes. */
async function withoutCargo() {
  if ((await which('cargo', { nothrow: true })) === null) return 'there is no cargo';
  const places = ['crates', 'fuzz', 'Cargo.toml', 'Cargo.lock', 'rustfmt.toml'];
  const { status, stdout } = spawnSync('git', ['status', '--porcelain', '--', ...places], { cwd: root });
  return status === 0 && stdout.length === 0 ? 'no Rust has changed' : undefined;
}

const leftOut = await withoutCargo();
// What takes longest begins first.
const waiting = [unitTests, ...(leftOut === undefined ? cargoChecks.toReversed() : []), ...checks];
const started = performance.now();
let failed = 0;
const work = async () => {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const { code, text } = await run(next.command);
    console.log(`${code === 0 ? 'ok    ' : 'failed'} ${next.name}`);
    if (code === 0) continue;
    failed++;
    console.log(text);
  }
};
await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, work));
if (leftOut !== undefined) console.log(`left out: cargo fmt and clippy, because ${leftOut}`);
console.log(`took ${Math.round((performance.now() - started) / 1000)} s`);
process.exitCode = failed > 0 ? 1 : 0;
