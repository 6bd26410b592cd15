/** Results as a table that is read as it is, and is Markdown. */
import type { Result } from './compare.ts';
import type { Usage } from './measure.ts';

const seconds = (n: number): string => `${n.toFixed(3)} s`;
const ratio = (n: number, base: number): string => (base > 0 ? `x${(n / base).toFixed(2)}` : '-');
const memory = (kib: number | null): string => (kib === null ? '-' : `${(kib / 1024).toFixed(0)} MiB`);

/** Rows below a head, all columns as wide as their widest cell. */
export function tableLines(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, i) => Math.max(3, ...[head, ...rows].map((row) => (row[i] ?? '').length)));
  const line = (row: readonly string[]) => `| ${row.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`;
  return [head, widths.map((width) => '-'.repeat(width)), ...rows].map(line).join('\n');
}

/**
 * A table of the results: the numbers of `base` where it is one of the tools, then each other tool's with the ratios of
 * wall and CPU time to those, and where there are goals the goal.
 */
export function markdown(results: readonly Result[], tools: readonly string[], base: string): string {
  const based = tools.includes(base);
  const others = tools.filter((tool) => tool !== base);
  const goals = results.some(({ goal }) => goal !== undefined);
  const columns = [...(based ? [base] : []), ...others].map((tool) => `${tool}: wall, CPU, memory`);
  const rows = results.map((result) => {
    const { name, goal, medians } = result;
    const own = medians[base];
    const cells = others.map((tool) => cell(result, tool, own));
    const first = based ? [cell(result, base, undefined)] : [];
    const last = goals ? [goal === undefined ? '' : `x${goal.toFixed(2)}`] : [];
    return [name, ...first, ...cells, ...last];
  });
  return tableLines(['scenario', ...columns, ...(goals ? ['goal'] : [])], rows);
}

function cell({ medians, failed }: Result, tool: string, own: Usage | undefined): string {
  const got = medians[tool];
  if (got === undefined) return failed[tool]?.why === 'differs' ? 'WRONG RESULT' : 'failed';
  const behind = (n: number, base: number | undefined) => (base === undefined ? '' : ` (${ratio(n, base)})`);
  const times = `${seconds(got.wall)}${behind(got.wall, own?.wall)}, ${seconds(got.cpu)}${behind(got.cpu, own?.cpu)}`;
  return `${times}, ${memory(got.rss)}`;
}
