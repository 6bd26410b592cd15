/** What several runs come to. */
import type { Usage } from './measure.ts';

/** The middle one, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Medians of one tool's runs of one scenario. */
export function summarize(runs: readonly Usage[]): Usage {
  const rss = runs.flatMap((run) => (run.rss === null ? [] : [run.rss]));
  return {
    wall: median(runs.map((run) => run.wall)),
    cpu: median(runs.map((run) => run.cpu)),
    rss: rss.length === 0 ? null : median(rss),
  };
}

/** The mean of ratios: twice as fast and twice as slow come to 1. undefined of none. */
export function geometricMean(ratios: readonly number[]): number | undefined {
  if (ratios.length === 0) return undefined;
  return Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
}
