/** The kernel of the Rust addon. It only converts; the work is done in `crates/`. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import loadAddon from 'node-gyp-build';
import type * as Addon from '../../native/addon.d.ts';
import type { IoPath } from './io-path.ts';
import type { CodecSpec, DigestName, Kernel, KernelReport, PipePair, Tree, TreeOptions } from './kernel.ts';
import { NativeDecoder, NativeEncoder } from './native/codec.ts';
import { createFailures, type Failures } from './native/failure.ts';
import { NativeTree } from './native/tree.ts';

type Binding = typeof Addon;

/**
 * The kernel of the Rust addon, with the way to move a wire's bytes that is forced, if any. Throws when there is no
 * addon for this machine.
 */
export function loadNativeKernel(io?: IoPath): Kernel {
  return createNativeKernel(loadBinding(), io);
}

/**
 * Loads the addon from the package's `native/prebuilds`. The package is one folder above the bundles in
 * `dist/`, two above this file.
 */
function loadBinding(): Binding {
  let folder = import.meta.dirname;
  for (let levels = 0; levels < 3; levels++) {
    folder = dirname(folder);
    if (existsSync(join(folder, 'native', 'prebuilds'))) break;
  }
  return loadPlainly(folder) ?? (loadAddon(join(folder, 'native')) as Binding);
}

/**
 * The addon where our builds lay it (`scripts/build.mjs`), in one look: searching for all that an addon can be called
 * takes a twentieth of the time that a short run has. undefined where it is not there, or is none for this machine.
 */
function loadPlainly(folder: string): Binding | undefined {
  const { platform, arch } = process;
  const libc = platform !== 'linux' ? '' : existsSync('/etc/alpine-release') ? '.musl' : '.glibc';
  const file = `${folder}/native/prebuilds/${platform}-${arch}/oc-rsync${libc}.node`;
  if (!existsSync(file)) return undefined;
  const module = { exports: {} };
  try {
    process.dlopen(module, file);
  } catch {
    return undefined;
  }
  return module.exports as Binding;
}

/** The numbers of the tables that Rust shares with us, as `table.field`, for the contract tests. */
export function nativeLayouts(): ReadonlyMap<string, number> {
  return new Map(
    loadBinding()
      .layouts()
      .map(({ name, value }) => [name, value]),
  );
}

function createNativeKernel(addon: Binding, io: IoPath | undefined): Kernel {
  const failures: Failures = createFailures(addon.syscallNames());
  return {
    name: 'native',
    digests: ['xxh128', 'xxh3', 'xxh64', 'md5', 'md4', 'md4-old', 'sha1', 'sha256', 'sha512', 'none'],
    compressions: ['zstd', 'lz4', 'zlibx', 'zlib', 'none'],
    can: { mknod: true, nanoseconds: true, linkTimes: true, xattrs: true },

    report: (): KernelReport => ({ name: 'native', features: [...addon.features(), ioInWords(addon, io)] }),

    openTree(path: string, options?: TreeOptions): Tree {
      const tree = failures.need(
        addon.openTree(path, {
          confined: options?.confined ?? false,
          followParents: options?.followParents === undefined ? 0 : options.followParents === 'below' ? 1 : 2,
          followFiles: options?.followFiles ?? false,
          keepAccessTimes: options?.keepAccessTimes ?? false,
          trustedLinks: options?.trustedLinks ?? false,
          confineRoot: options?.confineRoot,
          beneath: options?.beneath,
        }),
      );
      return new NativeTree(path, tree, failures, io);
    },

    digest: (name: DigestName, data: Uint8Array): Uint8Array => addon.digest(name, data),

    openEncoder: (spec: CodecSpec) =>
      new NativeEncoder(spec, addon.Encoder.open(spec.name, spec.level, spec.threads)),
    openDecoder: (spec: CodecSpec) =>
      new NativeDecoder(spec, addon.Decoder.open(spec.name, spec.level, spec.threads)),

    pipe: (): PipePair => failures.need(addon.pipe()),

    socketPair(): [number, number] {
      const [a, b] = failures.need(addon.socketPair());
      return [a, b];
    },

    closeFd: (fd: number): void => addon.closeFd(fd),
    sortEntries: addon.sortEntries,
    decodeEntries: addon.decodeEntries,
    encodeEntries: addon.encodeEntries,
    acknowledge: (fd: number): void => addon.acknowledge(fd),
    setSocketOption: addon.setSocketOption,
    changeRoot: addon.changeRoot,
    limitMemory: addon.limitMemory,
    fork: addon.fork,
    reap: addon.reap,
    exitAtOnce: addon.exitAtOnce,
    setEngineFlag: addon.setEngineFlag,
    lockRange: addon.lockRange,
    systemLog: addon.systemLog,
  };
}

function ioInWords(addon: Binding, io: IoPath | undefined): string {
  return io === undefined ? `wire I/O by default: ${addon.defaultIoPath()}` : `wire I/O: ${io}`;
}
