/** The repository's documents, taken apart as Markdown. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { marked, type Token, type Tokens } from 'marked';
import { repositoryRoot } from '../support/peers.ts';

/** A fenced block: what stands behind its fence, and what is in it. */
export interface Block {
  readonly language: string;
  readonly text: string;
}

export interface Document {
  /** Its path in the repository. */
  readonly name: string;
  readonly text: string;
  readonly blocks: readonly Block[];
  /** What stands between backticks within a line, each once. */
  readonly spans: readonly string[];
  /** Where its links lead, as they are written. */
  readonly links: readonly string[];
  /** What a `#` behind its name can lead to. */
  readonly anchors: ReadonlySet<string>;
}

/** Made, and no part of the repository. */
const isMade = /^(\.git|\.test-peers|target|dist|native\/prebuilds|bench-results)$|(^|\/)node_modules$/;

/** Every file of the repository, by its path in it. */
export const repositoryFiles: readonly string[] = filesBelow('');

function filesBelow(folder: string): string[] {
  return readdirSync(join(repositoryRoot, folder), { withFileTypes: true }).flatMap((entry) => {
    const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (!entry.isDirectory()) return entry.isFile() ? [name] : [];
    return isMade.test(name) ? [] : filesBelow(name);
  });
}

export const documents: readonly Document[] = repositoryFiles
  .filter((name) => name.endsWith('.md'))
  // Texts of other people's licences.
  .filter((name) => name !== 'THIRD_PARTY_NOTICES.md')
  .map(read);

function read(name: string): Document {
  const text = readFileSync(join(repositoryRoot, name), 'utf8');
  const blocks: Block[] = [];
  const spans = new Set<string>();
  const links: string[] = [];
  const anchors = new Set<string>();
  marked.walkTokens(marked.lexer(text), (token: Token) => {
    if (token.type === 'code') blocks.push({ language: token.lang ?? '', text: token.text });
    else if (token.type === 'codespan') spans.add(token.text);
    else if (token.type === 'link' || token.type === 'image') links.push(token.href);
    else if (token.type === 'heading') anchors.add(unused(anchorOf(token as Tokens.Heading), anchors));
  });
  return { name, text, blocks, spans: [...spans], links, anchors };
}

/** As GitHub makes one of a heading: letters, digits, `_` and `-` in lower case, and a dash for each blank. */
function anchorOf({ text }: Tokens.Heading): string {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, '')
    .replaceAll(' ', '-');
}

function unused(anchor: string, used: ReadonlySet<string>): string {
  let name = anchor;
  for (let again = 1; used.has(name); again++) name = `${anchor}-${again}`;
  return name;
}
