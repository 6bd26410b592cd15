import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ExitCode, RsyncError } from '../../../ts/errors.ts';
import { testHost } from '../../support/host.ts';

const native = vi.hoisted(() => ({ load: (): unknown => ({ name: 'native' }) }));
vi.mock('../../../ts/kernel/native.ts', () => ({ loadNativeKernel: () => native.load() }));
vi.mock('../../../ts/kernel/portable/index.ts', () => ({
  createPortableKernel: () => ({ name: 'portable' }),
}));

const { loadKernel } = await import('../../../ts/kernel/index.ts');

const thrown = async (call: () => Promise<unknown>): Promise<RsyncError> => {
  try {
    await call();
  } catch (error) {
    if (error instanceof RsyncError) return error;
  }
  throw new Error('no RsyncError');
};

describe('the choice of a kernel', () => {
  beforeEach(() => {
    native.load = () => ({ name: 'native' });
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it('is the native one where it loads', async () => {
    vi.stubEnv('OC_RSYNC_KERNEL', '');
    expect((await loadKernel(testHost())).name).toBe('native');
  });

  it('falls back to the portable one', async () => {
    vi.stubEnv('OC_RSYNC_KERNEL', '');
    native.load = () => {
      throw new Error('No native build was found');
    };
    expect((await loadKernel(testHost())).name).toBe('portable');
  });

  it('can be forced to the portable one', async () => {
    vi.stubEnv('OC_RSYNC_KERNEL', 'portable');
    expect((await loadKernel(testHost())).name).toBe('portable');
  });

  it('never falls back when it was forced', async () => {
    vi.stubEnv('OC_RSYNC_KERNEL', 'native');
    native.load = () => {
      throw new Error('No native build was found\n    loaded from: somewhere');
    };
    const error = await thrown(() => loadKernel(testHost()));
    expect(error.exitCode).toBe(ExitCode.Unsupported);
    expect(error.message).toContain('No native build was found');
    expect(error.message).not.toContain('\n');
  });

  it('has the I/O path that is forced, or does not load', async () => {
    const features: string[] = ['splice'];
    native.load = () => ({ name: 'native', report: () => ({ name: 'native', features }) });
    vi.stubEnv('OC_RSYNC_KERNEL', '');
    for (const io of ['', 'plain', 'splice']) {
      vi.stubEnv('OC_RSYNC_IO', io);
      expect((await loadKernel(testHost())).name).toBe('native');
    }
    vi.stubEnv('OC_RSYNC_IO', 'uring');
    const error = await thrown(() => loadKernel(testHost()));
    expect(error.exitCode).toBe(ExitCode.Unsupported);
    expect(error.message).toContain('this system does not offer io_uring');
    vi.stubEnv('OC_RSYNC_IO', 'epoll');
    expect((await thrown(() => loadKernel(testHost()))).exitCode).toBe(ExitCode.Syntax);
  });

  it('refuses other words', async () => {
    vi.stubEnv('OC_RSYNC_KERNEL', 'fast');
    expect((await thrown(() => loadKernel(testHost()))).exitCode).toBe(ExitCode.Syntax);
  });
});
