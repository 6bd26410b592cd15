import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** Bytes of V8's young generation from which on it is large enough. */
const enough = 16 * 1024 * 1024;
const lookEveryMs = 20;

/**
 * Lets V8's young generation grow no further than what makes its collections cheap. By itself it grows to 128 MiB in
 * a run over many directories, of which nearly nothing is in use (docs/decisions/0046).
 */
export function boundYoungGeneration(): void {
  const timer = setInterval(() => {
    const space = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
    if (space !== undefined && space.space_size < enough) return;
    clearInterval(timer);
    // Looked at each time that it would grow, and nowhere else: by what factor.
    if (space !== undefined) setFlagsFromString('--semi-space-growth-factor=1');
  }, lookEveryMs);
  timer.unref();
}
