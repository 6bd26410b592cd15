/** vitest's `test` for tables that are small, but slow: the lanes of `npm test` divide their rows. */
import { test as all } from 'vitest';
import { shared } from './property.ts';

/** `test` whose `each` keeps the rows that `shared` does. */
export const test = thinned(all);

function thinned<T extends object>(api: T): T {
  return new Proxy(api, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key);
      if (typeof member !== 'function') return member;
      if (key === 'each') return (rows: readonly unknown[]) => member.call(target, shared(rows));
      if (key === 'skipIf') return (condition: unknown) => thinned(member.call(target, condition));
      return member;
    },
  });
}
