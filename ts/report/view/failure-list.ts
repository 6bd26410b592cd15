/** --info=failures: the files that could not be dealt with, by reason, when a run is over. */
import type { ByteString } from '../../kernel/kernel.ts';
import { failureIn } from '../failures.ts';

/** How many names are kept: a run may fail for each file of a large tree. */
const mostNames = 10_000;
/** A peer that never ends its line is not waited for. */
const longestLine = 64 * 1024;

/** Finds them in what a run says on standard error. */
export class FailureList {
  private readonly fit: (text: ByteString) => ByteString;
  private readonly reasons = new Map<ByteString, { names: ByteString[]; more: number }>();
  private kept = 0;
  private rest = '';

  /** `fit` makes names fit to be shown. */
  constructor(fit: (text: ByteString) => ByteString) {
    this.fit = fit;
  }

  /** Words of the run, in pieces. */
  hear(text: ByteString): void {
    const lines = (this.rest + text).split(/[\r\n]/);
    this.rest = lines.pop() ?? '';
    if (this.rest.length > longestLine) this.rest = '';
    for (const line of lines) this.hearLine(line);
  }

  /** All of it, with line ends; '' where nothing failed. */
  text(): ByteString {
    const groups = [...this.reasons].sort(([, a], [, b]) => countOf(b) - countOf(a));
    if (groups.length === 0) return '';
    const lines = ['failed:'];
    for (const [reason, group] of groups) {
      lines.push(`  ${this.fit(reason)} (${countOf(group)}):`);
      for (const name of group.names) lines.push(`    ${this.fit(name)}`);
      if (group.more > 0) lines.push(`    ... and ${group.more} more`);
    }
    return `${lines.join('\n')}\n`;
  }

  private hearLine(line: ByteString): void {
    const failure = failureIn(line);
    if (failure === undefined) return;
    const group = this.reasons.get(failure.reason) ?? { names: [], more: 0 };
    this.reasons.set(failure.reason, group);
    // One file may be told of twice: by both sides, or when it is tried again.
    if (group.names.at(-1) === failure.path) return;
    if (this.kept >= mostNames) group.more++;
    else {
      this.kept++;
      group.names.push(failure.path);
    }
  }
}

function countOf({ names, more }: { readonly names: readonly ByteString[]; readonly more: number }): number {
  return names.length + more;
}
