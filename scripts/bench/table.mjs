/** Results of more than one scenario's kind as people read them. */
import { exponent, slope } from './fit.mjs';
import { tableLines } from './shared.mjs';

/** More than this is slower or larger, and no noise of the machine. */
const tolerance = 1.03;

/**
 * A Markdown table of one tool beside another, as an older build: the best of each one's runs, because what
 * else the machine does only ever adds to a run, and the medians of memory. What is over the tolerance is marked.
 */
export function againstMarkdown(results, tool, other) {
  const head = ['scenario', `${tool} / ${other}: wall`, 'CPU', 'memory', ''];
  const rows = results.map(({ name, medians, runs }) => {
    if (medians[tool] === undefined || medians[other] === undefined) return [name, 'failed', '', '', ''];
    const best = (of, pick) => Math.min(...runs[of].map(pick));
    const times = [(run) => run.wall, (run) => run.cpu].map((pick) => best(tool, pick) / best(other, pick));
    const ratios = [...times, (medians[tool].rss ?? 0) / (medians[other].rss ?? 1)];
    const worse = ratios.some((value) => value > tolerance);
    return [name, ...ratios.map((value) => `x${value.toFixed(2)}`), worse ? 'over' : ''];
  });
  return tableLines(head, rows);
}

/** What one more unit costs, by number of bytes or seconds: a scale that keeps the numbers short. */
const scaled = (value, steps) => {
  if (value === undefined) return '-';
  const [factor, unit] = steps.find(([factor]) => Math.abs(value) * factor >= 1) ?? steps.at(-1);
  return `${(value * factor).toFixed(2)} ${unit}`;
};
const timeSteps = [
  [1e3, 'ms'],
  [1e6, 'µs'],
];
const byteSteps = [
  [1 / 1024, 'KiB'],
  [1, 'B'],
];
const power = (value) => (value === undefined ? '-' : value === 0 ? 'flat' : value.toFixed(2));

/** A Markdown table of how cost grows: each series' cost of one more unit, and the exponents. */
export function growthMarkdown(points, tools, unitOf) {
  const head = [
    'series',
    'tool',
    ...['wall', 'CPU', 'memory'].map((what) => `${what} per unit`),
    'exponents of wall, CPU, memory',
  ];
  const rows = [...new Set(points.map(({ series }) => series))].flatMap((name) => {
    const own = points.filter(({ series }) => series === name);
    const unit = unitOf(own[0].kind);
    return tools.flatMap((tool) => {
      const line = (pick) =>
        own.flatMap(({ n, medians }) => (medians[tool] ? [[n, pick(medians[tool])]] : []));
      const costs = [(m) => m.wall, (m) => m.cpu, (m) => (m.rss ?? 0) * 1024].map(line);
      const [wall, cpu, rss] = costs.map(slope);
      const each = [scaled(wall, timeSteps), scaled(cpu, timeSteps), scaled(rss, byteSteps)];
      const powers = costs.map((cost) => power(exponent(cost)));
      return [[`${name} (a ${unit})`, tool, ...each, powers.join(', ')]];
    });
  });
  return tableLines(head, rows);
}
