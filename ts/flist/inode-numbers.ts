/**
 * A value for each inode met: `find` for one seen before, `set` for a new one. Inode numbers have 64 bits,
 * in two halves here.
 */
export class InodeTable {
  private readonly devices = new Map<number, Map<number | string, number>>();

  /** The value of an inode; -1 when it was not met before. */
  find(dev: number, inoHigh: number, inoLow: number): number {
    return this.devices.get(dev)?.get(key(inoHigh, inoLow)) ?? -1;
  }
  set(dev: number, inoHigh: number, inoLow: number, value: number): void {
    let inodes = this.devices.get(dev);
    if (inodes === undefined) {
      inodes = new Map();
      this.devices.set(dev, inodes);
    }
    inodes.set(key(inoHigh, inoLow), value);
  }
}

/** Numbers inodes in the order they are met. */
export class InodeNumbers {
  private readonly table = new InodeTable();
  private next = 0;

  number(dev: number, inoHigh: number, inoLow: number): number {
    const known = this.table.find(dev, inoHigh, inoLow);
    if (known >= 0) return known;
    this.table.set(dev, inoHigh, inoLow, this.next);
    return this.next++;
  }
}

function key(high: number, low: number): number | string {
  const h = high >>> 0;
  return h < 0x200000 ? h * 0x100000000 + (low >>> 0) : `${h}:${low >>> 0}`;
}
