#!/usr/bin/env node
/**
 * `npm run check`: what can be told in less than a minute. All checks, side by side, and the unit tests of what is not
 * committed yet; what fails is shown whole.
 */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { which } from 'zx';
import { cargoChecks, checks } from './checks.mjs';

const root = join(import.meta.dirname, '..');

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

const cargo = (await which('cargo', { nothrow: true })) !== null;
const waiting = [...checks, ...(cargo ? cargoChecks : []), unitTests];
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
if (!cargo) console.log('left out: cargo fmt and clippy, because there is no cargo');
console.log(`took ${Math.round((performance.now() - started) / 1000)} s`);
process.exitCode = failed > 0 ? 1 : 0;
