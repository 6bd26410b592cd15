#!/usr/bin/env node
/**
 * Prints what the last `cargo bench` and the last `npm run bench:kernels` measured as the Markdown tables of
 * docs/kernels.md.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const criterion = join(process.env.CARGO_TARGET_DIR ?? join(root, 'target'), 'criterion');
const vitest = join(root, 'bench-results', 'kernels.json');

const read = (file) => JSON.parse(readFileSync(file, 'utf8'));
const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

const time = (ns) => {
  const [unit, factor] = ns < 1e3 ? ['ns', 1] : ns < 1e6 ? ['µs', 1e3] : ['ms', 1e6];
  return `${(ns / factor).toFixed(1)} ${unit}`;
};
const rate = (throughput, ns) => {
  if (throughput?.Bytes !== undefined) return `${(throughput.Bytes / ns).toFixed(2)} GB/s`;
  if (throughput?.Elements !== undefined) return `${time(ns / throughput.Elements)} each`;
  return '';
};

/** Folders of results below `dir`, each with its newest measurement. */
function results(dir) {
  if (!existsSync(dir)) return [];
  const file = join(dir, 'new', 'benchmark.json');
  if (existsSync(file)) {
    const { full_id: name, throughput } = read(file);
    const ns = read(join(dir, 'new', 'estimates.json')).median.point_estimate;
    return [{ name, throughput, ns }];
  }
  const below = readdirSync(dir, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return below.flatMap((entry) => results(join(dir, entry.name)));
}

/** By group, with what limits it at its end. */
const order = ({ name }) => name.replace(/^limit/, '~limit').replace('/limit', '/~limit');
const rust = results(criterion).sort((a, b) => (order(a) < order(b) ? -1 : 1));
if (rust.length > 0) {
  const rows = rust.map(({ name, throughput, ns }) => {
    const [group, ...rest] = name.split('/');
    return [group, rest.join('/'), time(ns), rate(throughput, ns)];
  });
  console.log(`${table(['in Rust', '', 'time', 'rate'], rows)}\n`);
}

if (existsSync(vitest)) {
  const groups = read(vitest).files.flatMap((file) => file.groups);
  const rows = groups.map(({ fullName, benchmarks }) => {
    const of = (kernel) => benchmarks.find(({ name }) => name === kernel)?.median;
    const [native, portable] = [of('native'), of('portable')];
    const cell = (ms) => (ms === undefined ? '-' : time(ms * 1e6));
    const ratio = native && portable ? `x${(portable / native).toFixed(1)}` : '';
    return [fullName.split(' > ').at(-1), cell(native), cell(portable), ratio];
  });
  console.log(table(['through the kernel', 'native', 'portable', 'portable to native'], rows));
}
