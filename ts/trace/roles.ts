/** What generator and sender say to each other, once they know what there is. */
import { headLength, readSumHead, type SumHead } from '../delta/sum-head.ts';
import { protocolError } from '../errors.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { digestLength } from '../kernel/kernel.ts';
import type { Options } from '../options/options.ts';
import { itemString } from '../report/itemize.ts';
import { Statistics } from '../report/statistics.ts';
import { readDeleteStats } from '../roles/counts.ts';
import { isKeepAlive } from '../roles/locate.ts';
import { Item, ndxDelStats, ndxDone, ndxFlistEof, ndxFlistOffset } from '../wire/constants.ts';
import { decodeItem, type ItemForm, type ItemHeader, newItemHeader } from '../wire/item.ts';
import type { Negotiated } from '../wire/negotiated.ts';
import type { HeardLists } from './lists.ts';
import { openLiterals } from './literals.ts';
import type { Stream } from './stream.ts';
import { type TokenForm, tokensOf } from './tokens.ts';
import { basisName, counted, hex } from './words.ts';

/** A run, as both of its directions need it. */
export interface HeardRun {
  readonly negotiated: Negotiated;
  /** Those of the server. */
  readonly options: Options;
  readonly lists: HeardLists;
}

interface Talk extends HeardRun {
  readonly stream: Stream;
  readonly form: ItemForm;
  readonly item: ItemHeader;
}

function talkOf(stream: Stream, run: HeardRun): Talk {
  const { negotiated, options } = run;
  const form = {
    protocol: negotiated.protocol,
    xattrs: options.xattrs > 0 && options.transfers,
    xattrOptim: negotiated.xattrOptim,
  };
  return { ...run, stream, form, item: newItemHeader() };
}

/**
 * The generator: what it asks for, phase by phase, and its goodbye.
 */
export async function hearGenerator(stream: Stream, run: HeardRun): Promise<void> {
  const talk = talkOf(stream, run);
  const { negotiated, options } = run;
  const { protocol } = negotiated;
  const phases = new Phases(talk);
  const asked = new Set<number>();
  const digest = digestLength[negotiated.transferDigest.name];
  for (let goodbyes = protocol >= 31 ? 2 : 1; goodbyes > 0; ) {
    const { item } = talk;
    const { at } = await stream.record('an item', (reader) => decodeItem(reader, talk.form, item, false));
    if (item.ndx === ndxDone) {
      if (!phases.areOver) stream.tell(`NDX_DONE: ${phases.end()}`, at);
      else {
        goodbyes--;
        stream.tell('NDX_DONE: goodbye', at);
      }
      continue;
    }
    if (item.ndx === ndxDelStats) {
      await tellDeleteStats(talk, at);
      continue;
    }
    stream.tell(itemText(talk), at);
    if ((item.iflags & Item.Transfer) === 0 || !options.transfers) continue;
    const { ndx } = item;
    const { at: headAt, value: head } = await stream.record('a sum head', (reader) =>
      readSumHead(reader, protocol, digest, 'sender'),
    );
    // The second time it is asked for as a whole.
    const headOnly = options.append !== 'no' && !asked.has(ndx);
    asked.add(ndx);
    stream.tell(headText(head, headOnly), headAt);
    if (!headOnly) await stream.skip(head.count * (4 + head.strongLength), `the sums of item ${ndx}`);
  }
}

/**
 * The sender: its answers, lists of more directories, and what it has counted where a server says that. Answers whether that
 * is what is in the lists.
 */
export async function hearSender(stream: Stream, run: HeardRun, tellsStatistics: boolean): Promise<boolean> {
  const compression = run.negotiated.codec.name;
  const literals = openLiterals(compression);
  try {
    return await hearAnswers(talkOf(stream, run), { compression, literals }, tellsStatistics);
  } finally {
    literals.close();
  }
}

async function hearAnswers(talk: Talk, form: TokenForm, tellsStatistics: boolean): Promise<boolean> {
  const { stream } = talk;
  const { negotiated, options, lists } = talk;
  const { protocol } = negotiated;
  const phases = new Phases(talk);
  const { item } = talk;
  // With --only-write-batch a client keeps what it does not send.
  const comes = options.transfers && (options.sender || options.batch?.kind !== 'only-write');
  const next = async (): Promise<number> =>
    (await stream.record('an item', (reader) => decodeItem(reader, talk.form, item, true))).at;
  while (!phases.areOver) {
    const at = await next();
    if (item.ndx === ndxDone) stream.tell(`NDX_DONE: ${phases.end()}`, at);
    else if (item.ndx === ndxDelStats) await tellDeleteStats(talk, at);
    else if (item.ndx === ndxFlistEof) stream.tell('NDX_FLIST_EOF: no more lists', at);
    else if (item.ndx <= ndxFlistOffset) {
      const dir = ndxFlistOffset - item.ndx;
      const { dirs } = lists.lists;
      stream.tell(`list of directory ${dir}${dirs.holds(dir) ? `: ${dirs.path(dir)}` : ''}`, at);
      await lists.take(dir);
    } else {
      stream.tell(itemText(talk), at);
      if ((item.iflags & Item.Transfer) !== 0 && comes) await hearFile(talk, form);
    }
  }
  const total = tellsStatistics ? await tellStatistics(stream, protocol) : undefined;
  const fits = total === lists.lists.totals.size;
  if (protocol < 31) return fits;
  let at = await next();
  for (; item.ndx === ndxDelStats; at = await next()) await tellDeleteStats(talk, at);
  stream.tell(item.ndx === ndxDone ? 'NDX_DONE: goodbye' : itemText(talk), at);
  return fits;
}

/** Sum head, tokens and digest of one file. */
async function hearFile({ stream, negotiated }: Talk, form: TokenForm): Promise<void> {
  const length = digestLength[negotiated.transferDigest.name];
  const { at, value: head } = await stream.record('a sum head', (reader) =>
    readSumHead(reader, negotiated.protocol, length, 'receiver'),
  );
  stream.tell(headText(head, true), at);
  const tokensAt = stream.reader.offset;
  stream.tell(await tokensOf(stream, form, head), tokensAt);
  const { at: sumAt, value: sum } = await stream.record('the sum of a file', (reader) =>
    reader.bytes(length),
  );
  stream.tell(`file sum ${hex(sum)} (${negotiated.transferDigest.name})`, sumAt);
}

/** What NDX_DONE ends: with incremental recursion lists, one by one, of which the last ends a phase; then phases. */
class Phases {
  private readonly talk: Talk;
  private readonly all: number;
  private listsDone = 0;
  private done = 0;

  constructor(talk: Talk) {
    this.talk = talk;
    this.all = talk.negotiated.protocol >= 29 ? 3 : 2;
  }

  get areOver(): boolean {
    return this.done === this.all;
  }

  end(): string {
    const { negotiated, lists } = this.talk;
    const known = lists.lists.segments.length;
    if (negotiated.incRecurse && this.listsDone < known) {
      this.listsDone++;
      if (this.listsDone < known) return `list ${this.listsDone} is done`;
    }
    this.done++;
    return `phase ${this.done} is done`;
  }
}

function itemText({ lists, item, negotiated, options }: Talk): ByteString {
  const { ndx, iflags, basisType, xname, xattrs } = item;
  if (isKeepAlive(lists.lists, item, negotiated.protocol)) return `item ${ndx}: keep-alive`;
  const entry = lists.entryOf(ndx);
  if (entry === undefined) throw protocolError(`item ${ndx} is in no list`);
  const words = [`item ${ndx} ${entry.path}`];
  if (negotiated.protocol >= 29)
    words.push(
      itemString(iflags, entry.mode, {
        transferSign: options.sender ? '>' : '<',
        times: options.times,
        linkTimes: true,
      }).trimEnd(),
    );
  if (iflags & Item.BasisTypeFollows) words.push(`basis: ${basisName(basisType)}`);
  if (iflags & Item.XnameFollows) words.push(`name: ${xname}`);
  for (const { num, value } of xattrs)
    words.push(
      value === undefined ? `attribute ${num}` : `attribute ${num}: ${counted(value.length, 'byte')}`,
    );
  return words.join(' ');
}

function headText(head: SumHead, headOnly: boolean): ByteString {
  const { count, blockLength, strongLength, remainder } = head;
  if (count === 0 && blockLength === 0) return 'sum head: no blocks';
  const last = remainder === 0 ? '' : `, the last ${remainder}`;
  const sums = headOnly ? '' : `, ${counted(count, 'sum')} of 4+${strongLength} bytes`;
  return `sum head: ${counted(count, 'block')} of ${blockLength} bytes${last} (${headLength(head)} in all)${sums}`;
}

async function tellDeleteStats({ stream }: Talk, at: number): Promise<void> {
  const stats = new Statistics();
  stream.within = 'the statistics of deletions';
  await readDeleteStats(stream.reader, stats, 'receiver');
  const { deletedFiles, deletedDirs, deletedLinks, deletedDevices, deletedSpecials } = stats;
  stream.tell(
    `NDX_DEL_STATS: ${deletedFiles} in all, ${deletedDirs} directories, ${deletedLinks} symlinks, ${deletedDevices} devices, ${deletedSpecials} specials`,
    at,
  );
}

/** Answers the size of all files. */
async function tellStatistics(stream: Stream, protocol: number): Promise<number> {
  const { at, value } = await stream.record('the statistics', (reader) =>
    Array.from({ length: protocol >= 29 ? 5 : 3 }, () => reader.varlong30(3)),
  );
  const [read, written, size, built, sent] = value;
  const times = protocol >= 29 ? `, list built in ${built} ms, sent in ${sent} ms` : '';
  stream.tell(`statistics: read ${read}, written ${written}, total size ${size}${times}`, at);
  return size;
}
