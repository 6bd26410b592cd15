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
  // What the client says first is taken, or it may notice by writing instead.
  return script(dir, `refuse-${code}`, `echo '${text}' >&2\nhead -c 4 >/dev/null\nexit ${code}`);
}

/**
 * Runs the command locally and passes its bytes on, both ways, at most `size` at once. With `pause` it sleeps
 * so many milliseconds after each piece of a direction's first hundred.
 */
export function pacingShell(dir: string, size: number, pause: number): string {
  const pass = `perl -e 'my $n = 0; while (sysread(STDIN, my $b, ${size})) { syswrite(STDOUT, $b) or exit; select(undef, undef, undef, ${pause / 1000}) if ${pause} && $n++ < 100 }'`;
  return script(dir, `pace-${size}-${pause}`, `${drop}\n${pass} | sh -c "$*" | ${pass}`);
}

/**
 * Runs the command locally; once `bytes` have passed in the one direction, it is killed with all that connects
 * to it, as when a machine goes down.
 */
export function dyingShell(dir: string, way: 'there' | 'back', bytes: number): string {
  const pass = (limit: string) =>
    `perl -e "my \\$left = ${limit}; while (sysread(STDIN, my \\$b, \\$left < 8192 ? \\$left : 8192)) { syswrite(STDOUT, \\$b) or exit; \\$left -= length \\$b; kill KILL => -getpgrp(0) if \\$left <= 0 }"`;
  const [there, back] = way === 'there' ? [`${bytes}`, '9e15'] : ['9e15', `${bytes}`];
  return script(
    dir,
    `die-${way}-${bytes}`,
    `${drop}\nexec setsid -w bash -c '${pass(there)} | sh -c "$0" | ${pass(back)}' "$*"`,
  );
}

/** How a link misbehaves. */
export interface Relay {
  /** Bytes that come from the far end before it falls silent. */
  readonly silentAfter?: number;
  /** Seconds of silence, after which all goes on; for ever unless told. */
  readonly silence?: number;
  /** While it is silent, the far end takes nothing either. */
  readonly deaf?: boolean;
  /** Bytes a second, each way. */
  readonly rate?: number;
}

/**
 * Runs the command locally behind a link that falls silent, or is slow, and stays open all the while. What the far end
 * says on stderr is not shown.
 */
export function relayShell(dir: string, name: string, relay: Relay): string {
  const { silentAfter = -1, silence = 1e6, deaf = false, rate = 0 } = relay;
  const program = join(import.meta.dirname, 'relay.pl');
  const link = `${silentAfter} ${silence} ${deaf ? 1 : 0} ${rate}`;
  return script(dir, name, `${drop}\nexec perl ${program} ${link} "$*"`);
}

/** Runs the command locally, and stays when it has ended. */
export function lingeringShell(dir: string): string {
  return script(dir, 'linger', `${drop}\nsh -c "$*"\nexec sleep 60`);
}

/** Runs the command locally and writes what passes in the two directions to `dir/there` and `dir/back`. */
export function recordingShell(dir: string): string {
  const there = `exec sh -c "$*" < <(exec tee '${dir}/there' <&3 3<&-) 3<&-`;
  return script(dir, 'record', `${drop}\nexec 3<&0\nexec tee '${dir}/back' < <(${there}) 3<&-`);
}

/** Runs the command locally; the byte at `at` of one direction, counted from 0, arrives with the bits of `flip` turned. */
export function bendingShell(dir: string, way: 'there' | 'back', at: number, flip: number): string {
  const bend = `perl -e 'my $at = ${at}; while (sysread(STDIN, my $b, 8192)) { substr($b, $at, 1) ^= chr(${flip}) if $at >= 0 && $at < length $b; $at -= length $b; syswrite(STDOUT, $b) or exit }'`;
  const command =
    way === 'there'
      ? `exec sh -c "$*" < <(exec ${bend} <&3 3<&-) 3<&-`
      : `exec ${bend} < <(exec sh -c "$*" <&3 3<&-) 3<&-`;
  return script(dir, `bend-${way}-${at}-${flip}`, `${drop}\nexec 3<&0\n${command}`);
}

/** Runs the command locally without one of its options. */
export function forgetfulShell(dir: string, option: string): string {
  return script(dir, 'forgetful', `${drop}\nc="$*"\nexec sh -c "\${c/${option}/}"`);
}
