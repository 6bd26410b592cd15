import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Kernel, PipePair } from '../../../ts/kernel/kernel.ts';

/** A pipe made without the addon: a fifo that lost its name. */
export function makePipe(): PipePair {
  const dir = mkdtempSync(join(tmpdir(), 'oc-pipe-'));
  const path = join(dir, 'fifo');
  execFileSync('mkfifo', [path]);
  const read = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const write = openSync(path, constants.O_WRONLY);
  rmSync(dir, { recursive: true });
  return { read, write, size: 65536 };
}

/** As much of a kernel as starting a child needs. */
export function pipeKernel(pipes: boolean): Kernel {
  const part: Partial<Kernel> = {
    name: 'native',
    pipe: () => (pipes ? makePipe() : undefined),
    socketPair: () => undefined,
    closeFd: (fd) => closeSync(fd),
  };
  return part as Kernel;
}
