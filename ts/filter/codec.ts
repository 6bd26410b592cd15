import { ExitCode, overflowError, protocolError, RsyncError } from '../errors.ts';
import type { ByteString } from '../kernel/kernel.ts';
import type { FilterArg } from '../options/options.ts';
import { maxProtocol } from '../wire/constants.ts';
import { longestRule } from '../wire/limits.ts';
import type { Reader } from '../wire/reader.ts';
import type { Writer } from '../wire/writer.ts';
import type { FilterChain } from './chain.ts';
import type { FilterOptions } from './create.ts';
import type { RuleList } from './merge-list.ts';
import { parseRules } from './parse.ts';
import { Applies, appliesOf, type FilterRule, RuleFlag, ruleModifiers } from './rule.ts';
import type { FilterState } from './state.ts';
import { ParseFlag } from './token.ts';

/**
 * The client's part of the filter exchange (send_filter_list): sends what the other side needs and adds
 * the rules that only now may be added (-C, partial-dir). Call it on every client right after the
 * handshake; without a `writer` (replaying a batch) nothing is sent.
 *
 * Wire: each rule is an int with its length, then prefix and pattern; a length of 0 ends the list.
 */
export function sendFilters(
  writer: Writer | undefined,
  options: FilterOptions,
  filters: FilterChain,
  protocol: number,
  receiver: FilterOptions = options,
): void {
  const { state } = filters;
  const amSender = filters.side === 'sender';
  state.protocol = protocol;
  state.hasStarted = true;
  addPartialDirRule(state, options, amSender, protocol);
  const cvs = options.filters.some((arg) => arg.kind === 'cvs-exclude');
  if (cvs && amSender) {
    if (protocol >= 29) addRuleText(state, ':C');
    addRuleText(state, '-C');
  }
  const out = amSender && !receiverWantsList(receiver, protocol) ? undefined : writer;
  sendRules(out, state, state.list, amSender, options.deleteExcluded);
  out?.int(0);
  if (cvs) {
    if (!amSender || protocol < 29) addRuleText(state, ':C');
    if (!amSender) addRuleText(state, '-C');
  }
}

/** The server's part (recv_filter_list): reads the client's rules where they are sent, and adds -C's. */
export async function receiveFilters(
  reader: Reader,
  options: FilterOptions,
  filters: FilterChain,
  protocol: number,
): Promise<void> {
  const { state } = filters;
  const amSender = filters.side === 'sender';
  state.protocol = protocol;
  state.hasStarted = true;
  const mode = protocol >= 29 ? 0 : ParseFlag.OldPrefixes;
  if (amSender || receiverWantsList(options, protocol)) {
    for (;;) {
      const text = await reader.record(() => readRule(reader, amSender ? 'sender' : 'Receiver'));
      if (text === '') break;
      parseRules(state, state.list, text, 0, mode);
    }
  }
  if (options.filters.some((arg) => arg.kind === 'cvs-exclude')) {
    if (amSender || protocol < 29) addRuleText(state, ':C');
    if (amSender) addRuleText(state, '-C');
  }
}

/** The rules of a chain, whatever file they were read from, as options that say the same. */
export function rulesAsArgs({ state }: FilterChain): FilterArg[] {
  return [...state.list.rules()].map((rule) => {
    const slash = (rule.flags & RuleFlag.Directory) !== 0 ? '/' : '';
    const prefix = rulePrefix(rule, maxProtocol, false, false) ?? '';
    return { kind: 'filter', rule: rule.pattern === '' ? prefix.trimEnd() : prefix + rule.pattern + slash };
  });
}

/** Whether the client sends its rules to a server with these options. */
export function rulesAreSent(
  server: FilterOptions & { readonly sender: boolean },
  protocol: number,
): boolean {
  return server.sender || receiverWantsList(server, protocol);
}

/** A receiver needs rules only to know what it must not delete, or which directories count as empty. */
function receiverWantsList(options: FilterOptions, protocol: number): boolean {
  const deletes = options.delete !== undefined && (!options.deleteExcluded || protocol >= 29);
  return options.pruneEmptyDirs || deletes;
}

/** A relative partial-dir is never transferred, and outlives --delete as long as its parent does. */
function addPartialDirRule(
  state: FilterState,
  options: FilterOptions,
  amSender: boolean,
  protocol: number,
): void {
  if (options.partialDir === '' || options.partialDir.startsWith('/')) return;
  const perishable = !amSender || protocol >= 30 ? RuleFlag.Perishable : 0;
  const template = RuleFlag.NoPrefixes | RuleFlag.Directory | perishable;
  parseRules(state, state.list, options.partialDir, template, 0);
}

function addRuleText(state: FilterState, text: ByteString): void {
  parseRules(state, state.list, text, 0, 0);
}

/** A rule as it is on the wire, inside `Reader.record`; '' ends the list. `who` names the role for messages. */
export function readRule(reader: Reader, who: string): ByteString {
  const length = reader.int();
  if (length < 0 || length >= longestRule) throw overflowError(who, 'recv_rules');
  const text = reader.string(length);
  const end = text.indexOf('\0');
  if (end === 0) throw protocolError('empty filter rule received');
  return end < 0 ? text : text.slice(0, end);
}

function sendRules(
  writer: Writer | undefined,
  state: FilterState,
  list: RuleList,
  amSender: boolean,
  deleteExcluded: boolean,
): void {
  const local = amSender ? Applies.Hide : Applies.Protect;
  for (const rule of list.rules()) {
    if (appliesOf(rule) === local) continue;
    const isCvs = (rule.flags & (RuleFlag.CvsIgnore | RuleFlag.MergeFile)) === RuleFlag.CvsIgnore;
    // Only new receivers know -C as a rule; for all others its rules are spelled out.
    if (isCvs && (amSender || state.protocol < 29)) {
      if (state.cvs !== undefined) sendRules(writer, state, state.cvs, amSender, deleteExcluded);
      continue;
    }
    const prefix = rulePrefix(rule, state.protocol, amSender, deleteExcluded);
    if (prefix === undefined)
      throw new RsyncError(ExitCode.Protocol, 'filter rules are too modern for remote rsync.');
    const slash = (rule.flags & RuleFlag.Directory) !== 0 ? '/' : '';
    const text = prefix + rule.pattern + slash;
    if (writer === undefined || text === '') continue;
    writer.int(text.length);
    writer.string(text);
  }
}

/**
 * The prefix that makes the peer read the rule as it is meant (get_rule_prefix); `undefined` where its
 * protocol cannot say it. Before protocol 29 there is only `+ `, and `- ` where the pattern needs it.
 */
function rulePrefix(
  rule: FilterRule,
  protocol: number,
  amSender: boolean,
  deleteExcluded: boolean,
): ByteString | undefined {
  const { flags, pattern } = rule;
  const old = protocol < 29;
  const has = (flag: number) => (flags & flag) !== 0;
  let prefix = '';
  let longest = old ? 1 : 15;
  if (has(RuleFlag.PerDirMerge)) {
    if (old) return undefined;
    prefix = ':';
  } else if (has(RuleFlag.Include)) prefix = '+';
  else if (!old || /^[-+] /.test(pattern)) prefix = '-';
  else longest = 0;

  prefix += ruleModifiers(flags);
  if (has(RuleFlag.SenderSide) && !old) prefix += 's';
  if (has(RuleFlag.ReceiverSide) && (!old || (deleteExcluded && amSender))) prefix += 'r';
  if (has(RuleFlag.Perishable)) {
    if (protocol >= 30) prefix += 'p';
    else if (amSender) return undefined;
  }
  if (prefix.length > longest) return undefined;
  return longest > 0 ? `${prefix} ` : prefix;
}
