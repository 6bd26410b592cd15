import { isLink } from '../report/mode.ts';
import type { RoleContext } from './context.ts';

/** The mode of what comes in, as a module wants it (`incoming chmod`). */
export function inModule({ moduleMode }: Pick<RoleContext, 'moduleMode'>, mode: number): number {
  return moduleMode === undefined || isLink(mode) ? mode : moduleMode(mode);
}
