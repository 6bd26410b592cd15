/** How many columns of a terminal text takes. */

/** Two columns each; which characters those are is known to Node, that is to Unicode, but for a few blocks. */
const wide =
  /[\p{Emoji_Presentation}\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}\p{Script=Yi}\p{Script=Tangut}\p{Script=Nushu}\p{Script=Khitan_Small_Script}\u2329\u232a\u2ff0-\u303e\u309b-\u30ff\u3190-\u31ef\u3200-\u33ff\u4dc0-\u4dff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f200}-\u{1f265}]/u;
/** Exceptions among those: narrow forms, and what joins the character before it. */
const narrow = /[\uff61-\uffdc\u{1f1e6}-\u{1f1ff}]/u;
/** None: marks, what joins, and the vowels that are drawn into the syllable before them. */
const none = /[\p{Mark}\u200b-\u200f\u2060-\u2064\ufeff\u1160-\u11ff\ud7b0-\ud7ff]/u;
const ascii = /^[\x20-\x7e]*$/;

/**
 * Columns of one character. What a terminal may draw as one picture (joined emoji) counts as its parts: that is too
 * much on some terminals, and too little on none.
 */
export function columnsOf(char: string): number {
  // A picture is asked for of what may be text.
  if (char === '\ufe0f') return 1;
  if (none.test(char)) return 0;
  return wide.test(char) && !narrow.test(char) ? 2 : 1;
}

/** Columns of a text without controls. */
export function textColumns(text: string): number {
  if (ascii.test(text)) return text.length;
  let sum = 0;
  for (const char of text) sum += columnsOf(char);
  return sum;
}

/** The end of a text within so many columns: with three dots before it where it was cut. */
export function cutAtFront(text: string, columns: number): string {
  if (textColumns(text) <= columns) return text;
  const dots = columns < 4 ? '' : '...';
  const chars = [...text];
  let left = columns - dots.length;
  let from = chars.length;
  // A mark stays with what it is on.
  for (let at = chars.length - 1; at >= 0; at--) {
    const width = columnsOf(chars[at]!);
    if (width > left) break;
    left -= width;
    if (width > 0) from = at;
  }
  return dots + chars.slice(from).join('');
}

/** The beginning of a text within so many columns. */
export function cutAtEnd(text: string, columns: number): string {
  if (ascii.test(text)) return text.slice(0, columns);
  let left = columns;
  let out = '';
  for (const char of text) {
    left -= columnsOf(char);
    if (left < 0) break;
    out += char;
  }
  return out;
}
