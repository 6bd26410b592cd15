import { expect, it } from 'vitest';
import { DirTree } from '../../../ts/flist/dir-tree.ts';

interface Dir {
  readonly d: number;
  readonly depth: number;
  readonly children: Dir[];
}

/** A tree whose directories have the numbers that they get when each one's content is sent in its turn. */
function grow(widths: readonly number[]): { first: Dir[]; inTurn: Dir[] } {
  const inTurn: Dir[] = [];
  let numbers = 0;
  const siblings = (count: number, depth: number): Dir[] =>
    Array.from({ length: count }, () => ({ d: numbers++, depth, children: [] }));
  const visit = (dir: Dir): void => {
    inTurn.push(dir);
    if (dir.depth < widths.length)
      dir.children.push(...siblings((dir.d * 7) % widths[dir.depth], dir.depth + 1));
    dir.children.forEach(visit);
  };
  const first = siblings(widths[0], 1);
  first.forEach(visit);
  return { first, inTurn };
}

const numbersOf = (dirs: readonly Dir[]): number[] => dirs.map(({ d }) => d);

it('the content of directories is sent depth first, siblings in list order', () => {
  const { first, inTurn } = grow([4, 5, 3, 4]);
  const tree = new DirTree();
  tree.add(numbersOf(first));
  const seen: [number, number][] = [];
  while (tree.advance()) {
    const dir = inTurn[seen.length];
    seen.push([tree.next, tree.depth]);
    // What is known by now, which is all but what hangs below those to come.
    const known = inTurn.slice(seen.length).filter((later) => later.depth <= dir.depth);
    expect(tree.following().next().value).toBe(known[0]?.d);
    expect([...tree.following()].length).toBeLessThanOrEqual(known.length);
    tree.add(numbersOf(dir.children));
  }
  expect(seen).toEqual(inTurn.map(({ d, depth }) => [d, depth]));
  expect([tree.next, tree.sibling, tree.depth]).toEqual([-1, -1, 0]);
});

it('directories of one name are gone over as one, and what is below them hangs on the last', () => {
  const tree = new DirTree();
  tree.add([1, 2, 5]);
  tree.advance();
  expect([tree.next, tree.sibling]).toEqual([1, 2]);
  tree.advance();
  expect([tree.next, tree.sibling, ...tree.following()]).toEqual([2, 5, 5]);
  tree.add([6, 7]);
  expect(tree.advance()).toBe(true);
  expect([tree.next, tree.depth, ...tree.following()]).toEqual([6, 2, 7, 5]);
});

it('where there are no directories, there is no next', () => {
  const tree = new DirTree();
  tree.add([]);
  expect(tree.advance()).toBe(false);
  expect(tree.next).toBe(-1);
});
