#!/usr/bin/env node
/**
 * Writes the table of options in docs/compatibility.md from their definitions; `--check` only says whether it is as they
 * are.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadSource } from './load-source.mjs';
import { optionsOf } from './options.mjs';

const root = join(import.meta.dirname, '..');
const given = optionsOf(import.meta.filename, { boolean: ['check'] });
const file = join(root, 'docs', 'compatibility.md');
const [begin, end] = ['<!-- options: scripts/option-table.mjs -->\n', '<!-- end of options -->'];

/** What not every run can do; all else works with both kernels and from protocol 28 on. */
const limits = {
  acls: 'native kernel; protocol 30 on',
  xattrs: 'native kernel; protocol 30 on',
  superUser: '`--fake-super`: native kernel',
  pruneEmptyDirs: 'protocol 29 on',
  alternateDests: 'several, or with `--inplace`: protocol 29 on',
  crtimes: 'refused on Linux, as by rsync',
};

const { allSwitches } = await loadSource('ts/options/switches.ts');
const spelled = ({ long, short, argName }) =>
  [short && `-${short}`, long && `--${long}${argName ? `=${argName}` : ''}`].filter(Boolean).join(' ');
const rows = new Map();
for (const { option, how } of allSwitches()) {
  const names = rows.get(option) ?? [];
  rows.set(option, [...names, spelled(how)]);
}
const lines = ['| option | state |', '|---|---|'];
for (const [option, names] of rows) {
  const state = ['works', limits[option]].filter(Boolean).join('; ');
  lines.push(`| ${names.map((name) => `\`${name}\``).join(' ')} | ${state} |`);
}
const table = `${lines.join('\n')}\n`;
const text = readFileSync(file, 'utf8');
const [before, rest] = text.split(begin);
const [old, after] = rest.split(end);
if (given.check) {
  if (old !== table) {
    console.error('docs/compatibility.md: run node scripts/option-table.mjs');
    process.exitCode = 1;
  }
} else writeFileSync(file, `${before}${begin}${table}${end}${after}`);
