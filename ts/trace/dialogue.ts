/** How a conversation with a daemon begins: lines of text, and the server's arguments. */
import { protocolError } from '../errors.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { type Later, later } from './later.ts';
import type { Stream } from './stream.ts';

/** Longest line, and most bytes of arguments, that are taken for such. */
const longestLine = 8 * 1024;
const mostArguments = 8 * 1024 * 1024;
const newline = 0x0a;

/** What a daemon answered: asked for a password, let the client in, or ended it. */
type Answer = 'auth' | 'in' | 'over';

/** What the two directions of a dialogue know of each other. */
export class Dialogue {
  /** Of the greetings. */
  private readonly versions = { there: later<number>(), back: later<number>() };
  private readonly answers: Later<Answer>[] = [];
  private abandoned: Error | undefined;

  /** What the client says up to the daemon's answer, and its arguments; undefined where it is not let in. */
  async client(stream: Stream): Promise<{ protocol: number; words: ByteString[] } | undefined> {
    await this.greeting(stream, 'there');
    for (let asked = false; !asked; ) {
      const { at, value: line } = await this.line(stream);
      const early = /^#early_input=(\d+)$/.exec(line);
      asked = early === null;
      if (early === null) {
        stream.tell(line === '' ? 'asks for the list of modules' : `module ${line}`, at);
        continue;
      }
      const length = Number(early[1]);
      stream.tell(`early input: ${length} bytes (masked)`, at);
      await stream.skip(length, 'early input');
    }
    for (let answered = 0; ; answered++) {
      const answer = await this.answer(answered).value;
      if (answer === 'over') return undefined;
      if (answer === 'in') break;
      const { at, value: line } = await this.line(stream);
      stream.tell(`user ${line.split(' ', 1)[0]}, response (masked)`, at);
    }
    const protocol = await this.spoken();
    return { protocol, words: await hearWords(stream, protocol >= 30 ? '\0' : '\n') };
  }

  /** What the daemon says; false where it does not let the client in. */
  async daemon(stream: Stream): Promise<boolean> {
    await this.greeting(stream, 'back');
    for (let answered = 0; ; ) {
      const { at, value: line } = await this.line(stream);
      if (line.startsWith('@RSYNCD: AUTHREQD ')) {
        stream.tell('@RSYNCD: AUTHREQD, challenge (masked)', at);
        this.answer(answered++).is('auth');
        continue;
      }
      stream.tell(line, at);
      const isIn = line === '@RSYNCD: OK';
      if (!isIn && line !== '@RSYNCD: EXIT' && !line.startsWith('@ERROR')) continue;
      this.answer(answered).is(isIn ? 'in' : 'over');
      return isIn;
    }
  }

  /** Nothing more is to be known. */
  abandon(reason: Error): void {
    this.abandoned = reason;
    for (const one of [this.versions.there, this.versions.back, ...this.answers]) one.never(reason);
  }

  private answer(number: number): Later<Answer> {
    while (this.answers.length <= number) this.answers.push(later());
    const answer = this.answers[number];
    if (this.abandoned !== undefined) answer.never(this.abandoned);
    return answer;
  }

  private async greeting(stream: Stream, way: 'there' | 'back'): Promise<void> {
    const { at, value: line } = await this.line(stream);
    stream.tell(line, at);
    const match = /^@RSYNCD:\s*(\d+)/.exec(line);
    if (match === null) throw protocolError('this is no greeting of a daemon');
    this.versions[way].is(Number(match[1]));
  }

  /** The protocol that is spoken: the lower one of both versions. */
  private async spoken(): Promise<number> {
    const { there, back } = this.versions;
    return Math.min(await there.value, await back.value);
  }

  private async line(stream: Stream): Promise<{ at: number; value: ByteString }> {
    return stream.record('a line of the dialogue', (reader) => {
      let line = '';
      for (let byte = reader.byte(); byte !== newline; byte = reader.byte()) {
        if (line.length >= longestLine) throw protocolError('too long a line');
        if (byte !== 0x0d) line += String.fromCharCode(byte);
      }
      return line;
    });
  }
}

/** Words up to an empty one, each ended by `end`; tells of them. */
export async function hearWords(stream: Stream, end: '\0' | '\n', what = 'arguments'): Promise<ByteString[]> {
  const words: ByteString[] = [];
  const start = stream.reader.offset;
  stream.within = `the ${what}`;
  for (let left = mostArguments; ; ) {
    const word = await wordUpTo(stream, end, left);
    if (word === undefined) throw protocolError(`too many ${what}`);
    if (word === '') break;
    left -= word.length;
    words.push(word);
  }
  stream.tell(`${what}: ${words.join(' ')}`, start);
  return words;
}

/** undefined: it is longer than `most`. It is no record, because that would begin anew with each piece that comes. */
async function wordUpTo({ reader }: Stream, end: '\0' | '\n', most: number): Promise<ByteString | undefined> {
  for (let word = ''; word.length <= most; ) {
    await reader.bulk();
    const { buffer, byteOffset, length } = reader.piece();
    const piece = Buffer.from(buffer, byteOffset, length);
    const at = piece.indexOf(end);
    word += piece.toString('latin1', 0, at < 0 ? length : at);
    reader.took(at < 0 ? length : at + 1);
    if (at >= 0) return word;
  }
  return undefined;
}
