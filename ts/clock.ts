/**
 * Milliseconds on a clock that nobody sets, from some moment on. Node's `performance` is the same, but whoever uses it
 * first loads ten of Node's modules, which a copy of one file feels.
 */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}
