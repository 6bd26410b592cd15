/** The report: one page of HTML that loads nothing, in the colours that its reader's system prefers. */
import {
  axisOf,
  type Bar,
  barsOf,
  drawAxis,
  drawBar,
  escapeXml,
  type Palette,
  shownValue,
  stateTexts,
} from './chart.ts';
import type { Result } from './compare.ts';
import type { Usage } from './measure.ts';
import {
  commandShown,
  equality,
  isBusy,
  type Outcome,
  scenarioOf,
  throughput,
  toolName,
  totals,
  troubles,
} from './outcome.ts';
import { reportStyle } from './report-style.ts';
import { type StandardWire, wireTitles } from './scenarios.ts';

const palette: Palette = {
  ink: 'var(--ink)',
  muted: 'var(--muted)',
  line: 'var(--line)',
  track: 'var(--track)',
  edge: 'var(--panel)',
  reached: 'var(--faster)',
  faster: 'var(--faster)',
  slower: 'var(--slower)',
  alone: 'var(--faster)',
};

const wires = Object.keys(wireTitles) as StandardWire[];

/** The page. */
export function reportPage(outcome: Outcome, called: string): string {
  const ours = toolName(outcome, 'ours');
  const isCompared = outcome.tools.rsync !== undefined;
  const peer = toolName(outcome, 'rsync');
  const title = isCompared ? `${ours} beside ${peer}` : `${ours}, measured alone`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeXml(title)}</title>
<style>${reportStyle}</style>
</head>
<body>
<header>
<p class="eyebrow">Measured on ${escapeXml(day(outcome))}</p>
<h1>${isCompared ? `${escapeXml(ours)} <span>beside ${escapeXml(peer)}</span>` : escapeXml(title)}</h1>
<p class="lead">${lead(outcome)}</p>
</header>
<main>
${alertOf(outcome)}${tiles(outcome)}
<section aria-labelledby="times"><h2 id="times">${isCompared ? 'Time beside rsync' : 'Time'}</h2>
${charts(outcome)}</section>
<section aria-labelledby="figures"><h2 id="figures">All figures</h2>
${table(outcome)}</section>
<section aria-labelledby="commands"><h2 id="commands">What was run</h2>
<p>Paths are within the folder of the run: data sets, and <code>dest</code> or <code>kept-…</code>, where the copies go.${isCompared ? ' Both programs get the same words.' : ''}</p>
${commands(outcome)}</section>
<section aria-labelledby="machine"><h2 id="machine">Where it was run</h2>
${facts(outcome)}</section>
<section aria-labelledby="how"><h2 id="how">How to read it</h2>
${notes(outcome)}</section>
</main>
<footer><p>Made by <code>${escapeXml(called)}</code></p></footer>
</body>
</html>
`;
}

const day = ({ machine }: Outcome): string => machine.date.slice(0, 10);

function lead(outcome: Outcome): string {
  const { runs, results, machine, tools } = outcome;
  const kinds = `${results.length} ${results.length === 1 ? 'scenario' : 'scenarios'}`;
  const turns =
    tools.rsync === undefined
      ? `${runs} ${runs === 1 ? 'run' : 'runs'} of each`
      : `${runs} ${runs === 1 ? 'run' : 'runs'} of each by both programs, in turns`;
  const busy = isBusy(machine)
    ? ` The machine was busy, with a load of ${machine.load.toFixed(1)}: times are longer than they would be, and not alike.`
    : '';
  return escapeXml(`${kinds}, ${turns}, on ${machine.cpus} × ${machine.cpu}.${busy}`);
}

/** What must not be overlooked. */
function alertOf(outcome: Outcome): string {
  const found = troubles(outcome);
  if (found.length === 0) return '';
  const items = found.map(
    ({ scenario, tool, why, text }) =>
      `<li><strong>${escapeXml(tool)}</strong> in <code>${escapeXml(scenario)}</code>: ${why === 'differs' ? 'wrong result' : 'failed'}<pre>${escapeXml(text)}</pre></li>`,
  );
  return `<div class="alert" role="alert"><h2>Not all went well</h2><ul>${items.join('')}</ul></div>\n`;
}

function tiles(outcome: Outcome): string {
  const sum = totals(outcome);
  const list: [big: string, small: string, tone?: 'faster' | 'slower'][] = [];
  if (sum.wall !== undefined) {
    list.push([`×${sum.wall.toFixed(2)}`, "of rsync's time on average", sum.wall < 1 ? 'faster' : 'slower']);
    list.push([`${sum.faster} of ${sum.compared}`, 'scenarios in less time than rsync']);
  } else list.push([String(sum.scenarios), 'scenarios measured']);
  if (sum.cpu !== undefined) list.push([`×${sum.cpu.toFixed(2)}`, "of rsync's processor time in all"]);
  const { ours, rsync } = sum.memory;
  if (ours !== undefined)
    list.push([
      memory(ours),
      rsync === undefined ? 'of memory at most' : `of memory at most; rsync ${memory(rsync)}`,
    ]);
  list.push([`${sum.equal} of ${sum.copies}`, 'copies equal to their sources']);
  return `<ul class="tiles">${list
    .map(([big, small, tone = '']) => `<li><b class="${tone}">${escapeXml(big)}</b> ${escapeXml(small)}</li>`)
    .join('')}</ul>`;
}

function charts({ results, tools }: Outcome): string {
  const isCompared = tools.rsync !== undefined;
  const named = (wire: StandardWire): Bar[] =>
    barsOf(
      results.filter((result) => scenarioOf(result).wire === wire),
      { isCompared, titleOf: (name) => scenarioOf({ name }).title },
    );
  const groups = wires.map((wire) => ({ title: wireTitles[wire], bars: named(wire) }));
  const all = groups.flatMap(({ bars }) => bars);
  if (all.length === 0) return '<p>Nothing was measured.</p>\n';
  const key = stateTexts
    .filter(([state]) => all.some((bar) => bar.state === state))
    .map(([state, text]) => `<li><i class="${state === 'slower' ? 'slower' : 'faster'}"></i>${text}</li>`);
  const axis = axisOf(all);
  const [row, bar] = [18, 12];
  const below = drawAxis(axis, palette);
  const line = (one: Bar) =>
    `<li><span>${escapeXml(one.title)}</span> <b class="${one.state === 'slower' ? 'slower' : 'faster'}">${shownValue(one)}</b>` +
    `<svg aria-hidden="true" width="100%" height="${row}">${drawBar(one, { axis, palette, row, bar })}</svg></li>`;
  const panels = groups
    .filter(({ bars }) => bars.length > 0)
    .map(
      ({ title, bars }) =>
        `<figure><figcaption>${escapeXml(title)}</figcaption><ul>${bars.map(line).join('\n')}</ul>` +
        `<svg aria-hidden="true" width="100%" height="${below.height}">${below.svg}</svg></figure>`,
    );
  const what = axis.isRatio
    ? "Wall time as a share of rsync's: shorter is better, and the upright line is rsync."
    : 'Wall time: shorter is better.';
  return `<p>${what} The stroke within a bar goes from the fastest run to the slowest.</p>
<ul class="key">${key.join('')}</ul>
<div class="charts">${panels.join('\n')}</div>
`;
}

const memory = (kib: number | null): string => (kib === null ? '–' : `${Math.round(kib / 1024)} MiB`);
const seconds = (value: number): string => `${value.toFixed(value < 10 ? 3 : 1)} s`;

/** The columns that each program has one of. */
const measures: readonly (readonly [name: string, of: (usage: Usage, result: Result) => string])[] = [
  ['Time', ({ wall }) => seconds(wall)],
  ['Processor', ({ cpu }) => `${cpu.toFixed(2)} s`],
  ['Memory', ({ rss }) => memory(rss)],
  ['Throughput', ({ wall }, result) => throughput(result, wall)],
];

function table(outcome: Outcome): string {
  const names = ['rsync', 'ours'].filter((name) => outcome.tools[name] !== undefined);
  const isCompared = names.length === 2;
  const shown = names.map((name) => (name === 'ours' ? 'oc-rsync' : 'rsync'));
  const heads = measures.map(([name]) => `<th colspan="${names.length}" scope="colgroup">${name}</th>`);
  const under = measures.flatMap(() => shown.map((name) => `<th scope="col">${name}</th>`));
  const ratioHead = isCompared ? '<th rowspan="2" scope="col">Ratio</th>' : '';
  const groups = wires.flatMap((wire) => {
    const own = outcome.results.filter((result) => scenarioOf(result).wire === wire);
    if (own.length === 0) return [];
    const columns = 2 + measures.length * names.length + (isCompared ? 1 : 0);
    const head = `<tr class="group"><th colspan="${columns}" scope="rowgroup">${escapeXml(wireTitles[wire])}</th></tr>`;
    return [`<tbody>${head}${own.map((result) => row(result, names)).join('')}</tbody>`];
  });
  return `<table class="${isCompared ? 'both' : 'alone'}">
<thead><tr><th rowspan="2" scope="col">Scenario</th>${ratioHead}${heads.join('')}<th rowspan="2" scope="col">Result</th></tr>
<tr>${under.join('')}</tr></thead>
${groups.join('\n')}
</table>
`;
}

function row(result: Result, names: readonly string[]): string {
  const { title } = scenarioOf(result);
  const { rsync, ours } = result.medians;
  const ratio = rsync !== undefined && ours !== undefined ? ours.wall / rsync.wall : undefined;
  const tone = ratio === undefined ? '' : ratio < 1 ? 'faster' : 'slower';
  const ratioCell =
    names.length < 2
      ? ''
      : `<td class="ratio ${tone}">${ratio === undefined ? '–' : `×${ratio.toFixed(2)}`}</td>`;
  const cells = measures.flatMap(([measure, of]) =>
    names.map((name) => {
      const usage = result.medians[name];
      return `<td class="${name}" data-label="${measure}">${usage === undefined ? '–' : escapeXml(of(usage, result))}</td>`;
    }),
  );
  return `<tr><th scope="row">${escapeXml(title)} <code>${escapeXml(result.name)}</code></th>${ratioCell}${cells.join('')}<td class="equal">${resultText(result, names)}</td></tr>\n`;
}

function resultText(result: Result, names: readonly string[]): string {
  const { failed, medians } = result;
  const wrong = names.filter((name) => medians[name] === undefined);
  if (wrong.length === 0)
    return `<span class="right">✓ ${scenarioOf(result).dry ? 'made nothing' : 'equal'}</span>`;
  return wrong
    .map((name) => {
      const who = name === 'ours' ? 'oc-rsync' : 'rsync';
      return `<span class="wrong">✗ ${who} ${failed[name]?.why === 'differs' ? 'wrong' : 'failed'}</span>`;
    })
    .join(' ');
}

function commands(outcome: Outcome): string {
  const rows = outcome.results.map((result) => {
    const shown = commandShown(result, 'ours', outcome) ?? commandShown(result, 'rsync', outcome);
    const { title, wire } = scenarioOf(result);
    return `<div><dt>${escapeXml(title)} <small>${escapeXml(wireTitles[wire])}</small></dt><dd><code>${escapeXml(shown ?? 'did not run')}</code></dd></div>`;
  });
  return `<dl class="commands">${rows.join('\n')}</dl>\n`;
}

function facts(outcome: Outcome): string {
  const { machine, tools, runs, scale } = outcome;
  const { ours, rsync } = tools;
  const kernel = ours?.kernel === undefined ? '' : `, ${ours.kernel} kernel`;
  const list: [string, string][] = [
    ['oc-rsync', `${ours?.version ?? 'unknown'}${kernel}`],
    ['rsync', rsync === undefined ? 'none' : `${rsync.version} (${rsync.command.join(' ')})`],
    ['Node', machine.node],
    ['Processor', `${machine.cpus} × ${machine.cpu}`],
    ['Memory', `${(machine.memoryMiB / 1024).toFixed(1)} GiB`],
    ['System', machine.kernel],
    ['Files on', machine.filesystem],
    ['Load before it began', machine.load.toFixed(1)],
    ['Scale', `${scale}, ${runs} ${runs === 1 ? 'run' : 'runs'}`],
  ];
  return `<dl class="facts">${list.map(([name, text]) => `<div><dt>${name}</dt><dd>${escapeXml(text)}</dd></div>`).join('')}</dl>\n`;
}

const memoryNotes = {
  exact: 'Memory is the peak of the largest process.',
  sampled: 'Memory is the peak of the largest process, looked up every few milliseconds.',
  none: 'This system does not tell how much memory a program has used.',
};

function notes(outcome: Outcome): string {
  const sum = totals(outcome);
  const list = [
    'All figures are medians. Times are wall time from the start of the program to its end; processor time is that of all its processes.',
    memoryNotes[outcome.memory],
    'Throughput is the size of the source by the time, whether all of it was sent or not.',
    `${equality(sum)}: after the first run of each program the names, contents, times, owners and permissions of its copy were read and compared with the source, by neither of the two.`,
    'The remote shell starts the other side on this machine, joined by two pipes: there is no network and no cipher in these times. Daemons listen on the loopback interface, and ask for a password.',
    'Node takes some 40 ms and 45 MiB to start. With little to do that is most of what is measured; a larger --scale shows how the work itself goes.',
  ];
  return `<ul class="notes">${list.map((text) => `<li>${escapeXml(text)}</li>`).join('')}</ul>\n`;
}
