/**
 * Words on their way out: to a client's standard streams, escaped and line by line, or raw to the client of a
 * server.
 */
import type { ByteString } from '../../kernel/kernel.ts';
import type { Options } from '../../options/options.ts';
import { type Charset, escapeText, isPlainLine } from '../escape.ts';
import type { LogCode } from '../events.ts';

/** Where text goes: a client's standard streams, or the messages a server sends to its client. */
export interface Output {
  /**
   * `text` is ready to be shown (client: already escaped) or sent (server: raw bytes), with its line end.
   * A client gets the codes `info` (standard output) and `warning`, `error`, `error-xfer` (standard error).
   */
  write(code: LogCode, text: ByteString): void;
  /** Server: writes to its own standard error, already escaped. A daemon has none. */
  stderr?(text: ByteString): void;
  /** Server: tells the client of a deletion (MSG_DELETED); the name of a directory ends with a NUL. */
  deleted?(payload: ByteString): void;
}

export interface TextFacts {
  readonly options: Options;
  readonly output: Output;
  readonly server: boolean;
  readonly charset: Charset;
  /** The protocol that was agreed on, or ours as long as none is. */
  readonly protocol: () => number;
}

/** Makes a line of text fit to be shown. */
export type Escape = (text: ByteString) => ByteString;

export class TextView {
  private readonly facts: TextFacts;
  /** How lines are escaped; what cannot be converted from the wire's charset (`error-utf8`) is shown by its bytes. */
  private readonly escape: Escape;
  private readonly escapeAscii: Escape = (text) => escapeText(text, 'ascii');
  /** The last output has no line end (output_needs_newline); 2 for a file list's growing count. */
  private openLine: 0 | 1 | 2 = 0;

  constructor(facts: TextFacts) {
    this.facts = facts;
    const charset = facts.options.eightBitOutput ? 'bytes' : facts.charset;
    this.escape = (text) => escapeText(text, charset);
  }

  /**
   * Says `text` as it stands (rwrite): a leading carriage return and a trailing one or newline stay
   * what they are, everything between is escaped before it is shown.
   */
  write(
    code: LogCode,
    text: ByteString,
    shape = code === 'error-utf8' ? this.escapeAscii : this.escape,
  ): void {
    const { options, output, server } = this.facts;
    if (code === 'log') return;
    if (options.quiet && (code === 'info' || code === 'client')) return;
    if (server && this.goesToStderr(code)) output.stderr?.(escaped(text, shape));
    else if (server) output.write(this.serverCode(code), text);
    else if (options.msgs2stderr === true && !isError(code)) this.show('warning', text, shape);
    else this.show(code === 'client' ? 'info' : code, text, shape);
  }

  /** The text just written leaves its line open: the next message starts on a new one. */
  leaveOpen(): void {
    if (!this.facts.server && !this.facts.options.quiet) this.openLine = 1;
  }
  /** Lets the next text continue the open line. */
  continueLine(): void {
    this.openLine = 0;
  }
  /** Ends an open line; for the end of a run. */
  closeLine(code: 'info' | 'error'): void {
    if (this.openLine > 0) this.facts.output.write(code, '\n');
    this.openLine = 0;
  }
  /** A count that the next one is written over. */
  writeCount(text: ByteString): void {
    if (this.openLine === 2) this.openLine = 0;
    this.write('client', text);
    this.openLine = 2;
  }

  /**
   * --stderr: whether a server says this on its own standard error. Errors are unless it was told otherwise,
   * or the client may be too old to have arranged for it.
   */
  private goesToStderr(code: LogCode): boolean {
    const { options, output, protocol } = this.facts;
    if (output.stderr === undefined) return false;
    return options.msgs2stderr ?? (protocol() > 28 && isError(code));
  }

  /** No client knows `client`; those below protocol 30 know neither plain errors nor warnings. */
  private serverCode(code: LogCode): LogCode {
    if (code === 'client') return 'info';
    if (this.facts.protocol() >= 30) return code;
    return code === 'error' || code === 'error-utf8' ? 'error-xfer' : code === 'warning' ? 'info' : code;
  }

  private show(code: LogCode, text: ByteString, shape: Escape): void {
    const { output } = this.facts;
    if (this.openLine === 0 && isPlainLine(text)) {
      output.write(code, text);
      return;
    }
    let head = '';
    if (this.openLine > 0) {
      head = '\n';
      this.openLine = 0;
    }
    output.write(code, head + escaped(text, shape));
  }
}

/** Something went wrong, or may. */
export function isError(code: LogCode): boolean {
  return code === 'warning' || code === 'error' || code === 'error-xfer' || code === 'error-utf8';
}

function isLineEnd(byte: number): boolean {
  return byte === 10 || byte === 13;
}

function escaped(text: ByteString, shape: Escape): ByteString {
  let from = 0;
  let to = text.length;
  if (to > 0 && isLineEnd(text.charCodeAt(to - 1))) to--;
  if (to > 0 && text.charCodeAt(0) === 13) from = 1;
  return text.slice(0, from) + shape(text.slice(from, to)) + text.slice(to);
}
