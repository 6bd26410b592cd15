/**
 * What happens in a run, apart from how it is said. `Report` tells its listener; the views (`view/`) are what a
 * terminal, a log or a peer is shown of the same.
 */
import type { ByteString } from '../kernel/kernel.ts';
import type { ItemEntry, ListTotals } from './item-entry.ts';
import type { ItemizeContext } from './itemize.ts';
import type { Statistics } from './statistics.ts';

/**
 * rsync's log codes. `info` is for the user (and the log file); `client` the same, but never for the log
 * file; `log` only for the log file; `error-xfer` is an error after which the run ends with exit 23.
 * `error-utf8` is an error in the charset of the wire (--iconv).
 */
export type LogCode = 'info' | 'warning' | 'error' | 'error-xfer' | 'error-utf8' | 'client' | 'log';

/**
 * Who wants to know what happens gives the methods it needs. Where nobody listens, and where a listener lacks
 * the method, an event costs no more than a look. Arguments are the run's own: they are good until the call
 * returns, and what is kept of them has to be copied.
 */
export interface RunEvents {
  /** Both ends know how they speak: what the letters of items are made by. */
  agreed?(context: ItemizeContext): void;
  /** The lists of the run begin; they grow until `eof`. */
  listing?(lists: ListTotals): void;
  /** An entry is listed, where nothing is transferred (--list-only): in place of its line. */
  listed?(entry: ItemEntry): void;
  /** Something was said in words: raw bytes, with the line end. */
  said?(code: LogCode, text: ByteString): void;
  /**
   * An item is done with: changed, transferred, or, in a dry run, what would be. Items that are as they should
   * be do not pass between the two ends unless they are asked for (-ii).
   * `iflags` are the bits of `Item`; `leader` is the name that a hard link was made from, '' for none.
   */
  item?(entry: ItemEntry, iflags: number, leader: ByteString): void;
  /** A file was deleted, or would be; of `mode` the type alone is certain. */
  deleted?(path: ByteString, mode: number): void;
  /** What this end counts: it grows until `ended`. */
  counting?(statistics: Readonly<Statistics>): void;
  /** The content of a file of so many bytes is asked for: its turn comes later. */
  requested?(size: number): void;
  /** What was asked for, of so many bytes, does not come: it cannot be read, or not be written here. */
  missed?(size: number): void;
  /** A sender that hears of requests alone: entries of so many bytes are behind it, whether they were asked for or not. */
  passed?(bytes: number): void;
  /** Every file of the list has been looked at: no more is asked for, but what has to come again. */
  allRequested?(): void;
  /**
   * A file's transfer is `position` bytes far, of which `matched` were there before; the last call for a file has
   * `position` equal to `size`.
   */
  progressed?(path: ByteString, position: number, size: number, matched: number): void;
  /** The run is over, or failed: what it counted. */
  ended?(statistics: Readonly<Statistics>): void;
}
