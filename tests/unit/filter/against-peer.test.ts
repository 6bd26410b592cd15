import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseFilterArgs } from '../../../ts/filter/index.ts';
import type { FilterArg } from '../../../ts/options/options.ts';
import { filterContext } from '../../support/host.ts';
import { hasPeer, listedByPeer, listedWith, makeTree, scratch } from './peer.ts';

const names = ['a', 'b', 'ab', 'foo', 'foo.o', 'bar', '-x', '[a]', 'a b', '.hid', 'core', 'x~'];

function tree(): Record<string, string> {
  const files: Record<string, string> = {};
  for (const one of names) {
    files[one === 'a' || one === 'foo' || one === 'bar' ? `${one}/` : one] = '';
    for (const dir of ['a', 'foo', 'bar']) {
      files[one === 'b' || one === 'foo' ? `${dir}/${one}/` : `${dir}/${one}`] = '';
      for (const sub of ['b', 'foo']) files[`${dir}/${sub}/${one}`] = '';
    }
  }
  return files;
}

const piece = fc.constantFrom(
  'a',
  'b',
  'foo',
  'bar',
  '.o',
  'o',
  '/',
  '/',
  '*',
  '*',
  '**',
  '***',
  '?',
  '[ab]',
  '[!a]',
  '[[:alpha:]]',
  '\\[',
  '\\',
  ' ',
  '~',
  '-',
);
const component = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom('a', 'b', 'foo', 'bar', 'core', 'foo.o', '[a]', 'a b') },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '*',
      '?',
      'f*',
      '*o',
      'b*',
      '[ab]',
      '**',
      '?o?',
      '[!-a]*',
      '\\[a]',
      '[[]a]',
      '*[[:alpha:]]',
    ),
  },
  { weight: 1, arbitrary: fc.array(piece, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('')) },
);
const pattern = fc
  .tuple(
    fc.constantFrom('', '', '', '/', '**/'),
    fc.array(component, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/')),
    fc.constantFrom('', '', '', '/', '/***', '/**'),
  )
  .map((parts) => parts.join(''))
  .filter((text) => text.trim() === text && !text.startsWith('-') && text !== '/');
const prefix = fc.constantFrom(
  '- ',
  '- ',
  '- ',
  '+ ',
  '-! ',
  '-/ ',
  '+/ ',
  'H ',
  'S ',
  'P ',
  'R ',
  '-s ',
  '-r ',
  '-p ',
  'exclude ',
  'hide,! ',
  'show_',
  '-,p_',
  'include,/ ',
);
const rule = fc.tuple(prefix, pattern).map((parts) => parts.join(''));
const rules = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: rule },
    { weight: 1, arbitrary: fc.constantFrom('!', '# comment', 'clear', ';x', '') },
  ),
  { maxLength: 6 },
);

describe.runIf(hasPeer)('filters, compared with the real rsync', () => {
  let dir: string;
  let remove: () => void;
  beforeAll(() => {
    ({ dir, remove } = scratch());
    makeTree(join(dir, 'src'), tree());
  });
  afterAll(() => remove());

  const runs = Number(process.env.OC_RSYNC_FUZZ_RUNS ?? 60);

  it('hides the same names for any list of rules', () => {
    fc.assert(
      fc.property(rules, (list) => {
        const file = join(dir, 'rules');
        writeFileSync(file, list.join('\n'), 'latin1');
        const chain = parseFilterArgs([{ kind: 'filter', rule: `merge ${file}` }], filterContext());
        expect(listedWith(chain, join(dir, 'src'))).toEqual(
          listedByPeer([`--filter=merge ${file}`, 'src/'], dir),
        );
      }),
      { numRuns: runs },
    );
  }, 60_000);

  it('hides the same names with old-style includes and excludes', () => {
    const kind = fc.constantFrom('include', 'exclude', 'exclude');
    const old = fc.tuple(fc.constantFrom('', '', '+ ', '- '), pattern).map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.array(fc.tuple(kind, old), { maxLength: 6 }), (list) => {
        const args = list.map(([name, text]) => ({ kind: name, pattern: text }) as FilterArg);
        const chain = parseFilterArgs(args, filterContext());
        const peerArgs = list.map(([name, text]) => `--${name}=${text}`);
        expect(listedWith(chain, join(dir, 'src'))).toEqual(listedByPeer([...peerArgs, 'src/'], dir));
      }),
      { numRuns: runs },
    );
  }, 60_000);

  it('hides the same names with many rules of plain names', () => {
    const name = fc.constantFrom('a', 'b', 'foo', 'bar', 'core', 'x.o', 'foo.c', 'zip', 'oo', 'o');
    const path = fc
      .tuple(fc.constantFrom('', '', '/'), fc.array(name, { minLength: 1, maxLength: 3 }), fc.boolean())
      .map(([start, parts, isDir]) => start + parts.join('/') + (isDir ? '/' : ''));
    const plainRule = fc.tuple(fc.oneof({ weight: 4, arbitrary: fc.constant('- ') }, prefix), path);
    const many = fc.array(
      fc.oneof(
        { weight: 12, arbitrary: plainRule.map((parts) => parts.join('')) },
        { weight: 1, arbitrary: rule },
      ),
      { minLength: 6, maxLength: 24 },
    );
    fc.assert(
      fc.property(many, (list) => {
        const file = join(dir, 'rules');
        writeFileSync(file, list.join('\n'), 'latin1');
        const chain = parseFilterArgs([{ kind: 'filter', rule: `merge ${file}` }], filterContext());
        const expected = listedByPeer([`--filter=merge ${file}`, 'src/'], dir);
        expect(listedWith(chain, join(dir, 'src'))).toEqual(expected);
      }),
      { numRuns: runs },
    );
  }, 60_000);

  it('reads the same merge files of directories', () => {
    const modifier = fc.constantFrom('', '', 'n', 'e', 'w', '-', '+', '-n', 's', 'nw-', 'C', '/', 'p');
    const place = fc.constantFrom('', 'a/', 'foo/', 'foo/foo/', 'a/b/', 'bar/');
    const inner = fc.oneof(
      { weight: 8, arbitrary: rule },
      { weight: 1, arbitrary: fc.constantFrom('!', ': .more', ':n .more', ': .rules', '. .rules-plain') },
    );
    const plain = pattern.filter((text) => !text.includes(' '));
    fc.assert(
      fc.property(
        modifier,
        fc.dictionary(place, fc.array(inner, { maxLength: 3 }), { maxKeys: 4 }),
        fc.dictionary(place, fc.array(plain, { maxLength: 3 }), { maxKeys: 3 }),
        fc.constantFrom('.rules', '/.rules', '..rules'),
        rules,
        (flags, perDir, more, name, global) => {
          const noPrefixes = /[-+C]/.test(flags);
          // With a side given, or rules as words, prefixed rules would be errors in both.
          if (/[sw]/.test(flags) && !noPrefixes) perDir = {};
          const scratchDir = scratch();
          try {
            const src = join(scratchDir.dir, 'up/src');
            makeTree(src, tree());
            const write = (place: string, file: string, lines: readonly string[]) =>
              writeFileSync(join(src, place, file), lines.join('\n'), 'latin1');
            const file = name.replace('/', '');
            const source = noPrefixes ? more : perDir;
            for (const [place, lines] of Object.entries(source)) write(place, file, lines);
            for (const [place, lines] of Object.entries(more))
              write(
                place,
                '.more',
                lines.map((text) => `- ${text}`),
              );
            write('', '.rules-plain', ['- bar', '+ foo']);
            writeFileSync(
              join(scratchDir.dir, 'up', file),
              noPrefixes ? 'core\n/src/b\n' : '- core\n- /src/b\n',
            );
            const list = [...global.filter((text) => text !== '!' && text !== 'clear'), `:${flags} ${name}`];
            const rulesFile = join(scratchDir.dir, 'rules');
            writeFileSync(rulesFile, list.join('\n'), 'latin1');
            const chain = parseFilterArgs([{ kind: 'filter', rule: `merge ${rulesFile}` }], filterContext());
            let ours: string[] | Error;
            try {
              ours = listedWith(chain, src);
            } catch (error) {
              ours = error as Error;
            }
            if (ours instanceof Error)
              expect(() => listedByPeer([`--filter=merge ${rulesFile}`, 'up/src/'], scratchDir.dir)).toThrow(
                ours.message,
              );
            else
              expect(ours).toEqual(listedByPeer([`--filter=merge ${rulesFile}`, 'up/src/'], scratchDir.dir));
          } finally {
            scratchDir.remove();
          }
        },
      ),
      { numRuns: runs },
    );
  }, 60_000);
});
