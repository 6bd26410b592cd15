/** Every link within the repository leads somewhere, and what is beside its `#` as well. */
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';
import { repositoryRoot } from '../support/peers.ts';
import { type Document, documents } from './documents.ts';

/** What is wrong with a link; nothing for one that is right, or leads out of the repository. */
function fault({ name, anchors }: Document, link: string): string[] {
  if (/^[a-z]+:/.test(link)) return [];
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? name : normalize(join(dirname(name), decodeURI(path)));
  if (target.startsWith('..')) return [`${link} leads out of the repository`];
  if (!existsSync(join(repositoryRoot, target))) return [`${link} leads nowhere`];
  const there = path === '' ? anchors : documents.find((one) => one.name === target)?.anchors;
  return anchor === undefined || there?.has(anchor) ? [] : [`${link} names no heading`];
}

test.each(documents.map((document) => [document.name, document] as const))('%s', (_, document) => {
  expect(document.links.flatMap((link) => fault(document, link))).toEqual([]);
});
