import type { DigestSpec } from '../../kernel.ts';
import { type BlockDigest, openBlockDigest } from '../digest/digest.ts';
import { rollingSum } from '../digest/rolling.ts';
import { chunkBytes } from '../tokens/format.ts';
import { type BlockTable, smallTable } from './block-table.ts';
import type { TokenStream } from './token-stream.ts';

/**
 * How far the chain of a bucket is followed at one offset. Images of disks hold thousands of equal blocks, and sums can
 * be made to collide: without a bound the search would grow with the square of the file.
 */
export const maxChain = 1024;
/**
 * A rolling sum that is a block's costs a strong sum of as many bytes as a block has, and a peer can make up blocks with the
 * sum of each place of a file. So many blocks, and so many bytes for each byte gone over, may be hashed for nothing; after
 * that places are passed over, and what would have matched there is sent.
 */
const spareBlocks = 64;
const hashedPerByte = 16;
/** By chance alone the places of a file look like a block of so large a basis twice as often as that. */
const basisPerByte = 2 ** 31;
/** Steps, along a chain or over a byte that is hashed, for each byte of the budget until others have their turn. */
const stepsPerByte = 8;

/**
 * Finds the peer's blocks in the file, at any offset (rsync's `hash_search`): the rolling sum moves over
 * the file byte by byte; where a block has the same one, the strong sums decide.
 */
export class HashSearch {
  private readonly table: BlockTable;
  private readonly stream: TokenStream;
  private readonly digest: BlockDigest;
  private readonly inPlace: boolean;
  private readonly size: number;
  /** No block begins at or behind this offset. */
  private readonly end: number;
  private offset = 0;
  /** Bytes that the rolling sum covers: a block, less at the file's end. */
  private covered: number;
  private s1 = 0;
  private s2 = 0;
  /** The block that would continue the last match. */
  private wanted = 0;
  private readonly readAhead: number;
  /** Bytes that were hashed where no block is, and how many may be by byte of the file. */
  hashedInVain = 0;
  private readonly perByte: number;
  /** Steps along chains, and bytes hashed to be sure: what a search costs beside its way over the file. */
  steps = 0;
  /** Where this turn ends, in steps. */
  private stepLimit = 0;

  constructor(table: BlockTable, stream: TokenStream, size: number, digest: DigestSpec, inPlace: boolean) {
    this.table = table;
    this.stream = stream;
    this.digest = openBlockDigest(digest);
    this.inPlace = inPlace;
    this.size = size;
    this.end = size + 1 - table.length(table.count - 1);
    this.covered = Math.min(size, table.blockLength);
    this.readAhead = Math.max(chunkBytes, table.blockLength);
    this.perByte = hashedPerByte + Math.floor(table.total / basisPerByte);
    this.startSum(0);
  }

  /** Searches on over some `budget` bytes, fewer where they take many steps; true when the end is reached. */
  run(budget: number): boolean {
    const stop = Math.min(this.end, this.offset + budget);
    const { table, stream } = this;
    this.stepLimit = this.steps + budget * stepsPerByte;
    while (this.offset < stop && this.steps < this.stepLimit) {
      if (this.roll(stop)) {
        const weak = (this.s1 & 0xffff) | (this.s2 << 16);
        const { hashedInVain } = this;
        const { falseAlarms } = stream;
        const block = this.findBlock(weak);
        if (block >= 0) {
          this.wanted = block + 1;
          const length = table.length(block);
          stream.match(block, this.offset, length);
          this.offset += length;
          this.covered = Math.min(table.blockLength, this.size - this.offset);
          this.startSum(this.offset);
          continue;
        }
        if (this.hashedInVain > hashedInVain) this.passRun(stream.falseAlarms - falseAlarms, stop);
      } else if (this.offset >= stop) {
        break;
      }
      this.advance();
    }
    return this.offset >= this.end;
  }

  private startSum(offset: number): void {
    const at = this.stream.window.need(Math.min(this.stream.sent, offset), offset + this.covered);
    const from = at + offset - Math.min(this.stream.sent, offset);
    const sum = rollingSum(this.stream.window.bytes, from, from + this.covered);
    this.s1 = sum & 0xffff;
    this.s2 = sum >>> 16;
  }

  /**
   * Moves on until a block of the same rolling sum turns up (true), `stop` is reached, or something else
   * has to be done at this offset (false).
   */
  private roll(stop: number): boolean {
    const { table, stream } = this;
    const { heads, chain, weak } = table;
    const small = heads.length === smallTable;
    const buckets = heads.length;
    const window = stream.window;
    const covered = this.covered;
    const ahead = Math.min(this.size, this.offset + covered + this.readAhead);
    if (window.end < Math.min(this.size, this.offset + covered + 1)) window.need(stream.sent, ahead);
    const bytes = window.bytes;
    const base = window.base;
    // As far as there is a next byte to add, in the window, and before literal data has to be sent.
    let limit = Math.min(stop, window.end - covered, this.size - covered);
    const flushAt = stream.sent + table.blockLength + chunkBytes;
    if (this.offset < flushAt) limit = Math.min(limit, flushAt);
    let at = this.offset - base;
    const last = limit - base;
    let s1 = this.s1;
    let s2 = this.s2;
    let hits = 0;
    let found = false;
    let { steps } = this;
    const { stepLimit } = this;
    while (at < last && steps < stepLimit) {
      const bucket = small ? (s1 + s2) & 0xffff : (((s1 & 0xffff) | (s2 << 16)) >>> 0) % buckets;
      let i = heads[bucket];
      if (i >= 0) {
        hits++;
        const sum = (s1 & 0xffff) | (s2 << 16);
        let left = maxChain;
        while (i >= 0 && left > 0 && weak[i] !== sum) {
          i = chain[i];
          left--;
        }
        steps += maxChain - left;
        if (i >= 0 && left > 0) {
          found = true;
          break;
        }
      }
      const gone = (bytes[at] << 24) >> 24;
      s1 = (s1 - gone + ((bytes[at + covered] << 24) >> 24)) | 0;
      s2 = (s2 - Math.imul(covered, gone) + s1) | 0;
      at++;
    }
    this.steps = steps;
    this.s1 = s1;
    this.s2 = s2;
    this.offset = at + base;
    if (!found && this.offset < stop) {
      // The last offset of this stretch is still to be looked at: the caller moves on from it by itself.
      const sum = (s1 & 0xffff) | (s2 << 16);
      if (heads[table.bucket(sum)] >= 0) {
        hits++;
        found = true;
      }
    }
    stream.hashHits += hits;
    return found;
  }

  /** One byte on, where `roll` could not: at the file's end, or to send what has gathered. */
  private advance(): void {
    const { stream, table } = this;
    const { offset, covered } = this;
    const gathered = offset - stream.sent;
    const more = offset + covered < this.size;
    const from = Math.min(stream.sent, offset);
    const at = stream.window.need(from, offset + covered + (more ? 1 : 0)) + offset - from;
    const bytes = stream.window.bytes;
    const gone = (bytes[at] << 24) >> 24;
    this.s1 = (this.s1 - gone) | 0;
    this.s2 = (this.s2 - Math.imul(covered, gone)) | 0;
    if (more) {
      this.s1 = (this.s1 + ((bytes[at + covered] << 24) >> 24)) | 0;
      this.s2 = (this.s2 + this.s1) | 0;
    } else {
      this.covered--;
    }
    if (gathered >= table.blockLength + chunkBytes && this.end - offset > chunkBytes) {
      stream.flush(offset - table.blockLength);
    }
    this.offset++;
  }

  /**
   * Where a window of nothing but one byte is no block, those that are the same are none either: what is empty in the image of
   * a disk looks like each block with its rolling sum, at each place. `alarms` is what each of them would have been.
   */
  private passRun(alarms: number, stop: number): void {
    const { covered, size, stream, table } = this;
    if (covered < table.blockLength) return;
    const from = Math.min(stream.sent, this.offset);
    const ahead = Math.min(size, this.offset + covered + this.readAhead);
    const at = stream.window.need(from, ahead) + this.offset - from;
    const { bytes } = stream.window;
    const first = bytes[at];
    const most = Math.min(ahead - covered, stop - 1) - this.offset;
    let same = 1;
    while (same < covered + most && bytes[at + same] === first) same++;
    const run = same - covered;
    this.steps += same;
    if (run <= 0) return;
    this.offset += run;
    stream.hashHits += run;
    stream.falseAlarms += run * alarms;
  }

  /** The block whose data stands at this offset, or -1. */
  private findBlock(weak: number): number {
    const { table, stream } = this;
    const length = Math.min(table.blockLength, this.size - this.offset);
    let strong: Buffer | undefined;
    let candidates = 0;
    const bucket = table.bucket(weak);
    let previous = -1;
    for (let i = table.heads[bucket]; i >= 0; i = table.chain[i]) {
      // In place, what lies before this offset was overwritten, unless it is unchanged: such blocks
      // leave the table for good.
      if (this.inPlace && table.offset(i) < this.offset && table.sameOffset[i] === 0) {
        if (previous < 0) table.heads[bucket] = table.chain[i];
        else table.chain[previous] = table.chain[i];
        continue;
      }
      previous = i;
      this.steps++;
      if (++candidates > maxChain) break;
      if (table.weak[i] !== weak) continue;
      if (table.length(i) !== length) continue;
      if (strong === undefined && !this.mayHash(length)) return -1;
      strong ??= this.strongAt(this.offset, length);
      if (!table.strongEquals(i, strong)) {
        stream.falseAlarms++;
        continue;
      }
      const aligned = this.inPlace ? this.align(i, weak, length, strong) : -1;
      return this.preferWanted(aligned >= 0 ? aligned : i, weak, length, strong);
    }
    if (strong !== undefined) this.hashedInVain += length;
    return -1;
  }

  private mayHash(length: number): boolean {
    const spare = spareBlocks * this.table.blockLength + this.perByte * this.offset;
    return this.hashedInVain + length <= spare;
  }

  /**
   * In place the best match is the block at this very offset: nothing has to be written then. Zeros may
   * even wait for it: where the basis has zeros at its next boundary, and so has the file, literal zeros
   * lead up to it. Returns the block, and moves `offset` there; -1 where there is none.
   */
  private align(found: number, weak: number, length: number, strong: Buffer): number {
    const { table } = this;
    const block = Math.ceil(this.offset / table.blockLength);
    const boundary = table.offset(block);
    const onBoundary = boundary === this.offset;
    const zeros = weak === 0 && length === table.blockLength && boundary + length <= this.size;
    if ((!onBoundary && !zeros) || block >= table.count) return -1;
    if (found !== block && !this.sameSums(block, weak, length, strong)) return -1;
    if (!onBoundary) {
      const ahead = this.weakAt(boundary, length);
      if (ahead !== table.weak[block]) return -1;
      if (!table.strongEquals(block, this.strongAt(boundary, length))) return -1;
      this.offset = boundary;
    }
    table.sameOffset[block] = 1;
    this.wanted = block;
    return block;
  }

  /** Of equal blocks the one after the last match: runs of blocks are the shortest to write. */
  private preferWanted(found: number, weak: number, length: number, strong: Buffer): number {
    const { table, wanted } = this;
    if (found === wanted || wanted >= table.count) return found;
    if (this.inPlace && table.offset(wanted) < this.offset && table.sameOffset[wanted] === 0) return found;
    return this.sameSums(wanted, weak, length, strong) ? wanted : found;
  }

  private sameSums(block: number, weak: number, length: number, strong: Buffer): boolean {
    const { table } = this;
    return table.weak[block] === weak && table.length(block) === length && table.strongEquals(block, strong);
  }

  private strongAt(offset: number, length: number): Buffer {
    const at = this.bytesAt(offset, length);
    this.steps += length;
    return this.digest(this.stream.window.bytes, at, at + length);
  }
  private weakAt(offset: number, length: number): number {
    const at = this.bytesAt(offset, length);
    return rollingSum(this.stream.window.bytes, at, at + length) | 0;
  }
  /** Keeps the literal data that waits to be sent in the window, too. */
  private bytesAt(offset: number, length: number): number {
    const from = Math.min(this.stream.sent, offset);
    return this.stream.window.need(from, offset + length) + offset - from;
  }
}
