/**
 * The results as one SVG picture: a bar for each scenario, and curves of how cost grows. Its background is
 * clear and its colours are of middle brightness, so that it can be read on white and on black.
 */
import { LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TitleComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { barsOf, drawPicture, pictureFont as font, picture, picturePalette } from './shared.mjs';

use([LineChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer]);

const width = 880;
const margin = 20;
const panelHeight = 210;
/** Between the top of a section and its first row: title and legend. */
const headHeight = 70;

const { ink, line: faint } = picturePalette;
const colours = { rsync: '#8b949e', ours: picturePalette.faster };

const heading = (text, top, left = margin, size = 15) => ({
  text,
  top,
  left,
  textStyle: { color: ink, fontSize: size, fontWeight: 600, fontFamily: font },
});

const legend = (names, top, itemWidth) => ({
  data: names,
  top,
  left: margin - 5,
  itemWidth,
  itemHeight: 10,
  itemGap: 34,
  selectedMode: false,
  textStyle: { color: ink, fontSize: 12, fontFamily: font },
});

const axis = (more = {}) => ({
  axisLabel: { color: ink, fontSize: 11, fontFamily: font },
  axisLine: { show: true, lineStyle: { color: faint } },
  axisTick: { show: false },
  splitLine: { lineStyle: { color: faint, width: 0.7 } },
  ...more,
});

/** The parts of a chart that one section adds to it. */
const emptyParts = () => ({ title: [], legend: [], grid: [], xAxis: [], yAxis: [], series: [] });

const seconds = ({ wall }) => wall;
const mebibytes = ({ rss }) => (rss ?? 0) / 1024;
const whole = 'files-dry-no-inc-recursive';
const panels = [
  {
    title: 'Dry run over empty files: seconds',
    series: ['files-dry', whole],
    cost: seconds,
    x: 'files',
    from: 1000,
  },
  { title: 'The same: memory, MiB', series: ['files-dry', whole], cost: mebibytes, x: 'files', from: 1000 },
  { title: 'Copy of empty files: seconds', series: ['files-copy'], cost: seconds, x: 'files', from: 1000 },
  { title: 'Copy of one file: seconds', series: ['size-copy'], cost: seconds, x: 'MiB', from: 1 },
];

const short = (n) => (n >= 1e6 ? `${n / 1e6} M` : n >= 1000 ? `${n / 1000} k` : String(n));

/** Curves: cost by amount of work, both logarithmic, so that what grows in proportion rises by one in one. */
function curves(points, top) {
  const parts = emptyParts();
  const nameOf = (tool, series) => (series === whole ? `${tool} --no-inc-recursive` : tool);
  parts.title.push(heading('How cost grows (both axes logarithmic)', top));
  parts.legend.push(
    legend(
      ['rsync', 'ours'].flatMap((tool) => [tool, nameOf(tool, whole)]),
      top + 28,
      34,
    ),
  );
  const panelWidth = (width - 2 * margin - 60) / 2;
  panels.forEach((panel, at) => {
    const left = margin + 30 + (at % 2) * (panelWidth + 40);
    const y = top + headHeight + Math.floor(at / 2) * (panelHeight + 70);
    parts.title.push(heading(panel.title, y, left - 30, 12));
    parts.grid.push({ top: y + 28, left, width: panelWidth - 30, height: panelHeight - 20 });
    const gridIndex = at;
    const style = { axisLabel: { color: ink, fontSize: 11, fontFamily: font, formatter: short } };
    parts.xAxis.push(
      axis({
        ...style,
        type: 'log',
        gridIndex,
        min: panel.from,
        name: panel.x,
        nameLocation: 'end',
        nameGap: 5,
        nameTextStyle: { color: ink, fontSize: 11, fontFamily: font },
        splitLine: { show: false },
      }),
    );
    parts.yAxis.push(axis({ ...style, type: 'log', gridIndex }));
    for (const series of panel.series) {
      for (const tool of ['rsync', 'ours']) {
        const own = points.filter((point) => point.series === series && point.n > 0 && point.medians[tool]);
        parts.series.push({
          name: nameOf(tool, series),
          type: 'line',
          xAxisIndex: at,
          yAxisIndex: at,
          symbol: 'circle',
          symbolSize: 5,
          itemStyle: { color: colours[tool] },
          lineStyle: { color: colours[tool], width: 2, type: series === whole ? 'dashed' : 'solid' },
          data: own.map(({ n, medians }) => [n, panel.cost(medians[tool])]),
        });
      }
    }
  });
  return { parts, bottom: top + headHeight + 2 * (panelHeight + 70) };
}

/** A picture, not an application: nothing follows the mouse. */
const quiet = (parts) => ({
  ...parts,
  series: parts.series.map((one) => ({ ...one, silent: true, emphasis: { disabled: true } })),
});

/** The curves as a picture of their own. */
function drawCurves(points) {
  const { parts, bottom } = curves(points, 0);
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height: bottom });
  chart.setOption({ animation: false, backgroundColor: 'transparent', ...quiet(parts) });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return { svg, height: bottom };
}

/** What `npm run bench` found, as the text of an SVG file: bars, as the product draws them, and curves below. */
export function drawChart({ results = [], growth, machine: host, tools }) {
  const drawn = [];
  if (results.length > 0) {
    const title = "Wall time, as a share of rsync's (shorter is better)";
    drawn.push(
      drawPicture([{ title: '', bars: barsOf(results, { isCompared: true, titleOf: (name) => name }) }], {
        title,
        caption: '',
        width,
      }),
    );
  }
  if (growth !== undefined) drawn.push(drawCurves(growth.points));
  const rsync = /version (\S+)/.exec(tools.rsync.version)?.[1] ?? '';
  const caption =
    `rsync ${rsync}; ${host.node}; ${host.cpus} × ${host.cpu}, ${host.kernel.split('-')[0]}, ` +
    `${host.filesystem}; ${host.date.slice(0, 10)}`;
  let y = 0;
  const placed = drawn.map(({ svg, height }) => {
    const part = svg.replace(/^<svg /, `<svg y="${y}" `);
    y += height;
    return part;
  });
  placed.push(`<text x="${margin}" y="${y + 15}" fill="${ink}" font-size="11">${caption}</text>`);
  return `${picture(placed.join(''), width, y + 30)}\n`;
}
