/** The program in parts, each of which is read when a run first needs it (docs/decisions/0061-parts.md). */
import { mkdirSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { parseAst } from 'rolldown/parseAst';

/**
 * What is read together: the modules that `test` names and what they import, as far as no part before it has that. A module
 * that is imported by function alone, and is in none of these, is a part of its own.
 */
const groups = [
  // What every command needs, a question as well.
  { name: 'front', test: /rolldown.runtime|\/ts\/(cli\/(?!main|watched)|kernel\/index)/ },
  // What every run needs.
  { name: 'engine', test: /\/ts\/session\/(index|client)\.ts/ },
  // What one with another host needs: sockets and children, for which Node itself loads 2 ms of code.
  { name: 'remote', test: /\/ts\/session\/(connection|callers-wire|server)\.ts/ },
  { name: 'portable', test: /\/ts\/kernel\/portable\// },
  { name: 'batch', test: /\/ts\/session\/(batch-file|replay)\.ts/ },
  { name: 'daemon', test: /\/ts\/daemon\// },
  { name: 'view', test: /\/ts\/(cli\/watched|library\/json)/ },
].map((group, index, all) => ({ ...group, priority: all.length - index }));

/**
 * Builds the parts of `ts/cli/main.ts` into the folder `outdir` below `root`, as `main.cjs` and what that asks for. Gives the
 * texts by their file's name.
 */
export async function buildParts(root, outdir, { minify, sourcemap }) {
  const bundle = await rolldown({
    cwd: root,
    input: { main: 'ts/cli/main.ts' },
    // Where it is told of Node, its own `require` is made by a module of Node's that loads others.
    platform: 'neutral',
    resolve: { mainFields: ['main'] },
    // The tables of iconv-lite are larger than the program, and only --iconv reads them.
    external: ['iconv-lite', ...builtinModules, /^node:/],
    transform: { target: 'node20', define: { 'import.meta.dirname': '__dirname' } },
    checks: { ineffectiveDynamicImport: false },
  });
  const { output } = await bundle.generate({
    format: 'es',
    minify,
    sourcemap,
    comments: false,
    externalLiveBindings: false,
    entryFileNames: '[name].cjs',
    chunkFileNames: '[name].cjs',
    codeSplitting: { groups },
  });
  await bundle.close();
  mkdirSync(join(root, outdir), { recursive: true });
  const texts = new Map();
  for (const { type, fileName, code, source } of output) {
    const text = type === 'chunk' ? asFunction(code) : source;
    writeFileSync(join(root, outdir, fileName), text);
    texts.set(fileName, text);
  }
  return texts;
}

/**
 * An ES module as the function that `ts/cli/start.ts` runs it by. Its lines stay where they are. What it imports are constants
 * of its own: V8 finds those without a look, which it does not with the members of what `require` gives.
 */
function asFunction(code) {
  const edits = [];
  visit(parseAst(code), (node) => {
    const text = asCommonJs(node, code);
    if (text === undefined) return true;
    edits.push({ ...node, text });
    return false;
  });
  let text = '';
  let at = 0;
  for (const edit of edits.sort((a, b) => a.start - b.start)) {
    text += code.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return asAscii(`(function (require, module, __dirname) {'use strict';${text}${code.slice(at)}\n})`);
}

/** It is read byte by byte, which takes half the time. Only texts and patterns hold other characters. */
function asAscii(code) {
  return code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** What stands for an import or an export of the bundler's. */
function asCommonJs(node, code) {
  switch (node.type) {
    case 'ImportDeclaration': {
      const module = `require(${node.source.raw})`;
      const named = node.specifiers.filter(({ type }) => type === 'ImportSpecifier');
      const whole = node.specifiers.filter(({ type }) => type !== 'ImportSpecifier');
      const names = named.map(({ imported, local }) => `${imported.name}:${local.name}`);
      const constants = whole.map(({ local }) => `const ${local.name}=${module};`);
      if (names.length > 0) constants.push(`const{${names}}=${module};`);
      return constants.length > 0 ? constants.join('') : `${module};`;
    }
    case 'ExportNamedDeclaration': {
      const members = node.specifiers.map(({ local, exported }) => `${exported.name}:${local.name}`);
      return `module.exports={${members}};`;
    }
    case 'ImportExpression': {
      const quoted = code.slice(node.source.start, node.source.end);
      const module = `require(${quoted})`;
      // What is none of ours is CommonJS.
      const exports = quoted.slice(1).startsWith('./') ? module : `({ default: ${module} })`;
      return `Promise.resolve().then(()=>${exports})`;
    }
    case 'MetaProperty':
    case 'ExportDefaultDeclaration':
    case 'ExportAllDeclaration':
      throw new Error(`no part may hold this: ${code.slice(node.start, node.end)}`);
    default:
      return undefined;
  }
}

/** Calls `enter` for each node from the outside in; not for what lies in one where it gives false. */
function visit(node, enter) {
  if (Array.isArray(node)) for (const one of node) visit(one, enter);
  else if (typeof node?.type === 'string' && enter(node))
    for (const member of Object.values(node)) if (typeof member === 'object') visit(member, enter);
}
