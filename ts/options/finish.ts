/** What options imply and which of them exclude each other: the second half of rsync's parse_arguments(). */
import { ExitCode, RsyncError } from '../errors.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { cleanName } from './clean-name.ts';
import type { Draft } from './draft.ts';
import type { OptionEnv } from './env.ts';
import { usageText } from './help.ts';
import { parseLocation } from './location.ts';
import { formatHas } from './log-format.ts';
import type { DeleteWhen, FilterArg, Options } from './options.ts';
import { applyFlags, applyVerbosity, debugFlags, infoFlags } from './output-flags.ts';
import { parseSize } from './sizes.ts';

const delayedPartialDir = '.~tmp~';
const longestPath = 4096;
const longestBatchName = 256;
const checksumNames = new Set(['xxh128', 'xxh3', 'xxh64', 'xxhash', 'md5', 'md4', 'sha1', 'none', 'auto']);
const compressNames = new Set(['zstd', 'lz4', 'zlibx', 'zlib', 'none']);
const largestPort = 65535;

function syntax(message: string): RsyncError {
  return new RsyncError(ExitCode.Syntax, `rsync: ${message}`);
}

/**
 * Settles `draft` for a command line with the arguments `args`. Throws RsyncError in rsync's words: exit
 * 1 for a conflict, 4 for an unknown algorithm.
 */
export function finishOptions(draft: Draft, args: readonly ByteString[], env: OptionEnv): Options {
  const maxAlloc = settleMaxAlloc(draft, env);
  const shell = settleArgProtection(draft, env);
  const checksum = settleChecksum(draft);
  const compress = settleCompress(draft);
  applyVerbosity(infoFlags, draft.info, draft.verbose);
  applyVerbosity(debugFlags, draft.debug, draft.verbose);
  if (draft.stats) applyFlags(infoFlags, draft.info, draft.verbose > 1 ? 'stats3' : 'stats2', false);
  checkBatch(draft);
  if (draft.tempDir.length >= longestPath - 10) throw syntax('the --temp-dir path is WAY too long.');
  const selection = settleSelection(draft, args);
  const deletion = settleDeletion(draft, selection.dirs);
  const backup = settleBackup(draft, deletion.delete !== undefined);
  const filters = [...draft.filters, ...selection.filters, ...backup.filters];
  if (draft.cvsExclude) filters.push({ kind: 'cvs-exclude' });
  const output = settleOutput(draft);
  const writing = settleWriting(draft, checksum.wholeFile, env);
  const filesFrom = settleFilesFrom(draft, args);
  if (draft.port < 0 || draft.port > largestPort) throw syntax(`--port=${draft.port} is invalid`);
  return {
    recursive: selection.recursive,
    dirs: selection.dirs,
    dirsGiven: draft.dirs === 2 && !selection.recursive,
    links: draft.links,
    copyLinks: draft.copyLinks,
    hardLinks: draft.hardLinks > 0,
    hardLinksGiven: draft.hardLinks,
    perms: draft.perms,
    executability: draft.executability,
    owner: draft.owner,
    group: draft.group,
    devices: draft.devices,
    specials: draft.specials,
    times: draft.times,
    atimes: draft.atimes,
    openNoatime: draft.openNoatime || draft.atimes > 1,
    crtimes: draft.crtimes,
    acls: draft.acls,
    xattrs: draft.xattrs,
    copyUnsafeLinks: draft.copyUnsafeLinks,
    safeLinks: draft.safeLinks,
    insecureLinks: draft.insecureLinks,
    mungeLinks: draft.mungeLinks,
    copyDirlinks: draft.copyDirlinks,
    keepDirlinks: draft.keepDirlinks,
    copyDevices: draft.copyDevices,
    writeDevices: draft.writeDevices,
    dropDevices: draft.dropDevices,
    confineRoot: settleConfineRoot(draft),
    superUser: draft.superUser,
    usermap: draft.usermap,
    groupmap: draft.groupmap,
    copyAs: draft.copyAs,
    omitDirTimes: draft.omitDirTimes || backup.omitDirTimes,
    omitDirTimesGiven: draft.omitDirTimes && !backup.omitDirTimes,
    omitLinkTimes: draft.omitLinkTimes,
    numericIds: draft.numericIds,
    chmod: draft.chmod.join(','),
    relative: selection.relative,
    impliedDirs: selection.relative && draft.impliedDirs,
    oneFileSystem: draft.oneFileSystem,
    filters,
    filesFrom: filesFrom.file,
    filesFromHost: filesFrom.host,
    cvsExclude: draft.cvsExclude,
    missingArgs: draft.deleteMissingArgs ? 'delete' : draft.ignoreMissingArgs ? 'ignore' : 'report',
    mkpath: draft.mkpath,
    trustSender: draft.trustSender,
    from0: draft.from0,
    maxSize: draft.maxSize,
    minSize: draft.minSize,
    ignoreExisting: draft.ignoreExisting,
    existing: draft.existing,
    update: draft.update,
    pruneEmptyDirs: draft.pruneEmptyDirs,
    checksum: draft.checksum,
    ignoreTimes: draft.ignoreTimes,
    sizeOnly: draft.sizeOnly,
    modifyWindow: draft.modifyWindow,
    modifyWindowGiven: draft.modifyWindowGiven,
    fuzzy: draft.fuzzy > 1 ? draft.alternateDests.length + 1 : draft.fuzzy,
    wholeFile: checksum.wholeFile,
    sparse: draft.sparse,
    ...writing,
    tempDir: draft.tempDir,
    delayUpdates: draft.delayUpdates,
    backup: backup.backup,
    backupDir: backup.backupDir,
    suffix: backup.suffix,
    alternateDests: draft.alternateDests,
    fsync: draft.fsync,
    preallocate: draft.preallocate,
    ...deletion,
    force: draft.force,
    ignoreErrors: draft.ignoreErrors,
    maxDelete: draft.maxDelete === undefined ? undefined : Math.max(0, draft.maxDelete),
    removeSourceFiles: draft.removeSource > 0,
    removeSentFiles: draft.removeSource === 2,
    protocol: draft.protocol,
    incRecursive: draft.incRecursive,
    qsort: draft.qsort,
    checksumChoice: checksum.choice,
    blockSize: draft.blockSize,
    checksumSeed: draft.checksumSeed,
    compressChoice: compress.choice,
    compressGiven: draft.compress > 0,
    compressNoneGiven: compress.none,
    compressLevel: draft.compressLevel,
    compressThreads: Math.max(0, draft.compressThreads),
    skipCompress: draft.skipCompress,
    timeout: draft.timeout,
    contimeout: draft.contimeout,
    bwlimit: draft.bwlimit * 1024,
    rsh: draft.server ? '' : draft.rsh,
    rsyncPath: draft.rsyncPath,
    remoteOptions: draft.remoteOptions,
    blockingIo: draft.blockingIo,
    port: draft.port,
    addressFamily: draft.addressFamily,
    address: draft.address,
    sockopts: draft.sockopts,
    earlyInput: draft.earlyInput,
    passwordFile: draft.passwordFile,
    motd: draft.motd,
    oldArgs: shell.oldArgs,
    secludedArgs: shell.secludedArgs,
    iconv: settleIconv(draft, shell.secludedArgs, env),
    maxAlloc: maxAlloc.bytes,
    maxAllocText: maxAlloc.text,
    stopAt: draft.stopAt,
    batch: settleBatch(draft),
    dryRun: draft.dryRun,
    listOnly: selection.listOnly,
    listOnlyGiven: draft.listOnly,
    verbose: draft.verbose,
    quiet: draft.quiet > 0,
    itemize: draft.itemize,
    humanReadable: draft.humanReadable,
    outFormat: output.outFormat,
    outFormatGiven: draft.outFormat !== undefined,
    stats: draft.stats,
    progress: draft.progress,
    eightBitOutput: draft.eightBitOutput,
    info: draft.info.level,
    debug: draft.debug.level,
    infoGiven: [...draft.info.given],
    debugGiven: [...draft.debug.given],
    msgs2stderr: draft.msgs2stderr === 2 ? undefined : draft.msgs2stderr === 1,
    outbuf: settleOutbuf(draft),
    logFile: draft.logFile,
    logFileFormat: draft.logFile !== '' && draft.logFileFormat === '' ? '%i %n%L' : draft.logFileFormat,
    server: draft.server,
    sender: draft.sender,
    clientInfo: draft.server ? draft.rsh : '',
  };
}

function settleMaxAlloc(draft: Draft, env: OptionEnv): { bytes: number; text: ByteString } {
  const text = draft.maxAlloc || env.RSYNC_MAX_ALLOC || '';
  if (text === '') return { bytes: 1 << 30, text };
  const rule = { name: 'max-alloc', unit: 'b', min: 1 << 20, zeroIsUnlimited: true } as const;
  return { bytes: parseSize(text, rule), text };
}

/** --old-args and --secluded-args, with RSYNC_OLD_ARGS and RSYNC_PROTECT_ARGS where neither is given. */
function settleArgProtection(draft: Draft, env: OptionEnv): { oldArgs: number; secludedArgs: boolean } {
  const number = (text: string) => Number.parseInt(text, 10) || 0;
  let secluded = draft.secludedArgs;
  let old = draft.oldArgs;
  if (old === undefined) {
    if (!draft.server && secluded !== true && env.RSYNC_OLD_ARGS) {
      secluded = false;
      old = number(env.RSYNC_OLD_ARGS);
    }
  } else if (old > 0) {
    if (secluded === true) throw syntax('--secluded-args conflicts with --old-args.');
    secluded = false;
  }
  if (secluded === undefined && !draft.server && env.RSYNC_PROTECT_ARGS) {
    secluded = number(env.RSYNC_PROTECT_ARGS) !== 0;
  }
  return { oldArgs: old ?? 0, secludedArgs: secluded ?? false };
}

/** The names are checked here; a transfer checksum of `none` can only send whole files. */
function settleChecksum(draft: Draft): { choice: string; wholeFile: boolean | undefined } {
  const choice = (draft.checksumChoice ?? 'auto').toLowerCase();
  if (choice === 'auto' || choice === 'auto,auto') return { choice: '', wholeFile: draft.wholeFile };
  const comma = choice.indexOf(',');
  const names = comma < 0 ? [choice] : [choice.slice(0, comma), choice.slice(comma + 1)];
  for (const name of names) {
    if (checksumNames.has(name)) continue;
    const shown =
      comma < 0 ? draft.checksumChoice! : draft.checksumChoice!.slice(names.indexOf(name) * (comma + 1));
    throw new RsyncError(ExitCode.Unsupported, `unknown checksum name: ${shown}`);
  }
  return { choice, wholeFile: names[0] === 'none' ? true : draft.wholeFile };
}

function settleCompress(draft: Draft): { choice: string; none: boolean } {
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

function settleOutbuf(draft: Draft): Options['outbuf'] {
  if (draft.outbuf === undefined || draft.server) return '';
  const mode = draft.outbuf.slice(0, 1).toUpperCase();
  if (mode === 'N' || mode === 'U') return 'none';
  if (mode === 'L') return 'line';
  if (mode === 'B' || mode === 'F') return 'block';
  throw syntax('Invalid --outbuf setting -- specify N, L, or B.');
}

function settleIconv(draft: Draft, secluded: boolean, env: OptionEnv): ByteString {
  let spec = draft.iconv;
  if (spec === '' && !draft.server && !secluded) spec = env.RSYNC_ICONV ?? '';
  return spec === '-' && !draft.server ? '' : spec;
}

function settleConfineRoot(draft: Draft): ByteString {
  if (draft.confineRoot === '') return '';
  if (!draft.confineRoot.startsWith('/')) throw syntax('--confine-root must be an absolute path');
  if (draft.insecureLinks) throw syntax('--insecure-links cannot be combined with --confine-root');
  return draft.confineRoot;
}

function checkBatch(draft: Draft): void {
  if (draft.superUser === 'fake' && draft.xattrs > 1) throw syntax('--fake-super conflicts with -XX');
  if (draft.batchWrite !== 0 && draft.batchRead) {
    throw syntax('--write-batch and --read-batch can not be used together');
  }
  if (!draft.batchRead && draft.batchWrite === 0) return;
  if (draft.batchRead && draft.filesFrom !== '') {
    throw syntax('--read-batch cannot be used with --files-from');
  }
  if (draft.batchRead && draft.removeSource > 0) {
    const kind = draft.removeSource === 1 ? 'source' : 'sent';
    throw syntax(`--read-batch cannot be used with --remove-${kind}-files`);
  }
  if (draft.batchFile.length > longestBatchName) {
    throw syntax(`the batch-file name must be ${longestBatchName} characters or less.`);
  }
}

/** A server serves a client of an old version that still sends batch options, without a batch. */
function settleBatch(draft: Draft): Options['batch'] {
  if (draft.batchRead) return draft.server ? undefined : { kind: 'read', file: draft.batchFile };
  if (draft.batchWrite === 0 || draft.dryRun) return undefined;
  if (draft.batchWrite < 0) return { kind: 'only-write', file: draft.batchFile };
  return draft.server ? undefined : { kind: 'write', file: draft.batchFile };
}

interface Selection {
  readonly recursive: boolean;
  readonly dirs: boolean;
  readonly listOnly: boolean;
  readonly relative: boolean;
  readonly filters: readonly FilterArg[];
}

/** -r, -d, --list-only, -R and what --files-from makes of them. */
function settleSelection(draft: Draft, args: readonly ByteString[]): Selection {
  let recursive = draft.recursive > 0;
  let dirs = draft.dirs;
  if (draft.filesFrom !== '') {
    if (draft.recursive === 1) recursive = false;
    if (dirs < 0) dirs = 1;
  }
  const listOnly = draft.listOnly || (args.length < 2 && !draft.batchRead && !draft.server);
  const filters: FilterArg[] = [];
  if (dirs >= 4) {
    filters.push({ kind: 'filter', rule: '- /*/*' });
    recursive = true;
    dirs = 1;
  } else if (recursive) {
    dirs = 1;
  } else if (dirs < 0) {
    dirs = listOnly ? 1 : 0;
  }
  const relative = draft.relative ?? draft.filesFrom !== '';
  return { recursive, dirs: dirs > 0, listOnly, relative, filters };
}

function settleDeletion(
  draft: Draft,
  dirs: boolean,
): { delete: DeleteWhen | undefined; deleteWhenGiven: boolean; deleteExcluded: boolean } {
  const { deleteBefore, deleteDuring, deleteAfter, deleteExcluded } = draft;
  if (Number(deleteBefore) + Number(deleteDuring > 0) + Number(deleteAfter) > 1) {
    throw syntax('You may not combine multiple --delete-WHEN options.');
  }
  const when = deleteBefore
    ? 'before'
    : deleteAfter
      ? 'after'
      : deleteDuring === 2
        ? 'delay'
        : deleteDuring === 1
          ? 'during'
          : undefined;
  const wanted = when !== undefined || draft.delete || deleteExcluded;
  if (wanted && !dirs) throw syntax('--delete does not work without --recursive (-r) or --dirs (-d).');
  return {
    delete: wanted ? (when ?? 'during') : undefined,
    deleteWhenGiven: when !== undefined,
    deleteExcluded,
  };
}

interface Backup {
  readonly backup: boolean;
  readonly backupDir: ByteString;
  readonly suffix: ByteString;
  readonly omitDirTimes: boolean;
  readonly filters: readonly FilterArg[];
}

/** --backup-dir implies --backup; without one, kept files are protected from deletion by a filter. */
function settleBackup(draft: Draft, deletes: boolean): Backup {
  const suffix = draft.suffix ?? (draft.backupDir === undefined ? '~' : '');
  if (suffix.includes('/')) throw syntax(`--suffix cannot contain slashes: ${suffix}`);
  const backup = draft.backup || draft.backupDir !== undefined;
  let backupDir = draft.backupDir ?? '';
  while (backupDir.startsWith('./')) backupDir = backupDir.slice(2);
  if (backupDir === '.') backupDir = '';
  if (backupDir.length > longestPath + 128) throw syntax('the --backup-dir path is WAY too long.');
  const filters: FilterArg[] = [];
  if (backupDir === '') {
    if (suffix === '' && !(draft.server && draft.sender)) {
      const why =
        draft.backupDir === undefined
          ? 'without a --backup-dir'
          : 'when --backup-dir is the same as the dest dir';
      throw syntax(`--suffix cannot be empty ${why}`);
    }
    if (backup && deletes && !draft.deleteExcluded && !draft.server) {
      filters.push({ kind: 'filter', rule: `P *${suffix}` });
    }
  }
  return { backup, backupDir, suffix, omitDirTimes: backup && backupDir === '', filters };
}

/** -i, -v and --progress, and the format of names that they imply. */
function settleOutput(draft: Draft): { outFormat: ByteString } {
  let outFormat = draft.outFormat ?? '';
  // With these escapes a line can only be written after the file; else it stands before its progress.
  const before =
    outFormat === '' ? draft.itemize > 0 : !['b', 'c', 'C'].some((letter) => formatHas(outFormat, letter));
  if (draft.outFormat === undefined && draft.itemize > 0) outFormat = '%i %n%L';
  if (draft.progress && !draft.server) {
    if (!before && draft.info.level.name === 0) applyFlags(infoFlags, draft.info, 'name', false);
    applyFlags(infoFlags, draft.info, 'flist2,progress', false);
  }
  if (draft.info.level.name > 0 && draft.outFormat === undefined && draft.itemize === 0) outFormat = '%n%L';
  return { outFormat };
}

type Writing = Pick<Options, 'inplace' | 'append' | 'partial' | 'partialDir' | 'partialDirImplied'>;

/** --append and --write-devices imply --inplace, which excludes a directory for partial files. */
function settleWriting(draft: Draft, wholeFile: boolean | undefined, env: OptionEnv): Writing {
  if (draft.append > 0 && wholeFile === true) throw syntax('--append cannot be used with --whole-file');
  const inplace = draft.inplace || draft.append > 0 || draft.writeDevices;
  const append = draft.append === 0 ? 'no' : draft.append === 1 ? 'plain' : 'verify';
  const implied = draft.delayUpdates && draft.partialDir === '';
  let partialDir = implied ? delayedPartialDir : draft.partialDir;
  if (inplace) {
    if (partialDir !== '') {
      const option = draft.append > 0 ? 'append' : 'inplace';
      throw syntax(
        `--${option} cannot be used with --${draft.delayUpdates ? 'delay-updates' : 'partial-dir'}`,
      );
    }
    return { inplace, append, partial: false, partialDir: '', partialDirImplied: false };
  }
  if (draft.partial && partialDir === '' && !draft.server) partialDir = env.RSYNC_PARTIAL_DIR ?? '';
  const named = partialDir !== '';
  partialDir = cleanName(partialDir);
  if (partialDir === '.') partialDir = '';
  return { inplace, append, partial: draft.partial || named, partialDir, partialDirImplied: implied };
}

/** Where --files-from is read; with it there is one source and one destination. */
function settleFilesFrom(
  draft: Draft,
  args: readonly ByteString[],
): { file: ByteString; host: ByteString | undefined } {
  if (draft.filesFrom === '') return { file: '', host: undefined };
  if (args.length > 2 || (!draft.server && args.length === 1)) {
    throw new RsyncError(ExitCode.Syntax, usageText().trimEnd().split('\n'));
  }
  if (draft.filesFrom === '-') return { file: '-', host: draft.server ? '' : undefined };
  const at = parseLocation(draft.filesFrom);
  if (at.kind === 'local') return { file: draft.filesFrom, host: undefined };
  if (draft.server) throw syntax('The --files-from sent to the server cannot specify a host.');
  if (at.path === '-') throw syntax('Invalid --files-from remote filename');
  return { file: at.path, host: at.user === undefined ? at.host : `${at.user}@${at.host}` };
}
