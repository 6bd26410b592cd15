/** A fact that one direction of a conversation tells, and the other has to know. */
export interface Later<T> {
  readonly value: Promise<T>;
  is(value: T): void;
  never(reason: Error): void;
}

export function later<T>(): Later<T> {
  let is!: (value: T) => void;
  let never!: (reason: Error) => void;
  const value = new Promise<T>((resolve, reject) => {
    is = resolve;
    never = reject;
  });
  // Who does not wait for it shall not fail for it.
  value.catch(() => {});
  return { value, is, never };
}
