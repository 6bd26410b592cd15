import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bufferedStream } from '../../ts/cli/streams.ts';

/** What has reached a file after each of these writes. */
function reached(mode: '' | 'none' | 'line' | 'block', ...texts: string[]): string[] {
  const dir = mkdtempSync(join(tmpdir(), 'oc-rsync-test-'));
  const path = join(dir, 'out');
  const fd = openSync(path, 'w');
  try {
    const stream = bufferedStream(fd);
    stream.buffer(mode);
    const seen = texts.map((text) => {
      stream.write(text);
      return readFileSync(path, 'latin1');
    });
    stream.flush();
    return [...seen, readFileSync(path, 'latin1')];
  } finally {
    closeSync(fd);
    rmSync(dir, { recursive: true });
  }
}

test('--outbuf says when output leaves', () => {
  expect(reached('none', 'a', 'b\nc')).toEqual(['a', 'ab\nc', 'ab\nc']);
  expect(reached('line', 'a', 'b\nc', 'd')).toEqual(['', 'ab\n', 'ab\n', 'ab\ncd']);
  expect(reached('block', 'a\n', 'b\nc')).toEqual(['', '', 'a\nb\nc']);
  const long = 'x'.repeat(20_000);
  expect(reached('block', long)).toEqual([long, long]);
});

test('a block waits for no turn of the event loop', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'oc-rsync-test-'));
  const path = join(dir, 'out');
  const fd = openSync(path, 'w');
  try {
    const stream = bufferedStream(fd);
    stream.buffer('block');
    stream.write('a\n');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(readFileSync(path, 'latin1')).toBe('');
    stream.buffer('');
    stream.flush();
    expect(readFileSync(path, 'latin1')).toBe('a\n');
  } finally {
    closeSync(fd);
    rmSync(dir, { recursive: true });
  }
});
