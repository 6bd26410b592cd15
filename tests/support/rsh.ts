/**
 * Remote shells that misbehave: each is a command for `--rsh`.
 */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const drop = 'while [ $# -gt 0 ]; do case $1 in -*) shift;; *) break;; esac; done; shift';

function script(dir: string, name: string, body: string): string {
  const path = join(dir, name);
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

/**
 * Runs the command locally, but only the first `there` bytes reach it and only the first `back` bytes come
 * from it; then its ends are closed as if the connection had broken.
 */
export function cuttingShell(dir: string, cut: { there?: number; back?: number }): string {
  const there = cut.there === undefined ? '' : `head -c ${cut.there} | `;
  const back = cut.back === undefined ? '' : ` | head -c ${cut.back}`;
  return script(dir, `cut-${cut.there ?? 'all'}-${cut.back ?? 'all'}`, `${drop}\n${there}sh -c "$*"${back}`);
}

/** Starts nothing: says `text` (printf's escapes) and then swallows what it is sent. */
export function sayingShell(dir: string, name: string, text: string): string {
  return script(dir, name, `printf '${text}'\ncat >/dev/null`);
}

/** Starts nothing: answers with the greeting of protocol 31, then with `count` bytes of noise. */
export function noisyShell(dir: string, seed: number, count: number): string {
  const noise = `perl -e 'srand(${seed}); print pack("V", 31); print chr(int(rand(256))) for 1..${count}'`;
  return script(dir, `noise-${seed}`, `${noise}\ncat >/dev/null`);
}

/** Starts nothing and says nothing for ever; ends when its stdin does. */
export function silentShell(dir: string): string {
  return script(dir, 'silent', 'cat >/dev/null');
}

/** Says something on stderr and ends with a code, as ssh does when it gets no connection. */
export function refusingShell(dir: string, code: number, text: string): string {
  return script(dir, `refuse-${code}`, `echo '${text}' >&2\nexit ${code}`);
}
