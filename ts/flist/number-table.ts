/** Of the first rows; a power of two. */
const firstSlots = 16;
/** Words of a slot: two of the key, and the value plus one. */
const slotWords = 3;

/** Numbers by keys of 64 bits, in two halves: twelve bytes a slot, of which at least three eighths are in use. */
export class NumberTable {
  private slots = new Uint32Array(firstSlots * slotWords);
  private count = 0;

  /** The number of a key; -1 where it has none. */
  find(high: number, low: number): number {
    return this.slots[this.slotOf(high, low) + 2] - 1;
  }

  /** `value` is not negative. */
  set(high: number, low: number, value: number): void {
    const at = this.slotOf(high, low);
    if (this.slots[at + 2] === 0) this.count++;
    this.slots[at] = high;
    this.slots[at + 1] = low;
    this.slots[at + 2] = value + 1;
    if (this.count * slotWords > (this.slots.length >> 2) * 3) this.grow();
  }

  /** Where a key is, or is to be put. */
  private slotOf(high: number, low: number): number {
    const { slots } = this;
    const last = slots.length / slotWords - 1;
    const h = high >>> 0;
    const l = low >>> 0;
    let slot = scatter(h, l) & last;
    for (;;) {
      const at = slot * slotWords;
      if (slots[at + 2] === 0 || (slots[at + 1] === l && slots[at] === h)) return at;
      slot = (slot + 1) & last;
    }
  }

  private grow(): void {
    const before = this.slots;
    this.slots = new Uint32Array(before.length * 2);
    for (let at = 0; at < before.length; at += slotWords)
      if (before[at + 2] !== 0)
        this.slots.set(before.subarray(at, at + slotWords), this.slotOf(before[at], before[at + 1]));
  }
}

/** Keys may be a peer's, who shall not know which of them meet. */
const seed = Math.floor(Math.random() * 0x100000000);

/** Inode numbers come in rows, or as multiples of something. */
function scatter(high: number, low: number): number {
  const seeded = low ^ seed;
  let hash = Math.imul(seeded ^ (seeded >>> 16), 0x85ebca6b) ^ Math.imul(high, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
