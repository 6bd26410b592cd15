/** Races: a directory that is exchanged for a link, over and over. */
import { type ChildProcess, spawn } from 'node:child_process';

const exchanging = `
const { renameSync } = require('node:fs');
const [place] = process.argv.slice(1);
for (const other of (function* () { for (;;) { yield '.link'; yield '.dir'; } })()) {
  try { renameSync(place + other, place); } catch {}
  for (let i = 0; i < 3e4; i++) ;
  try { renameSync(place, place + other); } catch {}
}`;

/** `place`, `place.dir` and `place.link` change places until the process ends. */
export function exchange(place: string): ChildProcess {
  return spawn(process.execPath, ['-e', exchanging, place], { stdio: 'ignore' });
}
