import { expect, test } from 'vitest';
import { escapeText } from '../../../ts/report/escape.ts';
import * as text from '../../../ts/report/messages.ts';
import { FailureList } from '../../../ts/report/view/failure-list.ts';

const place = { path: '/at', module: undefined };
const list = () => new FailureList((name) => escapeText(name, 'ascii'));

test('names each file below its reason, the commonest first', () => {
  const failures = list();
  const said = [
    text.sendOpenFailed(place, 'a', 2),
    text.sendOpenFailed(place, 'b', 13),
    'file has vanished: "/at/c"',
    'a line of another kind',
    text.sendOpenFailed(place, 'd', 13),
    text.sendOpenFailed(place, 'd', 13),
  ].join('\n');
  // In pieces, as it comes.
  for (let at = 0; at < said.length; at += 7) failures.hear(said.slice(at, at + 7));
  failures.hear('\n');
  expect(failures.text().split('\n')).toEqual([
    'failed:',
    '  Permission denied (2):',
    '    /at/b',
    '    /at/d',
    '  No such file or directory (1):',
    '    /at/a',
    '  vanished (1):',
    '    /at/c',
    '',
  ]);
});

test('names cannot make lines, and are not kept without end', () => {
  const failures = list();
  failures.hear(`${escapeText(text.sendOpenFailed(place, 'a\nb\x1b[2J', 13), 'ascii')}\n`);
  expect(failures.text()).toContain('    /at/a\\#012b\\#033[2J\n');
  for (let k = 0; k < 10_500; k++) failures.hear(`${text.sendOpenFailed(place, `f${k}`, 13)}\n`);
  expect(failures.text()).toMatch(/\(10501\):[\s\S]*\.\.\. and 501 more\n$/);
});

test('is nothing where nothing failed', () => {
  expect(list().text()).toBe('');
});
