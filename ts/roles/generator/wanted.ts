import { EntryFlag } from '../../flist/file-list.ts';
import type { WantedState } from '../../kernel/listing.ts';
import type { RoleContext } from '../context.ts';

/**
 * What lets an entry be passed over without another look; undefined where there is more to it than size, time,
 * permissions and owner, or more to do for a file that is up to date.
 */
export function wantedState({
  negotiated,
  paths,
  attributes,
  refuses,
}: RoleContext): Omit<WantedState, 'targets'> | undefined {
  if (!paths.passesOver || attributes.chmod !== undefined || refuses !== undefined) return undefined;
  return {
    // Names of one inode are chained.
    always: EntryFlag.Hlinked,
    owner: attributes.owner && attributes.amRoot,
    group: attributes.group,
    groupFree: EntryFlag.SkipGroup,
    dirs: negotiated.incRecurse,
  };
}
