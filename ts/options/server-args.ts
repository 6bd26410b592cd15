/** What a client tells the remote side: the option part of the server's command line. */
import type { ByteString } from '../kernel/kernel.ts';
import { formatHas } from './log-format.ts';
import type { Options } from './options.ts';
import { FlagSide, flagsArgument, infoFlags } from './output-flags.ts';
import { quoteOption, quoteRemoteOption } from './shell-quote.ts';

/** The remote end as the client sees it. */
export interface ServerSide {
  /** The remote side sends (we pull). */
  readonly sender: boolean;
  /** Protocol that we offer; below 30 no capability string is sent. */
  readonly protocol: number;
  /** The arguments go to a daemon, not to a remote shell; rsync sends it the same ones. */
  readonly daemon: boolean;
}

const defaultMaxAlloc = 1 << 30;
const mostVerbose = 9;

/**
 * Everything after the remote program's name up to, not including, the `.`, in rsync's order: its
 * server_options(). Values are escaped for the remote shell (a daemon undoes that too).
 */
export function serverArgs(options: Options, side: ServerSide): ByteString[] {
  const args: ByteString[] = ['--server'];
  if (side.sender) args.push('--sender');
  const cluster = shortOptions(options, side);
  if (cluster !== '-') args.push(cluster);
  if (options.iconv !== '') {
    args.push(quoteOption('--iconv', options.iconv.slice(options.iconv.indexOf(',') + 1), options));
  }
  generalOptions(options, side, args);
  backupOptions(options, args);
  algorithmOptions(options, args);
  if (side.sender) {
    if (options.skipCompress !== undefined) {
      args.push(quoteOption('--skip-compress', options.skipCompress, options));
    }
  } else {
    receiverOptions(options, args);
  }
  sharedOptions(options, side, args);
  if (!side.sender) placementOptions(options, args);
  outputOptions(options, side, args);
  sourceOptions(options, side, args);
  for (const option of options.remoteOptions) args.push(quoteRemoteOption(option, options));
  return args;
}

/** The bundle of short options, with the capability string behind `e` at its end. */
function shortOptions(options: Options, side: ServerSide): string {
  const push = !side.sender;
  let out = '-';
  const add = (letter: string, times: number | boolean) => {
    out += letter.repeat(Number(times));
  };
  add('s', options.secludedArgs);
  add('v', Math.min(options.verbose, mostVerbose));
  add('q', options.quiet && options.msgs2stderr !== false);
  add('b', options.backup);
  add('u', options.update);
  add('n', options.dryRun);
  add('l', options.links);
  add('d', options.dirsGiven || dirsMatter(options, push));
  if (push) {
    add('K', options.keepDirlinks);
    add('m', options.pruneEmptyDirs);
    add('O', options.omitDirTimesGiven);
    add('J', options.omitLinkTimes);
    add('y', Math.min(options.fuzzy, 2));
  } else {
    add('L', options.copyLinks);
    add('k', options.copyDirlinks);
  }
  add('W', options.wholeFile === true);
  add('H', Math.min(options.hardLinksGiven, 2));
  add('o', options.owner);
  add('g', options.group);
  add('D', options.devices);
  add('t', options.times);
  add('U', Math.min(options.atimes, 2));
  if (options.perms) add('p', true);
  else add('E', options.executability && push);
  add('A', options.acls);
  add('X', Math.min(options.xattrs, 2));
  add('r', options.recursive);
  add('c', options.checksum);
  add('C', options.cvsExclude);
  add('I', options.ignoreTimes);
  add('R', options.relative);
  add('x', Math.min(options.oneFileSystem, 2));
  add('S', options.sparse);
  add('z', options.compressChoice === 'zlib' || (options.compressChoice === 'auto' && options.compressGiven));
  const capabilities = capabilityString(side.protocol, allowIncRecurse(options, push));
  return capabilities === '' ? out : `${out}e${capabilities}`;
}

/** Directories without recursion: a list, or a deletion, needs the server to know of them. */
function dirsMatter(options: Options, push: boolean): boolean {
  return options.dirs && !options.recursive && (options.listOnly || (options.delete !== undefined && push));
}

function generalOptions(options: Options, side: ServerSide, args: ByteString[]): void {
  const push = !side.sender;
  if (options.listOnlyGiven) args.push('--list-only');
  if (options.dirs && !options.recursive && options.delete !== undefined && push) args.push('--no-r');
  if (options.compressChoice !== '' && options.compressLevel !== undefined) {
    args.push(`--compress-level=${options.compressLevel}`);
  }
  if (options.devices && !options.specials) args.push('--no-specials');
  else if (!options.devices && options.specials) args.push('--specials');
  const format = options.outFormat === '' || side.sender ? undefined : formatForServer(options);
  if (format !== undefined) args.push(`--log-format=${format}`);
  if (options.msgs2stderr !== undefined) {
    args.push(options.msgs2stderr ? '--msgs2stderr' : '--no-msgs2stderr');
  }
  if (options.blockSize !== 0) args.push(`-B${options.blockSize}`);
  if (options.timeout !== 0) args.push(`--timeout=${options.timeout}`);
  if (options.bwlimit !== 0) args.push(`--bwlimit=${options.bwlimit / 1024}`);
}

/** What a server must know of --out-format: whether items are shown, and whether unchanged ones are. */
function formatForServer(options: Options): string | undefined {
  const itemizes = formatHas(options.outFormat, 'i');
  if (itemizes) return options.itemize > 1 ? '%i%I' : '%i';
  if (formatHas(options.outFormat, 'o')) return '%o';
  return options.verbose === 0 ? 'X' : undefined;
}

function backupOptions(options: Options, args: ByteString[]): void {
  // As two words, so that the remote shell expands a leading `~`.
  if (options.backupDir !== '') args.push('--backup-dir', quoteOption('', options.backupDir, options));
  if (options.suffix !== (options.backupDir === '' ? '~' : '')) {
    args.push(quoteOption('--suffix', options.suffix, options));
  }
}

function algorithmOptions(options: Options, args: ByteString[]): void {
  if (options.checksumChoice !== '') {
    args.push(quoteOption('--checksum-choice', options.checksumChoice, options));
  }
  const compress = options.compressChoice;
  if (options.compressNoneGiven) args.push('--compress-choice=none');
  else if (compress === 'zlibx') args.push('--new-compress');
  else if (compress === 'zlib') args.push('--old-compress');
  else if (compress !== '' && compress !== 'auto') {
    args.push(quoteOption('--compress-choice', compress, options));
  }
}

/** What only a receiving server does. */
function receiverOptions(options: Options, args: ByteString[]): void {
  if (options.maxDelete !== undefined) args.push(`--max-delete=${options.maxDelete || -1}`);
  if (options.minSize !== undefined) args.push(`--min-size=${plainNumber(options.minSize)}`);
  if (options.maxSize !== undefined) args.push(`--max-size=${plainNumber(options.maxSize)}`);
  if (options.delete !== undefined) {
    if (options.deleteWhenGiven) args.push(`--delete-${options.delete}`);
    else if (!options.deleteExcluded) args.push('--delete');
    if (options.deleteExcluded) args.push('--delete-excluded');
  }
  if (options.force) args.push('--force');
  if (options.batch?.kind === 'only-write') args.push('--only-write-batch=X');
  if (options.superUser === 'on') args.push('--super');
  if (options.sizeOnly) args.push('--size-only');
  if (options.stats) args.push('--stats');
}

/** Digits without an exponent. */
function plainNumber(value: number): string {
  return BigInt(value).toString();
}

function sharedOptions(options: Options, side: ServerSide, args: ByteString[]): void {
  const push = !side.sender;
  if (options.maxAllocText !== '' && options.maxAlloc !== defaultMaxAlloc) {
    args.push(quoteOption('--max-alloc', options.maxAllocText, options));
  }
  if (options.missingArgs === 'delete') args.push('--delete-missing-args');
  else if (options.missingArgs === 'ignore' && side.sender) args.push('--ignore-missing-args');
  if (options.modifyWindowGiven && push) {
    const window = options.modifyWindow;
    args.push(window < 0 ? `-@${window}` : `--modify-window=${window}`);
  }
  if (options.checksumSeed !== 0) args.push(`--checksum-seed=${options.checksumSeed}`);
  if (push) {
    if (options.partialDir !== '') {
      if (!options.partialDirImplied) {
        args.push('--partial-dir', quoteOption('', options.partialDir, options));
      }
      if (options.delayUpdates) args.push('--delay-updates');
    } else if (options.partial) {
      args.push('--partial');
    }
  }
  if (options.ignoreErrors) args.push('--ignore-errors');
  if (options.copyUnsafeLinks) args.push('--copy-unsafe-links');
  if (options.safeLinks) args.push('--safe-links');
  if (options.numericIds) args.push('--numeric-ids');
  if (options.qsort) args.push('--use-qsort');
}

/** Where and how a receiving server puts files. */
function placementOptions(options: Options, args: ByteString[]): void {
  if (options.usermap !== '') args.push(quoteOption('--usermap', options.usermap, options));
  if (options.groupmap !== '') args.push(quoteOption('--groupmap', options.groupmap, options));
  if (options.ignoreExisting) args.push('--ignore-existing');
  if (options.existing) args.push('--existing');
  if (options.tempDir !== '') args.push('--temp-dir', quoteOption('', options.tempDir, options));
  if (options.fsync) args.push('--fsync');
  for (const { kind, dir } of options.alternateDests) {
    args.push(`--${kind}-dest`, quoteOption('', dir, options));
  }
}

function outputOptions(options: Options, side: ServerSide, args: ByteString[]): void {
  const sides = FlagSide.Server | (side.sender ? FlagSide.Sender : FlagSide.Receiver);
  const text = flagsArgument(infoFlags, options.info, new Set(options.infoGiven), sides);
  if (text !== undefined) args.push(text);
}

function sourceOptions(options: Options, side: ServerSide, args: ByteString[]): void {
  const push = !side.sender;
  if (options.append !== 'no') {
    if (options.append === 'verify') args.push('--append');
    args.push('--append');
  } else if (options.inplace) {
    args.push('--inplace');
    // An old receiver gets --inplace with --sparse wrong for whole files.
    if (options.sparse && options.wholeFile === false && push) args.push('--no-W');
  }
  if (options.filesFrom !== '' && (side.sender || options.filesFromHost !== undefined)) {
    if (options.filesFromHost !== undefined) {
      args.push('--files-from', quoteOption('', options.filesFrom, options));
      if (options.from0) args.push('--from0');
    } else {
      args.push('--files-from=-', '--from0');
    }
    if (!options.relative) args.push('--no-relative');
  }
  if (options.relative && !options.impliedDirs && (side.sender || side.protocol >= 30)) {
    args.push('--no-implied-dirs');
  }
  if (options.writeDevices && push) args.push('--write-devices');
  if (options.removeSentFiles) args.push('--remove-sent-files');
  else if (options.removeSourceFiles) args.push('--remove-source-files');
  if (options.copyDevices && side.sender) args.push('--copy-devices');
  if (options.preallocate && push) args.push('--preallocate');
  if (options.openNoatime && options.atimes <= 1) args.push('--open-noatime');
  if (options.mkpath && push) args.push('--mkpath');
}

/**
 * Whether this run offers incremental recursion, as rsync's set_allow_inc_recurse() decides before the
 * handshake; `amSender` says whether this side sends.
 */
export function allowIncRecurse(options: Options, amSender: boolean): boolean {
  if (!options.recursive || options.qsort || options.incRecursive === false) return false;
  if (!amSender) {
    if (options.deleteWhenGiven && (options.delete === 'before' || options.delete === 'after')) return false;
    if (options.delayUpdates || options.pruneEmptyDirs) return false;
  }
  return !options.server || options.clientInfo.includes('i');
}

/** The capability string of `-e`, without the letter `e`: `.iLsfxCIvu`; '' below protocol 30. */
export function capabilityString(protocol: number, incRecurse: boolean): string {
  if (protocol < 30) return '';
  return `.${incRecurse ? 'i' : ''}LsfxCIvu`;
}
