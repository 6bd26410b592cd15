/** Rules about names, by which a kernel leaves entries out: it does what the chain of filters says of each name. */
import * as fs from 'node:fs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createFilters, type FilterChain } from '../../ts/filter/index.ts';
import { FileList } from '../../ts/flist/file-list.ts';
import type { Kernel, Tree } from '../../ts/kernel/kernel.ts';
import { type Listing, type ListingOptions, unlistable } from '../../ts/kernel/listing.ts';
import type { NameRules } from '../../ts/kernel/name-rules.ts';
import { filterContext } from '../support/host.ts';
import { eachKernel, scratch } from './lanes.ts';

const options: ListingOptions = {
  links: true,
  singleNames: false,
  oneDevice: false,
  owner: false,
  group: false,
  nanoseconds: false,
  dirFlags: 0,
  twice: false,
};

const dirs = ['a', 'a/b', 'ab', 'ab/a', 'ab/a/b'];
const names = ['a', 'b', 'ab', 'ba', 'a.o', 'b.a', '.a', 'a~', '[a]', 'a*b'];

function makeTree(path: string): void {
  for (const dir of dirs) fs.mkdirSync(`${path}/${dir}`, { recursive: true });
  for (const dir of ['', ...dirs])
    for (const name of names) {
      const at = `${path}/${dir}/${name}`;
      if (!fs.existsSync(at)) fs.writeFileSync(at, '');
    }
}

const piece = fc.constantFrom('a', 'b', '.', '*', '**', '?', '/', '[ab]', '[!a]', '\\*', '~', '***', 'ab');
const pattern = fc
  .tuple(
    fc.constantFrom('', '/', '**/', '*/'),
    fc.array(piece, { minLength: 1, maxLength: 4 }),
    fc.constantFrom('', '', '/', '/***'),
  )
  .map(([before, pieces, after]) => `${before}${pieces.join('')}${after}`);
const rule = fc
  .tuple(fc.constantFrom('-', '-', '+', '-!', '-/', '-s', '-r', '-p', 'P', 'S'), pattern)
  .map(([kind, text]) => `${kind} ${text}`);

function chainOf(rules: readonly string[], root: Tree): FilterChain {
  const filters = rules.map((text) => ({ kind: 'filter' as const, rule: text }));
  const chain = createFilters({ filters, server: false } as never, filterContext());
  chain.setRoot(root);
  return chain;
}

/** The names in a directory that rules leave. */
function listed(tree: Tree, dir: string, rules: NameRules): string[] {
  const listing = tree.list!(dir, { ...options, rules }) as Listing;
  const list = new FileList(0);
  list.addListing(listing, list.internDir('', 0));
  return Array.from({ length: list.count }, (_, i) => list.basename(i)).sort();
}

eachKernel('rules about names', (kernel: Kernel) => {
  const dir = scratch();

  it('leave out what the chain excludes', () => {
    makeTree(dir.at('tree'));
    const tree = kernel.openTree(dir.at('tree'));
    if (tree.list === undefined) return;
    fc.assert(
      fc.property(fc.array(rule, { minLength: 1, maxLength: 5 }), (rules) => {
        const chain = chainOf(rules, tree);
        const packed = chain.forKernel as NameRules;
        for (const below of ['', ...dirs]) {
          const rows = tree.scan(below);
          const left: string[] = [];
          for (let row = 0; row < rows.count; row++) {
            const path = below === '' ? rows.name(row) : `${below}/${rows.name(row)}`;
            if (chain.check(path, rows.isDir(row), 'hide') !== 'excluded') left.push(rows.name(row));
          }
          expect(listed(tree, below, packed)).toEqual(left.sort());
        }
        // --relative has names that begin with a slash.
        const whole = `${tree.path}/a`;
        const left = names.filter((name) => chain.check(`${whole}/${name}`, false, 'hide') !== 'excluded');
        const isFile = (name: string) => fs.statSync(`${whole}/${name}`).isFile();
        expect(listed(tree, whole, packed).filter(isFile)).toEqual(left.filter(isFile).sort());
      }),
      { numRuns: 300, seed: 62 },
    );
    tree.close();
  });

  it('take a directory with a merge file for one that cannot be told', async () => {
    const path = dir.at('merges');
    fs.mkdirSync(`${path}/with/below`, { recursive: true });
    fs.mkdirSync(`${path}/without`);
    fs.writeFileSync(`${path}/with/.rules`, '- x');
    const tree = kernel.openTree(path);
    if (tree.listTree === undefined) return;
    const chain = chainOf([': .rules', '- .rules'], tree);
    // What the rule means is found out where a directory is entered first.
    expect(chain.forKernel).toBeUndefined();
    chain.enterAt(tree, '', 0);
    const rules = chain.forKernel as NameRules;
    chain.enterAt(tree, 'without', 1, true);
    expect(chain.forKernel).toBe(rules);
    const { paths, contents } = await tree.listTree(['with', 'without'], { ...options, rules }, 100);
    expect(paths).toEqual(['with', 'without']);
    expect(contents[0]).toBe(unlistable);
    expect((contents[1] as Listing).count).toBe(0);
    chain.enterAt(tree, 'with', 1, true);
    expect(chain.check('with/x', false, 'hide')).toBe('excluded');
    expect(chain.forKernel).not.toBe(rules);
    chain.enterAt(tree, 'with/below', 2, true);
    expect(chain.check('with/below/x', false, 'hide')).toBe('excluded');
    tree.close();
  });

  it('are refused where they are out of bounds', () => {
    const tree = kernel.openTree(dir.path);
    if (tree.list === undefined) return;
    const rules = chainOf(['- a', '- *[a]*'], tree).forKernel as NameRules;
    expect(tree.list('', { ...options, rules })).not.toBe(unlistable);
    for (let word = 0; word < rules.words.length; word++) {
      if (word % 5 === 4) continue;
      const words = rules.words.slice();
      words[word] = 0xffffffff;
      // A plain text has no classes.
      if (word === 3) continue;
      expect(() => tree.list?.('', { ...options, rules: { ...rules, words } })).toThrow('out of bounds');
    }
    tree.close();
  });
});
