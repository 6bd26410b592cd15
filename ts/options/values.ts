/** Kinds of values that settled options have. */
import type { ByteString } from '../kernel/kernel.ts';

export type DeleteWhen = 'before' | 'during' | 'delay' | 'after';

/** Levels of `--info`; 0 is off. */
export type InfoFlag =
  | 'backup'
  | 'copy'
  | 'del'
  | 'failures'
  | 'flist'
  | 'misc'
  | 'mount'
  | 'name'
  | 'nonreg'
  | 'progress'
  | 'remove'
  | 'skip'
  | 'stats'
  | 'symsafe';
/** Levels of `--debug`; 0 is off. */
export type DebugFlag =
  | 'acl'
  | 'backup'
  | 'bind'
  | 'chdir'
  | 'connect'
  | 'cmd'
  | 'del'
  | 'deltasum'
  | 'dup'
  | 'exit'
  | 'filter'
  | 'flist'
  | 'fuzzy'
  | 'genr'
  | 'hash'
  | 'hlink'
  | 'iconv'
  | 'io'
  | 'nstr'
  | 'own'
  | 'proto'
  | 'recv'
  | 'send'
  | 'time';

/** What concerns the file that a filter argument names: rsync reads it then and there. */
interface NamesFile {
  /** --from0 stood before it. */
  readonly from0?: true;
}

/** One filter argument in the order given; `ts/filter` parses its text. */
export type FilterArg =
  | ({ readonly kind: 'filter'; readonly rule: ByteString } & NamesFile)
  | { readonly kind: 'exclude' | 'include'; readonly pattern: ByteString }
  | ({ readonly kind: 'exclude-from' | 'include-from'; readonly file: ByteString } & NamesFile)
  /** -C; expands to rsync's cvs rules. */
  | { readonly kind: 'cvs-exclude' };

export interface AlternateDest {
  readonly kind: 'compare' | 'copy' | 'link';
  readonly dir: ByteString;
}

export interface Batch {
  readonly kind: 'read' | 'write' | 'only-write';
  readonly file: ByteString;
}
