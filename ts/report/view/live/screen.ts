/** A block of lines at the bottom of a terminal, and what is said above it. */
import type { ByteString } from '../../../kernel/kernel.ts';

/** Where words go. */
export type Stream = 'out' | 'err';

/** What it draws on. */
export interface Terminal {
  write(stream: Stream, text: ByteString): void;
  /** It may be drawn on: another program may have it just now. */
  ours(): boolean;
}

/** So much is not held back any longer. */
const mostHeld = 64 * 1024;

const clearLine = '\x1b[K';
const clearBelow = '\x1b[J';
/** Lines are not broken: the terminal may be narrower by now than we have heard, or draw a char wider than we think. */
const unbroken = '\x1b[?7l';
const broken = '\x1b[?7h';

/**
 * While a block stands the cursor is at its first char. So it is found again where a terminal breaks its lines anew after
 * its size has changed, and where the process is killed the next prompt comes over it.
 */
export class Screen {
  private readonly terminal: Terminal;
  private stands = false;
  private held: { readonly stream: Stream; text: ByteString }[] = [];
  private heldLength = 0;
  /** The end of what was said last has no line end yet. */
  private open = false;

  constructor(terminal: Terminal) {
    this.terminal = terminal;
  }

  /** Something waits for the next `draw`. */
  get holds(): boolean {
    return this.held.length > 0;
  }

  /** Words of the run: at once as long as no block stands, else above it with the next one. */
  say(stream: Stream, text: ByteString): void {
    if (text === '') return;
    if (!this.stands) {
      this.terminal.write(stream, text);
      this.open = !text.endsWith('\n');
      return;
    }
    const last = this.held.at(-1);
    if (last?.stream === stream) last.text += text;
    else this.held.push({ stream, text });
    this.heldLength += text.length;
    if (this.heldLength > mostHeld) this.clear();
  }

  /** Draws the block, with what was said since above it. Below a line that has not ended there is none. */
  draw(lines: readonly string[]): void {
    const { terminal } = this;
    if (!terminal.ours()) {
      // Where the block was somebody else may have written.
      this.stands = false;
      this.clear();
      return;
    }
    if (this.holds) this.clear();
    if (this.open || lines.length === 0) return;
    const up = lines.length > 1 ? `\x1b[${lines.length - 1}A` : '';
    const text = lines.map((line) => line + clearLine).join('\r\n');
    terminal.write('err', bytesOf(`${unbroken}\r${text}${clearBelow}${up}\r${broken}`));
    this.stands = true;
  }

  /** Takes the block away, and says what was held. */
  clear(): void {
    const { terminal, held } = this;
    if (this.stands) terminal.write('err', `\r${clearBelow}`);
    this.stands = false;
    this.held = [];
    this.heldLength = 0;
    for (const { stream, text } of held) this.say(stream, text);
  }
}

function bytesOf(text: string): ByteString {
  return Buffer.from(text, 'utf8').toString('latin1');
}
