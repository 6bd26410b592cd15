/** What a client tells the remote side: the option part of the server's command line. */
import type { ByteString } from '../kernel/kernel.ts';
import type { ServerSide, Telling } from './definition.ts';
import type { Options } from './options.ts';
import { type AnyDefinition, allDefinitions } from './settle.ts';
import { quoteRemoteOption } from './shell-quote.ts';

export type { ServerSide } from './definition.ts';

/** rsync's order of the letters in its bundle. */
const letterOrder: readonly (keyof Options)[] = [
  'secludedArgs',
  'verbose',
  'quiet',
  'backup',
  'update',
  'dryRun',
  'links',
  'dirs',
  'keepDirlinks',
  'pruneEmptyDirs',
  'omitDirTimesGiven',
  'omitLinkTimes',
  'fuzzy',
  'copyLinks',
  'copyDirlinks',
  'wholeFile',
  'hardLinksGiven',
  'owner',
  'group',
  'devices',
  'times',
  'atimes',
  'perms',
  'executability',
  'acls',
  'xattrs',
  'recursive',
  'checksum',
  'cvsExclude',
  'ignoreTimes',
  'relative',
  'oneFileSystem',
  'sparse',
  'compressChoice',
];

/** rsync's order of the other arguments. */
const wordOrder: readonly (keyof Options)[] = [
  'iconv',
  'listOnlyGiven',
  'dirs',
  'compressLevel',
  'specials',
  'outFormat',
  'msgs2stderr',
  'blockSize',
  'timeout',
  'bwlimit',
  'backupDir',
  'suffix',
  'checksumChoice',
  'compressChoice',
  'skipCompress',
  'maxDelete',
  'minSize',
  'maxSize',
  'delete',
  'deleteExcluded',
  'force',
  'batch',
  'superUser',
  'sizeOnly',
  'stats',
  'maxAllocText',
  'missingArgs',
  'modifyWindow',
  'checksumSeed',
  'partialDir',
  'delayUpdates',
  'partial',
  'ignoreErrors',
  'copyUnsafeLinks',
  'safeLinks',
  'numericIds',
  'qsort',
  'usermap',
  'groupmap',
  'ignoreExisting',
  'existing',
  'tempDir',
  'fsync',
  'alternateDests',
  'infoGiven',
  'append',
  'inplace',
  'filesFrom',
  'impliedDirs',
  'writeDevices',
  'removeSourceFiles',
  'copyDevices',
  'preallocate',
  'openNoatime',
  'mkpath',
];

type Told = readonly (readonly [name: keyof Options, definition: AnyDefinition])[];

/** The definitions that tell a server something, in rsync's order; those it does not know come last. */
function inOrder(told: 'letter' | 'tells', order: readonly (keyof Options)[]): Told {
  const place = new Map(order.map((name, at) => [name, at]));
  const at = ([name]: Told[number]): number => place.get(name) ?? order.length;
  return (allDefinitions as Told)
    .filter(([, definition]) => definition[told] !== undefined)
    .sort((a, b) => at(a) - at(b));
}

/**
 * Everything after the remote program's name up to, not including, the `.`, in rsync's order: its
 * server_options(). Values are escaped for the remote shell (a daemon undoes that too).
 */
export function serverArgs(options: Options, side: ServerSide): ByteString[] {
  const { open, secluded } = splitServerArgs(options, side);
  return [...open, ...secluded];
}

/** The same in two: what every shell may see, and what --secluded-args keeps from it. */
export function splitServerArgs(
  options: Options,
  side: ServerSide,
): { readonly open: ByteString[]; readonly secluded: ByteString[] } {
  const telling = { options, side, push: !side.sender };
  const cluster = bundle(telling);
  const words = inOrder('tells', wordOrder);
  const told = (some: Told) => some.flatMap(([name, { tells }]) => tells!(options[name], telling));
  return {
    open: [
      '--server',
      ...(side.sender ? ['--sender'] : []),
      ...(cluster === '-' ? [] : [cluster]),
      // What is secluded is in that charset.
      ...told(words.filter(([name]) => name === 'iconv')),
    ],
    secluded: [
      ...told(words.filter(([name]) => name !== 'iconv')),
      ...options.remoteOptions.map((option) => quoteRemoteOption(option, options)),
    ],
  };
}

/** The bundle of short options, with the capability string behind `e` at its end. */
function bundle(telling: Telling<Options>): string {
  const { options, side, push } = telling;
  const said = inOrder('letter', letterOrder)
    .map(([name, { letter }]) => letter!(options[name], telling))
    .join('');
  const capabilities = capabilityString(side.protocol, allowIncRecurse(options, push));
  return capabilities === '' ? `-${said}` : `-${said}e${capabilities}`;
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
