import type { Loss, Tree } from '../kernel/kernel.ts';
import type { Options } from '../options/options.ts';
import * as text from '../report/messages.ts';
import type { Report } from '../report/report.ts';

/** Tells once a run what its kernel could not keep. Exact times are an error to miss where they were asked for. */
export function tellOfLosses(report: Report, options: Options, trees: readonly Tree[]): void {
  const losses = new Set<Loss>();
  for (const tree of trees) for (const loss of tree.losses ?? []) losses.add(loss);
  // With --perms the modes are set in any case.
  if (options.perms) losses.delete('defaultAcl');
  for (const loss of losses) {
    const asked = loss === 'nanoseconds' && options.modifyWindow < 0;
    report.print(asked ? 'error-xfer' : 'warning', text.lost(loss));
  }
}
