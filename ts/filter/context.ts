import type { RsyncError } from '../errors.ts';
import type { Host, Site } from '../host.ts';
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
  readonly server: boolean;
  /** Who it is before the exchange of rules, if not 'client' or 'server'. */
  readonly early?: 'Receiver' | undefined;
  readonly site: Site;
  /** `HOME` and `CVSIGNORE` for -C, whose links are followed, and standard input for a file called `-`. */
  readonly host: FilterHost;
  /** What ends the reading behind so many rules is told as the options before them have it. */
  ended?(error: RsyncError, rules: number): void;
  /** So many rules of the options have been read; undefined: all of them. */
  reading?(rules: number | undefined): void;
  /** Shows a complaint that does not end the run. */
  warn(text: ByteString): void;
  /** A rule file could not be opened for a loop of links, or one of others: says so where it was that. */
  refused(path: ByteString): void;
  /** Some rules could not be read: the run goes on, and fails in the end. */
  failed(): void;
  /** Shown each verdict of a rule (`--debug=FILTER`), as "[sender] hiding file NAME because of pattern P". */
  readonly trace: ((text: ByteString) => void) | undefined;
  /** Shown what becomes of rules and their files (`--debug=FILTER2`). */
  readonly details?: ((text: ByteString) => void) | undefined;
  /** Reads rule files in another way than by opening them; throws `SysError`. */
  readonly readFile: ((path: ByteString) => Uint8Array) | undefined;
}

export type FilterHost = Pick<Host, 'env' | 'user' | 'descriptors'>;
