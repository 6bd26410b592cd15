import type { DigestName, Kernel } from '../kernel/kernel.ts';

/** Names for a daemon greeting, strongest first. */
export const authDigests: readonly DigestName[] = ['sha512', 'sha256', 'sha1', 'md5', 'md4'];

/** What a negotiation needs of a kernel. */
export type Choices = Pick<Kernel, 'digests' | 'compressions'>;
