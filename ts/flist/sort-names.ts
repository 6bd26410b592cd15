import { type NameColumns, nameLength, nameOffset } from './file-list.ts';

const slash = 0x2f;
/** Bytes of a name that one double holds exactly. */
const keyBytes = 6;

/**
 * Sorts entries by the bytes of their names, as if directories ended in a slash (`asDirs`). Entries of
 * equal names keep their order. Names are compared six bytes at a time, as numbers, and byte by byte only
 * where those are equal.
 */
export function sortByName(entries: Uint32Array, columns: NameColumns, asDirs: boolean): void {
  const n = entries.length;
  if (n < 2) return;
  const shared = sharedPrefix(entries, columns);
  let keys = new Float64Array(n);
  let sorted = true;
  for (let k = 0; k < n; k++) {
    keys[k] = keyOf(entries[k], columns, shared, asDirs);
    if (k > 0 && sorted)
      sorted =
        keys[k - 1] < keys[k] ||
        (keys[k - 1] === keys[k] &&
          compareRest(entries[k - 1], entries[k], columns, shared + keyBytes, asDirs) <= 0);
  }
  if (sorted) return;

  const run = 8;
  const order = { columns, from: shared + keyBytes, asDirs };
  for (let from = 0; from < n; from += run)
    insertionSort(entries, keys, from, Math.min(from + run, n), order);
  let source: Uint32Array = entries;
  let target: Uint32Array = new Uint32Array(n);
  let targetKeys = new Float64Array(n);
  for (let width = run; width < n; width *= 2) {
    for (let from = 0; from < n; from += width * 2) {
      const middle = Math.min(from + width, n);
      const end = Math.min(from + width * 2, n);
      let a = from;
      let b = middle;
      for (let t = from; t < end; t++) {
        const takeA =
          a < middle &&
          (b >= end ||
            keys[a] < keys[b] ||
            (keys[a] === keys[b] &&
              compareRest(source[a], source[b], columns, shared + keyBytes, asDirs) <= 0));
        const s = takeA ? a++ : b++;
        target[t] = source[s];
        targetKeys[t] = keys[s];
      }
    }
    [source, target] = [target, source];
    [keys, targetKeys] = [targetKeys, keys];
  }
  if (source !== entries) entries.set(source);
}

/** How names are compared where their keys are equal: from a byte on. */
interface Order {
  readonly columns: NameColumns;
  readonly from: number;
  readonly asDirs: boolean;
}

function insertionSort(
  entries: Uint32Array,
  keys: Float64Array,
  from: number,
  to: number,
  { columns, from: rest, asDirs }: Order,
): void {
  for (let k = from + 1; k < to; k++) {
    const entry = entries[k];
    const key = keys[k];
    let at = k - 1;
    while (
      at >= from &&
      (keys[at] > key || (keys[at] === key && compareRest(entries[at], entry, columns, rest, asDirs) > 0))
    ) {
      entries[at + 1] = entries[at];
      keys[at + 1] = keys[at];
      at--;
    }
    entries[at + 1] = entry;
    keys[at + 1] = key;
  }
}

function sharedPrefix(entries: Uint32Array, columns: NameColumns): number {
  const { names } = columns;
  const first = nameOffset(columns, entries[0]);
  let shared = nameLength(columns, entries[0]);
  for (let k = 1; k < entries.length && shared > 0; k++) {
    const at = nameOffset(columns, entries[k]);
    const limit = Math.min(shared, nameLength(columns, entries[k]));
    let same = 0;
    while (same < limit && names[at + same] === names[first + same]) same++;
    shared = same;
  }
  return shared;
}

function keyOf(i: number, columns: NameColumns, from: number, asDir: boolean): number {
  const { names } = columns;
  const at = nameOffset(columns, i);
  const end = nameLength(columns, i);
  let key = 0;
  for (let k = from; k < from + keyBytes; k++)
    key = key * 256 + (k < end ? names[at + k] : k === end && asDir ? slash : 0);
  return key;
}

/** Compares from byte `from` on; a name that ended before it is not longer than `from`. */
function compareRest(a: number, b: number, columns: NameColumns, from: number, asDirs: boolean): number {
  const { names } = columns;
  const atA = nameOffset(columns, a);
  const atB = nameOffset(columns, b);
  const endA = nameLength(columns, a);
  const endB = nameLength(columns, b);
  for (let k = from; ; k++) {
    const x = k < endA ? names[atA + k] : k === endA && asDirs ? slash : 0;
    const y = k < endB ? names[atB + k] : k === endB && asDirs ? slash : 0;
    if (x !== y) return x - y;
    if (x === 0) return 0;
  }
}
