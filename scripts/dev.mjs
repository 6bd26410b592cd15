#!/usr/bin/env node
/** Runs the program as the sources are now: `npm run dev -- ARGS`, with paths relative to where npm was called. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { buildMapped } from './bundles.mjs';

const root = join(import.meta.dirname, '..');
const program = await buildMapped(root, join('target', 'dev'));
const { status, signal } = spawnSync(
  process.execPath,
  ['--enable-source-maps', program, ...process.argv.slice(2)],
  { stdio: 'inherit', cwd: process.env.INIT_CWD },
);
if (signal !== null) process.kill(process.pid, signal);
process.exit(status ?? 1);
