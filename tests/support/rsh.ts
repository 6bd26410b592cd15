/**
 * Remote shells that misbehave: each is a command for `--rsh`.
 */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const drop = 'while [ $# -gt 0 ]; do case $1 in -*) shift;; *) break;; esac; done; shift';

function script(dir: string, name: string, body: string): string {
  const path = join(dir, name);
  writeFileSync(path, `#!/bin/bash\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

/**
 * Runs the command locally, but only the first `there` bytes reach it or only the first `back` bytes come
 * from it; then that direction is closed as if the connection had broken. No other process keeps the
 * closed end open.
 */
export function cuttingShell(dir: string, cut: { there: number } | { back: number }): string {
  const body =
    'there' in cut
      ? `exec 3<&0\nexec sh -c "$*" < <(exec head -c ${cut.there} <&3) 3<&-`
      : `exec 3<&0\nexec head -c ${cut.back} < <(exec sh -c "$*" <&3 3<&-) 3<&-`;
  return script(dir, `cut-${Object.entries(cut).join('-').replace(',', '-')}`, `${drop}\n${body}`);
}

/** Starts nothing: says `text` (printf's escapes) and then swallows what it is sent. */
export function sayingShell(dir: string, name: string, text: string): string {
  return script(dir, name, `printf '${text}'\ncat >/dev/null`);
}

/**
 * Starts nothing: answers with the greeting of protocol 31, then with `count` bytes of noise. After that it
 * is silent for an even seed, and gone for an odd one.
 */
export function noisyShell(dir: string, seed: number, count: number): string {
  const noise = `perl -e 'srand(${seed}); print pack("V", 31); print chr(int(rand(256))) for 1..${count}'`;
  return script(dir, `noise-${seed}`, seed % 2 === 0 ? `${noise}\ncat >/dev/null` : noise);
}

/** Starts nothing and says nothing for ever; ends when its stdin does. */
export function silentShell(dir: string): string {
  return script(dir, 'silent', 'cat >/dev/null');
}

/** Says something on stderr and ends with a code, as ssh does when it gets no connection. */
export function refusingShell(dir: string, code: number, text: string): string {
  return script(dir, `refuse-${code}`, `echo '${text}' >&2\nexit ${code}`);
}
