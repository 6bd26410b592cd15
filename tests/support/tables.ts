/** vitest's `test` for tables that are small, but slow: later lanes of `npm test` take some of the rows. */
import { test as all } from 'vitest';
import { fewer } from './property.ts';

/** `test` whose `each` keeps the rows that `fewer` does. */
export const test = thinned(all);

function thinned<T extends object>(api: T): T {
  return new Proxy(api, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key);
      if (typeof member !== 'function') return member;
      if (key === 'each') return (rows: readonly unknown[]) => member.call(target, fewer(rows));
      if (key === 'skipIf') return (condition: unknown) => thinned(member.call(target, condition));
      return member;
    },
  });
}
