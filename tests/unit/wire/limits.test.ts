import { describe, expect, it } from 'vitest';
import { readBlockSums } from '../../../ts/delta/block-sums.ts';
import { ExitCode } from '../../../ts/errors.ts';
import { Statistics } from '../../../ts/report/statistics.ts';
import { readDeleteStats } from '../../../ts/roles/counts.ts';
import { Msg } from '../../../ts/wire/constants.ts';
import { areTooManySums, longestText, messageProblem, mostDeleted } from '../../../ts/wire/limits.ts';
import { Reader } from '../../../ts/wire/reader.ts';
import { collectingWriter, readerOf, testNegotiated } from '../flist/wire.ts';

const gib = 1 << 30;

describe('block sums', () => {
  it('are counted as rsync counts them against --max-alloc', () => {
    // Its record of a sum has 24 bytes, and an allocation must be smaller than the limit.
    expect(areTooManySums(Math.floor(gib / 24) - 1, 16, gib)).toBe(false);
    expect(areTooManySums(Math.floor(gib / 24), 16, gib)).toBe(true);
    expect(areTooManySums(gib / 64, 64, gib)).toBe(true);
    expect(areTooManySums(0x7fffffff, 16, 0)).toBe(false);
  });
  it('end the run at their head where they are too many', async () => {
    const { writer, bytes } = collectingWriter(32);
    for (const n of [50_000_000, 700, 16, 0]) writer.int(n);
    const reader = readerOf(await bytes(), 32);
    await expect(readBlockSums(reader, testNegotiated(32), false, gib)).rejects.toMatchObject({
      exitCode: ExitCode.Malloc,
      message: '[sender] exceeded --max-alloc=1073741824 setting',
    });
  });
});

describe('messages', () => {
  it('have the length of their kind', () => {
    expect(messageProblem(Msg.Noop, 1)).toBe('invalid');
    expect(messageProblem(Msg.NoSend, 3)).toBe('invalid');
    expect(messageProblem(Msg.IoError, 4)).toBe(undefined);
    expect(messageProblem(Msg.ErrorExit, 2)).toBe('invalid');
    expect(messageProblem(Msg.Info, longestText)).toBe(undefined);
    expect(messageProblem(Msg.Info, longestText + 1)).toBe('overflow');
  });
  it('are refused before they have come', async () => {
    const { writer, bytes } = collectingWriter(32);
    writer.startMultiplex();
    writer.message(Msg.Error, Buffer.alloc(100_000));
    const all = await bytes();
    const frame = all.subarray(0, 10);
    let at = 0;
    const seen: [number, number][] = [];
    const reader = new Reader(
      {
        async read(into) {
          const n = frame.copy(into, 0, at);
          at += n;
          return n;
        },
      },
      {
        message() {},
        beforeWait() {},
        announced(tag, length) {
          seen.push([tag, length]);
          throw new Error('refused');
        },
      },
    );
    reader.startMultiplex();
    await expect(reader.record(() => reader.byte())).rejects.toThrow('refused');
    expect(seen).toEqual([[Msg.Error, 100_000]]);
  });
});

it('counters of deletions have bounds', async () => {
  const { writer, bytes } = collectingWriter(32);
  for (const n of [1, 2, 3, mostDeleted + 1, 0]) writer.varint(n);
  await expect(readDeleteStats(readerOf(await bytes(), 32), new Statistics(), 'receiver')).rejects.toThrow(
    `wire value deleted_devices out of range: ${mostDeleted + 1} not in [0,${mostDeleted}] [receiver]`,
  );
});

it('numbers beyond 2^53 are taken as near as can be', async () => {
  const bytes = Buffer.concat([Buffer.from([0xfc]), Buffer.alloc(8)]);
  bytes.writeBigInt64LE((1n << 60n) + 1n, 1);
  const reader = readerOf(bytes, 32);
  expect(await reader.record(() => reader.varlong(3))).toBe(2 ** 60);
});
