/** Results as people read them. */

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const seconds = (n) => `${n.toFixed(3)} s`;
const ratio = (n, base) => (base > 0 ? `x${(n / base).toFixed(2)}` : '-');
const memory = (kib) => (kib === null ? '-' : `${(kib / 1024).toFixed(0)} MiB`);

/** Medians of one tool's runs of one scenario. */
export function summarize(runs) {
  const rss = runs.map((run) => run.rss).filter((value) => value !== null);
  return {
    wall: median(runs.map((run) => run.wall)),
    cpu: median(runs.map((run) => run.cpu)),
    rss: rss.length === 0 ? null : median(rss),
  };
}

/**
 * A Markdown table: rsync's own numbers, then each other tool's with the ratios of wall and CPU time to
 * rsync's.
 */
export function markdown(results, tools, base) {
  const others = tools.filter((tool) => tool !== base);
  const head = [
    'scenario',
    `${base}: wall, CPU, memory`,
    ...others.map((tool) => `${tool}: wall, CPU, memory`),
    'goal',
  ];
  const rows = results.map(({ name, goal, medians }) => {
    const own = medians[base];
    const cells = others.map((tool) => {
      const got = medians[tool];
      if (got === undefined) return 'failed';
      const walls = own === undefined ? '' : ` (${ratio(got.wall, own.wall)})`;
      const cpus = own === undefined ? '' : ` (${ratio(got.cpu, own.cpu)})`;
      return `${seconds(got.wall)}${walls}, ${seconds(got.cpu)}${cpus}, ${memory(got.rss)}`;
    });
    const first =
      own === undefined ? 'failed' : `${seconds(own.wall)}, ${seconds(own.cpu)}, ${memory(own.rss)}`;
    return [name, first, ...cells, goal === undefined ? '' : `x${goal.toFixed(2)}`];
  });
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}
