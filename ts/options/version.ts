/** The texts of --version: for people, and as JSON for programs. */
import type { DigestName, Kernel } from '../kernel/kernel.ts';
import { versionLine } from './help.ts';
import { newestProtocol, programName, programVersion } from './program.ts';

/** What of a kernel --version tells. */
export type KernelFacts = Pick<Kernel, 'report' | 'digests' | 'compressions' | 'can'>;

const negotiable: readonly DigestName[] = ['xxh128', 'xxh3', 'xxh64', 'md5', 'md4', 'sha1', 'none'];
const daemonDigests: readonly DigestName[] = ['sha512', 'sha256', 'sha1', 'md5', 'md4'];
const lineWidth = 75;
const licence = 'GPL-3.0-or-later';

type Capability = readonly [name: string, value: boolean | number | string];

/** rsync's names of capabilities, as far as this program and `kernel` have them. */
function capabilities(kernel: KernelFacts): Capability[] {
  return [
    ['file_bits', 64],
    ['inum_bits', 64],
    ['timestamp_bits', 64],
    ['long_int_bits', 64],
    ['socketpairs', true],
    ['symlinks', true],
    ['symtimes', kernel.can.linkTimes],
    ['hardlinks', true],
    ['hardlink_specials', true],
    ['hardlink_symlinks', true],
    ['IPv6', true],
    ['atimes', true],
    ['batchfiles', true],
    ['inplace', true],
    ['append', true],
    ['ACLs', kernel.can.xattrs],
    ['xattrs', kernel.can.xattrs],
    ['secluded_args', 'optional'],
    ['iconv', true],
    ['prealloc', true],
    ['stop_at', true],
    ['crtimes', false],
  ];
}

function lists(kernel: KernelFacts): { checksums: string[]; compressions: string[]; auth: string[] } {
  const has = (name: DigestName) => name === 'none' || kernel.digests.includes(name);
  const compressions = kernel.compressions.filter((name) => name !== 'none');
  return {
    checksums: negotiable.filter(has),
    compressions: [...compressions, 'none'],
    auth: daemonDigests.filter(has),
  };
}

/** `64-bit files`, `no xattrs`, `optional secluded-args`. */
function inWords([name, value]: Capability): string {
  const words = name.replaceAll('_', '-');
  if (typeof value === 'number') {
    const what = { file: 'files', inum: 'inums', timestamp: 'timestamps', 'long-int': 'long ints' };
    return `${value}-bit ${what[words.replace(/-bits$/, '') as keyof typeof what]}`;
  }
  if (typeof value === 'string') return `${value} ${words}`;
  return value ? words : `no ${words}`;
}

function wrapped(items: readonly string[]): string {
  let out = '';
  let line = '   ';
  items.forEach((item, i) => {
    const text = i < items.length - 1 ? ` ${item},` : ` ${item}`;
    if (line.length + text.length > lineWidth) {
      out += `${line}\n`;
      line = '   ';
    }
    line += text;
  });
  return `${out}${line}\n`;
}

/** What --version prints: rsync's layout, with the kernel that is in use and what it found. */
export function versionText(kernel: KernelFacts): string {
  const { checksums, compressions, auth } = lists(kernel);
  const report = kernel.report();
  return [
    versionLine(),
    `Licence: ${licence}\n`,
    'Capabilities:\n',
    wrapped(capabilities(kernel).map(inWords)),
    `Kernel: ${report.name}\n`,
    report.features.length > 0 ? wrapped(report.features) : '',
    `Checksum list:\n    ${checksums.join(' ')}\n`,
    `Compress list:\n    ${compressions.join(' ')}\n`,
    `Daemon auth list:\n    ${auth.join(' ')}\n`,
    `\n${programName} comes with no warranty; you may pass it on under the terms of its licence.\n`,
  ].join('');
}

/** What -VV prints: rsync's keys, and `kernel`. */
export function versionJson(kernel: KernelFacts): string {
  const { checksums, compressions, auth } = lists(kernel);
  const { name, features } = kernel.report();
  const value = {
    program: programName,
    version: programVersion,
    protocol: `${newestProtocol}.0`,
    capabilities: Object.fromEntries(capabilities(kernel)),
    kernel: { name, features },
    checksum_list: checksums,
    compress_list: compressions,
    daemon_auth_list: auth,
    license: licence,
    caveat: `${programName} comes with no warranty`,
  };
  return `${JSON.stringify(value, null, 2)}\n`;
}
