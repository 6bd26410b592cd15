/** Bytes of V8's young generation from which on it is large enough. */
const enough = 16 * 1024 * 1024;
/** Before that no run has one of that size, and most runs are over. */
const firstLookMs = 100;
const lookEveryMs = 20;

/**
 * Lets V8's young generation grow no further than what makes its collections cheap. By itself it grows to 128 MiB in
 * a run over many directories, of which nearly nothing is in use (docs/decisions/0046).
 */
export function boundYoungGeneration(): void {
  const look = (): void => {
    // Loaded here, because it brings Node's streams along.
    const { getHeapSpaceStatistics, setFlagsFromString } = process.getBuiltinModule('node:v8');
    const space = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
    // Looked at each time that it would grow, and nowhere else: by what factor.
    if (space !== undefined && space.space_size >= enough) setFlagsFromString('--semi-space-growth-factor=1');
    else if (space !== undefined) setTimeout(look, lookEveryMs).unref();
  };
  setTimeout(look, firstLookMs).unref();
}
