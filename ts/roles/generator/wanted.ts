import { EntryFlag } from '../../flist/file-list.ts';
import type { WantedState } from '../../kernel/listing.ts';
import { comparesPlainly } from '../../metadata/compare.ts';
import type { RoleContext } from '../context.ts';
import type { Rules } from './state.ts';

/**
 * What lets an entry be passed over without another look; undefined where there is more to it than size, time,
 * permissions and owner, or more to do for a file that is up to date.
 */
export function wantedState(
  { options, negotiated, report, attributes }: RoleContext,
  rules: Rules,
  hasSources: boolean,
): WantedState | undefined {
  const more =
    rules.ignoreExisting ||
    rules.existing ||
    rules.update ||
    (rules.checksum && !hasSources) ||
    rules.sizeOnly ||
    rules.ignoreTimes ||
    rules.append ||
    rules.backup ||
    rules.maxSize !== undefined ||
    rules.minSize !== undefined ||
    options.dropDevices ||
    options.hardLinks ||
    options.alternateDests.length > 0 ||
    options.partialDir !== '' ||
    options.listOnly ||
    report.info('name', 2) ||
    report.formatHasI > 1;
  if (more || !comparesPlainly(attributes)) return undefined;
  return {
    owner: attributes.owner && attributes.amRoot,
    group: attributes.group,
    groupFree: EntryFlag.SkipGroup,
    dirs: negotiated.incRecurse,
  };
}
