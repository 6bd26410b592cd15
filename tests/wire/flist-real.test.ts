/** Our file list and real rsync's: the same bytes for the same tree, and lists that we read as they are. */
import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFilters } from '../../ts/filter/index.ts';
import type { FileLists } from '../../ts/flist/file-lists.ts';
import { FlistReceiver } from '../../ts/flist/receive.ts';
import { FlistSender } from '../../ts/flist/send.ts';
import type { ByteString } from '../../ts/kernel/kernel.ts';
import type { Options } from '../../ts/options/options.ts';
import { parseClientArgs } from '../../ts/options/parse.ts';
import { allowIncRecurse, serverArgs } from '../../ts/options/server-args.ts';
import { handshake } from '../../ts/session/handshake.ts';
import { ndxFlistEof, ndxFlistOffset } from '../../ts/wire/constants.ts';
import type { Negotiated } from '../../ts/wire/negotiated.ts';
import { filterContext, testHost } from '../support/host.ts';
import { diskKernel } from '../unit/flist/disk.ts';
import { collectingWriter, testContext } from '../unit/flist/wire.ts';
import { type Served, serve } from '../unit/session/wire-fixture.ts';

const rsync = process.env.OC_RSYNC_PEER ?? 'rsync';
const isRoot = process.getuid?.() === 0;
let base: string;
let src: string;

function file(name: string | Buffer, content = 'x', time = 1_600_000_000): void {
  const path = typeof name === 'string' ? join(src, name) : Buffer.concat([Buffer.from(`${src}/`), name]);
  writeFileSync(path, content);
  utimesSync(path, time, time);
}

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'flist-'));
  src = join(base, 'src');
  for (const dir of ['a', 'a/b', 'a/b/c', 'a-dir', 'foo', 'foo.d', 'foo/bar', 'zz', 'empty', '.hidden'])
    mkdirSync(join(src, dir), { recursive: true });
  for (const name of [
    'a/f1',
    'a/f2',
    'a/b/f1',
    'a/b/c/deep',
    'a.txt',
    'foo/x',
    'foo.d/y',
    'foo/bar/z',
    'foo-',
    'foo0',
  ])
    file(name);
  file('zz/long-'.padEnd(250, 'n'), 'y'.repeat(70000));
  file('zz/old', 'o', 1);
  file('zz/late', 'o', 0x7ffffff0);
  file('.hidden/file', '');
  file(Buffer.from([0xff, 0xfe, 0x41, 0x0a, 0x80]));
  file(Buffer.from('umläut'));
  execFileSync('touch', ['-d', '2020-02-02 02:02:02.123456789', join(src, 'a/f2')]);
  symlinkSync('../nowhere', join(src, 'a/dangling'));
  symlinkSync('a', join(src, 'to-dir'));
  mkdirSync(join(src, 'links'));
  symlinkSync('../a.txt', join(src, 'links/file'));
  symlinkSync('../foo', join(src, 'links/folder'));
  symlinkSync('foo', join(src, 'to-dir2'));
  linkSync(join(src, 'a/f1'), join(src, 'hard1'));
  linkSync(join(src, 'a/f1'), join(src, 'foo/bar/hard2'));
  linkSync(join(src, 'foo/x'), join(src, 'foo/x2'));
  execFileSync('mkfifo', [join(src, 'fifo')]);
  if (isRoot) {
    try {
      execFileSync('mknod', [join(src, 'null'), 'c', '1', '3'], { stdio: 'ignore' });
      execFileSync('mknod', [join(src, 'zz/block'), 'b', '8', '300'], { stdio: 'ignore' });
    } catch {}
    execFileSync('chown', ['1:1', join(src, 'foo/x')]);
    execFileSync('chown', ['12345:54321', join(src, 'foo-')]);
  }
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

interface Opened {
  readonly served: Served;
  readonly negotiated: Negotiated;
  readonly options: Options;
}

/** Real rsync as sender of `paths`, up to the file list. */
async function realSender(
  flags: readonly string[],
  protocol: number,
  paths: readonly string[],
  extra: Partial<Options> = {},
): Promise<Opened> {
  const parsed = parseClientArgs([...flags, '--cc=md5', `--protocol=${protocol}`, `h:${paths[0]}`, base], {
    env: {},
    now: Date.now,
  });
  if (parsed.kind !== 'run') throw new Error('not a run');
  const options = { ...parsed.options, ...extra };
  const args = serverArgs(options, { sender: true, protocol, daemon: false });
  const served = serve([rsync, ...args, '.', ...paths]);
  const clientInfo = args.find((arg) => /^-[^-]*e/.test(arg))?.replace(/^.*?e(?=\.)/, '') ?? '';
  const negotiated = await handshake(served, {
    amServer: false,
    amSender: false,
    options,
    kernel: diskKernel,
    clientInfo,
    host: testHost({ env: {}, now: Date.now }),
  });
  served.reader.startMultiplex();
  if (negotiated.protocol >= 30) served.writer.startMultiplex();
  served.writer.int(0);
  served.writer.flush();
  return { served, negotiated, options };
}

/** Our bytes for the same sources. */
async function ourBytes(opened: Opened, paths: readonly ByteString[]): Promise<Buffer> {
  const { negotiated, options } = opened;
  const { writer, bytes } = collectingWriter(negotiated.protocol);
  const context = testContext(diskKernel, options, negotiated);
  const sender = new FlistSender({
    now: Date.now,
    ...context,
    writer,
    filters: createFilters(options, filterContext()),
    cwd: process.cwd(),
  });
  await sender.sendInitial(paths);
  while (!sender.lists.eof) await sender.sendMore(-1);
  expect(context.lines).toEqual([]);
  return bytes();
}

async function theirBytes({ served }: Opened, count: number): Promise<Buffer> {
  const into = Buffer.alloc(count);
  await served.reader.readInto(into);
  return into;
}

async function receiveAll({ served, negotiated, options }: Opened): Promise<FileLists> {
  const receiver = new FlistReceiver({
    ...testContext(diskKernel, options, negotiated),
    reader: served.reader,
    cwd: '/',
    amRoot: false,
    memberOf: () => [],
  });
  await receiver.receive(-1);
  const { lists } = receiver;
  while (!lists.eof) {
    const ndx = await served.reader.record(() => served.reader.ndx());
    if (ndx === ndxFlistEof) lists.eof = true;
    else await receiver.receive(ndxFlistOffset - ndx);
  }
  return lists;
}

function names(lists: FileLists): ByteString[] {
  const all: ByteString[] = [];
  for (const list of lists.segments)
    for (let i = 0; i < list.count; i++) if (list.isActive(i)) all.push(list.path(i));
  return all;
}

/** The names that rsync lists, in its order. */
function listed(flags: readonly string[], paths: readonly string[]): ByteString[] {
  const out = execFileSync(rsync, ['--list-only', '-8', '--no-inc-recursive', ...flags, ...paths], {
    encoding: 'latin1',
  });
  return out.split(/\n(?=[dlpcbs-][rwxsStT-]{9} )/).map((line) =>
    line
      .replace(/\n$/, '')
      .replace(/^\S+ +\S+ +\S+ \S+ /, '')
      .replace(/ -> .*$/s, '')
      .replace(/\\#(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
  );
}

const cases: [string, string[], string[], Partial<Options>?][] = [
  ['-a', ['-a'], ['src/']],
  ['-a without slash', ['-a'], ['src']],
  ['-aH', ['-aH'], ['src/']],
  ['-aHc', ['-aHc'], ['src/']],
  ['-rt', ['-rt'], ['src/']],
  ['-rlptD, two sources', ['-rlptD'], ['src/a/', 'src/foo']],
  ['-aR', ['-aR'], ['src/./a/b', 'src/./foo/bar', 'src/./a/f1']],
  ['-aR of several files', ['-aR'], ['src/a/b/c/deep', 'src/a/f1', 'src/foo/bar/', 'src/zz/old']],
  ['-aL', ['-a'], ['src/links/', 'src/to-dir2'], { copyLinks: true }],
  ['-d', ['-dlt'], ['src/']],
  ['-ax', ['-ax'], ['src/']],
  ['-rR, absolute', ['-rtR'], ['src/foo/bar', 'src/a/b/']],
  ['-a --numeric-ids', ['-a', '--numeric-ids'], ['src/']],
  ['one file', ['-a'], ['src/a.txt']],
  ['files and a folder', ['-a'], ['src/a.txt', 'src/foo0', 'src/empty']],
  ['same names', ['-a'], ['src/a/', 'src/foo/', 'src/a/b/']],
];

describe.each([28, 29, 30, 31, 32])('protocol %i', (protocol) => {
  const recursions = protocol >= 30 ? ['--inc-recursive', '--no-inc-recursive'] : ['--no-inc-recursive'];
  describe.each(recursions)('%s', (recursion) => {
    it.each(cases)('sends the bytes that rsync sends: %s', async (_title, flags, sources, extra) => {
      const paths = sources.map((path) => `${base}/${path}`);
      const opened = await realSender([...flags, recursion], protocol, paths, extra);
      try {
        expect(opened.negotiated.incRecurse).toBe(
          recursion === '--inc-recursive' && allowIncRecurse(opened.options, false),
        );
        const ours = await ourBytes(opened, paths);
        const theirs = await theirBytes(opened, ours.length);
        expect(theirs.equals(ours), firstDifference(ours, theirs)).toBe(true);
      } finally {
        await opened.served.stop();
      }
    });

    it.each(cases.slice(0, 4))('reads what rsync sends: %s', async (_title, flags, sources) => {
      const paths = sources.map((path) => `${base}/${path}`);
      const opened = await realSender([...flags, recursion], protocol, paths);
      try {
        const lists = await receiveAll(opened);
        const got = names(lists);
        if (recursion === '--no-inc-recursive' && protocol >= 29) expect(got).toEqual(listed(flags, paths));
        else expect([...got].sort()).toEqual(listed(flags, paths).sort());
        expect(lists.totals.entries).toBe(got.length);
      } finally {
        await opened.served.stop();
      }
    });
  });
});

function firstDifference(ours: Buffer, theirs: Buffer): string {
  let at = 0;
  while (at < ours.length && ours[at] === theirs[at]) at++;
  const show = (bytes: Buffer): string =>
    JSON.stringify(bytes.subarray(Math.max(0, at - 40), at + 60).toString('latin1'));
  return `at ${at} of ${ours.length}:\n ours   ${show(ours)}\n theirs ${show(theirs)}`;
}

describe('protocol of old byte order', () => {
  it('reads a list of protocol 28 in the order of whole paths', async () => {
    const opened = await realSender(['-a'], 28, [`${src}/`]);
    try {
      const got = names(await receiveAll(opened));
      expect(got).toEqual([...got].sort((a, b) => (a < b ? -1 : 1)));
      expect(got.length).toBeGreaterThan(20);
    } finally {
      await opened.served.stop();
    }
  });
});
