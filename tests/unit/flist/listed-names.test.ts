import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ListedNames } from '../../../ts/flist/listed-names.ts';
import { listOf } from './lists.ts';

it('knows the names of each directory, as a set of them does', () => {
  const name = fc.constantFrom('a', 'b', 'ab', 'ba', '\xff', 'x'.repeat(200), '-');
  const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
  fc.assert(
    fc.property(fc.array(path, { maxLength: 60 }), fc.array(fc.nat(60)), path, (paths, cleared, other) => {
      const list = listOf(paths);
      for (const i of cleared) if (i < list.count) list.clear(i);
      const kept = new Set(paths.filter((_, i) => !cleared.includes(i)));
      const listed = new ListedNames();
      for (const each of [...paths, other]) {
        const at = each.lastIndexOf('/');
        const dir = at < 0 ? '' : each.slice(0, at);
        expect(listed.in(list, dir).has(each.slice(at + 1))).toBe(kept.has(each));
      }
    }),
  );
});

it('takes no more than a few bytes an entry', () => {
  const list = listOf(Array.from({ length: 50_000 }, (_, i) => `directory/name-of-an-entry-${i}`));
  const before = process.memoryUsage();
  const listed = new ListedNames();
  expect(listed.in(list, 'directory').has('name-of-an-entry-7')).toBe(true);
  expect(listed.in(list, 'directory').has('name-of-an-entry')).toBe(false);
  const after = process.memoryUsage();
  const grown = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers;
  expect(grown).toBeLessThan(50_000 * 40);
});
