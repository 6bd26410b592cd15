#!/usr/bin/env node
/**
 * Writes the man pages (packaging/man) and docs/options.md from the definitions of options and parameters; `--check` only
 * says which are not as those are.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { loadSource } from './load-source.mjs';
import { optionsOf } from './options.mjs';

const root = join(import.meta.dirname, '..');
const given = optionsOf(import.meta.filename, { boolean: ['check'] });

const { manualFiles } = await loadSource('ts/manual/pages/index.ts');
for (const [name, text] of Object.entries(manualFiles())) {
  const file = join(root, name);
  if (existsSync(file) && readFileSync(file, 'utf8') === text) continue;
  if (given.check) {
    console.error(`${name}: run node scripts/manual.mjs`);
    process.exitCode = 1;
    continue;
  }
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
