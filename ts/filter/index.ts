/**
 * Filter rules: which names are hidden from the transfer and which are protected from deletion
 * (rsync(1), FILTER RULES).
 */
export { FilterChain } from './chain.ts';
export { receiveFilters, rulesAsArgs, sendFilters } from './codec.ts';
export type { FilterContext, FilterSide } from './context.ts';
export { createFilters, moduleRules, parseFilterArgs } from './create.ts';
export { ImpliedIncludes } from './implied.ts';
export { iwildmatch, wildmatch } from './wildmatch.ts';
