/** Where a run stands, as lines of text. */
import type { ByteString } from '../../../kernel/kernel.ts';
import { bigNumber } from '../../numbers.ts';
import type { Standing } from './tally.ts';
import { cutAtEnd, cutAtFront, textColumns } from './width.ts';

/** How it is written. */
export interface Style {
  /** Of --human-readable: units of 1000, or of 1024. */
  readonly units: number;
  readonly colours: boolean;
  readonly dryRun: boolean;
  /** A name as the terminal can show it. */
  name(path: ByteString): string;
}

/** Columns that a bar is worth having with, and that it takes at most. */
const shortestBar = 5;
const longestBar = 60;
const percentWidth = 5;
/** What stands behind it at most: ` 100%  at most 99:59:59 left`. */
const mostBehind = 28;

const green = '\x1b[32m';
const dim = '\x1b[2m';
const plain = '\x1b[0m';

/** The block: no line is wider than `columns`, and there are no more than `rows`. */
export function blockLines(standing: Standing, style: Style, columns: number, rows: number): string[] {
  const time = timeText(standing);
  const behindBar = time !== '' && columns - percentWidth - 2 - time.length - 2 >= shortestBar;
  const speeds = speedTexts(standing, style);
  // Where the bar has no room for the time left, it is more than the kinds of data apart.
  const below = behindBar || time === '' ? speeds : speeds.map((text) => `${text}, ${time}`);
  const lines = [
    barLine(standing, style, columns, behindBar ? `  ${time}` : ''),
    cutAtEnd(firstThatFits(countTexts(standing, style), columns), columns),
    cutAtEnd(firstThatFits([...below, ...speeds.slice(-1)], columns), columns),
    nameLine(standing, style, columns),
  ];
  return lines.filter((line) => line !== '').slice(0, Math.max(rows, 1));
}

/** The same in one line, for who keeps what is said. */
export function plainLine(standing: Standing, style: Style): string {
  const [counts] = countTexts(standing, style);
  const [speed = ''] = speedTexts(standing, style);
  return [counts, speed, timeText(standing)].filter((text) => text !== '').join(', ');
}

/** What stays: how much came. */
export function lastLine(standing: Standing, style: Style, whole: boolean): string {
  const { files, filesMissed, bytes, literal, matched, elapsed, entries } = standing;
  const size = (n: number) => bigNumber(n, style.units);
  const what = style.dryRun ? 'would be transferred' : 'transferred';
  const head = whole
    ? `${ofFiles(files)}, ${size(bytes)} ${what}`
    : `${countTexts(standing, style)[0]} ${what}`;
  const data = style.dryRun ? '' : ` (${size(literal)} literal, ${size(matched)} matched)`;
  const listed = `${bigNumber(entries, 1)} ${entries === 1 ? 'entry' : 'entries'}`;
  const missed = filesMissed === 0 ? '' : `, ${bigNumber(filesMissed, 1)} failed`;
  return `${head}${data}${missed}, ${listed}, ${duration(elapsed / 1000)}`;
}

function ofFiles(n: number): string {
  return `${bigNumber(n, 1)} ${n === 1 ? 'file' : 'files'}`;
}

function barLine({ part }: Standing, style: Style, columns: number, time: string): string {
  const percent = part === undefined ? '' : `${Math.floor(part * 100)}%`.padStart(percentWidth);
  const tail = percent + time;
  // Where there is room it is as long whether or not a time is told.
  const reserved = columns > 2 * mostBehind ? mostBehind : tail.length;
  const width = Math.min(columns - reserved - 2, longestBar);
  if (width < shortestBar) return cutAtEnd(tail.trimStart(), columns);
  const full = Math.floor((part ?? 0) * width);
  const [done, rest] = ['#'.repeat(full), '-'.repeat(width - full)];
  return style.colours ? `[${green}${done}${plain}${dim}${rest}${plain}]${tail}` : `[${done}${rest}]${tail}`;
}

/** From the longest to the shortest. */
function countTexts(standing: Standing, { units }: Style): string[] {
  const { files, filesWanted, bytes, bytesWanted, allWanted } = standing;
  const more = allWanted ? '' : '+';
  const size = (n: number) => bigNumber(n, units);
  const [n, of] = [bigNumber(files, 1), bigNumber(filesWanted, 1)];
  return [
    `${n} of ${of}${more} files, ${size(bytes)} of ${size(bytesWanted)}${more} bytes`,
    `${n}/${of}${more} files, ${size(bytes)}/${size(bytesWanted)}${more}`,
    `${n}/${of}${more} ${size(bytes)}`,
    `${n}/${of}${more}`,
  ];
}

function speedTexts(standing: Standing, { units, dryRun }: Style): string[] {
  const { literalRate, matchedRate, entries, listed, filesWanted } = standing;
  const scanning = listed ? '' : `${bigNumber(entries, 1)}+ entries`;
  if (filesWanted === 0 && !listed) return [`scanning: ${scanning}`, scanning];
  if (dryRun || literalRate === undefined || matchedRate === undefined) return [scanning];
  const speed = (n: number) => `${bigNumber(Math.round(n), units)}/s`;
  const sum = speed(literalRate + matchedRate);
  const apart = `${speed(literalRate)} literal, ${speed(matchedRate)} matched`;
  const long = `${sum} (${apart})`;
  return [...(scanning === '' ? [] : [`${long}, ${scanning}`]), long, apart, sum];
}

function timeText({ left, allWanted }: Standing): string {
  if (left === undefined) return '';
  return `${allWanted ? '' : 'at most '}${duration(Math.ceil(left))} left`;
}

/** Of a large file with its percentage; a name that is too long loses its beginning. */
function nameLine({ name, namePart }: Standing, style: Style, columns: number): string {
  if (name === undefined) return '';
  const percent = namePart < 1 ? ` ${Math.floor(namePart * 100)}%` : '';
  const room = columns - percent.length;
  return room < 1 ? '' : cutAtFront(style.name(name), room) + percent;
}

function firstThatFits(texts: readonly string[], columns: number): string {
  return texts.find((text) => textColumns(text) <= columns) ?? texts.at(-1) ?? '';
}

/** `h:mm:ss`. */
function duration(seconds: number): string {
  const all = Math.floor(seconds);
  const two = (n: number) => `${n}`.padStart(2, '0');
  return `${Math.floor(all / 3600)}:${two(Math.floor(all / 60) % 60)}:${two(all % 60)}`;
}
