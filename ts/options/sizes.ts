/** Sizes on the command line: a number with a unit, as --max-size, --bwlimit and --block-size take them. */
import { ExitCode, RsyncError } from '../errors.ts';

export interface SizeRule {
  /** Name of the long option, for messages. */
  readonly name: string;
  /** Unit of a bare number. */
  readonly unit: 'b' | 'k';
  readonly min: number;
  readonly max?: number;
  /** 0 means no limit and is never too small. */
  readonly zeroIsUnlimited?: boolean;
}

/** Half of what fits 64 bits: rsync's bound where an option names none. */
const largest = 2 ** 63;
const units = 'bkmgtp';

/**
 * Bytes. `1.5m`, `10KB` (1000), `2GiB` (1024), and `+1` or `-1` behind a number. Throws RsyncError (exit
 * 1) in rsync's words. rsync: parse_size_arg().
 */
export function parseSize(text: string, rule: SizeRule): number {
  if (/^-\.?\d/.test(text) && Number.parseFloat(text) < 0) {
    throw bad(text, rule, 'too large', 'max', rule.max);
  }
  const match = /^(\d*(?:\.\d*)?)([^+-]?)((?:ib|b)?)((?:[+-]1)?)$/i.exec(text);
  if (match === null) throw bad(text, rule, 'invalid');
  const [, number, letter, suffix, step] = match;
  const power = units.indexOf((letter || rule.unit).toLowerCase());
  if (power < 0 || (number === '' && letter === '' && step !== '')) throw bad(text, rule, 'invalid');
  const base = suffix !== '' && suffix!.toLowerCase() === 'b' ? 1000 : 1024;
  const max = rule.max ?? largest;
  const scale = base ** power;
  const value = Number.parseFloat(number || '0') || 0;
  if (scale > max || value * scale > max || (rule.max === undefined && value * scale >= max)) {
    throw bad(text, rule, 'too large', 'max', rule.max);
  }
  const size = Math.trunc(value * scale) + Number(step || 0);
  if (size < 0 || size > max) throw bad(text, rule, 'too large', 'max', rule.max);
  if (size < rule.min && !(rule.zeroIsUnlimited === true && size === 0)) {
    throw bad(text, rule, 'too small', 'min', rule.min);
  }
  return size;
}

function bad(text: string, rule: SizeRule, what: string, bound?: 'min' | 'max', limit?: number): RsyncError {
  let message = `rsync: --${rule.name}=${text} is ${what}`;
  if (bound !== undefined && limit !== undefined) {
    const unlimited = rule.zeroIsUnlimited === true && bound === 'min' ? ' or 0 for unlimited' : '';
    message += ` (${bound}: ${shortNumber(limit)}${unlimited})`;
  }
  return new RsyncError(ExitCode.Syntax, message);
}

/** `131072` as `128.00K`: rsync's number with a unit of 1024. */
function shortNumber(value: number): string {
  if (value < 1024) return String(value);
  let scaled = value / 1024;
  let unit = 0;
  while (scaled >= 1024 && unit < 4) {
    scaled /= 1024;
    unit++;
  }
  return `${scaled.toFixed(2)}${'KMGTP'[unit]}`;
}
