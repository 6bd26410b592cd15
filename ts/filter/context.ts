import type { ByteString } from '../kernel/kernel.ts';

/** The side of the transfer that a chain of filters works for. */
export type FilterSide = 'sender' | 'receiver';

/**
 * What a check asks about a name: `hide` considers the rules that apply to the sending side (is it left
 * out of the file list?), `protect` those of the receiving side (is it kept from deletion?).
 */
export type FilterAction = 'hide' | 'protect';

export type FilterVerdict = 'excluded' | 'included' | 'none';

/** The directory that names given to the filters are relative to; a kernel `Tree` is one. */
export interface FilterRoot {
  readonly path: ByteString;
}

/** What the filters need to know of the run and its surroundings, beside the options. */
export interface FilterContext {
  readonly side: FilterSide;
  /** True in a `--server` process, whose rules come over the wire. */
  readonly server?: boolean;
  /**
   * Reads a whole rule file; `-` is standard input. Throws `SysError`. The default reads it in pieces, and
   * refuses symbolic links in its path that belong to somebody other than root and us.
   */
  readonly readFile?: (path: ByteString) => Uint8Array;
  /** Absolute working directory; the process' own by default. */
  readonly cwd?: ByteString;
  /** A daemon module's directory without its last slash: absolute patterns and merge files are below it. */
  readonly moduleDir?: ByteString;
  /** `HOME` and `CVSIGNORE`, for -C; the process' environment by default. */
  readonly home?: ByteString;
  readonly cvsIgnore?: ByteString;
  /** Shows a complaint that does not end the run. */
  readonly warn?: (text: ByteString) => void;
  /** Some rules could not be read: the run goes on, and fails in the end. */
  readonly failed?: () => void;
  /** Shown each verdict of a rule (`--debug=FILTER`), as "[sender] hiding file NAME because of pattern P". */
  readonly trace?: (text: ByteString) => void;
  /** strerror; a few texts are known by default. */
  readonly errorText?: (errno: number) => string;
}
