/** The portable kernel: everything `Kernel` promises, in plain Node. */
import { closeSync } from 'node:fs';
import type { DigestName, Kernel } from '../kernel.ts';
import { openPlainDigest } from './digest/digest.ts';
import { attempt } from './sys-error.ts';
import { availableCompressions, openDecoder, openEncoder } from './tokens/codecs.ts';
import { type PortableHost, PortableTree } from './tree/tree.ts';

/** What may be negotiated; the others (`md4-old`, SHA-2) come with old protocols and daemon passwords. */
const digests: readonly DigestName[] = [
  'xxh128',
  'xxh3',
  'xxh64',
  'md5',
  'md4',
  'sha1',
  'sha256',
  'sha512',
  'none',
];

/** Makes a portable kernel. It holds no state of a run, so that several may live in one process. */
export function createPortableKernel(host: PortableHost): Kernel {
  const compressions = availableCompressions();
  const confinement = process.platform === 'linux' ? 'O_NOFOLLOW walk' : 'lstat walk';
  return {
    name: 'portable',
    report: () => ({
      name: 'portable',
      features: [confinement, ...compressions.filter((name) => name !== 'none')],
    }),
    digests,
    compressions,
    can: { mknod: false, nanoseconds: false, linkTimes: true, xattrs: false },
    openTree: (path, options) => new PortableTree(path, options, host),
    digest(name, data) {
      const digest = openPlainDigest(name);
      digest.update(data, 0, data.length);
      return digest.final();
    },
    openEncoder,
    openDecoder,
    pipe: () => undefined,
    socketPair: () => undefined,
    closeFd: (fd) => attempt('close', () => closeSync(fd)),
  };
}
