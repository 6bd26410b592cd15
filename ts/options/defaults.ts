/** The options of a command line that names none. */
import type { Options } from './options.ts';
import { plainOptions } from './settle.ts';

/** A fresh `Options` with rsync's defaults, changed by `given`: for tests and for callers of the library. */
export function defaultOptions(given: Partial<Options> = {}): Options {
  return { ...plainOptions(), ...given };
}
