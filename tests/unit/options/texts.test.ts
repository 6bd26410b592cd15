/** Help, version and flag help: complete, laid out as rsync's, and derived from the definitions. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { CompressName, DigestName } from '../../../ts/kernel/kernel.ts';
import { usageText } from '../../../ts/options/help.ts';
import { parseClientArgs } from '../../../ts/options/parse.ts';
import { programVersion } from '../../../ts/options/program.ts';
import { parseStopAt } from '../../../ts/options/stop-at.ts';
import { allSwitches } from '../../../ts/options/switches.ts';
import { versionJson, versionText } from '../../../ts/options/version.ts';

const peer = process.env.OC_RSYNC_PEER ?? 'rsync';
function peerSays(...argv: string[]): string {
  const run = spawnSync(peer, argv, { encoding: 'utf8' });
  return run.status === 0 ? run.stdout : '';
}
const peerHelp = peerSays('--help');

it('no option is defined twice', () => {
  const long = allSwitches().flatMap(({ how }) => how.long ?? []);
  const short = allSwitches().flatMap(({ how }) => how.short ?? []);
  expect(new Set(long).size).toBe(long.length);
  expect(new Set(short).size).toBe(short.length);
});

it('every option can be parsed', () => {
  for (const { option, how: row } of allSwitches()) {
    if (['help', 'server', 'sender', 'daemon'].includes(option) || row.long === 'stop-at') continue;
    // Refused on every system that we run on.
    if (row.long === 'crtimes') continue;
    const special: Record<string, string> = {
      chmod: 'u+r',
      'checksum-choice': 'md5',
      cc: 'md5',
      'compress-choice': 'zlib',
      zc: 'zlib',
      stderr: 'all',
      info: 'name',
      debug: 'io',
      outbuf: 'L',
      'remote-option': '--x',
      'max-alloc': '2g',
      'confine-root': '/x',
    };
    const value = row.arg === 'none' ? '' : `=${special[row.long ?? ''] ?? '2048'}`;
    const extra = /^delete|^del$/.test(row.long ?? '') ? ['-r'] : [];
    for (const name of [row.long && `--${row.long}`, row.short && `-${row.short}`]) {
      if (name === undefined || name === '') continue;
      const argv = [...extra, name + value, 'a', 'b'];
      const parsed = parseClientArgs(argv, { env: {}, now: Date.now });
      expect(parsed.kind, name).toBe(option === 'version' ? 'version' : 'run');
    }
  }
});

it('what rsync has not is marked', () => {
  expect(usageText()).toMatch(/\n {2}or {3}oc-rsync help OPTION {2}\(ours\)\n/);
});

it('every help line fits a terminal and has its text in one column', () => {
  for (const line of usageText().split('\n')) {
    expect(line.length, line).toBeLessThanOrEqual(100);
    if (/^-/.test(line)) expect(line[24], line).toBe(' ');
  }
});

const kernel = {
  report: () => ({ name: 'portable' as const, features: ['no SIMD'] }),
  digests: ['xxh128', 'xxh3', 'xxh64', 'md5', 'md4', 'md4-old', 'sha1', 'sha512', 'sha256'] as DigestName[],
  compressions: ['zstd', 'lz4', 'zlibx', 'zlib', 'none'] as CompressName[],
  can: { mknod: false, nanoseconds: false, linkTimes: true, xattrs: true },
};

it('the version is that of the package', () => {
  expect(JSON.parse(readFileSync('package.json', 'utf8')).version).toBe(programVersion);
});

it('--version reads like that of rsync', () => {
  const text = versionText(kernel);
  expect(text).toMatch(/^oc-rsync {2}version \S+ {2}protocol version 32\n/);
  expect(text).toContain('\nKernel: portable\n    no SIMD\n');
  expect(text).toContain('\nChecksum list:\n    xxh128 xxh3 xxh64 md5 md4 sha1 none\n');
  expect(text).toContain('\nDaemon auth list:\n    sha512 sha256 sha1 md5 md4\n');
  expect(text).toContain('64-bit files, 64-bit inums, 64-bit timestamps, 64-bit long ints,\n');
});

it.skipIf(peerHelp === '')('-VV has the keys of rsync', () => {
  const ours = JSON.parse(versionJson(kernel));
  const theirs = JSON.parse(peerSays('-VV'));
  for (const key of Object.keys(theirs)) {
    if (!['copyright', 'url', 'optimizations'].includes(key)) expect(ours, key).toHaveProperty(key);
  }
  for (const key of Object.keys(theirs.capabilities)) {
    if (key !== 'ACL_at') expect(ours.capabilities, key).toHaveProperty(key);
  }
  expect(ours.checksum_list).toEqual(theirs.checksum_list);
  expect(ours.compress_list).toEqual(theirs.compress_list);
});

it('--stop-at takes the next moment that fits', () => {
  const now = new Date(2024, 1, 20, 12, 30);
  const at = (text: string) => {
    const d = new Date(parseStopAt(text, now) * 1000);
    const two = (n: number) => String(n).padStart(2, '0');
    return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ${two(d.getHours())}:${two(d.getMinutes())}`;
  };
  expect(at('2025-03-04T05:06')).toBe('2025-03-04 05:06');
  expect(at('25/3/4')).toBe('2025-03-04 00:00');
  expect(at('03-04')).toBe('2024-03-04 00:00');
  expect(at('01-04T10:00')).toBe('2025-01-04 10:00');
  expect(at('21')).toBe('2024-02-21 00:00');
  expect(at('20')).toBe('2024-03-20 00:00');
  expect(at('31')).toBe('2024-03-31 00:00');
  expect(at('T13:00')).toBe('2024-02-20 13:00');
  expect(at('12:00')).toBe('2024-02-21 12:00');
  expect(at(':45')).toBe('2024-02-20 12:45');
  expect(at(':15')).toBe('2024-02-20 13:15');
  for (const bad of ['', 'x', '2024-13-01', '1-2-3-4', '10:60', '2023-02-29', '32', 'T', '1T5', '20 ']) {
    expect(() => at(bad), bad).toThrowError(/^rsync: invalid --stop-at format/);
  }
});
