/** The view against a clock of its own and a screen. */
import { describe, expect, test } from 'vitest';
import { Statistics } from '../../../../ts/report/statistics.ts';
import { type LiveSetup, LiveView } from '../../../../ts/report/view/live/index.ts';
import { Item } from '../../../../ts/wire/constants.ts';
import { ScreenBuffer } from '../../../support/screen.ts';
import { entry } from '../real-rsync.ts';

const agreed = { transferSign: '>', times: true, linkTimes: true } as const;

function watched(columns = 80, given: Partial<LiveSetup> = {}) {
  const screen = new ScreenBuffer(columns, 24);
  const time = { now: 1_000_000 };
  const ticks: (() => void)[] = [];
  const writes: { stream: string; text: string }[] = [];
  const size = { columns, rows: 24 };
  const lists = {
    incRecurse: true,
    eof: false,
    held: 0,
    segments: [],
    totals: { entries: 10, size: 4_000_000 },
  };
  const statistics = new Statistics();
  const view = new LiveView({
    style: { units: 2, colours: false, dryRun: false, name: (path) => path },
    terminal: {
      write(stream, text) {
        writes.push({ stream, text });
        // As a terminal's driver does it.
        const shown = Buffer.from(text, 'latin1').toString('utf8');
        screen.write(shown.replaceAll(/(?<!\r)\n/g, '\r\n'));
      },
      ours: () => true,
    },
    size: () => size,
    outShown: true,
    now: () => time.now,
    every(_, work) {
      ticks.push(work);
      return () => ticks.splice(0);
    },
    ...given,
  });
  const pass = (milliseconds: number, step = 100) => {
    for (let passed = 0; passed < milliseconds; passed += step) {
      time.now += step;
      for (const tick of ticks) tick();
    }
  };
  const { events } = view;
  events.counting?.(statistics);
  events.listing?.(lists);
  const arrives = (path: string, bytes: number) => {
    statistics.literal += bytes;
    events.progressed?.(path, bytes, bytes, 0);
    events.item?.(entry({ path, size: bytes, mode: 0o100644 }), Item.Transfer, '');
  };
  return { view, events, screen, time, pass, writes, lists, statistics, size, ticks, arrives };
}

test('shows nothing before both ends have agreed, and no line of a run that failed at once', () => {
  const { view, screen, pass } = watched();
  pass(3000);
  view.say('err', 'rsync: no\n');
  expect(screen.lines).toEqual(['rsync: no']);
  view.end(12);
  expect(screen.lines).toEqual(['rsync: no']);
});

test('marks what may grow, and tells the time left once all is known', () => {
  const { events, screen, pass, lists, arrives } = watched();
  events.agreed?.(agreed);
  for (let k = 0; k < 3; k++) events.requested?.(1_000_000);
  arrives('a/b', 1_000_000);
  pass(1200);
  expect(screen.lines).toEqual([
    expect.stringMatching(/^\[-+\]$/),
    '1 of 3+ files, 1.00M of 3.00M+ bytes',
    expect.stringMatching(/^[\d.]+K\/s \([\d.]+K\/s literal, 0\/s matched\), 10\+ entries$/),
    'a/b',
  ]);
  lists.eof = true;
  pass(2000);
  expect(screen.lines[0]).toMatch(/^\[#+-+\] {2}25% {2}at most 0:00:\d\d left$/);
  events.requested?.(0);
  events.allRequested?.();
  events.progressed?.('big', 500_000, 2_000_000, 400_000);
  pass(200);
  expect(screen.lines[0]).toMatch(/^\[#+-+\] {2}50% {2}0:00:\d\d left$/);
  expect(screen.lines[1]).toBe('1 of 4 files, 1.50M of 3.00M bytes');
  expect(screen.lines[3]).toBe('big 25%');
});

test('never runs backwards', () => {
  const { view, events, screen, pass, lists, statistics } = watched();
  events.agreed?.(agreed);
  lists.eof = true;
  let [bytes, part] = [0, 0];
  const look = () => {
    pass(100);
    const [bar = '', counts = ''] = screen.lines;
    const now = [
      Number(/of \d+\+? files, ([\d.]+)M? /.exec(counts)?.[1] ?? 0),
      Number(/(\d+)%/.exec(bar)?.[1] ?? 0),
    ];
    expect(now[0]).toBeGreaterThanOrEqual(bytes);
    expect(now[1]).toBeGreaterThanOrEqual(part);
    [bytes, part] = now as [number, number];
  };
  for (const position of [1_000_000, 3_000_000, 500_000, 2_000_000]) {
    events.requested?.(4_000_000);
    events.progressed?.('again', position, 4_000_000, 0);
    look();
  }
  statistics.literal = 0;
  events.allRequested?.();
  look();
  expect(part).toBeGreaterThan(0);
  view.end(0);
});

test('ends at what was done, where some of what was asked for does not come', () => {
  const { view, events, screen, pass, lists, arrives } = watched();
  events.agreed?.(agreed);
  lists.eof = true;
  for (let k = 0; k < 3; k++) events.requested?.(1_000_000);
  events.allRequested?.();
  arrives('a', 1_000_000);
  events.progressed?.('b', 900_000, 1_000_000, 0);
  pass(2500);
  expect(screen.lines[1]).toBe('1 of 3 files, 1.90M of 3.00M bytes');
  events.missed?.(1_000_000);
  pass(200);
  expect(screen.lines[1]).toBe('1 of 2 files, 1.00M of 2.00M bytes');
  events.missed?.(1_000_000);
  pass(200);
  expect(screen.lines[0]).toMatch(/^\[#+\] 100% {2}0:00:00 left$/);
  expect(screen.lines[1]).toBe('1 of 1 files, 1.00M of 1.00M bytes');
  view.end(23);
  expect(screen.lines[0]).toMatch(/^1 file, 1\.00M transferred \(.* matched\), 2 failed, 10 entries/);
});

test('draws at most ten times a second', () => {
  const { events, time, writes } = watched();
  events.agreed?.(agreed);
  for (let k = 0; k < 2000; k++) {
    time.now++;
    events.requested?.(1);
    events.progressed?.('x', k, 3000, 0);
  }
  expect(writes.length).toBeLessThanOrEqual(20);
  expect(writes.length).toBeGreaterThan(15);
});

describe('words of the run', () => {
  test('stand above it, whole, in their order', () => {
    const { view, events, screen, pass, arrives } = watched();
    events.agreed?.(agreed);
    arrives('file', 10);
    pass(300);
    view.say('out', 'one\n');
    view.say('err', 'two ');
    view.say('err', 'and half\nthree\n');
    pass(200);
    expect(screen.lines.slice(0, 3)).toEqual(['one', 'two and half', 'three']);
    expect(screen.lines.at(-1)).toBe('file');
    view.end(0);
    expect(screen.lines.slice(0, 3)).toEqual(['one', 'two and half', 'three']);
    expect(screen.lines).toHaveLength(4);
    expect(screen.lines[3]).toMatch(/^1 file, 10 transferred/);
  });

  test('that do not end their line are not written over', () => {
    const { view, events, screen, pass } = watched();
    view.say('out', 'building file list ... ');
    events.agreed?.(agreed);
    pass(1000);
    expect(screen.lines).toEqual(['building file list ...']);
    view.say('out', 'done\n');
    pass(1000);
    expect(screen.lines[0]).toBe('building file list ... done');
    expect(screen.lines.length).toBeGreaterThan(1);
  });

  test('are not held back for long, and not at all where they go elsewhere', () => {
    const { view, events, screen, pass, writes } = watched(80, { outShown: false });
    events.agreed?.(agreed);
    pass(200);
    const before = writes.length;
    view.say('out', 'to a file\n');
    expect(writes.slice(before)).toEqual([{ stream: 'out', text: 'to a file\n' }]);
    view.say('err', 'x'.repeat(70_000));
    expect(screen.lines.join('')).toContain('xxxx');
  });
});

test('is taken away when the process ends at once', () => {
  const { view, events, screen, pass, ticks } = watched();
  events.agreed?.(agreed);
  pass(300);
  expect(screen.lines.join('')).not.toBe('');
  view.takeAway();
  expect(screen.lines).toEqual(['']);
  expect(ticks).toEqual([]);
});

test.each([20, 40, 80, 200])('keeps within %d columns, with names of any kind', (columns) => {
  const { events, screen, pass, lists, arrives, view } = watched(columns);
  events.agreed?.(agreed);
  lists.eof = true;
  for (const name of [
    '\u65e5\u672c\u8a9e'.repeat(60),
    'a/'.repeat(200),
    '\u{1f600}'.repeat(33),
    'e\u0301'.repeat(300),
  ]) {
    events.requested?.(123_456_789);
    events.progressed?.(name, 1_000_000, 123_456_789, 1000);
    pass(1500);
    arrives(name, 123_456_789);
    pass(1500);
  }
  events.allRequested?.();
  pass(3000);
  expect(screen.cutOff).toBe(0);
  expect(screen.lines.length).toBeLessThanOrEqual(4);
  view.takeAway();
  expect(screen.lines).toEqual(['']);
});

test('a screen of another size holds one block', () => {
  const { view, events, screen, pass, size, lists, arrives } = watched(80);
  events.agreed?.(agreed);
  view.say('out', 'above\n');
  lists.eof = true;
  arrives('a rather long name of a file, which is no problem here', 1_000_000);
  pass(500);
  for (const columns of [30, 120, 20, 80]) {
    size.columns = columns;
    screen.resize(columns, 24);
    view.resized();
    pass(300);
    expect(screen.lines[0]).toBe('above');
    expect(screen.lines.filter((line) => line.startsWith('['))).toHaveLength(1);
    expect(screen.lines.length).toBeLessThanOrEqual(5);
  }
});

test('lines take its place where nothing can be drawn', () => {
  const { view, events, pass, writes, lists, arrives } = watched(80, { size: undefined });
  events.agreed?.(agreed);
  lists.eof = true;
  for (let k = 0; k < 11; k++) {
    events.requested?.(1000);
    pass(500);
    arrives('f', 1000);
    pass(500);
  }
  view.end(0);
  expect(writes.map(({ text }) => text)).toEqual([
    expect.stringMatching(/^\d of \d\+ files, .* literal, 0\/s matched\), at most .* left\n$/),
    expect.stringMatching(/^\d+ of \d+\+ files, .*\n$/),
    expect.stringMatching(
      /^11 files, 11.00K transferred \(11.00K literal, 0 matched\), 10 entries, 0:00:11\n$/,
    ),
  ]);
});

test('a screen of few rows has a shorter one', () => {
  const { events, screen, pass, size, arrives } = watched(80);
  size.rows = 3;
  events.agreed?.(agreed);
  arrives('f', 10);
  pass(2000);
  expect(screen.lines).toHaveLength(2);
});

test('a sender that hears of requests one by one shows its place in the list', () => {
  const { events, screen, pass, lists } = watched();
  events.agreed?.(agreed);
  lists.eof = true;
  events.requested?.(1_000_000);
  events.passed?.(3_000_000);
  events.progressed?.('f', 500_000, 1_000_000, 0);
  pass(2500);
  expect(screen.lines[0]).toMatch(/ 62% {2}at most 0:00:\d\d left$/);
  expect(screen.lines[1]).toBe('0 of 1+ files, 500.00K of 1.00M+ bytes');
  events.allRequested?.();
  events.passed?.(4_000_000);
  pass(1000);
  expect(screen.lines[0]).toMatch(/ 87% {2}0:00:\d\d left$/);
});

test('is away while somebody else has the terminal, and comes again', () => {
  const { events, view, screen, pass, arrives } = watched();
  events.agreed?.(agreed);
  arrives('f', 10);
  pass(500);
  view.leave();
  expect(screen.lines).toEqual(['']);
  pass(1500);
  expect(screen.lines.at(-1)).toBe('f');
});

test('in the background nothing is drawn, and words still come', () => {
  const foreground = { now: true };
  const screen = new ScreenBuffer(80, 24);
  const { events, view, pass, arrives } = watched(80, {
    terminal: {
      write: (_, text) => screen.write(text.replaceAll(/(?<!\r)\n/g, '\r\n')),
      ours: () => foreground.now,
    },
  });
  events.agreed?.(agreed);
  arrives('f', 10);
  pass(1500);
  foreground.now = false;
  // The shell has the terminal now, and its prompt is where the block was.
  screen.write('$ \x1b[J');
  view.say('err', 'a word\n');
  pass(3000);
  expect(screen.lines).toEqual(['$ a word']);
  foreground.now = true;
  pass(1500);
  expect(screen.lines[1]).toMatch(/^\[/);
});

test('a terminal that is narrower than was heard breaks no line of it', () => {
  const { events, screen, pass, arrives, view } = watched(80);
  events.agreed?.(agreed);
  view.say('out', 'above\n');
  arrives('some name that is longer than thirty columns', 10);
  pass(300);
  screen.resize(30, 24);
  pass(3000);
  expect(screen.lines.filter((line) => line.startsWith('['))).toHaveLength(1);
  expect(screen.lines).toHaveLength(5);
  expect(screen.breaks).toBe(true);
});
