/** How far a run is, from its events; nothing of it ever gets less, but by what does not come. */
import type { ByteString } from '../../../kernel/kernel.ts';
import { Item } from '../../../wire/constants.ts';
import type { RunEvents } from '../../events.ts';
import type { ListTotals } from '../../item-entry.ts';
import type { Statistics } from '../../statistics.ts';

/** Between two samples, and how long they count for a rate, in milliseconds. */
const samplePause = 500;
const window = 5000;
/** A time left follows from no less than this. */
const leastForTimeLeft = 2000;

/** Where a run stands. Bytes are those of files, whether they had to be sent or were there. */
export interface Standing {
  /** Files that came, or in a dry run would have, and their bytes with what has come of the next. */
  readonly files: number;
  readonly bytes: number;
  /** What was asked for until now, without what does not come. */
  readonly filesWanted: number;
  readonly bytesWanted: number;
  /** Files that were asked for and do not come. */
  readonly filesMissed: number;
  /** No more is asked for. */
  readonly allWanted: boolean;
  /** Entries of the list so far; more may come unless `listed`. */
  readonly entries: number;
  readonly listed: boolean;
  /** Of the bar, from 0 to 1; undefined as long as nothing is known that it could be a part of. */
  readonly part: number | undefined;
  /** Bytes a second; undefined at the beginning. */
  readonly literalRate: number | undefined;
  readonly matchedRate: number | undefined;
  /** Seconds, at most so many unless `allWanted`; undefined as long as that cannot be told. */
  readonly left: number | undefined;
  /** The file under way, or the one that came last, and how far it is; undefined before the first. */
  readonly name: ByteString | undefined;
  readonly namePart: number;
  readonly literal: number;
  readonly matched: number;
  /** Milliseconds since the run began. */
  readonly elapsed: number;
}

interface Sample {
  readonly time: number;
  readonly literal: number;
  readonly matched: number;
}

/** Counts what happens. */
export class Tally {
  /** The two ends have agreed: from here on there is something to show. */
  begun = false;
  private readonly now: () => number;
  private readonly changed: () => void;
  private readonly start: number;
  private lists: ListTotals | undefined;
  private statistics: Readonly<Statistics> | undefined;
  private readonly wanted = { files: 0, bytes: 0, all: false };
  private filesMissed = 0;
  private readonly done = { files: 0, bytes: 0 };
  /** Bytes of the list that the sender has behind it, asked for or not; undefined where that is not told. */
  private passed: number | undefined;
  private current: ByteString | undefined;
  private position = 0;
  private size = 0;
  private currentMatched = 0;
  /** The highest that was told. */
  private readonly most = { bytes: 0, part: 0, literal: 0, matched: 0 };
  private readonly samples: Sample[] = [];

  /** `changed` is called at each event. */
  constructor(now: () => number, changed: () => void) {
    this.now = now;
    this.changed = changed;
    this.start = now();
    this.samples.push({ time: this.start, literal: 0, matched: 0 });
  }

  /** What it listens to. */
  readonly events: RunEvents = {
    agreed: () => {
      this.begun = true;
      this.changed();
    },
    counting: (statistics) => {
      this.statistics = statistics;
    },
    listing: (lists) => {
      this.lists = lists;
      this.changed();
    },
    requested: (size) => {
      this.wanted.files++;
      this.wanted.bytes += size;
      this.changed();
    },
    missed: (size) => {
      this.filesMissed++;
      this.wanted.files--;
      this.wanted.bytes -= size;
      this.most.bytes = this.done.bytes;
      this.forgetCurrent();
      this.changed();
    },
    passed: (bytes) => {
      this.passed = bytes;
      this.changed();
    },
    allRequested: () => {
      this.wanted.all = true;
      this.changed();
    },
    progressed: (path, position, size, matched) => {
      this.current = path;
      this.position = position;
      this.size = size;
      this.currentMatched = matched;
      this.changed();
    },
    item: (entry, iflags) => {
      if ((iflags & Item.Transfer) === 0) return;
      this.done.files++;
      this.done.bytes += entry.size;
      this.current = entry.path;
      this.forgetCurrent();
      this.changed();
    },
  };

  /** To be called now and then: speeds follow from what is seen here. */
  sample(): void {
    this.countData(this.position);
    const { samples, most } = this;
    const now = this.now();
    // A clock that was set back begins anew.
    if (now < samples.at(-1)!.time) samples.length = 0;
    if (now - (samples.at(-1)?.time ?? 0) >= samplePause)
      samples.push({ time: now, literal: most.literal, matched: most.matched });
    while (samples.length > 2 && now - samples[1]!.time >= window) samples.shift();
  }

  /** Where the run stands now. */
  standing(): Standing {
    const { wanted, done, lists, most } = this;
    const now = this.now();
    const bytes = raise(most, 'bytes', done.bytes + this.position);
    this.sample();
    const { literalRate, matchedRate, spanned } = this.rates(now);
    const listed = lists?.eof ?? false;
    const rest = listed || wanted.all ? this.rest(bytes) : undefined;
    const rate = (literalRate ?? 0) + (matchedRate ?? 0);
    const known = rest !== undefined && spanned >= leastForTimeLeft && rate > 0;
    return {
      files: done.files,
      bytes,
      filesWanted: Math.max(wanted.files, done.files),
      bytesWanted: Math.max(wanted.bytes, bytes),
      filesMissed: this.filesMissed,
      allWanted: wanted.all,
      entries: lists?.totals.entries ?? 0,
      listed,
      part: this.part(bytes, rest),
      literalRate,
      matchedRate,
      left: known ? rest / rate : undefined,
      name: this.current,
      namePart: this.size > 0 ? Math.min(this.position / this.size, 1) : 1,
      literal: most.literal,
      matched: most.matched,
      elapsed: Math.max(now - this.start, 0),
    };
  }

  /** Bytes that are still to come, at most: what is asked for, and what may be. */
  private rest(bytes: number): number {
    const { wanted, passed, lists } = this;
    const asked = Math.max(wanted.bytes - bytes, 0);
    if (wanted.all) return asked;
    const total = lists?.totals.size ?? 0;
    return passed === undefined ? Math.max(total - bytes, asked) : asked + Math.max(total - passed, 0);
  }

  /**
   * Of what is asked for, or, as long as that is not known, of all that is listed. A sender that hears of requests one by
   * one knows what it asked for when all is over: there it is the place in the list. Nothing is whole before it is.
   */
  private part(bytes: number, rest: number | undefined): number | undefined {
    const { wanted, done, most, passed, lists } = this;
    if (rest === undefined) return undefined;
    const whole = wanted.all && done.files >= wanted.files;
    if (whole) return raise(most, 'part', 1);
    const total = lists?.totals.size ?? 0;
    const all = bytes + rest;
    let part = wanted.files > 0 ? done.files / wanted.files : 0;
    if (passed !== undefined && total > 0) part = 1 - rest / total;
    else if (all > 0) part = bytes / all;
    return raise(most, 'part', Math.min(part, 0.999));
  }

  private countData(under: number): void {
    const { most, statistics, currentMatched } = this;
    const matched = Math.min(currentMatched, under);
    // The last step of a file comes when the statistics have it, or are about to.
    const open = this.position < this.size;
    raise(most, 'literal', (statistics?.literal ?? 0) + (open ? under - matched : 0));
    raise(most, 'matched', (statistics?.matched ?? 0) + (open ? matched : 0));
  }

  private rates(now: number): {
    literalRate: number | undefined;
    matchedRate: number | undefined;
    spanned: number;
  } {
    const { samples, most } = this;
    const [first] = samples;
    const spanned = now - first!.time;
    if (spanned < samplePause) return { literalRate: undefined, matchedRate: undefined, spanned };
    const seconds = spanned / 1000;
    return {
      literalRate: (most.literal - first!.literal) / seconds,
      matchedRate: (most.matched - first!.matched) / seconds,
      spanned,
    };
  }

  private forgetCurrent(): void {
    // Its name stays, until there is another one.
    this.position = 0;
    this.size = 0;
    this.currentMatched = 0;
  }
}

function raise<Key extends string>(most: Record<Key, number>, key: Key, value: number): number {
  if (value > most[key]) most[key] = value;
  return most[key];
}
