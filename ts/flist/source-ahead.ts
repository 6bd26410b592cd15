import { RsyncError, SysError } from '../errors.ts';
import type { ByteString, Kernel, Tree } from '../kernel/kernel.ts';
import type { ListingOptions } from '../kernel/listing.ts';
import type { Options } from '../options/options.ts';
import { EntryFlag } from './file-list.ts';
import { splitSource } from './source-arg.ts';
import { openSource } from './source-roots.ts';
import { TreeAhead } from './tree-ahead.ts';

/** What records of sources hold, for a walk that takes them; `twice`: with room for the other end's. */
export function listingOptions(options: Options, protocol: number, twice: boolean): ListingOptions {
  return {
    links: options.links,
    singleNames: options.hardLinks,
    oneDevice: options.oneFileSystem > 0,
    owner: options.owner,
    group: options.group,
    nanoseconds: protocol >= 31,
    dirFlags: EntryFlag.ContentDir,
    twice,
  };
}

/** The tree of the first source, read while the peer is still being reached. */
export interface SourceAhead {
  /** The folder that `tree` holds, as the user named it. */
  readonly dir: ByteString;
  readonly tree: Tree;
  /** Has records as protocols from 31 on want them. */
  readonly trees: TreeAhead;
}

/**
 * Starts to read the first of `args`, for a peer that is expected to speak protocol 31 or later. What fails is left
 * to the walk to tell. The tree is whoever's who sends from it, or closes it.
 */
export function readSourceAhead(
  kernel: Kernel,
  options: Options,
  cwd: ByteString,
  [first]: readonly ByteString[],
): SourceAhead | undefined {
  if (first === undefined) return undefined;
  try {
    const { dir, name } = splitSource(first, options.relative);
    const tree = openSource(kernel, cwd, dir, { options });
    if (tree.list === undefined) {
      tree.close();
      return undefined;
    }
    const trees = new TreeAhead(listingOptions(options, 31, false));
    trees.start(tree, name === '.' ? '' : name);
    return { dir, tree, trees };
  } catch (error) {
    if (error instanceof SysError || error instanceof RsyncError) return undefined;
    throw error;
  }
}
