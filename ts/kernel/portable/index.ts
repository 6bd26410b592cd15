/** The portable kernel: everything `Kernel` promises, in plain Node. */
import type { Kernel } from '../kernel.ts';

/** Makes a portable kernel. It holds no state of a run, so that several may live in one process. */
export function createPortableKernel(): Kernel {
  throw new Error('the portable kernel is not complete yet');
}
