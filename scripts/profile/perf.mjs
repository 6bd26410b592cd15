/** `perf record` and its reports: the kernel, the addon and V8 in one picture, over all threads. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Why perf cannot be used here; undefined where it can. */
export function perfMissing(folder) {
  const file = join(folder, 'perf-probe');
  const { error, status, stderr } = spawnSync('perf', ['record', '-q', '-o', file, 'true'], {
    encoding: 'latin1',
  });
  rmSync(file, { force: true });
  if (error) return error.code === 'ENOENT' ? 'there is no perf' : error.message;
  if (status === 0) return undefined;
  return stderr.split('\n').find((line) => line.trim() !== '') ?? `perf record ends with ${status}`;
}

/**
 * What to put before a Node command so that perf records it to `file`, with the names of what V8 compiled. The
 * shell tells the process id, after which V8 names its map of them.
 */
export const perfCommand = (file, pidFile, [node, ...rest]) => [
  ...['perf', 'record', '-q', '-g', '-F', '999', '-o', file, '--'],
  ...['sh', '-c', 'echo $$ >"$0"; exec "$@"', pidFile, node, '--perf-basic-prof', ...rest],
];

/** Removes V8's map, which perf wants in /tmp. */
export function removeMap(pidFile) {
  if (existsSync(pidFile)) rmSync(`/tmp/perf-${readFileSync(pidFile, 'latin1').trim()}.map`, { force: true });
}

const report = (file, args) => {
  const { stdout } = spawnSync(
    'perf',
    ['report', '-i', file, '--stdio', '-g', 'none', '--percent-limit', '0.4', ...args],
    { encoding: 'latin1', maxBuffer: 64 << 20, env: { ...process.env, PERF_PAGER: 'cat', LC_ALL: 'C' } },
  );
  return (stdout ?? '')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => line.trimEnd());
};

/** Lines of perf's own tables: by thread, by program part, by function (self), and with what it calls. */
export function perfTables(file) {
  return {
    'by thread': report(file, ['--no-children', '--sort', 'comm']),
    'by library': report(file, ['--no-children', '--sort', 'dso']),
    self: report(file, ['--no-children', '--sort', 'dso,symbol']),
    'with what it calls (children, self)': report(file, ['--children', '--sort', 'dso,symbol']),
  };
}
