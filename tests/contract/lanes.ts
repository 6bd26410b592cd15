/** The kernels that the contract is held against, and what the suites share. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EntryFlag } from '../../ts/flist/file-list.ts';
import type { Kernel } from '../../ts/kernel/kernel.ts';
import type { ListingOptions } from '../../ts/kernel/listing.ts';
import { loadNativeKernel } from '../../ts/kernel/native.ts';
import { createPortableKernel } from '../../ts/kernel/portable/index.ts';
import { testHost } from '../support/host.ts';

export interface Lane {
  readonly name: 'native' | 'portable';
  readonly kernel: Kernel | undefined;
  /** Why there is no kernel. */
  readonly reason: string;
}

const forced = process.env.OC_RSYNC_KERNEL ?? '';

function nativeLane(): Lane {
  try {
    return { name: 'native', kernel: loadNativeKernel(), reason: '' };
  } catch (error) {
    if (forced === 'native') throw error;
    const text = error instanceof Error ? error.message : String(error);
    return { name: 'native', kernel: undefined, reason: text.split('\n', 1)[0] };
  }
}

/** Both kernels, or the one that `OC_RSYNC_KERNEL` forces. */
export const lanes: readonly Lane[] = [
  ...(forced === 'portable' ? [] : [nativeLane()]),
  ...(forced === 'native'
    ? []
    : [{ name: 'portable', kernel: createPortableKernel(testHost()), reason: '' } as const]),
];

/** The kernels that loaded. */
export const kernels: readonly Kernel[] = lanes.flatMap((lane) => (lane.kernel ? [lane.kernel] : []));

/** Every sender with every receiver. */
export const kernelPairs: readonly (readonly [string, Kernel, Kernel])[] = kernels.flatMap((sender) =>
  kernels.map((receiver) => [`${sender.name} to ${receiver.name}`, sender, receiver] as const),
);

/** Runs a suite once for each kernel; one that does not load is reported as skipped, with its reason. */
export function eachKernel(title: string, suite: (kernel: Kernel) => void): void {
  for (const lane of lanes) {
    const { kernel } = lane;
    if (kernel === undefined) {
      describe.skip(`${title} (${lane.name}: ${lane.reason})`, () => {
        it('needs the kernel', () => {});
      });
      continue;
    }
    describe(`${title} (${lane.name})`, () => {
      it('runs on the kernel that it names', () => {
        expect(kernel.name).toBe(lane.name);
        expect(kernel.report().name).toBe(lane.name);
        proveBacking(kernel);
      });
      suite(kernel);
    });
  }
}

/** Only the addon can make pipes, and only its library can be among the loaded ones. */
function proveBacking(kernel: Kernel): void {
  const pipe = kernel.pipe();
  if (kernel.name === 'portable') {
    expect(pipe).toBeUndefined();
    expect(kernel.socketPair()).toBeUndefined();
    return;
  }
  if (process.platform === 'linux') {
    expect(readFileSync('/proc/self/maps', 'latin1')).toMatch(/native\/prebuilds\/.*\.node/);
  }
  if (process.platform === 'win32') return;
  if (pipe === undefined) throw new Error('the native kernel made no pipe');
  kernel.closeFd(pipe.read);
  kernel.closeFd(pipe.write);
}

/** A directory for the tests of the suite that calls this; its path is known when they run. */
export function scratch(): { readonly path: string; at(...parts: string[]): string } {
  let path = '';
  beforeAll(() => {
    path = mkdtempSync(join(tmpdir(), 'oc-contract-'));
  });
  afterAll(() => {
    rmSync(path, { recursive: true, force: true });
  });
  return {
    get path() {
      return path;
    },
    at: (...parts) => join(path, ...parts),
  };
}

/** Records of all that -a sends. */
export const listingOptions: ListingOptions = {
  links: true,
  singleNames: false,
  oneDevice: false,
  owner: true,
  group: true,
  nanoseconds: true,
  dirFlags: EntryFlag.ContentDir,
  twice: true,
};

export const isRoot = process.getuid?.() === 0;

/** Pseudo-random bytes that are the same each time. */
export function noise(length: number, seed = 1): Buffer {
  const out = Buffer.alloc(length);
  let x = seed >>> 0 || 1;
  for (let i = 0; i < length; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    out[i] = x;
  }
  return out;
}

/** What a call throws. */
export function failure(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
