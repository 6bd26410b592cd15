#!/usr/bin/env node
/**
 * Writes the man pages (packaging/man) and docs/options.md from the definitions of options and parameters; `--check` only
 * says which are not as those are.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');

const load = async () => {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['ts/manual/pages/index.ts'],
    bundle: true,
    format: 'esm',
    platform: 'node',
    external: ['iconv-lite'],
    write: false,
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
};

const { manualFiles } = await load();
for (const [name, text] of Object.entries(manualFiles())) {
  const file = join(root, name);
  if (existsSync(file) && readFileSync(file, 'utf8') === text) continue;
  if (process.argv.includes('--check')) {
    console.error(`${name}: run node scripts/manual.mjs`);
    process.exitCode = 1;
    continue;
  }
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
