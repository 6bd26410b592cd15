/** Trees that are read ahead of a walk. */
import { mkdirSync } from 'node:fs';
import { beforeAll, expect, it } from 'vitest';
import { SysError } from '../../ts/errors.ts';
import { TreeAhead } from '../../ts/flist/tree-ahead.ts';
import type { Tree } from '../../ts/kernel/kernel.ts';
import { eachKernel, listingOptions as options, scratch } from './lanes.ts';

/** What was asked of the tree's `listTree`, which it must have. */
function watched(tree: Tree): (readonly string[])[] {
  const calls: (readonly string[])[] = [];
  const listTree = tree.listTree!.bind(tree);
  tree.listTree = (dirs, given, enough) => {
    calls.push(dirs);
    return listTree(dirs, given, enough);
  };
  return calls;
}

async function count(ahead: TreeAhead, tree: Tree, path: string): Promise<number> {
  const content = await ahead.contentOf(tree, path);
  if (content instanceof SysError) throw content;
  return content.count;
}

eachKernel('trees that are read ahead', (kernel) => {
  const dir = scratch();
  const hasLists = (): boolean => {
    const tree = kernel.openTree(dir.path);
    tree.close();
    return tree.listTree !== undefined;
  };

  const wide = Array.from({ length: 1500 }, (_, k) => `d${10_000 + k}`);
  beforeAll(() => {
    for (const name of wide) mkdirSync(dir.at('one', name, 'below'), { recursive: true });
    for (const name of wide.slice(0, 3)) {
      for (const file of ['x', 'y']) mkdirSync(dir.at('two', name, file), { recursive: true });
    }
  });

  it('give a call as many directories as it can have use for', async ({ skip }) => {
    if (!hasLists()) skip('reads no trees ahead');
    const tree = kernel.openTree(dir.at('one'));
    const calls = watched(tree);
    const ahead = new TreeAhead(options);
    ahead.start(tree, '');
    for (const name of wide) {
      expect(await count(ahead, tree, name)).toBe(1);
      expect(await count(ahead, tree, `${name}/below`)).toBe(0);
    }
    expect(calls.length).toBeGreaterThan(2);
    expect(Math.max(...calls.map((dirs) => dirs.length))).toBe(1024);
    tree.close();
  });

  it('are forgotten with what is on its way once another is gone to', async ({ skip }) => {
    if (!hasLists()) skip('reads no trees ahead');
    const one = kernel.openTree(dir.at('one'));
    const two = kernel.openTree(dir.at('two'));
    const calls = watched(one);
    const ahead = new TreeAhead(options);
    ahead.start(one, '');
    for (const name of wide.slice(0, 3)) expect(await count(ahead, two, name)).toBe(2);
    expect(calls).toHaveLength(1);
    one.close();
    two.close();
  });
});
