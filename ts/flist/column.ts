/** What only some runs know of entries beside their records: a column each, of numbers. */
export const columnKinds = {
  /** --atimes: seconds. */
  atime: { store: Float64Array, absent: 0 },
  /** --acls, --xattrs: where a run's own table has them; -1 for none. */
  accessAcl: { store: Int32Array, absent: -1 },
  defaultAcl: { store: Int32Array, absent: -1 },
  xattrs: { store: Int32Array, absent: -1 },
  /** --iconv: the place that an entry had before its list was sorted. */
  wirePlace: { store: Int32Array, absent: -1 },
} as const;
/** Bytes that most columns have of an entry. */
export const columnBytes = Int32Array.BYTES_PER_ELEMENT;
export type ColumnKind = keyof typeof columnKinds;

type Store = Float64Array | Int32Array;

/**
 * The side columns of one list. Each is there from the first value on that is set, and goes wherever the entries go:
 * into another order, into a copy of the list, with an entry that is copied into another list. Lists of plain
 * entries have none of this (decision 0042).
 */
export class SideColumns {
  private readonly stores = new Map<ColumnKind, Store>();

  get(kind: ColumnKind, i: number): number {
    return this.stores.get(kind)?.[i] ?? columnKinds[kind].absent;
  }

  /** `capacity`: entries that the list has room for. */
  set(kind: ColumnKind, i: number, value: number, capacity: number): void {
    let store = this.stores.get(kind);
    if (store === undefined || i >= store.length) {
      store = resized(kind, store, Math.max(capacity, i + 1));
      this.stores.set(kind, store);
    }
    store[i] = value;
  }

  /** Puts the first `count` values into `order`: `order[k]` is the place that becomes `k`. */
  reorder(order: Uint32Array, count: number): void {
    for (const [kind, store] of this.stores) {
      const sorted = resized(kind, undefined, count);
      const { absent } = columnKinds[kind];
      for (let k = 0; k < count; k++) sorted[k] = store[order[k]] ?? absent;
      this.stores.set(kind, sorted);
    }
  }

  /** The values of entry `i`, for entry `to` of other columns. */
  copyEntry(i: number, into: SideColumns, to: number, capacity: number): void {
    for (const kind of this.stores.keys()) into.set(kind, to, this.get(kind, i), capacity);
  }

  get memory(): number {
    let bytes = 0;
    for (const { byteLength } of this.stores.values()) bytes += byteLength;
    return bytes;
  }
}

function resized(kind: ColumnKind, store: Store | undefined, length: number): Store {
  const { store: Make, absent } = columnKinds[kind];
  const larger = new Make(length);
  if (absent !== 0) larger.fill(absent);
  if (store !== undefined) larger.set(store.subarray(0, length));
  return larger;
}
