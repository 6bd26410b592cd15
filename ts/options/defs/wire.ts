/** What passes between the two sides, how fast, and for how long. */
import { ExitCode, RsyncError } from '../../errors.ts';
import type { ByteString } from '../../kernel/kernel.ts';
import { derived, integer, leading, off, on, option, type Run, type Telling } from '../definition.ts';
import { closes, none, where } from '../paths.ts';
import { newestProtocol } from '../program.ts';
import { type Quoting, quoteOption } from '../shell-quote.ts';
import { parseSize } from '../sizes.ts';
import { parseStopAt } from '../stop-at.ts';
import type { Batch } from '../values.ts';
import { syntax } from '../wrong.ts';

/** What --compress-choice may say, besides `auto`. */
export const compressNames: ReadonlySet<string> = new Set(['zstd', 'lz4', 'zlibx', 'zlib', 'none']);
const longestBatchName = 256;
const defaultMaxAlloc = 1 << 30;

interface Compressing {
  /** -z count. */
  readonly compress: number;
  readonly compressChoice: string | undefined;
  readonly compressLevel: number | undefined;
}

function compressionOf(draft: Compressing): { choice: string; none: boolean } {
  const given = draft.compressChoice ?? (draft.compress > 1 ? 'zlibx' : 'auto');
  const choice = given.toLowerCase();
  if (choice === 'auto') {
    return { choice: draft.compress > 0 || draft.compressLevel !== undefined ? 'auto' : '', none: false };
  }
  if (!compressNames.has(choice)) {
    throw new RsyncError(ExitCode.Unsupported, `unknown compress name: ${given}`);
  }
  return choice === 'none' ? { choice: '', none: true } : { choice, none: false };
}

function maxAllocText(given: ByteString, { env }: Run): ByteString {
  return given || env.RSYNC_MAX_ALLOC || '';
}

interface BatchGiven {
  readonly read: boolean;
  /** 0 no, 1 --write-batch, -1 --only-write-batch. */
  readonly write: number;
  readonly file: ByteString;
}

interface Batching {
  readonly filesFrom: ByteString;
  readonly removeSourceFiles: number;
  readonly dryRun: boolean;
}

function checkBatch({ read, write, file }: BatchGiven, draft: Batching): void {
  if (write !== 0 && read) throw syntax('--write-batch and --read-batch can not be used together');
  if (!read && write === 0) return;
  if (read && draft.filesFrom !== '') throw syntax('--read-batch cannot be used with --files-from');
  if (read && draft.removeSourceFiles > 0) {
    const kind = draft.removeSourceFiles === 1 ? 'source' : 'sent';
    throw syntax(`--read-batch cannot be used with --remove-${kind}-files`);
  }
  if (file.length > longestBatchName) {
    throw syntax(`the batch-file name must be ${longestBatchName} characters or less.`);
  }
}

/** A server serves a client of an old version that still sends batch options, without a batch. */
function batchOf(
  { read, write, file }: BatchGiven,
  { dryRun }: Batching,
  server: boolean,
): Batch | undefined {
  if (read) return server ? undefined : { kind: 'read', file };
  if (write === 0 || dryRun) return undefined;
  if (write < 0) return { kind: 'only-write', file };
  return server ? undefined : { kind: 'write', file };
}

interface CompressionTold extends Quoting {
  readonly compressGiven: boolean;
  readonly compressNoneGiven: boolean;
}

function compressAs(choice: string) {
  return (): string | undefined => choice;
}

function stopAfter(spec: string, help?: string) {
  return on<number | undefined>(spec, help, (_, { value, now }) => {
    const minutes = Number.parseInt(value, 10);
    if (!(minutes > 0)) throw syntax(`invalid --stop-after value: ${value}`);
    return Math.floor(now() / 1000) + minutes * 60;
  });
}

export const wireOptions = {
  protocol: integer('--protocol=NUM', 'speak an older protocol', {
    initial: newestProtocol,
    // Of the ends, once it is agreed on.
    closes: [where((version: number) => version < 31, 'sourceAhead')],
  }),
  /** --max-alloc: bytes of one allocation at most; 0 is no limit. */
  maxAlloc: option({
    initial: '',
    switches: [
      on<ByteString>('--max-alloc=SIZE', 'limit the memory of one allocation', (_, { value }) => value),
    ],
    settle: (given: ByteString, _: unknown, run): number => {
      const size = maxAllocText(given, run);
      if (size === '') return defaultMaxAlloc;
      return parseSize(size, { name: 'max-alloc', unit: 'b', min: 1 << 20, zeroIsUnlimited: true });
    },
    closes: none,
  }),
  /** As given; '' for the default. */
  maxAllocText: derived(
    (draft: { readonly maxAlloc: ByteString }, run): ByteString => maxAllocText(draft.maxAlloc, run),
    {
      tells: (
        size: ByteString,
        { options }: Telling<Quoting & { readonly maxAlloc: number }>,
      ): ByteString[] =>
        size === '' || options.maxAlloc === defaultMaxAlloc
          ? []
          : [quoteOption('--max-alloc', size, options)],
      closes: none,
    },
  ),
  compress: leading(0, [
    on<number>('--compress, -z', 'compress on the wire', (times) => times + 1),
    ...['--no-compress', '--no-z'].map((name) =>
      on(name, undefined, (_: number, __, draft: { compressChoice: string | undefined }) => {
        draft.compressChoice = undefined;
        return 0;
      }),
    ),
  ]),
  /** '' is no compression; 'auto' negotiates; else the name given. */
  compressChoice: option({
    initial: undefined as string | undefined,
    switches: [
      on<string | undefined>(
        '--compress-choice=STR',
        'name the compression (aka --zc)',
        (_, { value }) => value,
      ),
      on<string | undefined>('--zc=STR', undefined, (_, { value }) => value),
      on('--old-compress', undefined, compressAs('zlib')),
      on('--new-compress', undefined, compressAs('zlibx')),
    ],
    settle: (_: string | undefined, draft: Compressing): string => compressionOf(draft).choice,
    letter: (choice: string, { options }: Telling<CompressionTold>): string =>
      choice === 'zlib' || (choice === 'auto' && options.compressGiven) ? 'z' : '',
    tells: (choice: string, { options }: Telling<CompressionTold>): ByteString[] => {
      if (options.compressNoneGiven) return ['--compress-choice=none'];
      if (choice === 'zlibx') return ['--new-compress'];
      if (choice === 'zlib') return ['--old-compress'];
      return choice === '' || choice === 'auto' ? [] : [quoteOption('--compress-choice', choice, options)];
    },
    closes: closes('filesByName'),
  }),
  /** -z itself was given: with 'auto' the server is told `z` (else only a level turned compression on). */
  compressGiven: derived((draft: Compressing): boolean => draft.compress > 0, { closes: none }),
  /** --compress-choice=none was given (`compressChoice` is ''): the server is told. */
  compressNoneGiven: derived((draft: Compressing): boolean => compressionOf(draft).none, { closes: none }),
  /** undefined is the codec's default. */
  compressLevel: option({
    initial: undefined as number | undefined,
    switches: [
      on<number | undefined>(
        '--compress-level=NUM',
        'set its level (aka --zl)',
        (_, { number }) => number,
        'int',
      ),
      on<number | undefined>('--zl=NUM', undefined, (_, { number }) => number, 'int'),
    ],
    settle: (level: number | undefined): number | undefined => level,
    tells: (
      level: number | undefined,
      { options }: Telling<{ readonly compressChoice: string }>,
    ): string[] =>
      options.compressChoice === '' || level === undefined ? [] : [`--compress-level=${level}`],
    closes: none,
  }),
  compressThreads: option({
    initial: 0,
    switches: [
      on<number>('--compress-threads=NUM', 'set its threads (aka --zt)', (_, { number }) => number, 'int'),
      on<number>('--zt=NUM', undefined, (_, { number }) => number, 'int'),
    ],
    settle: (threads: number): number => Math.max(0, threads),
    closes: none,
  }),
  /** Told to a sender, and nothing else: no compression of rsync's can change its level from file to file. */
  skipCompress: option({
    initial: undefined as ByteString | undefined,
    switches: [
      on<ByteString | undefined>(
        '--skip-compress=LIST',
        "don't compress files with these suffixes",
        (_, { value }) => value,
      ),
    ],
    settle: (list: ByteString | undefined): ByteString | undefined => list,
    tells: (list: ByteString | undefined, { options, push }: Telling<Quoting>): ByteString[] =>
      list === undefined || push ? [] : [quoteOption('--skip-compress', list, options)],
    closes: none,
  }),
  /** Seconds; 0 is none. */
  timeout: integer('--timeout=SECONDS', 'give up when nothing comes for so long', {
    off: 'no-timeout',
    tells: (seconds): string[] => (seconds === 0 ? [] : [`--timeout=${seconds}`]),
    closes: none,
  }),
  /** Bytes a second, a multiple of 1024; 0 is no limit. */
  bwlimit: option({
    initial: 0,
    switches: [
      on<number>('--bwlimit=RATE', 'use no more bandwidth', (_, { value }) => {
        const bytes = parseSize(value, { name: 'bwlimit', unit: 'k', min: 512, zeroIsUnlimited: true });
        return Math.floor((bytes + 512) / 1024) * 1024;
      }),
      ...off('no-bwlimit', 0),
    ],
    settle: (bytes: number): number => bytes,
    tells: (bytes: number): string[] => (bytes === 0 ? [] : [`--bwlimit=${bytes / 1024}`]),
    // Bytes that do not pass the wire are not slowed down.
    closes: closes('filesByName', 'listsAsTheyAre'),
  }),
  /** --stop-after / --stop-at, seconds since 1970; undefined is no limit. */
  stopAt: option({
    initial: undefined as number | undefined,
    switches: [
      stopAfter('--stop-after=MINS', 'stop after MINS minutes'),
      stopAfter('--time-limit=MINS'),
      on<number | undefined>('--stop-at=y-m-dTh:m', 'stop at that time', (_, { value, now }) =>
        parseStopAt(value, new Date(now())),
      ),
    ],
    settle: (at: number | undefined): number | undefined => at,
    closes: none,
  }),
  /** Contents pass: in a real run, and where a batch alone takes them (rsync's do_xfers). */
  transfers: derived((draft: { readonly dryRun: boolean }): boolean => !draft.dryRun, { closes: none }),
  batch: option({
    initial: { read: false, write: 0, file: '' } as BatchGiven,
    switches: [
      on<BatchGiven>('--write-batch=FILE', 'write the updates to FILE too', (given, { value }) => {
        return { ...given, write: 1, file: value };
      }),
      on<BatchGiven>('--only-write-batch=FILE', 'write the updates to FILE only', (given, { value }) => {
        return { ...given, write: -1, file: value };
      }),
      on<BatchGiven>('--read-batch=FILE', 'do the updates that FILE holds', (given, { value }) => {
        return { ...given, read: true, file: value };
      }),
    ],
    settle: (given: BatchGiven, draft: Batching, { server }): Batch | undefined => {
      checkBatch(given, draft);
      return batchOf(given, draft, server);
    },
    tells: (batch: Batch | undefined, { push }): string[] =>
      batch?.kind === 'only-write' && push ? ['--only-write-batch=X'] : [],
    // It holds the bytes of the wire, and what is read from one comes file by file.
    closes: [
      ...closes('filesByName', 'listsAsTheyAre', 'wireLent'),
      where(
        (batch: Batch | undefined) => batch !== undefined && batch.kind !== 'write',
        'answersTogether',
        'writesTogether',
        'passesOver',
        'waitsForTheRest',
      ),
    ],
  }),
  /** What a server was asked for and does not do, since its client has the batch. */
  batchIgnored: derived(
    (draft: { readonly batch: BatchGiven }, { server }): 'write' | 'read' | undefined => {
      const { read, write } = draft.batch;
      if (!server || (!read && write <= 0)) return undefined;
      return read ? 'read' : 'write';
    },
    { closes: none },
  ),
};
