import type { MemoryInUse } from '../../host.ts';
import type { ByteString } from '../../kernel/kernel.ts';
import { heapHead, heapLine } from '../messages.ts';
import { bigDecimal, bigNumber, commaNumber } from '../numbers.ts';
import type { Report } from '../report.ts';
import type { Statistics } from '../statistics.ts';

/** What the end of a run adds to its statistics. */
export interface SummaryFacts {
  readonly protocol: number;
  /** Wall time of the run in whole seconds (rsync takes the difference of two `time()`s). */
  readonly seconds: number;
}

/** rsync's output_summary: the `--stats` block and the two lines that close a verbose run. */
export function printSummary(report: Report, stats: Statistics, facts: SummaryFacts): void {
  const level = report.options.humanReadable;
  const human = (n: number) => bigNumber(n, level);
  if (report.info('stats', 2)) {
    report.write('client', '\n');
    for (const line of statisticsBlock(stats, facts.protocol, level)) report.print('info', line);
  }
  if (!report.info('stats', 1)) return;
  const exchanged = stats.totalWritten + stats.totalRead;
  const rate = bigDecimal(exchanged / (0.5 + facts.seconds), level, 2);
  const speedup = bigDecimal(stats.totalSize / exchanged, level === 0 ? 0 : 1, 2);
  const note =
    report.options.batch?.kind === 'only-write' ? ' (BATCH ONLY)' : report.options.dryRun ? ' (DRY RUN)' : '';
  report.write('client', '\n');
  report.print(
    'info',
    `sent ${human(stats.totalWritten)} bytes  received ${human(stats.totalRead)} bytes  ${rate} bytes/sec`,
  );
  report.print('info', `total size is ${human(stats.totalSize)}  speedup is ${speedup}${note}`);
}

/**
 * --info=stats3: what the process of a role holds of memory. rsync has one for each role, and so there is a block for
 * each; V8 and Node have other figures than malloc, said where rsync says those.
 */
export function tellOfHeap(report: Report, who: string): void {
  if (!report.info('stats', 3)) return;
  report.write('client', '\n');
  report.print('info', heapHead(report.pid, who));
  for (const [name, bytes, what] of heapFigures(report.host.memory()))
    report.print('info', heapLine(name, bytes, what));
}

function heapFigures(memory: MemoryInUse): [name: string, bytes: number, what: string][] {
  return [
    ['resident', memory.resident, 'bytes of the process in memory'],
    ['heap', memory.heap, "bytes of V8's heap"],
    ['used', memory.used, 'bytes of it used'],
    ['available', memory.available, 'bytes it may grow by'],
    ['malloced', memory.malloced, 'bytes V8 has from malloc'],
    ['external', memory.external, 'bytes outside that objects hold'],
    ['buffers', memory.buffers, 'bytes of those in buffers'],
  ];
}

function statisticsBlock(stats: Statistics, protocol: number, level: number): ByteString[] {
  const human = (n: number) => bigNumber(n, level);
  const seconds = (ms: number) => bigDecimal(ms / 1000, level === 0 ? 0 : 1, 3);
  const lines = [
    counted(
      'Number of files',
      [stats.numFiles, stats.numDirs, stats.numLinks, stats.numDevices, stats.numSpecials],
      level,
    ),
  ];
  if (protocol >= 29)
    lines.push(
      counted(
        'Number of created files',
        [
          stats.createdFiles,
          stats.createdDirs,
          stats.createdLinks,
          stats.createdDevices,
          stats.createdSpecials,
        ],
        level,
      ),
    );
  if (protocol >= 31)
    lines.push(
      counted(
        'Number of deleted files',
        [
          stats.deletedFiles,
          stats.deletedDirs,
          stats.deletedLinks,
          stats.deletedDevices,
          stats.deletedSpecials,
        ],
        level,
      ),
    );
  lines.push(
    `Number of regular files transferred: ${commaNumber(stats.transferredFiles, level)}`,
    `Total file size: ${human(stats.totalSize)} bytes`,
    `Total transferred file size: ${human(stats.transferredSize)} bytes`,
    `Literal data: ${human(stats.literal)} bytes`,
    `Matched data: ${human(stats.matched)} bytes`,
    `File list size: ${human(stats.flistSize)}`,
  );
  if (stats.flistBuildMs !== 0)
    lines.push(
      `File list generation time: ${seconds(stats.flistBuildMs)} seconds`,
      `File list transfer time: ${seconds(stats.flistTransferMs)} seconds`,
    );
  lines.push(
    `Total bytes sent: ${human(stats.totalWritten)}`,
    `Total bytes received: ${human(stats.totalRead)}`,
  );
  return lines;
}

const typeLabels = ['reg', 'dir', 'link', 'dev', 'special'];

/** `prefix: total (reg: n, dir: n, …)`; `counts` is the total and those that are not regular files. */
function counted(prefix: string, counts: readonly number[], level: number): ByteString {
  const [total, ...others] = counts;
  const regular = total - others.reduce((sum, n) => sum + n, 0);
  const shown: string[] = [];
  [regular, ...others].forEach((n, type) => {
    if (n !== 0) shown.push(`${typeLabels[type]}: ${commaNumber(n, level)}`);
  });
  const detail = total === 0 || shown.length === 0 ? '' : ` (${shown.join(', ')})`;
  return `${prefix}: ${commaNumber(total, level)}${detail}`;
}
