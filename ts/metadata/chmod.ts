import type { ByteString } from '../kernel/kernel.ts';

/** One parsed part of a `--chmod` value; apply a list of them with `tweakMode`. */
export interface ChmodStep {
  readonly and: number;
  readonly or: number;
  /** Copied permissions (`g=u`): the triple read (0100 user, 0010 group, 0001 others), … */
  readonly copyFrom: number;
  /** … the triples it is written to, and a mask of what may be written. */
  readonly copyTo: number;
  readonly copyMask: number;
  readonly subtract: boolean;
  /** `X`: execute bits only for directories and what is executable already. */
  readonly keepX: boolean;
  readonly only: 'all' | 'dirs' | 'files';
}

/** Parses a `--chmod` value; `undefined` where it is malformed. `umask` limits parts that name nobody. */
export function parseChmod(_text: ByteString, _umask: number): readonly ChmodStep[] | undefined {
  throw new Error('not yet');
}

/** The mode (with its file type) after `steps` (tweak_mode). */
export function tweakMode(_mode: number, _steps: readonly ChmodStep[]): number {
  throw new Error('not yet');
}
