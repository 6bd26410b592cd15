import { SysError } from '../errors.ts';
import type { ByteString, Kernel, Tree } from '../kernel/kernel.ts';
import type { ListingOptions } from '../kernel/listing.ts';
import type { Options } from '../options/options.ts';
import { EntryFlag } from './file-list.ts';
import { splitSource } from './source-arg.ts';
import { openSource } from './source-roots.ts';
import { TreeAhead } from './tree-ahead.ts';

/** What decides whether a walk can take records, besides the options. */
export interface ListingNeeds {
  readonly protocol: number;
  /** --chmod, or -c sums that go with the entries. */
  readonly touchesEntries: boolean;
  readonly twice: boolean;
}

/** What records of sources hold; undefined where a walk has to look at each entry. */
export function listingOptions(options: Options, needs: ListingNeeds): ListingOptions | undefined {
  const looks =
    !options.recursive ||
    options.copyLinks ||
    options.oneFileSystem !== 0 ||
    options.hardLinks ||
    options.atimes > 0 ||
    needs.touchesEntries ||
    needs.protocol < 29;
  if (looks) return undefined;
  return {
    links: options.links,
    owner: options.owner,
    group: options.group,
    nanoseconds: needs.protocol >= 31,
    dirFlags: EntryFlag.ContentDir,
    twice: needs.twice,
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
  touchesEntries: boolean,
  cwd: ByteString,
  [first]: readonly ByteString[],
): SourceAhead | undefined {
  const listing = listingOptions(options, { protocol: 31, touchesEntries, twice: false });
  if (listing === undefined || first === undefined) return undefined;
  const { dir, name } = splitSource(first, options.relative);
  try {
    const tree = openSource(kernel, cwd, dir, { options });
    if (tree.list === undefined) {
      tree.close();
      return undefined;
    }
    const trees = new TreeAhead(listing);
    trees.start(tree, name === '.' ? '' : name);
    return { dir, tree, trees };
  } catch (error) {
    if (error instanceof SysError) return undefined;
    throw error;
  }
}
