import type { ByteString } from '../kernel/kernel.ts';

/**
 * The words of a list: white space and commas lie between them, or commas alone in a list that begins with one, whose
 * words may have blanks in them.
 */
export function wordsOf(list: ByteString): ByteString[] {
  const text = list.trimStart();
  const words = text.startsWith(',') ? text.split(',').map((word) => word.trim()) : text.split(/[ ,\t\r\n]+/);
  return words.filter((word) => word !== '');
}
