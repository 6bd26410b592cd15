/**
 * The results as one SVG picture: a bar for each scenario, and curves of how cost grows. Its background is
 * clear and its colours are of middle brightness, so that it can be read on white and on black.
 */
import { BarChart, LineChart, ScatterChart } from 'echarts/charts';
import { GridComponent, LegendComponent, MarkLineComponent, TitleComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';

use([BarChart, LineChart, ScatterChart, GridComponent, LegendComponent, MarkLineComponent, TitleComponent]);
use([SVGRenderer]);

const width = 880;
const margin = 20;
const nameWidth = 185;
const valueWidth = 110;
const barHeight = 22;
const panelHeight = 210;
/** Between the top of a section and its first row: title and legend. */
const headHeight = 70;

const ink = '#6e7781';
const faint = 'rgba(128, 136, 146, 0.3)';
const font = 'system-ui, -apple-system, sans-serif';
const colours = {
  reached: '#1a9c73',
  faster: '#3b8fd6',
  slower: '#d9682c',
  rsync: '#8b949e',
  ours: '#3b8fd6',
};

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

const states = {
  reached: 'ours, at its goal',
  faster: 'ours, faster than rsync',
  slower: 'ours, slower than rsync',
};

const stateOf = (ratio, goal) => (ratio <= (goal ?? 0) ? 'reached' : ratio < 1 ? 'faster' : 'slower');

/** Bars: ours' wall time as a share of rsync's, with the goal as a stroke. */
function bars(results, top) {
  const rows = results.flatMap(({ name, goal, medians: { rsync, ours } }) =>
    rsync && ours ? [{ name, goal, ratio: ours.wall / rsync.wall, wall: ours.wall }] : [],
  );
  const parts = emptyParts();
  const height = rows.length * barHeight;
  parts.title.push(heading("Wall time, as a share of rsync's (shorter is better)", top));
  parts.legend.push(legend([...Object.values(states), 'goal'], top + 28, 14));
  parts.grid.push({ top: top + headHeight, left: nameWidth, right: valueWidth, height });
  const ratioLabel = { ...axis().axisLabel, formatter: (value) => (value === 1 ? 'rsync' : `×${value}`) };
  // Steps that meet 1, which is rsync.
  const interval = 0.5;
  const max = Math.ceil(Math.max(1, ...rows.map(({ ratio }) => ratio)) / interval) * interval;
  parts.xAxis.push(
    axis({ type: 'value', min: 0, max, interval, axisLine: { show: false }, axisLabel: ratioLabel }),
  );
  const column = (data, more) =>
    parts.yAxis.push(axis({ type: 'category', inverse: true, data, splitLine: { show: false }, ...more }));
  column(rows.map(({ name }) => name));
  column(
    rows.map(({ ratio, wall }) => `×${ratio.toFixed(2)}   ${wall.toFixed(2)} s`),
    { position: 'right', axisLine: { show: false } },
  );
  for (const [state, name] of Object.entries(states)) {
    parts.series.push({
      name,
      type: 'bar',
      stack: 'ratio',
      barWidth: barHeight - 9,
      itemStyle: { color: colours[state], borderRadius: 2 },
      data: rows.map(({ ratio, goal }) => (stateOf(ratio, goal) === state ? ratio : null)),
      markLine: {
        silent: true,
        symbol: 'none',
        lineStyle: { color: ink, type: 'solid', width: 1.2 },
        label: { show: false },
        data: state === 'reached' ? [{ xAxis: 1 }] : [],
      },
    });
  }
  parts.series.push({
    name: 'goal',
    type: 'scatter',
    symbol: 'rect',
    symbolSize: [4, barHeight - 5],
    itemStyle: { color: '#1f2328', borderColor: '#ffffff', borderWidth: 1 },
    z: 5,
    data: rows.flatMap(({ goal }, i) => (goal === undefined ? [] : [[goal, i]])),
  });
  return { parts, bottom: top + headHeight + height + 45 };
}

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

/** Puts sections into one chart: each counts its axes from 0. */
function join(sections) {
  const all = emptyParts();
  for (const section of sections) {
    const first = all.grid.length;
    const moved = (one) => ({ ...one, gridIndex: first + (one.gridIndex ?? 0) });
    const axes = [all.xAxis.length, all.yAxis.length];
    all.xAxis.push(...section.xAxis.map(moved));
    all.yAxis.push(...section.yAxis.map(moved));
    all.series.push(
      ...section.series.map((one) => ({
        ...one,
        // A picture, not an application: nothing follows the mouse.
        silent: true,
        emphasis: { disabled: true },
        xAxisIndex: axes[0] + (one.xAxisIndex ?? 0),
        yAxisIndex: axes[1] + (one.yAxisIndex ?? 0),
      })),
    );
    for (const name of ['title', 'legend', 'grid']) all[name].push(...section[name]);
  }
  return all;
}

/** What `npm run bench` found, as the text of an SVG file. */
export function drawChart({ results = [], growth, machine: host, tools }) {
  const sections = [];
  let top = margin;
  const add = ({ parts, bottom }) => {
    sections.push(parts);
    top = bottom;
  };
  if (results.length > 0) add(bars(results, top));
  if (growth !== undefined) add(curves(growth.points, top));
  const option = join(sections);
  const rsync = /version (\S+)/.exec(tools.rsync.version)?.[1] ?? '';
  const caption =
    `rsync ${rsync}; Node ${host.node}; ${host.cpus} × ${host.cpu}, Linux ${host.kernel.split('-')[0]}, ` +
    `tmpfs; ${host.date.slice(0, 10)}`;
  option.title.push({
    text: caption,
    top,
    left: margin,
    textStyle: { color: ink, fontSize: 11, fontWeight: 400, fontFamily: font },
  });
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height: top + 30 });
  chart.setOption({ animation: false, backgroundColor: 'transparent', ...option });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg}\n`;
}
