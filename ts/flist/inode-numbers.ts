import { NumberTable } from './number-table.ts';

/**
 * A value for each inode met: `find` for one seen before, `set` for a new one. Inode numbers have 64 bits,
 * in two halves here.
 */
export class InodeTable {
  private readonly devices = new Map<number, NumberTable>();
  /** Hears of each device that is met. */
  onDevice: ((dev: number) => void) | undefined;

  /** The value of an inode; -1 when it was not met before. */
  find(dev: number, inoHigh: number, inoLow: number): number {
    return this.devices.get(dev)?.find(inoHigh, inoLow) ?? -1;
  }
  set(dev: number, inoHigh: number, inoLow: number, value: number): void {
    let inodes = this.devices.get(dev);
    if (inodes === undefined) {
      inodes = new NumberTable();
      this.devices.set(dev, inodes);
      this.onDevice?.(dev);
    }
    inodes.set(inoHigh, inoLow, value);
  }
}

/** Numbers inodes in the order they are met. */
export class InodeNumbers {
  private readonly table = new InodeTable();
  private next = 0;

  /** Hears of each device that is met. */
  set onDevice(hear: ((dev: number) => void) | undefined) {
    this.table.onDevice = hear;
  }

  number(dev: number, inoHigh: number, inoLow: number): number {
    const known = this.table.find(dev, inoHigh, inoLow);
    if (known >= 0) return known;
    this.table.set(dev, inoHigh, inoLow, this.next);
    return this.next++;
  }
}
