/** Conversion of names between a charset and the wire's UTF-8. */
import { describe, expect, it } from 'vitest';
import { EILSEQ, EINVAL } from '../../../ts/errno.ts';
import { openCharset } from '../../../ts/wire/charset.ts';

const utf8 = (text: string) => Buffer.from(text, 'utf8').toString('latin1');

describe('openCharset', () => {
  it('knows no charset of another name', async () => {
    expect(await openCharset('nowhere')).toBeUndefined();
    expect(await openCharset('base64')).toBeUndefined();
  });

  it.each(['utf8', 'UTF-8'])('%s: takes what is well-formed as it is', async (name) => {
    const charset = await openCharset(name);
    expect(charset?.toWire(utf8('aäß€😀'))).toBe(utf8('aäß€😀'));
    expect(charset?.fromWire(utf8('\ufffd'))).toBe(utf8('\ufffd'));
    expect(charset?.toWire('a\xe4o')).toBe(EILSEQ);
    expect(charset?.toWire('a\xe4')).toBe(EINVAL);
    expect(charset?.toWire('\xed\xa0\x80')).toBe(EILSEQ);
  });

  it.each([
    ['iso88591', 'ä', '\xe4'],
    ['ISO-8859-15', '€', '\xa4'],
    ['CP437', 'ä', '\x84'],
    ['KOI8-R', 'Д', '\xe4'],
    ['shift_jis', '表', '\x95\x5c'],
    ['EUC-JP', '表', '\xc9\xbd'],
    ['gb18030', '好', '\xba\xc3'],
    ['Big5', '好', '\xa6\x6e'],
  ])('%s: there and back', async (name, character, bytes) => {
    const charset = await openCharset(name);
    expect(charset?.toWire(`a${bytes}b`)).toBe(utf8(`a${character}b`));
    expect(charset?.fromWire(utf8(`a${character}b`))).toBe(`a${bytes}b`);
    expect(charset?.toWire('plain name')).toBe('plain name');
  });

  it('tells of what has no counterpart', async () => {
    const latin1 = await openCharset('iso88591');
    expect(latin1?.fromWire(utf8('€'))).toBe(EILSEQ);
    expect(latin1?.fromWire('\xc3')).toBe(EINVAL);
    expect((await openCharset('ascii'))?.toWire('\xe4')).toBe(EILSEQ);
    expect((await openCharset('shift_jis'))?.toWire('a\x95')).toBe(EINVAL);
  });

  it('keeps the bytes of text that cannot be converted', async () => {
    const latin1 = await openCharset('iso88591');
    expect(latin1?.textFromWire(utf8('ä€ö\n'))).toBe(`\xe4${utf8('€')}\xf6\n`);
    const pieces = { good: (text: string) => `<${text}>`, bad: () => '!' };
    expect(latin1?.textFromWire(`${utf8('ä')}\xff${utf8('ö')}`, pieces)).toBe('<\xe4>!<\xf6>');
    expect((await openCharset('ascii'))?.textToWire('a\xe4')).toBe('a\xe4');
  });
});
