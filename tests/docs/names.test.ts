/** What the documents name is there: files, options, variables and words of the sources. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { benchOptions } from '../../ts/bench/options.ts';
import { allNames } from '../../ts/manual/names.ts';
import { allSwitches } from '../../ts/options/switches.ts';
import { repositoryRoot } from '../support/peers.ts';
import { type Document, documents, repositoryFiles } from './documents.ts';

const read = (name: string) => readFileSync(join(repositoryRoot, name), 'utf8');
const sourcesBelow = (folders: RegExp, kinds: RegExp) =>
  repositoryFiles
    .filter((name) => folders.test(name) && kinds.test(name))
    .map(read)
    .join('\n');
const product = sourcesBelow(/^(ts|crates)\//, /\.(ts|rs|toml)$/);
const scripts = sourcesBelow(/^scripts\//, /\.[mc]js$/);
const around = sourcesBelow(/^(tests|fuzz|\.github|[^/]+$)/, /\.(ts|mjs|json|yml|toml)$/);
const all = product + scripts + around;

const places = new Set(
  repositoryFiles.flatMap((name) => {
    const parts = name.split('/');
    return parts.map((_, i) => parts.slice(0, i + 1).join('/'));
  }),
);
const folders = new Set([...places].flatMap((name) => name.split('/').slice(0, -1)));
/** Made by a build, or by the set-up of the tests. */
const isMade = /^(dist|native\/prebuilds|\.test-peers|bench-results|index\.[mc]js|.*\bevents\.schema\.json)/;

/** Whether a name between backticks means a file of the repository. */
function meansFile(span: string): boolean {
  if (!/^[\w.@-]+(\/[\w.@-]+)*\/?$/.test(span) || isMade.test(span)) return false;
  if (/\.(ts|rs|mjs|yml)$/.test(span)) return true;
  const [first = '', ...rest] = span.split('/');
  return rest.length > 0 && folders.has(first);
}

/** A file or a folder, by the end of its path; of a test without what they all end in. */
function isThere(span: string): boolean {
  // In capitals stands what somebody has to put there.
  const bare = span.replace(/(\/[A-Z]+)*\/?$/, '');
  const ends = [bare, `${bare}.test.ts`];
  return [...places].some((place) => ends.some((end) => place === end || place.endsWith(`/${end}`)));
}

const optionNames = new Set([
  ...allNames(),
  ...allSwitches().flatMap(({ how }) => (how.long === undefined ? [] : [`--${how.long}`])),
]);

/** Options of other programs that the documents speak of. */
const othersOptions = new Set([
  '--silent', // npm
  '--ignore-scripts', // npm
  '--no-opt', // V8
  '--invocation-count-for-turbofan', // V8
  '--invocation-count-for-maglev', // V8
  '--single-threaded', // V8
  '--v8-pool-size', // Node
  '--explain', // rejected by decision 0051
  '--recurse', // what rsync calls --recursive in a message
  '--no-OPTION',
]);
/** Words of no source. */
const othersWords = new Set(['ZSTD_decompressStream', 'yourMessage']);

function isOption(name: string): boolean {
  if (optionNames.has(name) || othersOptions.has(name) || name === '--json') return true;
  if (benchOptions.some((option) => name === `--${option.name}`)) return true;
  const bare = name.replace(/^--(no-)?/, '');
  return new RegExp(`--${bare}\\b|['"]${bare}['"]`).test(scripts);
}

/** What a span of the document names that there is not. */
function missing({ spans }: Document): string[] {
  return spans.flatMap((span) => {
    const faults: string[] = [];
    if (meansFile(span) && !isThere(span)) faults.push(`the file ${span}`);
    if (span.startsWith('-'))
      for (const [, name] of span.matchAll(/(?<!\S)(--[a-z][\w-]*\w)/g))
        if (!isOption(name!)) faults.push(`the option ${name}`);
    for (const [name] of span.matchAll(/\b(OC_|RSYNC_)[A-Z_]+\b/g))
      if (!all.includes(name)) faults.push(`the variable ${name}`);
    return faults;
  });
}

/** Words that were written from the sources: each of them is one of a program. */
function unknownWords({ spans }: Document): string[] {
  const words = spans.flatMap((span) => span.match(/\b[A-Za-z]\w*[a-z][A-Z]\w*\b/g) ?? []);
  return [...new Set(words)].filter(
    (word) => !othersWords.has(word) && !new RegExp(`\\b${word}\\b`).test(all),
  );
}

describe.each(documents.map((document) => [document.name, document] as const))('%s', (name, document) => {
  test('names what is there', () => {
    expect(missing(document)).toEqual([]);
  });

  test.skipIf(!/^docs\/(architecture|how-to\/add-|decisions)/.test(name))(
    'speaks in words of the sources',
    () => {
      expect(unknownWords(document)).toEqual([]);
    },
  );
});
