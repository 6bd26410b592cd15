import type { Host } from '../../host.ts';
import type { ByteString } from '../../kernel/kernel.ts';
import type { Options } from '../../options/options.ts';
import type { ListRange, ListTotals } from '../item-entry.ts';
import { bigNumber } from '../numbers.ts';

/** Samples, a second apart, that the current rate is taken from. */
const historySize = 5;
/** Data that came at most this long (ms) before a file's first progress is taken as its start. */
const recent = 1500;

interface Sample {
  time: number;
  offset: number;
}

/** What the meter needs of its report. */
interface Shown {
  readonly options: Options;
  readonly lists: ListTotals | undefined;
  write(code: 'client', text: ByteString): void;
  writeOpen(code: 'client', text: ByteString): void;
  continueLine(): void;
}

function two(n: number): string {
  return n < 10 ? `0${n}` : `${n}`;
}

/** `h:mm:ss`, ten wide. */
function duration(seconds: number): string {
  if (seconds < 0 || seconds > 9999 * 3600 || Number.isNaN(seconds)) return '  ??:??:??';
  const s = Math.floor(seconds);
  return `${`${Math.floor(s / 3600)}`.padStart(4)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

/** KiB a second, as `  12.34MB/s`. */
function rateText(kib: number): string {
  const [value, unit] =
    kib > 1024 * 1024 ? [kib / (1024 * 1024), 'GB/s'] : kib > 1024 ? [kib / 1024, 'MB/s'] : [kib, 'kB/s'];
  return value.toFixed(2).padStart(7) + unit;
}

/**
 * The progress meter: a line per file that is written over until the file is through (--progress), or one
 * line for the whole transfer (--info=progress2).
 */
export class Progress {
  private readonly report: Shown;
  private readonly host: Pick<Host, 'now' | 'inForeground'>;
  private readonly whole: boolean;
  private readonly started: number;
  /** Where the rate of a finished line counts from; time 0 when it is still to be set. */
  private start: Sample = { time: 0, offset: 0 };
  private history: Sample[] = Array.from({ length: historySize }, () => ({ time: 0, offset: 0 }));
  private newest = 0;
  private oldest = 0;
  /** Number of entries before the current one, over all lists. */
  private entry = 0;
  /** Length of what closed the last whole line. */
  private lastTail = 0;
  private list: ListRange | undefined;
  /** Transfers whose turn has come, and the bytes of their files: what is told of may be less than what runs. */
  private transfers = 0;
  private transferred = 0;

  constructor(report: Shown, host: Pick<Host, 'now' | 'inForeground'>) {
    this.report = report;
    this.host = host;
    this.whole = report.options.info.progress >= 2;
    this.started = host.now();
  }

  /** The turn of a transfer has come, whether or not it will be shown. */
  begin(size: number): void {
    this.transfers++;
    this.transferred += size;
  }

  /** From here on the lines are about this entry. */
  setEntry(list: ListRange, i: number): void {
    const lists = this.report.lists;
    let before = 0;
    if (lists !== undefined) {
      before = lists.totals.entries - lists.held;
      for (const segment of lists.segments) if (segment.ndxStart < list.ndxStart) before += segment.count;
    }
    this.entry = before + i;
    this.list = list;
  }

  /**
   * All of `first`, the oldest list, is through: a whole transfer stands at the end of the list that was told
   * of last (rsync's cur_flist), which may be another one.
   */
  endList(first: ListRange): void {
    const { list } = this;
    const shown = list !== undefined && this.report.lists?.segments.includes(list) ? list : first;
    this.setEntry(shown, shown.count - 1);
    if (this.whole) this.end(0);
  }

  /** A position in the current file; at most one line a second comes of it. */
  show(position: number, fileSize: number): void {
    const now = this.host.now();
    const offset = this.whole ? this.transferred - fileSize + position : position;
    const size = this.whole ? this.totalSize : fileSize;
    if (this.start.time === 0) {
      const last = this.history[this.newest].time;
      this.start = now - last <= recent ? { time: last, offset: 0 } : { time: now, offset };
      this.history = this.history.map(() => ({ ...this.start }));
    } else {
      if (now - this.history[this.newest].time < 1000) return;
      this.newest = this.oldest;
      this.oldest = (this.oldest + 1) % historySize;
      this.history[this.newest] = { time: now, offset };
    }
    if (this.host.inForeground()) this.line(offset, size, now, undefined);
  }

  /** The current file is through. */
  end(size: number): void {
    const now = this.host.now();
    if (this.whole) this.line(this.transferred, this.totalSize, now, this.start);
    else {
      this.line(size, size, now, this.start);
      this.start = { time: 0, offset: 0 };
    }
  }

  /** Where the whole transfer stands, once. */
  instant(): void {
    const last = { time: this.started, offset: 0 };
    this.line(this.transferred, this.totalSize, this.host.now(), last);
  }

  private get totalSize(): number {
    return this.report.lists?.totals.size ?? 0;
  }

  /** `last`: where the rate of a line that is through counts from, if it is. */
  private line(offset: number, size: number, now: number, last: Sample | undefined): void {
    const from = last ?? this.history[this.oldest];
    const elapsed = (last && from.time === 0 ? 0 : Math.trunc(now - from.time)) || 1;
    const rate = ((offset - from.offset) * 1000) / elapsed / 1024;
    const remaining = last ? elapsed / 1000 : rate === 0 ? 0 : (size - offset) / rate / 1000;
    const percent = offset === size ? 100 : Math.trunc((100 * offset) / size);
    const count = bigNumber(offset, this.report.options.humanReadable).padStart(15);
    const text = `\r${count} ${`${percent}`.padStart(3)}% ${rateText(rate)} ${duration(remaining)}`;
    this.report.continueLine();
    if (!last) this.report.writeOpen('client', `${text}  `);
    else if (this.whole) {
      const tail = this.tail();
      this.report.writeOpen('client', text + tail.padEnd(this.lastTail));
      this.lastTail = tail.length;
    } else this.report.write('client', `${text}${this.tail()}\n`);
  }

  private tail(): string {
    const lists = this.report.lists;
    const total = lists?.totals.entries ?? 0;
    const complete = lists === undefined || lists.eof || !lists.incRecurse;
    return ` (xfr#${this.transfers}, ${complete ? 'to' : 'ir'}-chk=${total - this.entry - 1}/${total})`;
  }
}
