import { protocolError } from '../../errors.ts';
import type { FileList } from '../../flist/file-list.ts';
import type { ByteString, Tree } from '../../kernel/kernel.ts';
import type { StatTable } from '../../kernel/stat-table.ts';
import { destMode } from '../../metadata/modes.ts';
import { partialDirName } from '../../metadata/names.ts';
import * as text from '../../report/messages.ts';
import { BasisType } from '../../wire/constants.ts';
import type { ItemHeader } from '../../wire/item.ts';
import { backupOf, prepareBackup } from '../backup.ts';
import type { RoleContext } from '../context.ts';
import { type Destination, destinationPath } from '../destination.ts';
import { inModule } from '../module-mode.ts';
import { presentAt } from '../present-at.ts';
import { isReadable } from '../readable.ts';

/** A file that comes, and what the sender says of its basis. */
interface Coming {
  readonly list: FileList;
  readonly i: number;
  readonly item: Pick<ItemHeader, 'basisType' | 'xname'>;
  readonly redo: boolean;
}

/** What the sender's delta was made against. */
export interface FoundBasis {
  readonly path: ByteString;
  readonly type: number;
  /** Undefined where nothing is there. */
  readonly stats: StatTable | undefined;
}

/** The basis that an item names; before protocol 29 it names none, and the receiver finds it by itself. */
export function findBasis(ctx: RoleContext, destination: Destination, coming: Coming): FoundBasis {
  const { options, negotiated } = ctx;
  const { tree } = destination;
  const { list, i, item, redo } = coming;
  const path = destinationPath(destination, list, i);
  const partial = options.partialDir === '' ? undefined : partialDirName(path, options.partialDir);
  const at = (where: ByteString, type: number): FoundBasis => ({
    path: where,
    type,
    stats: presentAt(tree, where)?.stats,
  });
  const { basisType } = item;
  if (negotiated.protocol < 29) {
    const first = () => {
      if (options.inplace && options.backup && !redo) {
        const copy = prepareBackup(ctx, tree, path, 'receiver')?.path ?? path;
        return at(copy, copy === path ? basisType : BasisType.Backup);
      }
      const kept = partial === undefined ? undefined : at(partial, BasisType.PartialDir);
      return kept?.stats === undefined ? at(path, basisType) : kept;
    };
    const found = first();
    if (found.stats !== undefined || options.alternateDests.length === 0) return found;
    return at(`${options.alternateDests[0].dir}/${path}`, 0);
  }
  if (basisType === BasisType.PartialDir) return at(partial ?? path, basisType);
  if (basisType === BasisType.Backup) return at(backupOf(options, tree, path)?.path ?? path, basisType);
  if (basisType < BasisType.Fname) {
    const alternate = options.alternateDests[basisType];
    if (alternate === undefined) throw protocolError(text.badBasisDir(basisType));
    return at(`${alternate.dir}/${path}`, basisType);
  }
  return at(basisType >= BasisType.Fuzzy ? fuzzyBasis(ctx, coming) : path, basisType);
}

/** Without --perms a file has the mode of its basis, wherever that is: also where nothing of it was of use. */
export function takeModeOfBasis(ctx: RoleContext, tree: Tree, { list, i }: Coming, basis: FoundBasis): void {
  const { options } = ctx;
  const { path, stats } = basis;
  if (options.perms || stats?.isRegular() !== true || !isReadable(tree, path)) return;
  list.setMode(i, inModule(ctx, destMode(list.mode(i), stats.mode(), 0, options)));
}

/** A file of a similar name: beside this one, or where an alternate directory has such files. */
function fuzzyBasis({ options }: RoleContext, { list, i, item }: Coming): ByteString {
  if (options.fuzzy === 0) throw protocolError(text.unwantedFuzzy(item.xname));
  const parent = list.dirname(i);
  const name = parent === '' ? item.xname : `${parent}/${item.xname}`;
  const number = item.basisType - BasisType.Fuzzy;
  if (number === 0) return name;
  const alternate = options.alternateDests[number - 1];
  if (alternate === undefined) throw protocolError(text.badBasisDir(item.basisType));
  return `${alternate.dir}/${name}`;
}
