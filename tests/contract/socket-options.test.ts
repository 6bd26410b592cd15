/** Options of sockets: a kernel sets them, or has no call for it. */
import { constants } from 'node:os';
import { describe, expect, test } from 'vitest';
import { loadKernel } from '../../ts/kernel/index.ts';
import { testHost } from '../support/host.ts';

const kernel = await loadKernel(testHost());

describe.skipIf(kernel.setSocketOption === undefined)('setSocketOption', () => {
  test('reaches the system', () => {
    const [a, b] = kernel.socketPair() as [number, number];
    const set = (name: string, value = 1) => kernel.setSocketOption?.(a, name, value);
    expect(set('SO_SNDBUF', 65536)).toBe(0);
    expect(set('SO_RCVLOWAT', 4)).toBe(0);
    // No such protocol on a local socket.
    expect(set('TCP_NODELAY')).toBe(constants.errno.EOPNOTSUPP);
    expect(set('SO_SNDLOWAT')).toBe(constants.errno.ENOPROTOOPT);
    expect(set('SO_NOTHING')).toBe(constants.errno.EINVAL);
    kernel.closeFd(a);
    kernel.closeFd(b);
  });
});
