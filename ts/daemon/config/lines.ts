/** A configuration file taken apart: sections, parameters and directives, as Samba's files have them. */
import type { ByteString } from '../../kernel/kernel.ts';

/** What a piece of the file says, and the line that it begins in. */
export type Statement = { readonly line: number } & (
  | { readonly kind: 'section'; readonly name: ByteString }
  | { readonly kind: 'parameter'; readonly name: ByteString; readonly value: ByteString }
  /** `&include` and `&merge`. */
  | { readonly kind: 'directive'; readonly name: ByteString; readonly value: ByteString }
  /** What is passed over. */
  | { readonly kind: 'ignored'; readonly problem: ByteString }
  /** What nothing can be read behind. */
  | { readonly kind: 'broken'; readonly problem: ByteString }
);

/** The statements of a file in order; a broken one is the last. A NUL ends a line, too. */
export function* statements(text: ByteString): Generator<Statement> {
  const lines = text.split(/[\n\0]/);
  for (let at = 0; at < lines.length; ) {
    const line = at + 1;
    const first = lines[at].replace(/^[\s\\]+/, '');
    if (first === '' || first.startsWith('#') || first.startsWith(';')) {
      at++;
      continue;
    }
    const read = first.startsWith('[') ? section : first.startsWith('&') ? directive : parameter;
    const { statement, next } = read([first, ...lines.slice(at + 1, at + 1 + mostLines)]);
    yield { line, ...statement };
    if (statement.kind === 'broken') return;
    at += next;
  }
}

/** Lines that one statement may go on over. */
const mostLines = 1000;

type Bare = Statement extends infer S ? (S extends Statement ? Omit<S, 'line'> : never) : never;

/** A statement, and how many lines it took. */
interface Read {
  readonly statement: Bare;
  readonly next: number;
}

/** `[NAME]`; what stands behind the bracket is not looked at. */
function section(lines: readonly ByteString[]): Read {
  const { text, next, found } = upTo(']', [lines[0].slice(1), ...lines.slice(1)]);
  const name = squeezed(text);
  if (!found) return { statement: { kind: 'broken', problem: `badly formed section: ${name}` }, next };
  if (name === '') return { statement: { kind: 'broken', problem: 'a section without a name' }, next };
  return { statement: { kind: 'section', name }, next };
}

/** `NAME = VALUE`. */
function parameter(lines: readonly ByteString[]): Read {
  const { text, next, found, rest } = upTo('=', lines);
  const name = squeezed(text);
  if (!found) return { statement: { kind: 'ignored', problem: `badly formed line: ${name}` }, next };
  if (name === '') return { statement: { kind: 'broken', problem: 'a parameter without a name' }, next };
  const { value, more } = readValue([rest, ...lines.slice(next)]);
  return { statement: { kind: 'parameter', name, value }, next: next + more };
}

/** `&NAME VALUE`, also with an `=` between. */
function directive(lines: readonly ByteString[]): Read {
  const match = /^(&[^\s=]*)[ \t]*=?[ \t]*/.exec(lines[0]) as RegExpExecArray;
  const { value, more } = readValue([lines[0].slice(match[0].length), ...lines.slice(1)]);
  return { statement: { kind: 'directive', name: match[1], value }, next: 1 + more };
}

/** What stands before `mark`, over as many lines as end in a backslash. */
function upTo(
  mark: string,
  lines: readonly ByteString[],
): { text: ByteString; rest: ByteString; next: number; found: boolean } {
  let text = '';
  for (const [k, line] of lines.entries()) {
    const end = line.indexOf(mark);
    if (end >= 0)
      return { text: text + line.slice(0, end), rest: line.slice(end + 1), next: k + 1, found: true };
    const cut = continuedAt(line);
    text += cut < 0 ? line : line.slice(0, cut);
    if (cut < 0) return { text, rest: '', next: k + 1, found: false };
  }
  return { text, rest: '', next: lines.length, found: false };
}

/** A value to its end, and how many lines it goes on over. */
function readValue(lines: readonly ByteString[]): { value: ByteString; more: number } {
  let value = '';
  let k = 0;
  for (; k < lines.length; k++) {
    const line = lines[k].replaceAll('\r', '');
    const cut = continuedAt(line);
    value += cut < 0 ? line : line.slice(0, cut);
    if (cut < 0) break;
  }
  return { value: value.replace(/^\s+/, '').replace(/\s+$/, ''), more: Math.min(k, lines.length - 1) };
}

/** Where the backslash stands that has a line go on; -1 where there is none. */
function continuedAt(line: ByteString): number {
  const end = line.trimEnd().length;
  return line[end - 1] === '\\' ? end - 1 : -1;
}

function squeezed(text: ByteString): ByteString {
  return text.replace(/\s+/g, ' ').trim();
}
