/** The moment that --stop-at names, in full or with its leading parts left out. */
import { ExitCode, RsyncError } from '../errors.ts';

const format = /^(?:(?:(?:(\d+)[-/])?(\d+)[-/])?(\d+)(?=[Tt]|$))?[Tt]?(?:(\d*):(\d+))?$/;

/**
 * Seconds since 1970 of `YYYY-MM-DDThh:mm` in local time. What is missing in front is the next moment
 * after `now` that fits; a missing time is midnight; `:mm` alone is that minute of an hour. Throws
 * RsyncError (exit 1) in rsync's words. rsync: parse_time().
 */
export function parseStopAt(text: string, now: Date): number {
  const bad = () => new RsyncError(ExitCode.Syntax, `rsync: invalid --stop-at format: ${text}`);
  const match = text === '' ? null : format.exec(text);
  if (match === null) throw bad();
  const [year, month, day, hour, minute] = match.slice(1).map((part) => (part ? Number(part) : undefined));
  if (day === undefined && minute === undefined) throw bad();
  if (hour === undefined && minute !== undefined && day !== undefined) throw bad();
  if ((hour ?? 0) > 23 || (minute ?? 0) > 59 || !between(month, 1, 12) || !between(day, 1, 31)) throw bad();
  const at = firstFit({ year, month, day, hour, minute }, now);
  if (at === undefined) throw bad();
  if (at <= now) throw new RsyncError(ExitCode.Syntax, `rsync: --stop-at time is not in the future: ${text}`);
  return Math.floor(at.getTime() / 1000);
}

interface Moment {
  readonly year: number | undefined;
  readonly month: number | undefined;
  readonly day: number | undefined;
  readonly hour: number | undefined;
  readonly minute: number | undefined;
}

function between(value: number | undefined, low: number, high: number): boolean {
  return value === undefined || (value >= low && value <= high);
}

function fullYear(year: number, now: Date): number {
  if (year >= 100) return year;
  const century = Math.floor(now.getFullYear() / 100) * 100;
  return century + year < now.getFullYear() ? century + 100 + year : century + year;
}

/** Steps the smallest part that was left out until the moment is in the future. */
function firstFit(moment: Moment, now: Date): Date | undefined {
  const { day, month } = moment;
  const minute = moment.minute ?? 0;
  if (moment.minute !== undefined && moment.hour === undefined) {
    const hourly = new Date(now);
    hourly.setMinutes(minute, 0, 0);
    if (hourly <= now) hourly.setHours(hourly.getHours() + 1);
    return hourly;
  }
  const hour = moment.hour ?? 0;
  for (let step = 0; step < 100; step++) {
    const free = (given: number | undefined, current: number, steps: boolean) =>
      given ?? current + (steps ? step : 0);
    const y =
      moment.year === undefined
        ? free(undefined, now.getFullYear(), month !== undefined)
        : fullYear(moment.year, now);
    const m = month === undefined ? free(undefined, now.getMonth(), day !== undefined) : month - 1;
    const d = free(day, now.getDate(), true);
    const at = new Date(y, m, d, hour, minute);
    const exists = day === undefined || at.getDate() === day;
    if (moment.year !== undefined) return exists ? at : undefined;
    if (exists && at > now) return at;
  }
  return undefined;
}
