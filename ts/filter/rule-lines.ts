import { longestRule } from '../wire/limits.ts';

/** Bytes of a rule in a file; what is longer is left out. */
export const longestLine = longestRule;

/** A rule as it stands in a file. */
export interface RuleLine {
  readonly text: string;
  readonly isTooLong: boolean;
}

/**
 * Takes a rule file apart: lines, or words; with --from0 what NULs separate. No more than a piece and a line is
 * held at a time, whatever the file is.
 */
export function* ruleLines(
  pieces: Iterable<Uint8Array>,
  words: boolean,
  from0: boolean,
): Generator<RuleLine> {
  const separator = separatorOf(words, from0);
  let rest = '';
  for (const piece of pieces) {
    const text = rest + Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength).toString('latin1');
    // It may be half of a line end.
    const held = text.endsWith('\r') ? '\r' : '';
    const lines = text.slice(0, text.length - held.length).split(separator);
    rest = (lines.pop() as string).slice(0, longestLine) + held;
    for (const line of lines) yield ruleLine(line);
  }
  for (const line of rest.split(separator)) yield ruleLine(line);
}

/** A rule ends at a NUL, whatever separates rules. */
function ruleLine(line: string): RuleLine {
  const isTooLong = line.length >= longestLine;
  const end = line.indexOf('\0');
  return { text: isTooLong ? '' : end < 0 ? line : line.slice(0, end), isTooLong };
}

function separatorOf(words: boolean, from0: boolean): RegExp | string {
  if (words) return from0 ? /[ \t\n\v\f\r\0]/ : /[ \t\n\v\f\r]/;
  return from0 ? '\0' : /\r\n|\n|\r/;
}
