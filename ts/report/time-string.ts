/** 400 years of the Gregorian calendar, in seconds: after them everything, week days too, repeats. */
const cycleSeconds = 146097 * 86400;
/** A `Date` reaches a little further than this. */
const dateLimit = 8.64e12;
const maxYear = 2 ** 31 - 1 + 1900;

function two(n: number): string {
  return n < 10 ? `0${n}` : `${n}`;
}

/**
 * Local time as `2024/01/02 03:04:05` (timestring), at most 19 characters. `seconds` since 1970, negative
 * before.
 */
export function timeString(seconds: number): string {
  let cycles = 0;
  let at = seconds;
  if (Math.abs(at) > dateLimit) {
    cycles = Math.floor(at / cycleSeconds);
    at -= cycles * cycleSeconds;
  }
  const date = new Date(at * 1000);
  const year = date.getFullYear() + cycles * 400;
  if (Math.abs(year - 1900) > maxYear) return '(time out of range)';
  const text =
    `${`${year}`.padStart(4)}/${two(date.getMonth() + 1)}/${two(date.getDate())} ` +
    `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return text.slice(0, 19);
}
