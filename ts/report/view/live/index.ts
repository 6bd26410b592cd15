/** --info=progress3: how far a run is, in one block that is drawn again and again, or in a line every few seconds. */
import type { ByteString } from '../../../kernel/kernel.ts';
import { blockLines, lastLine, plainLine, type Style } from './block.ts';
import { Screen, type Stream, type Terminal } from './screen.ts';
import { Tally } from './tally.ts';

/** Between two drawings, and without news, in milliseconds. */
const pause = 100;
const quietPause = 1000;
/** Between two lines where nothing can be drawn. */
const linePause = 5000;

/** Columns and rows of a terminal. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** What the view is given. */
export interface LiveSetup {
  readonly style: Style;
  readonly terminal: Terminal;
  /** undefined: nothing can be drawn, and lines are written instead. */
  readonly size: (() => Size) | undefined;
  /** Standard output goes to the same terminal. */
  readonly outShown: boolean;
  now(): number;
  /** Calls `work` again and again; answers what ends that. */
  every(milliseconds: number, work: () => void): () => void;
}

/** The view of one run. */
export class LiveView {
  private readonly setup: LiveSetup;
  private readonly tally: Tally;
  private readonly screen: Screen;
  private readonly stop: () => void;
  private drawnAt: number;
  private news = false;
  private ended = false;

  constructor(setup: LiveSetup) {
    this.setup = setup;
    this.tally = new Tally(setup.now, () => {
      this.news = true;
      this.lookAtClock();
    });
    this.screen = new Screen(setup.terminal);
    this.drawnAt = setup.now();
    this.stop = setup.every(pause, () => {
      this.tally.sample();
      this.lookAtClock();
    });
  }

  /** What it listens to. */
  get events(): Tally['events'] {
    return this.tally.events;
  }

  /** Words of the run on their way out. */
  say(stream: Stream, text: ByteString): void {
    const { setup, screen } = this;
    if (this.ended || setup.size === undefined || (stream === 'out' && !setup.outShown)) {
      setup.terminal.write(stream, text);
      return;
    }
    screen.say(stream, text);
    if (screen.holds) this.lookAtClock();
  }

  /** The size of the terminal is another one. */
  resized(): void {
    if (!this.ended && this.setup.size !== undefined && this.tally.begun) this.draw();
  }

  /** Takes the block away until the next news: somebody else gets the terminal. */
  leave(): void {
    if (this.setup.size !== undefined) this.screen.clear();
  }

  /** The run is over: what stays is a line with its totals, where there was a run at all. */
  end(code: number): void {
    if (this.ended) return;
    this.takeAway();
    const { tally, setup } = this;
    if (!tally.begun) return;
    const standing = tally.standing();
    const whole = code === 0 || standing.files === standing.filesWanted;
    setup.terminal.write('err', `${lastLine(standing, setup.style, whole)}\n`);
  }

  /** Nothing is drawn any more, and what was is taken away: for a process that ends at once, too. */
  takeAway(): void {
    this.ended = true;
    this.stop();
    this.leave();
  }

  private lookAtClock(): void {
    const { setup, tally, screen } = this;
    if (this.ended || !tally.begun) return;
    const since = setup.now() - this.drawnAt;
    if (setup.size === undefined) {
      if (since >= linePause || since < 0) this.draw();
      return;
    }
    const due = this.news || screen.holds ? pause : quietPause;
    if (since >= due || since < 0) this.draw();
  }

  private draw(): void {
    const { setup, tally, screen } = this;
    this.drawnAt = setup.now();
    this.news = false;
    const standing = tally.standing();
    if (setup.size === undefined) {
      setup.terminal.write('err', `${plainLine(standing, setup.style)}\n`);
      return;
    }
    const { columns, rows } = setup.size();
    // A char in the last column makes some terminals begin a new line.
    screen.draw(blockLines(standing, setup.style, Math.max(columns - 1, 1), rows - 1));
  }
}
