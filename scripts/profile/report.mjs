/** What was found, as a person reads it. */

const ms = (value) => `${value.toFixed(1).padStart(9)} ms`;
const share = (value, all) => `${((100 * value) / all).toFixed(1).padStart(5)} %`;
const seconds = (value) => `${value.toFixed(3)} s`;

const sorted = (map) => [...map].sort((a, b) => b[1] - a[1]);

/** The runs without a tool: rsync's, ours, and of ours the main thread and the others. */
export function summary(ours, peer) {
  const lines = [];
  const line = (name, { wall, cpu }) =>
    `${name.padEnd(8)} wall ${seconds(wall)}, CPU of all processes ${seconds(cpu)}`;
  lines.push(line('rsync', peer), `${line('ours', ours)}  (x${(ours.wall / peer.wall).toFixed(2)} wall)`);
  for (const [name, usage] of Object.entries(ours.processes)) {
    const all = usage.user + usage.system;
    lines.push(
      `  ${name}: main thread ${seconds(usage.main)}, other threads ${seconds(Math.max(0, all - usage.main))}; ` +
        `user ${seconds(usage.user)}, system ${seconds(usage.system)}`,
    );
  }
  return lines;
}

const treeLines = (node, all, smallest, depth = 0) => {
  if (node.total < smallest) return [];
  const own = `${ms(node.total)} ${share(node.total, all)} ${ms(node.self)}  ${'  '.repeat(depth)}${node.name}`;
  const below = [...node.children.values()].sort((a, b) => b.total - a.total);
  return [own, ...below.flatMap((child) => treeLines(child, all, smallest, depth + 1))];
};

/** One process's CPU profile of its main thread. */
export function cpuLines({ kinds, functions, tree }, top) {
  const all = [...kinds.values()].reduce((sum, value) => sum + value, 0);
  const busy = all - (kinds.get('waiting') ?? 0);
  const row =
    (whole) =>
    ([name, value]) =>
      `${ms(value)} ${share(value, whole)}  ${name}`;
  return [
    'kinds of time:',
    ...sorted(kinds).map(row(all)),
    '',
    'self time by function, shares of what is not waiting:',
    ...sorted(functions)
      .filter(([name]) => name !== '(idle)')
      .slice(0, top)
      .map(row(busy)),
    '',
    'calls (with what they call, share, self), from 3 %:',
    ...[...tree.children.values()]
      .sort((a, b) => b.total - a.total)
      .filter(({ name }) => name !== '(idle)')
      .flatMap((node) => treeLines(node, busy, busy * 0.03)),
  ];
}

/** perf's tables, cut to their largest. */
export function perfLines(tables, top) {
  return Object.entries(tables).flatMap(([title, lines]) => [`${title}:`, ...lines.slice(0, top), '']);
}

/**
 * System calls by number, and those that take the most time. The time is what strace lets them take, and of those
 * that wait also the waiting: it is good for comparing, not for adding up.
 */
export function syscallLines(rows, top) {
  const calls = rows.reduce((sum, row) => sum + row.calls, 0);
  const time = rows.reduce((sum, row) => sum + row.seconds, 0);
  const slow = [...rows].sort((a, b) => b.seconds - a.seconds).slice(0, top / 2);
  const shown = rows.filter((row, at) => at < top || slow.includes(row));
  const cells = (name, count, errors, kernel) =>
    `${String(count).padStart(9)} ${String(errors || '').padStart(8)} ${kernel.padStart(10)}  ${name}`;
  return [
    cells('system call', 'calls', 'errors', 'traced'),
    ...shown.map(({ name, calls: n, errors, seconds: s }) => cells(name, n, errors, seconds(s))),
    cells('in all', calls, 0, seconds(time)),
  ];
}
