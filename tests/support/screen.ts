/** A small terminal: what a program writes to it, as the lines that are seen. */

/** A cell of a wide character's right half holds ''. */
type Row = { cells: string[]; continues: boolean };

/** Columns of a character, from a table of its own for those that tests use. */
function width(char: string): number {
  const code = char.codePointAt(0)!;
  if (code >= 0x300 && code <= 0x36f) return 0;
  const wide =
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xff01 && code <= 0xff60) ||
    (code >= 0x1f300 && code <= 0x1faff);
  return wide ? 2 : 1;
}

/** Knows what a modest terminal knows; of an escape sequence that it does not know it throws. */
export class ScreenBuffer {
  private columns: number;
  private rowCount: number;
  private rows: Row[] = [{ cells: [], continues: false }];
  private top = 0;
  private x = 0;
  private y = 0;
  /** The last column is written: the next char begins a line. */
  private full = false;
  private rest = '';
  cursorShown = true;
  /** Chars that came behind the last column where lines are not broken. */
  cutOff = 0;
  coloured = false;
  /** Lines are broken at the last column. */
  breaks = true;

  constructor(columns: number, rowCount: number) {
    this.columns = columns;
    this.rowCount = rowCount;
  }

  /** All lines there ever were, from those that left at the top on. */
  get lines(): string[] {
    const lines = this.rows.map(({ cells }) =>
      cells
        .map((cell) => cell ?? ' ')
        .join('')
        .trimEnd(),
    );
    while (lines.length > 1 && lines.at(-1) === '') lines.pop();
    return lines;
  }

  /** Takes what a program has written. */
  write(text: string): void {
    let input = this.rest + text;
    this.rest = '';
    while (input !== '') {
      if (input.startsWith('\x1b')) {
        const found = /^\x1b\[(\??)(\d*)([A-Za-z])/.exec(input);
        if (found === null) {
          if (input.length > 20) throw new Error(`unknown sequence ${JSON.stringify(input.slice(0, 20))}`);
          this.rest = input;
          return;
        }
        this.control(found[1]!, found[2]!, found[3]!);
        input = input.slice(found[0].length);
        continue;
      }
      const char = String.fromCodePoint(input.codePointAt(0)!);
      input = input.slice(char.length);
      this.put(char);
    }
  }

  /** Another size. Lines are broken anew as modern terminals do it, and the cursor stays with its char. */
  resize(columns: number, rowCount: number): void {
    const logical: { cells: string[]; cursor: number | undefined }[] = [];
    this.rows.forEach(({ cells, continues }, y) => {
      if (!continues) logical.push({ cells: [], cursor: undefined });
      const line = logical.at(-1)!;
      if (y === this.y) line.cursor = line.cells.length + this.x;
      for (let i = 0; i < cells.length; i++) line.cells.push(cells[i] ?? ' ');
    });
    this.rows = [];
    this.columns = columns;
    this.rowCount = rowCount;
    for (const { cells, cursor } of logical) {
      const first = this.rows.length;
      do this.rows.push({ cells: cells.splice(0, columns), continues: this.rows.length > first });
      while (cells.length > 0);
      if (cursor === undefined) continue;
      this.y = first + Math.floor(cursor / columns);
      this.x = cursor % columns;
      while (this.rows.length <= this.y) this.rows.push({ cells: [], continues: true });
    }
    this.full = false;
    // The cursor stays on the screen: what has no room below it is gone.
    this.top = Math.max(0, Math.min(this.rows.length - rowCount, this.y));
    this.rows.length = Math.min(this.rows.length, this.top + rowCount);
  }

  private control(mark: string, digits: string, letter: string): void {
    const n = digits === '' ? 1 : Number(digits);
    if (letter === 'm') this.coloured = true;
    else if (mark === '?' && digits === '25') this.cursorShown = letter === 'h';
    else if (mark === '?' && digits === '7') this.breaks = letter === 'h';
    else if (letter === 'A') this.y = Math.max(this.top, this.y - n);
    else if (letter === 'K' && digits === '')
      this.rows[this.y]!.cells.length = Math.min(this.row.length, this.x);
    else if (letter === 'J' && digits === '') {
      this.row.length = Math.min(this.row.length, this.x);
      for (const row of this.rows.slice(this.y + 1)) {
        row.cells = [];
        row.continues = false;
      }
    } else throw new Error(`unknown sequence ${mark}${digits}${letter}`);
    if (letter !== 'm') this.full = false;
  }

  private get row(): string[] {
    return this.rows[this.y]!.cells;
  }

  private put(char: string): void {
    if (char === '\r') {
      this.x = 0;
      this.full = false;
    } else if (char === '\n') this.lineFeed(false);
    else if (char < ' ' || char === '\x7f')
      throw new Error(`a control ${JSON.stringify(char)} reached the terminal`);
    else this.show(char);
  }

  private show(char: string): void {
    const columns = width(char);
    if (columns === 0) {
      if (this.x > 0) this.row[this.x - 1] += char;
      return;
    }
    const beyond = this.full || this.x + columns > this.columns;
    if (beyond && !this.breaks) {
      this.cutOff++;
      this.x = this.columns - columns;
    } else if (beyond) {
      this.lineFeed(true);
      this.x = 0;
    }
    for (let i = this.row.length; i < this.x; i++) this.row[i] = ' ';
    this.row[this.x] = char;
    if (columns === 2) this.row[this.x + 1] = '';
    this.x += columns;
    if (this.x >= this.columns) {
      this.x = this.columns - 1;
      this.full = true;
    }
  }

  private lineFeed(continues: boolean): void {
    this.full = false;
    this.y++;
    if (this.y === this.rows.length) this.rows.push({ cells: [], continues });
    else this.rows[this.y]!.continues = continues;
    if (this.y - this.top >= this.rowCount) this.top++;
  }
}
