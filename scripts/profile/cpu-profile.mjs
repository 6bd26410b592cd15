/** Reads what `node --cpu-prof` writes: where the main thread was, sample by sample. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** `--cpu-prof` and what makes it exact enough for runs of a tenth of a second. */
export const cpuProfileFlags = (folder) => [
  '--cpu-prof',
  '--cpu-prof-interval=200',
  `--cpu-prof-dir=${folder}`,
];

/** Names the place of a frame: the source, where there is a map to it. */
function placer(root) {
  const maps = new Map();
  const mapOf = (file) => {
    if (!maps.has(file)) {
      const text = existsSync(`${file}.map`) ? readFileSync(`${file}.map`, 'utf8') : undefined;
      maps.set(file, text === undefined ? undefined : new SourceMap(JSON.parse(text)));
    }
    return maps.get(file);
  };
  return ({ url, lineNumber, columnNumber }) => {
    if (url === '' || url.startsWith('node:')) return url === '' ? '' : `${url}:${lineNumber + 1}`;
    const file = url.startsWith('file:') ? fileURLToPath(url) : url;
    const found = mapOf(file)?.findEntry(lineNumber, columnNumber);
    if (found?.originalSource === undefined) return `${relative(root, file)}:${lineNumber + 1}`;
    return `${relative(root, resolve(file, '..', found.originalSource))}:${found.originalLine + 1}`;
  };
}

/** What kind of time a frame is. */
const kindOf = ({ functionName, url }) => {
  if (url.startsWith('node:')) return "Node's own JavaScript";
  if (url !== '') return 'JavaScript';
  if (functionName === '(idle)') return 'waiting';
  if (functionName === '(garbage collector)') return 'garbage collection';
  if (functionName === '(program)' || functionName === '(root)') return 'outside of JavaScript';
  return 'native functions called from JavaScript';
};

const isNodes = ({ callFrame }) => callFrame.url.startsWith('node:');

/**
 * Joins the children of a node that are the same function, so that the tree is one of call paths. What Node's own
 * code calls of its own is part of the first of it.
 */
function grow(node, byId, own, label) {
  const children = new Map();
  const at = { name: label(node), self: 0, total: 0, children };
  const merge = (target, source) => {
    target.self += own.get(source.id) ?? 0;
    for (const id of source.children ?? []) {
      const child = byId.get(id);
      if (isNodes(source) && isNodes(child)) {
        merge(target, child);
        continue;
      }
      const name = label(child);
      const into = target.children.get(name) ?? { name, self: 0, total: 0, children: new Map() };
      target.children.set(name, into);
      merge(into, child);
    }
  };
  merge(at, node);
  const sum = (tree) => {
    tree.total = tree.self;
    for (const child of tree.children.values()) tree.total += sum(child);
    return tree.total;
  };
  sum(at);
  return at;
}

/**
 * The profiles in `folder`, one a process: milliseconds by kind, by function (self) and as a tree of calls.
 * `root` is what paths are shown relative to.
 */
export function readCpuProfiles(folder, root) {
  const place = placer(root);
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.cpuprofile')) : [];
  return files.map((name) => {
    const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(join(folder, name), 'utf8'));
    const byId = new Map(nodes.map((node) => [node.id, node]));
    const own = new Map();
    for (let i = 0; i < samples.length; i++) {
      // A delta is the time before its sample.
      const span = (timeDeltas[i + 1] ?? 0) / 1000;
      own.set(samples[i], (own.get(samples[i]) ?? 0) + Math.max(0, span));
    }
    const labels = new Map();
    const label = (node) => {
      if (!labels.has(node.id)) {
        const where = place(node.callFrame);
        const title = node.callFrame.functionName || '(top level)';
        labels.set(node.id, where === '' ? title : `${title}  ${where}`);
      }
      return labels.get(node.id);
    };
    const kinds = new Map();
    const functions = new Map();
    const add = (map, key, ms) => map.set(key, (map.get(key) ?? 0) + ms);
    for (const [id, ms] of own) {
      const node = byId.get(id);
      add(kinds, kindOf(node.callFrame), ms);
      add(functions, label(node), ms);
    }
    return { kinds, functions, tree: grow(nodes[0], byId, own, label) };
  });
}
