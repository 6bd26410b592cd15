import { expect, test } from 'vitest';
import { checkFixedChoices, choose, codecSpec, ourList } from '../../../ts/session/negotiate.ts';
import { choices } from './wire-fixture.ts';

const request = {
  kind: 'checksum' as const,
  choices,
  amServer: false,
  env: {} as NodeJS.ProcessEnv,
  writeBatch: false,
  protocol: 32,
};

test.each([
  [undefined, false, 'xxh128 xxh3 xxh64 md5 md4 sha1'],
  [undefined, true, 'xxh128 xxh3 xxh64 md5 md4 sha1 none'],
  ['md5  XXHASH md5 xxh64', false, 'md5 xxh64'],
  ['sha1 & md4 none', false, 'sha1'],
  ['sha1 & md4 none', true, 'md4 none'],
  ['  ', false, 'xxh128 xxh3 xxh64 md5 md4 sha1'],
  ['crc32', false, 'INVALID'],
])('RSYNC_CHECKSUM_LIST=%j, server %s', (value, amServer, text) => {
  expect(ourList({ ...request, amServer, env: { RSYNC_CHECKSUM_LIST: value } }).text).toBe(text);
});

test('a batch keeps to what needs no negotiation', () => {
  const env = { RSYNC_CHECKSUM_LIST: 'sha1' };
  expect(ourList({ ...request, env, writeBatch: true }).text).toBe('md5');
  expect(ourList({ ...request, env, writeBatch: true, protocol: 29 }).text).toBe('md4');
  expect(ourList({ ...request, kind: 'compress', env, writeBatch: true }).text).toBe('zlib');
});

test('a kernel that lacks a choice does not offer it', () => {
  const poor = { digests: ['md5', 'xxh64'] as const, compressions: ['zlib'] as const };
  expect(ourList({ ...request, choices: poor }).text).toBe('xxh64 md5');
  expect(ourList({ ...request, kind: 'compress', choices: poor }).text).toBe('zlib');
});

test('both sides come to the same choice', () => {
  const all = ['xxh128', 'xxh64', 'md5', 'none'];
  const client = { names: ['md5', 'xxh64'], text: 'md5 xxh64' };
  const server = { names: all, text: all.join(' ') };
  expect(choose(client, server.text, false, all)).toBe('md5');
  expect(choose(server, client.text, true, all)).toBe('md5');
  expect(choose(client, 'xxh128', false, all)).toBeUndefined();
});

test('a server refuses a fixed choice that its list leaves out', () => {
  const env = { RSYNC_CHECKSUM_LIST: 'md5 md4', RSYNC_COMPRESS_LIST: 'zlib' };
  const check = (checksumChoice: string, compressChoice: string) => () =>
    checkFixedChoices({ checksumChoice, compressChoice }, request.choices, env);
  expect(check('md4,md5', 'zlib')).not.toThrow();
  expect(check('', 'auto')).not.toThrow();
  expect(check('md5,sha1', '')).toThrow('Your --checksum-choice value (md5,sha1) was refused by the server.');
  expect(check('', 'zlibx')).toThrow('Your --compress-choice value (zlibx) was refused by the server.');
});

test.each([
  ['zlib' as const, undefined, 'zlib', 6],
  ['zlib' as const, -1, 'zlib', 6],
  ['zlibx' as const, 0, 'none', 0],
  ['zlibx' as const, -7, 'zlibx', 1],
  ['zlib' as const, 100, 'zlib', 9],
  ['zstd' as const, 0, 'zstd', 3],
  ['zstd' as const, -5, 'zstd', -5],
  ['zstd' as const, 99, 'zstd', 22],
  ['lz4' as const, 9, 'lz4', 0],
  ['none' as const, 9, 'none', 0],
])('%s at level %s', (name, level, expected, used) => {
  expect(codecSpec(name, level, 0)).toMatchObject({ name: expected, level: used });
});
