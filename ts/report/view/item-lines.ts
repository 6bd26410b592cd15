/** The lines about items and deletions that the options ask for, for the user and for the log. */
import type { ByteString } from '../../kernel/kernel.ts';
import { formatHas, userFormat } from '../../options/log-format.ts';
import { type CompiledFormat, compileFormat, type FormatFacts } from './out-format.ts';

export interface ItemLines {
  /** The format as it was given or follows from -i and -v; '' for none. */
  readonly text: ByteString;
  readonly item: CompiledFormat | undefined;
  readonly deletion: CompiledFormat | undefined;
}

export function userLines(facts: FormatFacts, server: boolean, hasI: boolean): ItemLines {
  const { options } = facts;
  const text = userFormat(options, server);
  const deletes = text !== '' || options.info.del > 0;
  return {
    text,
    item: !server && text !== '' ? compileFormat(text, facts) : undefined,
    deletion: !deletes ? undefined : hasI ? compileFormat(text, facts) : deletionFormat(text, facts),
  };
}

export function logLines(facts: FormatFacts, text: ByteString | undefined): ItemLines {
  if (text === undefined) return { text: '', item: undefined, deletion: undefined };
  return {
    text,
    item: text === '' ? undefined : compileFormat(text, facts),
    deletion: deletionFormat(text, facts),
  };
}

function deletionFormat(format: ByteString, facts: FormatFacts): CompiledFormat {
  const tells = formatHas(format, 'i') || formatHas(format, 'o');
  return compileFormat(tells ? format : 'deleting %n', facts);
}
