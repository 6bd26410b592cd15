/**
 * File contents as small recipes, so that a counterexample prints as a few numbers and half-changed
 * copies are described by what was changed.
 */

/** One change to a base content: at `at`, remove `remove` bytes and insert `insert` fresh ones. */
export interface Edit {
  readonly at: number;
  readonly remove: number;
  readonly insert: number;
}

/**
 * `random` does not compress, `text` does, `repeat` is one short block again and again (many equal
 * blocks), `holes` is mostly unallocated with a few bytes here and there.
 */
export type ContentKind = 'random' | 'text' | 'repeat' | 'holes';

export interface Content {
  readonly kind: ContentKind;
  readonly seed: number;
  readonly size: number;
  readonly edits: readonly Edit[];
}

/** xorshift32; never returns to 0. */
function generator(seed: number): () => number {
  let state = (seed ^ 0x9e3779b9) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
}

function randomBytes(size: number, seed: number): Buffer {
  const next = generator(seed);
  const words = new Uint32Array(Math.ceil(size / 4));
  for (let i = 0; i < words.length; i++) words[i] = next();
  return Buffer.from(words.buffer, 0, size);
}

const words = 'the file list block length of a basis sum head token generator sender receiver'.split(' ');

function textBytes(size: number, seed: number): Buffer {
  const next = generator(seed);
  const out: string[] = [];
  for (let length = 0; length < size; ) {
    const pick = next();
    const word = words[pick % words.length]! + (pick & 0x1000 ? '\n' : ' ');
    out.push(word);
    length += word.length;
  }
  return Buffer.from(out.join('').slice(0, size), 'latin1');
}

/** Where the bytes of a `holes` content lie: short runs at the start of every eighth 64 KiB, and the end. */
export function holeRegions(content: Content): [number, number][] {
  const regions: [number, number][] = [];
  for (let at = 0; at < content.size; at += 8 * 65_536) {
    regions.push([at, Math.min(4096, content.size - at)]);
  }
  return regions;
}

function base(content: Content): Buffer {
  const { kind, size, seed } = content;
  if (kind === 'random') return randomBytes(size, seed);
  if (kind === 'text') return textBytes(size, seed);
  if (kind === 'repeat') {
    const block = randomBytes(700, seed);
    return Buffer.concat(Array.from({ length: Math.ceil(size / 700) }, () => block)).subarray(0, size);
  }
  const data = Buffer.alloc(size);
  for (const [at, length] of holeRegions(content)) randomBytes(length, seed + at).copy(data, at);
  return data;
}

/** The bytes that a recipe stands for. */
export function contentBytes(content: Content): Buffer {
  let data = base(content);
  content.edits.forEach((edit, i) => {
    const at = Math.min(edit.at, data.length);
    const fresh = randomBytes(edit.insert, content.seed + 7919 * (i + 1));
    data = Buffer.concat([data.subarray(0, at), fresh, data.subarray(at + edit.remove)]);
  });
  return data;
}
