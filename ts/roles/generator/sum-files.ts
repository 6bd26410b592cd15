import type { FileList } from '../../flist/file-list.ts';
import type { ByteString, Tree } from '../../kernel/kernel.ts';
import { NameCollector, runOf } from '../../kernel/name-runs.ts';
import type { Generator } from './state.ts';

/**
 * Entries whose files are worth hashing (--checksum): those that the destination has, with equal size. Where
 * the sender of this process left the sums of its own files to us, these are hashed at the same time.
 */
export class SumBatch {
  private readonly names = new NameCollector();
  private readonly lists: FileList[] = [];
  private readonly indices: number[] = [];

  get count(): number {
    return this.indices.length;
  }

  add(list: FileList, i: number): void {
    this.names.add(list, i);
    this.lists.push(list);
    this.indices.push(i);
  }

  /** The digests of what the destination has, one after the other; zeros where a file cannot be read. */
  async sum(gen: Generator): Promise<Uint8Array> {
    const { fileDigest } = gen.ctx.negotiated;
    const { runs } = this.names;
    const sizes = Float64Array.from(this.indices, (i, k) => this.lists[k].size(i));
    const work = [gen.destination.tree.fileSums(runs, sizes, fileDigest)];
    const parts = gen.sourceRoots === undefined ? [] : this.bySource(gen.sourceRoots);
    for (const { tree, at } of parts) {
      const all = at.length === this.count;
      const names = all ? runs : this.namesOf(at);
      work.push(tree.fileSums(names, all ? sizes : Float64Array.from(at, (k) => sizes[k]), fileDigest));
    }
    const [here, ...there] = await Promise.all(work);
    parts.forEach(({ at }, part) => {
      const { sums } = there[part];
      const length = sums.length / at.length;
      at.forEach((k, n) => {
        this.lists[k].setChecksum(this.indices[k], sums, n * length, length);
      });
    });
    return here.sums;
  }

  /** The entries by the tree that the sender has them in. */
  private bySource(roots: readonly Tree[]): { tree: Tree; at: number[] }[] {
    const parts = new Map<number, number[]>();
    this.indices.forEach((i, k) => {
      const { root } = this.lists[k].dir(i);
      const part = parts.get(root);
      if (part === undefined) parts.set(root, [k]);
      else part.push(k);
    });
    return [...parts].map(([root, at]) => ({ tree: roots[root], at }));
  }

  private namesOf(at: readonly number[]) {
    const names = new NameCollector();
    for (const k of at) names.add(this.lists[k], this.indices[k]);
    return names.runs;
  }
}

/** The digest of the file at `path`, which is compared with entry `i`. */
export async function sumOne(
  gen: Generator,
  list: FileList,
  i: number,
  path: ByteString,
): Promise<Uint8Array> {
  const { fileDigest } = gen.ctx.negotiated;
  const sizes = Float64Array.of(list.size(i));
  const source = gen.sourceRoots?.[list.dir(i).root];
  const [here, there] = await Promise.all([
    gen.destination.tree.fileSums(runOf(path), sizes, fileDigest),
    source?.fileSums(runOf(list.path(i)), sizes, fileDigest),
  ]);
  if (there !== undefined) list.setChecksum(i, there.sums, 0, there.sums.length);
  return here.sums;
}
