import { ExitCode, RsyncError } from '../errors.ts';
import { wildmatch } from '../filter/wildmatch.ts';
import type { ByteString } from '../kernel/kernel.ts';
import type { FlistTexts } from './context.ts';
import type { IdNames } from './id-names.ts';

export type IdKind = 'user' | 'group';

/** One `FROM:TO` of --usermap or --groupmap. */
export interface IdRule {
  /** Whether it is about the sender's `id`, which is called `name` there (`''`: no name came). */
  matches(id: number, name: ByteString): boolean;
  /** The local id. */
  readonly to: number;
}

/** What reading the rules needs besides their text. */
export interface IdRuleSettings {
  readonly kind: IdKind;
  readonly names: IdNames;
  readonly texts: FlistTexts;
  /** Tells of a TO that is no name here; the rule is left out then. */
  warn(message: string): void;
}

const largestId = 0xffffffff;

/**
 * The rules of --usermap or --groupmap, the first that matches first (rsync's parse_name_map). FROM is an id,
 * a range LOW-HIGH, a name, or a pattern of names; TO a name or an id. Bad syntax is exit 1; the last of
 * several faults is told, as by rsync, which reads from the end.
 */
export function parseIdRules(map: ByteString | undefined, settings: IdRuleSettings): IdRule[] {
  if (map === undefined) return [];
  const rules: IdRule[] = [];
  for (const part of map.split(',').reverse()) {
    const rule = parseRule(part, settings);
    if (rule !== undefined) rules.unshift(rule);
  }
  return rules;
}

function parseRule(part: ByteString, settings: IdRuleSettings): IdRule | undefined {
  const { kind, names, texts } = settings;
  const colon = part.indexOf(':');
  if (colon < 0) throw syntax(texts.idMapNoColon(kind, part));
  const from = part.slice(0, colon);
  const target = part.slice(colon + 1);
  if (target === '') throw syntax(texts.idMapNoName(kind, part));
  const matches = matcher(from, settings);
  const to = /^\d+$/.test(target)
    ? parseId(target, texts)
    : kind === 'user'
      ? names.userId(target)
      : names.groupId(target);
  if (to !== undefined) return { matches, to };
  settings.warn(texts.idMapUnknown(kind, target));
  return undefined;
}

function matcher(from: ByteString, { kind, texts }: IdRuleSettings): IdRule['matches'] {
  if (/^\d/.test(from)) {
    const range = /^(\d+)(?:-(\d+))?$/.exec(from);
    if (range === null) throw syntax(texts.idMapBadNumber(kind, from));
    const low = parseId(range[1], texts);
    // A range up to 0 is none: it is the one id.
    const high = (range[2] === undefined ? 0 : parseId(range[2], texts)) || low;
    return (id) => id >= low && id <= high;
  }
  if (/[*[?]/.test(from)) return (_id, name) => wildmatch(from, name);
  return (_id, name) => name === from;
}

function parseId(digits: ByteString, texts: FlistTexts): number {
  const id = Number(digits);
  if (id > largestId) throw syntax(texts.idMapBadId(digits));
  return id;
}

function syntax(message: string): RsyncError {
  return new RsyncError(ExitCode.Syntax, message);
}
