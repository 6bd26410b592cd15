/** Runs whose conversation is told or kept (OC_RSYNC_TRACE), and the trees they are about. */
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kernelName } from './peers.ts';
import { run } from './run.ts';

const tree = `mkdir -p src/sub/deep src/empty ref dst/gone/x
for i in 1 2 3 4 5 6 7 8 9; do head -c $((i * 137)) /dev/zero | tr '\\0' "$i" >src/f$i; done
head -c 1600000 /dev/urandom >src/sub/big; printf odd >"$(printf 'src/sub/deep/n\\303\\244\\nme')"
head -c 200000 /dev/urandom >dst/delta; { head -c 100000 dst/delta; echo new; tail -c 100000 dst/delta; } >src/delta
ln -s f1 src/link; ln src/f2 src/sub/hard; ln src/f2 src/hard2; $NODES
setfattr -n user.long -v "$(head -c 100 /dev/zero | tr '\\0' v)" src/f3; setfattr -n user.s -v v src/f4
setfacl -m u:1:rw src/f5; chown 1:1 src/f6 2>/dev/null
: >dst/gone/y; head -c 300 src/f7 >dst/f7; touch -d @1000 dst/f7; cp -p src/f8 dst/f8; cp -p src/f9 ref/f9
printf 'f1\\nsub/big\\nlink\\n' >list; true`;

/** Makes `src`, `dst`, `ref` and `list` in `dir`: something of each kind. */
export async function makeTree(dir: string): Promise<void> {
  // What the portable kernel cannot make would end each run with 23.
  const nodes = kernelName === 'portable' ? ':' : 'mkfifo src/fifo; mknod src/device c 1 3 2>/dev/null';
  await run(['bash', '-c', tree.replace('$NODES', nodes)], { cwd: dir });
}

/** A program that starts `command` with `variables` set, for --rsync-path. */
export function wrapper(dir: string, name: string, variables: string, command: readonly string[]): string {
  const path = join(dir, name);
  writeFileSync(path, `#!/bin/sh\n${variables} exec ${command.map((word) => `'${word}'`).join(' ')} "$@"\n`);
  chmodSync(path, 0o755);
  return path;
}

/** What a trace says of the end of each direction. */
export function endsOf(lines: readonly string[]): { readonly there: string; readonly back: string } {
  const last = (arrow: string) =>
    lines
      .findLast((line) => line.includes(`${arrow} `) && line.includes(' end: '))
      ?.replace(/^.* end: /, '') ?? '';
  return { there: last('->'), back: last('<-') };
}

export function linesOf(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'latin1').trimEnd().split('\n') : [];
}

export function sizeOf(file: string): number {
  return statSync(file).size;
}
