import { Writer } from '../wire/writer.ts';
import type { FlistContext } from './context.ts';
import { FlistEncoder } from './encoder.ts';
import type { FileLists } from './file-lists.ts';
import { SentIds } from './id-lists.ts';
import type { IdNames } from './id-names.ts';
import type { FlistFormat } from './wire-format.ts';

/** Where bytes go that are only counted. */
const nowhere = { write: () => Promise.resolve(), end: () => Promise.resolve(), unsent: () => 0 };

/**
 * How many bytes lists would take on a wire that pass as they are: what was sent is told to the user, who shall read
 * there what a wire would have had.
 */
export class UncodedLists {
  /** Codes entries, which nobody reads. */
  readonly encoder: FlistEncoder;
  private readonly writer = new Writer(nowhere);
  private readonly ids: SentIds;
  private readonly format: FlistFormat;
  private readonly lists: FileLists;
  /** Sums are not made on this side, but a wire would have them. */
  private readonly sumBytes: number;
  private coded = 0;
  private files = 0;

  constructor(
    { kernel, paths, negotiated }: FlistContext,
    format: FlistFormat,
    lists: FileLists,
    names: IdNames | undefined,
  ) {
    this.format = format;
    this.lists = lists;
    this.ids = new SentIds(names);
    this.sumBytes = paths.sumsWhereCompared ? format.sumLength : 0;
    this.writer.setProtocol(negotiated.protocol);
    this.writer.tap((data) => {
      this.coded += data.length;
    });
    this.writer.divert(true);
    const encodeEntries = paths.plainEntriesOut ? kernel.encodeEntries : undefined;
    this.encoder = new FlistEncoder({ writer: this.writer, format, ids: this.ids, encodeEntries });
  }

  /** Ends a list; its bytes, with those of the names of ids where they follow it. */
  end(): number {
    if (this.format.idLists && !this.format.incRecurse) this.ids.send(this.writer, this.format);
    this.writer.flush();
    const { files } = this.lists.totals;
    const bytes = this.coded + (files - this.files) * this.sumBytes;
    this.coded = 0;
    this.files = files;
    return bytes;
  }
}
