/** The lines about items and deletions that the options ask for, for the user and for the log. */
import type { ByteString } from '../../kernel/kernel.ts';
import { formatHas } from '../../options/log-format.ts';
import type { Options } from '../../options/options.ts';
import { type CompiledFormat, compileFormat, type FormatFacts } from './out-format.ts';

export interface ItemLines {
  /** The format as it was given or follows from -i and -v; '' for none. */
  readonly text: ByteString;
  readonly item: CompiledFormat | undefined;
  readonly deletion: CompiledFormat | undefined;
}

/** What a user is shown of items: --out-format, else what -i or -v stand for. */
export function userFormat(options: Options, server: boolean): ByteString {
  if (formatGiven(options, server)) return options.outFormat;
  if (options.itemize > 0) return '%i %n%L';
  return options.info.name > 0 ? '%n%L' : '';
}

export function formatGiven(options: Options, server: boolean): boolean {
  return options.outFormatGiven || (server && options.outFormat !== '');
}

/**
 * How much the format shows of items (stdout_format_has_i): 0 nothing, 1 changes, 2 also unchanged ones.
 */
export function itemizeLevel(options: Options, server: boolean): number {
  if (!formatGiven(options, server)) return options.itemize;
  if (server && formatHas(options.outFormat, 'I')) return 2;
  return formatHas(options.outFormat, 'i') ? options.itemize | 1 : 0;
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

export function logLines(facts: FormatFacts, text: ByteString): ItemLines {
  if (text === '') return { text, item: undefined, deletion: undefined };
  return { text, item: compileFormat(text, facts), deletion: deletionFormat(text, facts) };
}

function deletionFormat(format: ByteString, facts: FormatFacts): CompiledFormat {
  const tells = formatHas(format, 'i') || formatHas(format, 'o');
  return compileFormat(tells ? format : 'deleting %n', facts);
}
