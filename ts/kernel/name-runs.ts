import type { ByteString, NameRuns } from './kernel.ts';

/** Where a name lies in packed names. */
interface PackedNames {
  dirname(i: number): ByteString;
  nameLengthOf(i: number): number;
  copyName(i: number, into: Uint8Array, at: number): number;
}

/** Collects names, best in the order of their directories, to be looked at by one call. */
export class NameCollector {
  private readonly dirs: ByteString[] = [];
  private names = new Uint8Array(4096);
  private used = 0;
  private readonly words: number[] = [];

  get count(): number {
    return this.words.length / 3;
  }

  /** The basename of entry `i` in the directory that it is in. */
  add(list: PackedNames, i: number): void {
    const length = list.nameLengthOf(i);
    this.enter(list.dirname(i), length);
    this.used += list.copyName(i, this.names, this.used);
  }

  /** A path that may be absolute. */
  addPath(path: ByteString): void {
    const slash = path.lastIndexOf('/');
    // In the root directory the slash is all there is of the directory's name.
    const dir = slash === 0 ? '/' : path.slice(0, Math.max(slash, 0));
    this.enter(dir, path.length - slash - 1);
    for (let k = slash + 1; k < path.length; k++) this.names[this.used++] = path.charCodeAt(k);
  }

  get runs(): NameRuns {
    return { dirs: this.dirs, names: this.names, runs: Uint32Array.from(this.words) };
  }

  private enter(dir: ByteString, length: number): void {
    const last = this.dirs.length - 1;
    if (last < 0 || this.dirs[last] !== dir) this.dirs.push(dir);
    this.words.push(this.dirs.length - 1, this.used, length);
    const need = this.used + length;
    if (need <= this.names.length) return;
    const names = new Uint8Array(Math.max(need, this.names.length * 2));
    names.set(this.names);
    this.names = names;
  }
}

/** One path. */
export function runOf(path: ByteString): NameRuns {
  const names = new NameCollector();
  names.addPath(path);
  return names.runs;
}
