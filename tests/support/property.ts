/**
 * How many generated cases each interop test tries, and from which seed.
 *
 * `OC_RSYNC_FUZZ_RUNS=N` tries N instead of one and shrinks a counterexample; `OC_RSYNC_FUZZ_SEED=S` starts
 * elsewhere. `OC_RSYNC_SAMPLE=P/N` keeps every N-th test of the large tables only, from the P-th on, and
 * `OC_RSYNC_FEWER` those of the small ones.
 */
import { createHash } from 'node:crypto';
import fc from 'fast-check';

const runs = Number(process.env.OC_RSYNC_FUZZ_RUNS ?? 1);

/** fast-check's settings for a test: the seed follows from its name, so that a failure comes again. */
export function propertySettings(name: string): fc.Parameters<unknown> {
  const chosen = process.env.OC_RSYNC_FUZZ_SEED ?? '';
  const seed = createHash('sha1').update(`${name}${chosen}`).digest().readInt32BE(0);
  return { seed, numRuns: runs, endOnFailure: runs === 1 };
}

/** Time limit of a test that tries that many cases. */
export const propertyTimeout = 90_000 * Math.max(1, runs);

/** `N`, or `P/N`: every N-th from the P-th on. */
function partOf<T>(rows: readonly T[], part: string | undefined): T[] {
  const words = (part ?? '1').split('/').map(Number);
  const step = Math.max(1, words.at(-1)!);
  // Of a short table at least one row.
  const phase = words.length > 1 ? words[0]! % Math.min(step, rows.length) : 0;
  return rows.filter((_, i) => i % step === phase);
}

/** The rows of a large table that this run tries: each lane of `npm test` takes others, and those that `always` names. */
export function sampled<T>(rows: readonly T[], always: (row: T) => boolean = () => false): T[] {
  const some = new Set(partOf(rows, process.env.OC_RSYNC_SAMPLE));
  return rows.filter((row) => some.has(row) || always(row));
}

/** The rows of a small table: all in the first lane, some in the later ones, which do the same another way. */
export function fewer<T>(rows: readonly T[]): T[] {
  return partOf(rows, process.env.OC_RSYNC_FEWER);
}

/** The rows of a table that is small, but slow: each lane tries its part. */
export function shared<T>(rows: readonly T[]): T[] {
  return partOf(rows, process.env.OC_RSYNC_FEWER ?? process.env.OC_RSYNC_SAMPLE);
}

/** Runs `body` on generated values and fails with the message of the last counterexample. */
export async function forAll<T>(
  name: string,
  arbitrary: fc.Arbitrary<T>,
  body: (value: T) => Promise<void>,
): Promise<void> {
  let last: unknown;
  const details = await fc.check(
    fc.asyncProperty(arbitrary, async (value) => {
      try {
        await body(value);
      } catch (error) {
        last = error;
        throw error;
      }
    }),
    propertySettings(name) as fc.Parameters<[T]>,
  );
  if (!details.failed) return;
  throw last ?? new Error(`property failed: seed ${details.seed}, path ${details.counterexamplePath}`);
}

/** All cases of an attack with OC_RSYNC_ALL, else `count` of them, spread over all. */
export function someOf<T>(cases: readonly T[], count: number): T[] {
  if ((process.env.OC_RSYNC_ALL ?? '') !== '' || cases.length <= count) return [...cases];
  return Array.from({ length: count }, (_, i) => cases[Math.floor(((i + 0.5) * cases.length) / count)]!);
}
