import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RsyncError } from '../../../ts/errors.ts';
import { FlistReceiver, type NameGuard } from '../../../ts/flist/receive.ts';
import { Xmit } from '../../../ts/flist/wire-format.ts';
import type { Kernel } from '../../../ts/kernel/kernel.ts';
import type { Options } from '../../../ts/options/options.ts';
import type { Negotiated } from '../../../ts/wire/negotiated.ts';
import type { Writer } from '../../../ts/wire/writer.ts';
import { collectingWriter, readerOf, testContext, testNegotiated, testOptions } from './wire.ts';

interface Setup {
  readonly protocol?: number;
  readonly negotiated?: Partial<Negotiated>;
  readonly options?: Partial<Options>;
  readonly guard?: NameGuard;
  /** Gets what is printed. */
  readonly lines?: string[];
}

/** A receiver that is sent what `write` writes. */
async function receiver(write: (writer: Writer) => void, setup: Setup = {}): Promise<FlistReceiver> {
  const protocol = setup.protocol ?? 32;
  const { writer, bytes } = collectingWriter(protocol);
  write(writer);
  const context = testContext(
    {} as Kernel,
    testOptions(setup.options),
    testNegotiated(protocol, { ...setup.negotiated }),
  );
  return new FlistReceiver({
    ...context,
    report: {
      ...context.report,
      print: (code, text) => void setup.lines?.push(`${code}: ${text}`),
    },
    reader: readerOf(await bytes(), protocol),
    guard: setup.guard,
    cwd: '/',
    amRoot: true,
    memberOf: () => [],
  });
}

/** An entry of protocol 31 and up whose owner is that of the one before. */
function entry(writer: Writer, name: string, mode = 0o100644, extra = 0): void {
  writer.varint(Xmit.SameUid | Xmit.SameGid | extra);
  writer.byte(name.length);
  writer.string(name);
  writer.varlong(1, 3);
  writer.varlong(1_600_000_000, 4);
  writer.int(mode);
}
function end(writer: Writer, ioError = 0): void {
  writer.varint(0);
  writer.varint(ioError);
}

async function failure(write: (writer: Writer) => void, setup: Setup = {}): Promise<[number, string]> {
  const flist = await receiver(write, setup);
  const error = await flist.receive(-1).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(RsyncError);
  const { exitCode, message } = error as RsyncError;
  return [exitCode, message];
}

describe('names in directories that are not in the list', () => {
  const orphan = (writer: Writer): void => {
    entry(writer, '.', 0o40755);
    entry(writer, 'secret/keys');
    end(writer);
  };
  const refusal = [2, 'ABORTING due to invalid path from sender: secret/keys'];
  it('refuses them, so that none comes past what excludes the directory', async () => {
    const allowing: NameGuard = { check: () => 'ok', allowsAllIn: () => true, isImpliedParent: () => false };
    for (const protocol of [31, 32])
      expect(await failure(orphan, { protocol, guard: allowing })).toEqual(refusal);
  });
  it('refuses them below a file, and below what is only to be deleted', async () => {
    const below = (mode: number) => (writer: Writer) => {
      entry(writer, 'secret', mode);
      entry(writer, 'secret/keys', 0o100644);
      end(writer);
    };
    expect(await failure(below(0o100644))).toEqual(refusal);
    expect(await failure(below(0), { options: { missingArgs: 'delete' } })).toEqual(refusal);
  });
  it('takes them where the directory comes later, and with --list-only', async () => {
    const late = await receiver((writer) => {
      entry(writer, 'a/b/c');
      for (const dir of ['a/b', 'a']) entry(writer, dir, 0o40755);
      end(writer);
    });
    expect((await late.receive(-1)).count).toBe(3);
    const listed = await receiver(orphan, { options: { listOnly: true } });
    expect((await listed.receive(-1)).count).toBe(2);
  });
  it('only warns of one that is to be deleted', async () => {
    const lines: string[] = [];
    const flist = await receiver(
      (writer) => {
        entry(writer, 'gone/too', 0);
        end(writer);
      },
      { options: { missingArgs: 'delete' }, lines },
    );
    expect((await flist.receive(-1)).count).toBe(1);
    expect(lines).toEqual(['error: WARNING: parent dir is absent in the file list: gone']);
  });
});

describe('names that lead elsewhere', () => {
  for (const name of ['../x', 'a/../x', '..', 'a/..', '/etc/passwd', '/', './../x', 'a//../b'])
    it(`refuses ${name}`, async () => {
      expect(await failure((writer) => entry(writer, name))).toEqual([
        4,
        `ABORTING due to unsafe pathname from sender: ${name}`,
      ]);
    });
  it('refuses them with --relative, but for a leading slash', async () => {
    const setup = { options: { relative: true } };
    expect(await failure((writer) => entry(writer, '/a/../x'), setup)).toEqual([
      4,
      'ABORTING due to unsafe pathname from sender: /a/../x',
    ]);
    const flist = await receiver((writer) => {
      entry(writer, '/a', 0o40755);
      entry(writer, '/a/x');
      end(writer);
    }, setup);
    const list = await flist.receive(-1);
    expect(list.path(1)).toBe('a/x');
  });
  it('cleans what is only odd', async () => {
    const flist = await receiver((writer) => {
      for (const name of ['a//b', './c', 'd/./e', 'f']) entry(writer, name);
      for (const name of ['a', 'd']) entry(writer, name, 0o40755);
      end(writer);
    });
    const list = await flist.receive(-1);
    expect([0, 1, 2, 3, 4, 5].map((i) => list.path(i))).toEqual(['c', 'f', 'a', 'a/b', 'd', 'd/e']);
  });
  it('sees them behind a shared prefix, too', async () => {
    const [code, message] = await failure((writer) => {
      entry(writer, 'a/.x');
      writer.varint(Xmit.SameUid | Xmit.SameGid | Xmit.SameName | Xmit.SameTime | Xmit.SameMode);
      writer.byte(3);
      writer.byte(3);
      writer.string('./y');
      writer.varlong(1, 3);
    });
    expect([code, message]).toEqual([4, 'ABORTING due to unsafe pathname from sender: a/../y']);
  });
  it('refuses empty names, NUL bytes and a root that is no directory', async () => {
    expect((await failure((writer) => entry(writer, '')))[0]).toBe(2);
    expect((await failure((writer) => entry(writer, 'a\0b')))[0]).toBe(2);
    expect(await failure((writer) => entry(writer, '.'))).toEqual([
      2,
      'ERROR: rejecting non-directory transfer-root entry: .',
    ]);
  });
  it('refuses what was not asked for', async () => {
    const guard: NameGuard = {
      check: (path) => (path === 'ok' ? 'ok' : path === 'hidden' ? 'excluded' : 'unrequested'),
      allowsAllIn: () => false,
      isImpliedParent: () => false,
    };
    expect(await failure((writer) => entry(writer, 'hidden'), { guard })).toEqual([
      4,
      'ERROR: rejecting excluded file-list name: hidden',
    ]);
    expect(await failure((writer) => entry(writer, 'other'), { guard })).toEqual([
      4,
      'ERROR: rejecting unrequested file-list name: other',
    ]);
  });
});

describe('numbers out of range', () => {
  it('refuses overlong names', async () => {
    const [code, message] = await failure((writer) => {
      writer.varint(Xmit.LongName | Xmit.SameUid | Xmit.SameGid);
      writer.varint(5000);
    });
    expect([code, message.split('\n')[1]]).toEqual([
      22,
      '[Receiver] buffer overflow: recv_file_entry (file=oc-rsync, line=0)',
    ]);
    expect(
      (
        await failure((writer) => {
          writer.varint(Xmit.LongName | Xmit.SameUid | Xmit.SameGid);
          writer.varint(-1);
        })
      )[0],
    ).toBe(22);
  });
  it('refuses a prefix longer than the name before', async () => {
    expect(
      (
        await failure((writer) => {
          writer.varint(Xmit.SameName | Xmit.SameUid | Xmit.SameGid);
          writer.byte(9);
          writer.byte(1);
          writer.string('x');
        })
      )[0],
    ).toBe(2);
  });
  it('refuses unknown file types, negative sizes, overlong link targets and nanoseconds', async () => {
    expect(await failure((writer) => entry(writer, 'x', 0o030644))).toEqual([
      2,
      'invalid file mode 030644 for x [receiver]',
    ]);
    const head = (writer: Writer, flags: number): void => {
      writer.varint(Xmit.SameUid | Xmit.SameGid | flags);
      writer.byte(1);
      writer.string('x');
    };
    expect(
      (
        await failure((writer) => {
          head(writer, 0);
          writer.varlong(-5, 3);
          writer.varlong(1, 4);
          writer.int(0o100644);
        })
      )[1],
    ).toBe('Offset underflow: file-length is negative');
    expect(
      (
        await failure((writer) => {
          head(writer, Xmit.ModNsec);
          writer.varlong(1, 3);
          writer.varlong(1, 4);
          writer.varint(1_000_000_000);
        })
      )[1],
    ).toMatch(/^wire value modtime_nsec out of range: 1000000000 /);
    expect(
      (
        await failure((writer) => {
          head(writer, 0);
          writer.varlong(1, 3);
          writer.varlong(1, 4);
          writer.int(0o120777);
          writer.varint(4096);
        })
      )[0],
    ).toBe(22);
  });
  it('refuses references to entries that are still to come', async () => {
    expect(
      await failure(
        (writer) => {
          writer.varint(Xmit.SameUid | Xmit.SameGid | Xmit.Hlinked);
          writer.byte(1);
          writer.string('x');
          writer.varint(7);
        },
        { options: { hardLinks: true } },
      ),
    ).toEqual([2, 'hard-link reference out of range: 7 (0)']);
  });
  it('refuses an end that was not negotiated', async () => {
    expect(
      await failure(
        (writer) => {
          writer.short(Xmit.ExtendedFlags | Xmit.IoErrorEndlist);
        },
        { protocol: 30 },
      ),
    ).toEqual([2, 'Invalid flist flag: 1004']);
  });
});

describe('segments', () => {
  const setup: Setup = { negotiated: { incRecurse: true } };
  it('hold what is in their directory', async () => {
    expect(await failure((writer) => entry(writer, 'a/b'), setup)).toEqual([
      4,
      'ABORTING due to invalid path from sender: a/b',
    ]);
    const flist = await receiver((writer) => {
      entry(writer, 'a', 0o40755);
      entry(writer, 'b', 0o40755);
      end(writer);
      entry(writer, 'b/x');
      end(writer);
    }, setup);
    await flist.receive(-1);
    await expect(flist.receive(0)).rejects.toThrow('ABORTING due to invalid path from sender: b/x');
  });
  it('come once for each known directory', async () => {
    const make = (): Promise<FlistReceiver> =>
      receiver((writer) => {
        entry(writer, 'a', 0o40755);
        entry(writer, 'a', 0o40755);
        end(writer);
        end(writer);
        end(writer);
      }, setup);
    const flist = await make();
    await flist.receive(-1);
    await expect(flist.receive(5)).rejects.toThrow('rsync: refusing invalid dir_ndx 5 >= 2');
    await expect(flist.receive(1)).rejects.toThrow('rsync: refusing flist for cleared dir_ndx 1');
    await flist.receive(0);
    await expect(flist.receive(0)).rejects.toThrow('rsync: refusing malicious duplicate flist for dir 0');
    flist.lists.releaseFirst();
    flist.lists.releaseFirst();
    await expect(flist.receive(0)).rejects.toThrow('refusing sub-flist after final flist was freed');
  });
});

describe('the error state at the end', () => {
  it('is taken over unless it is to be ignored', async () => {
    for (const [ignoreErrors, expected] of [
      [false, 3],
      [true, 0],
    ] as const) {
      const context = testContext({} as Kernel, testOptions({ ignoreErrors }), testNegotiated(32));
      const { writer, bytes } = collectingWriter(32);
      entry(writer, 'a');
      end(writer, 0xff3);
      const flist = new FlistReceiver({
        ...context,
        reader: readerOf(await bytes(), 32),
        cwd: '/',
        amRoot: true,
        memberOf: () => [],
      });
      await flist.receive(-1);
      expect(context.state.ioError).toBe(expected);
    }
  });
});

describe('noise', () => {
  it('ends in an error or a list, never in a crash', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 300 }),
        fc.constantFrom(28, 29, 30, 31, 32),
        fc.boolean(),
        async (noise, protocol, incremental) => {
          const incRecurse = incremental && protocol >= 30;
          const flist = new FlistReceiver({
            ...testContext(
              {} as Kernel,
              testOptions({ hardLinks: true, checksum: true, numericIds: false }),
              testNegotiated(protocol, { incRecurse }),
            ),
            reader: readerOf(noise, protocol, 13),
            cwd: '/',
            amRoot: false,
            memberOf: () => [],
          });
          try {
            await flist.receive(-1);
          } catch (error) {
            expect(error).toBeInstanceOf(RsyncError);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
