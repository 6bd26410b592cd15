/** Token streams: what of a file comes as data, and which blocks it has already. */
import type { SumHead } from '../delta/sum-head.ts';
import { endToken, tokenBlock } from '../delta/tokens.ts';
import { protocolError } from '../errors.ts';
import type { ByteString, CompressName } from '../kernel/kernel.ts';
import {
  flagEnd,
  flagRecord,
  flagRelative,
  flagRelativeRun,
  flagToken,
  flagTokenRun,
  maxToken,
} from '../kernel/portable/tokens/format.ts';
import type { Reader } from '../wire/reader.ts';
import type { Literals } from './literals.ts';
import type { Stream } from './stream.ts';
import { counted, mostShown, row } from './words.ts';

const within = 'the tokens of a file';
/** Low bits of a flag: the beginning of a length, or how far a block is from the last one. */
const lowBits = 0x3f;

/** How the tokens of a direction are written. */
export interface TokenForm {
  readonly compression: CompressName;
  readonly literals: Literals;
}

/** Passes over the tokens of a file up to their end; answers what they were. */
export async function tokensOf(
  stream: Stream,
  { compression, literals }: TokenForm,
  head: SumHead,
): Promise<ByteString> {
  literals.begin(head);
  const seen = new Seen(compression);
  const next = compression === 'none' ? plainToken : compressedToken(() => seen.last);
  for (;;) {
    const { value: token } = await stream.record(within, next);
    if (token === 'end') return seen.text();
    if (typeof token !== 'number') {
      seen.blocks(token.first, token.count);
      literals.blocks(token.first, token.count);
    } else if (compression === 'none') {
      seen.literal(token, token);
      await stream.skip(token, within);
    } else {
      const { value: record } = await stream.record(within, (reader) => reader.bytes(token));
      seen.literal(token, literals.record(record));
    }
  }
}

/** So many bytes of data follow; or these blocks; or nothing more. */
type Token = number | { readonly first: number; readonly count: number } | 'end';

function plainToken(reader: Reader): Token {
  const token = reader.int();
  if (token === endToken) return 'end';
  return token > 0 ? token : { first: tokenBlock(token), count: 1 };
}

/** `last`: the block that relative numbers count from. */
function compressedToken(last: () => number): (reader: Reader) => Token {
  return (reader) => {
    const flag = reader.byte();
    if (flag === flagEnd) return 'end';
    if (flag < flagRelative && flag >= flagRecord) return ((flag & lowBits) << 8) | reader.byte();
    if (flag < flagRelative && flag !== flagToken && flag !== flagTokenRun)
      throw protocolError(`no token begins with 0x${flag.toString(16)}`);
    const first = flag >= flagRelative ? last() + (flag & lowBits) : reader.int();
    const more = flag === flagTokenRun || flag >= flagRelativeRun ? reader.short() : 0;
    if (first < 0 || first + more > maxToken)
      throw protocolError(`there is no block ${first} with ${more} behind it`);
    return { first, count: more + 1 };
  };
}

/** Literal data: how many pieces, their bytes on the wire, and those of the file where that is known. */
interface Data {
  count: number;
  wire: number;
  bytes: number | undefined;
}

/** What tokens came to, in pieces: data that follows data and blocks that follow blocks are one. */
class Seen {
  private readonly compression: CompressName;
  private readonly pieces: ByteString[] = [];
  private count = 0;
  private literals: Data = { count: 0, wire: 0, bytes: 0 };
  private run = { first: 0, count: 0 };
  private readonly total: Data & { blocks: number } = { count: 0, wire: 0, bytes: 0, blocks: 0 };
  /** The last block. */
  last = 0;

  constructor(compression: CompressName) {
    this.compression = compression;
  }

  /** So many bytes on the wire, which are `bytes` of the file. */
  literal(wire: number, bytes: number | undefined): void {
    this.endRun();
    for (const data of [this.literals, this.total]) {
      data.count++;
      data.wire += wire;
      data.bytes = data.bytes === undefined || bytes === undefined ? undefined : data.bytes + bytes;
    }
  }

  blocks(first: number, count: number): void {
    this.endLiterals();
    this.total.blocks += count;
    if (this.run.count === 0 || first !== this.run.first + this.run.count) {
      this.endRun();
      this.run = { first, count: 0 };
    }
    this.run.count += count;
    this.last = first + count - 1;
  }

  text(): ByteString {
    this.endLiterals();
    this.endRun();
    const { pieces, total } = this;
    const sum = this.count < 3 ? '' : ` (in all ${this.dataText(total)}, ${counted(total.blocks, 'block')})`;
    return `tokens: ${row([...pieces, 'end'], this.count + 1)}${sum}`;
  }

  private piece(text: ByteString): void {
    this.count++;
    if (this.pieces.length < mostShown) this.pieces.push(text);
  }

  private dataText({ wire, bytes }: Data): ByteString {
    const literal = bytes === undefined ? [] : [counted(bytes, 'literal byte')];
    const compressed = this.compression === 'none' ? [] : [counted(wire, `${this.compression} byte`)];
    return [...literal, ...compressed].join(' as ');
  }

  private endLiterals(): void {
    const { literals } = this;
    const { count } = literals;
    if (count === 0) return;
    this.piece(`${this.dataText(literals)}${count === 1 ? '' : ` in ${count}`}`);
    this.literals = { count: 0, wire: 0, bytes: 0 };
  }

  private endRun(): void {
    const { first, count } = this.run;
    if (count === 0) return;
    this.piece(count === 1 ? `block ${first}` : `blocks ${first}-${first + count - 1}`);
    this.run = { first: 0, count: 0 };
  }
}
