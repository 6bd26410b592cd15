/** refuse options: what a module does not let its clients ask for. */
import { wildmatch } from '../filter/index.ts';
import type { ByteString } from '../kernel/kernel.ts';
import type { Draft } from '../options/options.ts';
import type { OptionFilter } from '../options/parse.ts';
import { emptyDraft } from '../options/settle.ts';
import { allSwitches, type OptionSwitch } from '../options/switches.ts';
import { syntax } from '../options/wrong.ts';

export interface RefuseSettings {
  readonly list: ByteString;
  /** Without a charset of its own a module converts no names. */
  readonly hasCharset: boolean;
  complain(line: ByteString): void;
}

/** Only a pattern that names these exactly means them: without them no client could be served. */
const exactOnly = new Set([
  'rsh',
  'from0',
  'secluded-args',
  'protect-args',
  'dry-run',
  'iconv',
  'no-iconv',
  'checksum-seed',
  'copy-devices',
  'write-devices',
  'log-format',
  'sender',
  'server',
]);

/** Letters that -a stands for. */
const archive = '[ardlptgoD]';

/** What a client asks for is looked at by this; it throws rsync's refusal. */
export function refusals(settings: RefuseSettings): OptionFilter {
  const refused = refusedSwitches(settings);
  const isRefused = (name: string): boolean => refused.some(({ how }) => how.long === name);
  const refusedArchive = refused.find(({ how }) => how.short !== undefined && /^[rdlptgoD]$/.test(how.short));
  const refuse = ({ how }: OptionSwitch): never => {
    const short = how.short === undefined ? '' : ` (-${how.short})`;
    throw syntax(`The server is configured to refuse --${how.long ?? how.short}${short}`);
  };
  /** What is asked for by way of something else. */
  const refuseNamed = (name: string): void => {
    const found = refused.find(({ how }) => how.long === name);
    if (found !== undefined) refuse(found);
  };
  return {
    given(option) {
      const { how } = option;
      if (refused.some((one) => one.how === how)) refuse(option);
      if (how.long === 'archive' && refusedArchive !== undefined) refuse(refusedArchive);
      if (how.long === undefined && how.short === 'P') {
        refuseNamed('partial');
        refuseNamed('progress');
      }
    },
    together(draft) {
      const { delete: given, missingArgs } = draft;
      if (/^0[\d.]*[a-z]*$/i.test(draft.maxAlloc) && Number.parseFloat(draft.maxAlloc) === 0)
        throw syntax('max-alloc must be greater than zero');
      if (asksForCompression(draft)) refuseNamed('compress');
      if (isRefused('no-iconv') && draft.iconv === undefined) refuseNamed('no-iconv');
      const plainly = !given.before && given.during === 0 && !given.after;
      if (plainly && (given.plain || draft.deleteExcluded) && isRefused('delete-before')) {
        if (isRefused('delete-during')) refuseNamed('delete-before');
        draft.delete = { ...given, during: 1 };
      } else if (plainly && (given.plain || draft.deleteExcluded) && isRefused('delete-during'))
        draft.delete = { ...given, before: true };
      if (!plainly || given.plain || draft.deleteExcluded || missingArgs.delete) refuseNamed('delete');
      // What a sender removes is deleted, too.
      if (draft.removeSourceFiles > 0 && draft.sender) refuseNamed('delete');
      if (draft.append > 0 || draft.writeDevices) refuseNamed('inplace');
      if (draft.inplace || draft.append > 0 || draft.writeDevices) refuseNamed('partial');
      else if (draft.partialDir !== '' && /^[./]*$/.test(draft.partialDir)) refuseNamed('partial');
    },
  };
}

/** -z, or a level without it; a level of zero is none. */
function asksForCompression({ compress, compressChoice, compressLevel }: Draft): boolean {
  if (compressChoice !== undefined) return compressChoice.toLowerCase() !== 'none';
  return compress > 0 || compressLevel !== undefined;
}

/** A switch, and what was decided of it so far. */
interface Marked {
  readonly one: OptionSwitch;
  readonly exactOnly: boolean;
  refused: boolean;
}

/** The switches that a client may not use. */
function refusedSwitches({ list, hasCharset, complain }: RefuseSettings): OptionSwitch[] {
  const marked = allSwitches().map((one): Marked => {
    return { one, exactOnly: exactOnly.has(one.how.long ?? ''), refused: false };
  });
  const mark = (word: ByteString, refused: boolean): void => {
    if (!markMatches(marked, word, refused)) complain(`No match for refuse-options string "${word}"`);
  };
  mark('copy-devices', true);
  mark('write-devices', true);
  for (const word of list.split(' ')) {
    if (word === '') continue;
    const negated = word.length > 1 && word.startsWith('!');
    mark(negated ? word.slice(1) : word, !negated);
  }
  if (!hasCharset) mark('iconv', true);
  mark('log-file*', true);
  mark('insecure-links', true);
  return marked.filter(({ refused }) => refused).map(({ one }) => one);
}

/** Marks what a word of the list means; false where it means nothing. */
function markMatches(marked: readonly Marked[], word: ByteString, refused: boolean): boolean {
  const pattern = word === 'a' || word === 'archive' ? archive : word;
  const isWild = /[*?[]/.test(pattern);
  const matching = marked.filter(({ one: { how } }) => {
    return [how.long, how.short].some((name) => name !== undefined && wildmatch(pattern, name));
  });
  if (isWild) {
    for (const match of matching) if (!match.exactOnly) match.refused = refused;
    return matching.length > 0;
  }
  const [first] = matching;
  if (first === undefined) return false;
  // What does the same under another name is meant as well.
  for (const other of marked)
    if (other === first || doesTheSame(other.one, first.one)) other.refused = refused;
  return true;
}

const sample = { value: 'x', number: 7, now: () => 0 };

/** Two names of one thing: told by what comes of them. */
function doesTheSame(a: OptionSwitch, b: OptionSwitch): boolean {
  if (a.option !== b.option || a.how.arg !== b.how.arg) return false;
  try {
    const of = ({ option, how }: OptionSwitch) =>
      JSON.stringify(how.to(emptyDraft()[option], sample, emptyDraft()));
    return of(a) === of(b);
  } catch {
    return false;
  }
}
