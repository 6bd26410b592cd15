/** Chooses the kernel: the native one where it loads, else the portable one. */
import { ExitCode, RsyncError } from '../errors.ts';
import type { Host } from '../host.ts';
import { forcedIoPath, type IoPath, requireIoPath } from './io-path.ts';
import type { Kernel } from './kernel.ts';
import { loadNativeKernel } from './native.ts';

type KernelHost = Pick<Host, 'env' | 'umask' | 'user' | 'flagsBy'>;

/**
 * The kernel that the environment asks for, or the best there is. `OC_RSYNC_KERNEL=native|portable` forces one; a forced kernel that does not
 * load, or any other value, is an `RsyncError`, never a silent fallback; so is a path of `OC_RSYNC_IO` that it
 * does not have.
 */
export async function loadKernel(host: KernelHost): Promise<Kernel> {
  const io = forcedIoPath(host.env.OC_RSYNC_IO);
  const kernel = await chooseKernel(host, io);
  requireIoPath(kernel, io);
  host.flagsBy(kernel.setEngineFlag);
  return kernel;
}

async function chooseKernel(host: KernelHost, io: IoPath | undefined): Promise<Kernel> {
  const forced = host.env.OC_RSYNC_KERNEL ?? '';
  if (forced === 'portable') return loadPortable(host);
  if (forced !== '' && forced !== 'native')
    throw new RsyncError(ExitCode.Syntax, `OC_RSYNC_KERNEL must be "native" or "portable", not "${forced}"`);
  try {
    return loadNativeKernel(io);
  } catch (cause) {
    if (forced === '') return loadPortable(host);
    const reason = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause);
    throw new RsyncError(
      ExitCode.Unsupported,
      `the native kernel was asked for and does not load: ${reason}`,
      { cause },
    );
  }
}

/** Loaded only where it is used: it is a third of the program. */
async function loadPortable(host: KernelHost): Promise<Kernel> {
  const { createPortableKernel } = await import('./portable/index.ts');
  return createPortableKernel(host);
}
