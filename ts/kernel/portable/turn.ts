/** Work that one turn of the event loop may hold, in bytes read, hashed or written. */
export const turnBytes = 1024 * 1024;

/** Lets timers and I/O run before the work goes on. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
