/**
 * Numbers as rsync shows them. `level` is the count of --human-readable as `Options.humanReadable` has it:
 * 0 plain digits, 1 digits in groups of three, 2 units of 1000, 3 units of 1024.
 */

const units = ['K', 'M', 'G', 'T', 'P'];

function group(digits: string): string {
  let at = digits.length % 3;
  let text = digits.slice(0, at);
  for (; at < digits.length; at += 3) text += (text === '' ? '' : ',') + digits.slice(at, at + 3);
  return text;
}

function withUnit(n: number, base: number): string {
  let value = Math.abs(n) / base;
  let unit = 0;
  while (value >= base && unit < units.length - 1) {
    value /= base;
    unit++;
  }
  return (n < 0 ? '-' : '') + value.toFixed(2) + units[unit];
}

/** An integer; `fraction` (with its point) is added unless a unit is. */
export function bigNumber(n: number, level: number, fraction = ''): string {
  if (level > 1) {
    const base = level === 2 ? 1000 : 1024;
    if (Math.abs(n) >= base) return withUnit(n, base);
  }
  const digits = Math.abs(n).toFixed(0);
  return (n < 0 ? '-' : '') + (level > 0 ? group(digits) : digits) + fraction;
}

/** A number with `decimals` digits after the point. */
export function bigDecimal(n: number, level: number, decimals: number): string {
  if (Number.isNaN(n)) return '-nan';
  if (!Number.isFinite(n)) return n < 0 ? '-inf' : 'inf';
  const text = n.toFixed(decimals);
  if (level === 0 || Math.abs(n) < 1000) return text;
  const point = text.indexOf('.');
  return bigNumber(Math.trunc(n), level, point < 0 ? '' : text.slice(point));
}

/** Groups of three where anything is human-readable, never a unit (comma_num). */
export function commaNumber(n: number, level: number): string {
  return bigNumber(n, level === 0 ? 0 : 1);
}
