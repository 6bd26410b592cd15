import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';

const dir = mkdtempSync(join(tmpdir(), 'oc-stdio-'));
const program = join(dir, 'echo.mjs');
const data = Buffer.alloc(3_000_000, 'some bytes that are not quite regular ');

beforeAll(async () => {
  await build({
    stdin: {
      contents: `import { stdioDuplex } from './stdio.ts';
        const { source, sink } = stdioDuplex({ descriptors: { input: 0, output: 1 } });
        const into = Buffer.alloc(200_000);
        for (let n; (n = await source.read(into)) > 0; ) await sink.write([Buffer.from(into.subarray(0, n))]);
        await sink.end();`,
      resolveDir: join(import.meta.dirname, '../../../ts/transport'),
      loader: 'ts',
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: program,
  });
});
afterAll(() => rmSync(dir, { recursive: true }));

test('descriptors 0 and 1 as sockets', () => {
  const { stdout, status, stderr } = spawnSync(process.execPath, [program], {
    input: data,
    maxBuffer: 10_000_000,
  });
  expect(stderr.toString()).toBe('');
  expect(status).toBe(0);
  expect(stdout.equals(data)).toBe(true);
});

test('as pipes and as files', () => {
  writeFileSync(join(dir, 'in'), data);
  const run = spawnSync('sh', [
    '-c',
    'cat "$2" | "$0" "$1" | cat > "$3"',
    process.execPath,
    program,
    join(dir, 'in'),
    join(dir, 'out'),
  ]);
  expect(run.stderr.toString()).toBe('');
  expect(readFileSync(join(dir, 'out')).equals(data)).toBe(true);

  const input = openSync(join(dir, 'in'), 'r');
  const output = openSync(join(dir, 'out2'), 'w');
  const { status } = spawnSync(process.execPath, [program], { stdio: [input, output, 'inherit'] });
  closeSync(input);
  closeSync(output);
  expect(status).toBe(0);
  expect(readFileSync(join(dir, 'out2')).equals(data)).toBe(true);
});
