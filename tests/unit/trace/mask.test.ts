import fc from 'fast-check';
import { expect, test } from 'vitest';
import { secretMask } from '../../../ts/trace/mask.ts';

const greeting = '@RSYNCD: 32.0 sha512 sha256 sha1 md5 md4\n';
/** What a client and a daemon say, in the order in which they say it. */
const dialogue = [
  ['there', `${greeting}#early_input=9\nkey\nkey\nkmodule\n`],
  ['back', `${greeting}Welcome\n@RSYNCD: AUTHREQD cHaLLeNge\n`],
  ['there', 'user ReSpOnSe\n'],
  ['back', '@RSYNCD: OK\n'],
  ['there', '--server\0.\0module/ReSpOnSe\0\0'],
] as const;

const shown = [
  `${greeting}#early_input=9\n*********module\n`,
  `${greeting}Welcome\n@RSYNCD: AUTHREQD *********\n`,
  'user ********\n',
  '@RSYNCD: OK\n',
  '--server\0.\0module/ReSpOnSe\0\0',
];

test('secrets are masked wherever pieces begin and end, and nothing else is', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 20 }), (sizes) => {
      const mask = secretMask();
      let k = 0;
      const told = dialogue.map(([way, text]) => {
        let out = '';
        for (let at = 0; at < text.length; ) {
          const size = sizes[k++ % sizes.length]!;
          out += Buffer.from(mask(way, Buffer.from(text.slice(at, at + size)))).toString();
          at += size;
        }
        return out;
      });
      expect(told).toEqual(shown);
    }),
  );
});

test('what is masked is a copy: the run reads its own', () => {
  const mask = secretMask();
  const bytes = Buffer.from('#early_input=3\nkey');
  expect(Buffer.from(mask('there', bytes)).toString()).toBe('#early_input=3\n***');
  expect(bytes.toString()).toBe('#early_input=3\nkey');
});

test('a second challenge is answered in secret, too', () => {
  const mask = secretMask();
  const say = (way: 'there' | 'back', text: string) => Buffer.from(mask(way, Buffer.from(text))).toString();
  say('there', `${greeting}m\n`);
  for (let k = 0; k < 2; k++) {
    say('back', '@RSYNCD: AUTHREQD x\n');
    expect(say('there', 'u secret\r\n')).toBe('u ******\r\n');
  }
});

test.each([
  ['in the word', '@RSY\rNCD: AUTHREQD x\n'],
  ['in front of it', `${'\r'.repeat(100)}@RSYNCD: AUTHREQD x\n`],
])('a challenge that carriage returns stand in is one to the client, and here: %s', (_, challenge) => {
  const mask = secretMask();
  const say = (way: 'there' | 'back', text: string) => Buffer.from(mask(way, Buffer.from(text))).toString();
  say('there', `${greeting}m\n`);
  expect(say('back', challenge)).toMatch(/AUTHREQD \*\n$/);
  expect(say('there', 'u secret\n')).toBe('u ******\n');
  say('back', '@RSYNCD: O\rK\n');
  expect(say('there', '#early_input=3\nabc')).toBe('#early_input=3\nabc');
});
