#!/usr/bin/env node
/** `npm start`: the program, as if it had been called where npm was. npm runs its scripts in the package's folder. */
import { join } from 'node:path';

const { INIT_CWD } = process.env;
if (INIT_CWD !== undefined) process.chdir(INIT_CWD);
// A daemon starts more of the same by that name.
process.argv[1] = join(import.meta.dirname, '..', 'dist', 'oc-rsync.mjs');
await import('../dist/oc-rsync.mjs');
