import type { Kernel } from './kernel.ts';

/** The kernel of the Rust addon. Throws when there is no addon for this machine. */
export function loadNativeKernel(): Kernel {
  throw new Error('no addon for this machine');
}
