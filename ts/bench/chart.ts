/**
 * Bars of how long ours takes beside rsync: parts of a page, which brings its own colours, or a picture of its own. That
 * one has a clear background and colours of middle brightness, so that it can be read on white and on black.
 */
import type { Result } from './compare.ts';

/** One scenario. */
export interface Bar {
  readonly title: string;
  /** Ours as a share of rsync's wall time; seconds where there is no rsync. */
  readonly value: number;
  /** The fastest and the slowest run of ours in the same unit. */
  readonly range: readonly [number, number];
  readonly state: State;
  readonly goal: number | undefined;
  /** Wall time in seconds. */
  readonly ours: number;
  readonly rsync: number | undefined;
}

export type State = 'reached' | 'faster' | 'slower' | 'alone';

/** Colours by what they are for, in any notation of CSS. */
export type Palette = Readonly<Record<State | 'ink' | 'muted' | 'line' | 'track' | 'edge', string>>;

/** Those of a picture. */
export const picturePalette: Palette = {
  ink: '#6e7781',
  muted: '#6e7781',
  line: 'rgba(128, 136, 146, 0.35)',
  track: 'rgba(128, 136, 146, 0.12)',
  edge: '#ffffff',
  reached: '#1a9c73',
  faster: '#3b8fd6',
  slower: '#d9682c',
  alone: '#3b8fd6',
};

export const pictureFont = 'system-ui, -apple-system, sans-serif';

/** A piece of SVG, and its height in pixels. */
export interface Drawn {
  readonly svg: string;
  readonly height: number;
}

/** What bars are made by. */
export interface Barring {
  /** Of ours beside rsync, without those that one of them has no figure for; else of ours alone. */
  readonly isCompared: boolean;
  titleOf(name: string): string;
}

/** The bars of results. */
export function barsOf(results: readonly Result[], { isCompared, titleOf }: Barring): Bar[] {
  return results.flatMap(({ name, goal, medians: { rsync, ours }, runs }) => {
    if (ours === undefined || (isCompared && rsync === undefined)) return [];
    const unit = isCompared ? rsync!.wall : 1;
    const value = ours.wall / unit;
    const walls = (runs.ours ?? []).map(({ wall }) => wall / unit);
    const range = [Math.min(value, ...walls), Math.max(value, ...walls)] as const;
    const state = isCompared ? stateOf(value, goal) : 'alone';
    return [{ title: titleOf(name), value, range, state, goal, ours: ours.wall, rsync: rsync?.wall }];
  });
}

const stateOf = (ratio: number, goal: number | undefined): State =>
  ratio <= (goal ?? 0) ? 'reached' : ratio < 1 ? 'faster' : 'slower';

/** What all bars of a chart are measured by: the steps of its axis, from 0 on. */
export interface Axis {
  readonly max: number;
  readonly steps: readonly number[];
  /** 1 on it is rsync; else it is of seconds. */
  readonly isRatio: boolean;
}

/** Longer bars are cut, or one would make all others short. */
const longest = 4;

export function axisOf(bars: readonly Bar[]): Axis {
  const isRatio = bars.some(({ state }) => state !== 'alone');
  const most = Math.max(...bars.map(({ value }) => value), 0);
  const step = isRatio ? (most > 2 ? 1 : 0.5) : niceStep(most / 3);
  const whole = Math.max(1, Math.ceil(most / step)) * step;
  const max = isRatio ? Math.min(longest, Math.max(1, whole)) : whole;
  return { max, steps: Array.from({ length: Math.round(max / step) + 1 }, (_, i) => i * step), isRatio };
}

/** The smallest of 1, 2, 5, 10, … by tens that is not below `least`. */
function niceStep(least: number): number {
  const ten = 10 ** Math.floor(Math.log10(Math.max(least, 1e-3)));
  return [1, 2, 5].map((n) => n * ten).find((n) => n >= least) ?? 10 * ten;
}

/** Where and how large bars are drawn: all of it is as wide as what it stands in. */
export interface BarPlace {
  readonly axis: Axis;
  readonly palette: Palette;
  /** Of the bar; its surroundings are that of `row`. */
  readonly bar: number;
  readonly row: number;
}

const percent = (value: number, { max }: Axis): string =>
  `${((100 * Math.min(Math.max(value, 0), max)) / max).toFixed(2)}%`;

/** One bar with the axis's lines behind it, and rsync's before it. */
export function drawBar(bar: Bar, { axis, palette, bar: height, row }: BarPlace): string {
  const top = (row - height) / 2;
  const at = (value: number) => percent(value, axis);
  const upright = (value: number, stroke: string, width: number) =>
    `<line x1="${at(value)}" x2="${at(value)}" y1="0" y2="${row}" stroke="${stroke}" stroke-width="${width}"/>`;
  const [least, most] = bar.range;
  const isCut = bar.value > axis.max;
  return [
    `<title>${escapeXml(spoken(bar))}</title>`,
    `<rect x="0" y="${top}" width="100%" height="${height}" rx="3" fill="${palette.track}"/>`,
    ...axis.steps.map((value) => upright(value, palette.line, 1)),
    `<rect x="0" y="${top}" width="${at(bar.value)}" height="${height}" rx="3" fill="${palette[bar.state]}"/>`,
    isCut
      ? `<svg x="100%" y="${top}" overflow="visible"><path d="M-14 ${height}l4 -${height}h4l-4 ${height}z" fill="${palette.edge}"/></svg>`
      : '',
    axis.isRatio ? upright(1, palette.ink, 1.5) : '',
    most > least && !isCut
      ? `<line x1="${at(least)}" x2="${at(most)}" y1="${row / 2}" y2="${row / 2}" stroke="${palette.ink}" stroke-width="1.5" opacity="0.8"/>`
      : '',
    bar.goal === undefined
      ? ''
      : `<svg x="${at(bar.goal)}" y="${top - 2}" overflow="visible"><rect x="-2" width="4" height="${height + 4}" fill="#1f2328" stroke="${palette.edge}"/></svg>`,
  ].join('');
}

/** The axis's words, to stand below its bars. */
export function drawAxis(axis: Axis, palette: Palette): Drawn {
  const words = axis.steps.map((value, i) => {
    const isRsync = axis.isRatio && value === 1;
    const anchor = i === 0 ? 'start' : i === axis.steps.length - 1 ? 'end' : 'middle';
    const fill = isRsync ? palette.ink : palette.muted;
    return label(isRsync ? 'rsync' : tick(value, axis), percent(value, axis), 16, { fill, size: 11, anchor });
  });
  return { svg: words.join(''), height: 24 };
}

interface TextLook {
  readonly fill: string;
  readonly size: number;
  readonly anchor: string;
  readonly weight?: number;
}

function label(text: string, x: string, y: number, { fill, size, anchor, weight = 400 }: TextLook): string {
  return `<text x="${x}" y="${y}" fill="${fill}" font-size="${size}" font-weight="${weight}" text-anchor="${anchor}">${escapeXml(text)}</text>`;
}

const tick = (value: number, { isRatio }: Axis): string => {
  if (value === 0) return '0';
  return isRatio ? `×${value}` : `${Number(value.toPrecision(3))} s`;
};

/** What a bar comes to. */
export const shownValue = (bar: Bar): string =>
  bar.state === 'alone' ? `${bar.ours.toFixed(2)} s` : `×${bar.value.toFixed(2)}`;

/** A bar in words. */
export function spoken(bar: Bar): string {
  const ours = `${bar.title}: ours ${bar.ours.toFixed(3)} s`;
  return bar.rsync === undefined
    ? ours
    : `${ours}, rsync ${bar.rsync.toFixed(3)} s, ×${bar.value.toFixed(2)}`;
}

/** What the colours say, those that are there. */
export const stateTexts: readonly (readonly [State, string])[] = [
  ['reached', 'ours, at its goal'],
  ['faster', 'ours, faster than rsync'],
  ['slower', 'ours, slower than rsync'],
  ['alone', 'ours'],
];

/** Bars that belong together. */
export interface Group {
  readonly title: string;
  readonly bars: readonly Bar[];
}

const margin = 20;
const nameWidth = 205;
const valueWidth = 125;
const row = 22;

/** A whole picture of so many pixels' width: the title, what the colours say, the groups, and a line below. */
export function drawPicture(
  groups: readonly Group[],
  {
    title,
    caption,
    width = 880,
  }: { readonly title: string; readonly caption: string; readonly width?: number },
): Drawn {
  const palette = picturePalette;
  const all = groups.flatMap(({ bars }) => bars);
  const axis = axisOf(all);
  const plot = `x="${nameWidth}" width="${width - nameWidth - valueWidth - 12}"`;
  const parts: string[] = [];
  let y = margin + 12;
  const say = (text: string, size: number, weight: number) =>
    parts.push(label(text, String(margin), y, { fill: palette.ink, size, anchor: 'start', weight }));
  say(title, 15, 600);
  y += 26;
  parts.push(legend(all, y));
  y += 18;
  for (const group of groups) {
    if (group.title !== '') {
      y += 18;
      say(group.title, 13, 600);
      y += 8;
    }
    for (const bar of group.bars) {
      const textY = y + row / 2 + 4;
      const time = axis.isRatio ? `\u2002\u2002${bar.ours.toFixed(2)} s` : '';
      parts.push(
        label(bar.title, String(nameWidth - 10), textY, { fill: palette.ink, size: 12, anchor: 'end' }),
        `<svg ${plot} y="${y}" height="${row}">${drawBar(bar, { axis, palette, row, bar: 13 })}</svg>`,
        label(`${shownValue(bar)}${time}`, String(width - valueWidth), textY, {
          fill: palette.ink,
          size: 12,
          anchor: 'start',
        }),
      );
      y += row;
    }
    const below = drawAxis(axis, palette);
    parts.push(`<svg ${plot} y="${y}" height="${below.height}">${below.svg}</svg>`);
    y += below.height + 4;
  }
  y += 20;
  if (caption !== '') say(caption, 11, 400);
  const height = y + margin - 6;
  return { svg: picture(parts.join(''), width, height), height };
}

/** An SVG file's text. */
export function picture(content: string, width: number, height: number): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${pictureFont}">${content}</svg>`;
}

function legend(bars: readonly Bar[], y: number): string {
  const palette = picturePalette;
  const entries: [swatch: string, text: string][] = stateTexts
    .filter(([state]) => bars.some((bar) => bar.state === state))
    .map(([state, text]) => [`<rect width="14" height="10" rx="2" fill="${palette[state]}"/>`, text]);
  if (bars.some(({ goal }) => goal !== undefined))
    entries.push([
      `<rect x="5" y="-2" width="4" height="14" fill="#1f2328" stroke="${palette.edge}"/>`,
      'goal',
    ]);
  if (bars.some(({ range }) => range[1] > range[0]))
    entries.push([
      `<rect y="4" width="14" height="1.5" fill="${palette.ink}"/>`,
      'from the fastest run to the slowest',
    ]);
  let x = margin;
  return entries
    .map(([swatch, text]) => {
      const one = `<g transform="translate(${x} ${y - 9})">${swatch}${label(text, '20', 9, { fill: palette.ink, size: 12, anchor: 'start' })}</g>`;
      // About as wide as that is; nobody here can measure it.
      x += 20 + text.length * 6.4 + 22;
      return one;
    })
    .join('');
}

/** Text as it stands in XML and HTML, also within quotes. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}
