/** Bytes of V8's young generation from which on it is large enough. */
const enough = 16 * 1024 * 1024;
/** Bytes that V8 has beside it in any process. */
const others = 4 * 1024 * 1024;
/** Before that no run has one of that size, and most runs are over. */
const firstLookMs = 100;
const lookEveryMs = 20;
/** Where it does not grow it is looked at ever more rarely: a daemon waits for days. */
const lookLastMs = 1000;
/** Who starts us can bound it from the beginning. */
const boundFlag = '--max-semi-space-size=';

/** Looked at each time that it would grow, and nowhere else: by what factor. */
const growth = '--semi-space-growth-factor=';
const none = 1;
/** V8's own. */
const usual = 2;

/**
 * Lets V8's young generation grow no further than what makes its collections cheap. By itself it grows to 128 MiB in
 * a run over many directories, of which nearly nothing is in use (docs/decisions/0046). The function that is given ends
 * that: compiled code is kept for the next run with the flags of this one, which has to begin with the same.
 */
export function boundYoungGeneration(): () => void {
  if (process.execArgv.some((flag) => flag.startsWith(boundFlag))) return () => {};
  let bounded = false;
  let wait = lookEveryMs;
  let last = 0;
  const look = (): void => {
    let size = heapSize();
    if (size === undefined || size >= enough + others) {
      // Loaded here, because it brings Node's streams along.
      const { getHeapSpaceStatistics, setFlagsFromString } = process.getBuiltinModule('node:v8');
      const space = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
      if (space === undefined) return;
      size = space.space_size;
      bounded = size >= enough;
      if (bounded) {
        setFlagsFromString(`${growth}${none}`);
        return;
      }
    }
    wait = size === last ? Math.min(2 * wait, lookLastMs) : lookEveryMs;
    last = size;
    setTimeout(look, wait).unref();
  };
  setTimeout(look, firstLookMs).unref();
  return () => {
    if (bounded) process.getBuiltinModule('node:v8').setFlagsFromString(`${growth}${usual}`);
  };
}

/** Bytes of all that V8 has; undefined in a changed root, where Node does not find what the system tells of us. */
function heapSize(): number | undefined {
  try {
    return process.memoryUsage().heapTotal;
  } catch {
    return undefined;
  }
}
