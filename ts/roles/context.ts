import type { Choice } from '../flist/choice.ts';
import type { ByteString, Kernel } from '../kernel/kernel.ts';
import type { AttributeOptions } from '../metadata/compare.ts';
import type { FastPaths } from '../options/fast-paths.ts';
import type { Options } from '../options/options.ts';
import type { Report } from '../report/report.ts';
import type { Statistics } from '../report/statistics.ts';
import type { ItemForm } from '../wire/item.ts';
import type { Negotiated } from '../wire/negotiated.ts';
import type { Reader } from '../wire/reader.ts';
import type { Writer } from '../wire/writer.ts';
import type { DestinationExtras } from './extras.ts';
import type { ItemLog } from './item-log.ts';
import type { WantedCursor } from './listed.ts';
import type { Loopback } from './loopback.ts';

/** The mutable rest of a run that its roles share. */
export interface RunState {
  /** `IoError` bits, ours and the peer's. */
  ioError: number;
}

/** What a session hands to each of its roles. */
export interface RoleContext {
  readonly options: Options;
  /** The shortcuts that are open to this run. */
  readonly paths: FastPaths;
  readonly negotiated: Negotiated;
  readonly kernel: Kernel;
  readonly reader: Reader;
  readonly writer: Writer;
  readonly report: Report;
  readonly items: ItemLog;
  /** Which attributes are preserved, and which can be. */
  readonly attributes: AttributeOptions;
  /** What the entry at hand shall be. */
  readonly wanted: WantedCursor;
  /** What a receiving end does with ACLs and extended attributes; undefined where neither is preserved. */
  readonly extras: DestinationExtras | undefined;
  /** How items look on the wire. */
  readonly itemForm: ItemForm;
  /** The effective user is root, or --super or --fake-super has it act as if. */
  readonly amRoot: boolean;
  /** A receiving end in a module: what becomes of the mode of what comes in, also where modes are not kept. */
  readonly moduleMode: ((mode: number) => number) | undefined;
  /** A receiving end in a module: names that it does not take, whatever the client wants. */
  readonly refuses: ((path: ByteString, isDir: boolean) => boolean) | undefined;
  /** What the destination alone has and a caller's function leaves as it is, whatever is deleted. */
  readonly protects: Choice['protects'];
  /** Whether a link of others is what keeps us from an absolute path (rsync 3.5.0 follows none of those). */
  isRefused(path: ByteString): boolean;
  readonly stats: Statistics;
  readonly state: RunState;
  /** Set when the peer is a session of this process: whole files then pass by reference. */
  readonly loopback: Loopback | undefined;
  /** The peer is a session of this process, or was started by the same. */
  readonly local: boolean;
  /** At random from 0 to 1, for names that nothing has yet. */
  random(): number;
  /** Rejects when the run is interrupted; long loops look at it between files. */
  readonly signal: AbortSignal;
}
