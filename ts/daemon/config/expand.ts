/** `%NAME%` in a value: a variable of the environment. */
import { ExitCode, RsyncError } from '../../errors.ts';
import type { Variables } from '../../host.ts';
import type { ByteString } from '../../kernel/kernel.ts';

/** Each place that may be one: what is none is text, up to its second mark alone. */
const reference = /%(?=([A-Z][^%]*)%)/g;

/** Variables that nobody has set stay as they were written. */
export function expand(text: ByteString, variables: Variables): ByteString {
  if (!text.includes('%')) return text;
  let out = '';
  let from = 0;
  for (const { index, name, value } of known(text, variables)) {
    out += text.slice(from, index) + value;
    from = index + name.length + 2;
  }
  return out + text.slice(from);
}

/** The variables in a text that somebody has set. */
function* known(
  text: ByteString,
  variables: Variables,
): Generator<{ readonly index: number; readonly name: string; readonly value: ByteString }> {
  let from = 0;
  for (const { index, 1: name } of text.matchAll(reference)) {
    const value = index < from ? undefined : variables(name);
    if (value === undefined) continue;
    yield { index, name, value };
    from = index + name.length + 2;
  }
}

/** What a client names, and what ends or begins something in a shell, also in a second one behind the first. */
const unsafe = /['"`$\\;&|<>()*?[\]# !~{}\x00-\x1f\x7f]/;

/**
 * The same in a command: what a client brought along (RSYNC_*) becomes one word, and is refused where it could be more
 * than that. Throws exit 4.
 */
export function expandCommand(text: ByteString, variables: Variables): ByteString {
  let quote: '' | "'" | '"' = '';
  let from = 0;
  let out = '';
  for (const { index, name, value } of known(text, variables)) {
    quote = quoteAfter(text.slice(from, index), quote);
    out += text.slice(from, index);
    from = index + name.length + 2;
    if (!name.startsWith('RSYNC_')) out += value;
    else if (unsafe.test(value))
      throw new RsyncError(
        ExitCode.Unsupported,
        `refusing to run shell hook: %${name}% holds a shell metacharacter`,
      );
    else out += quote === "'" ? value : `'${value}'`;
  }
  return out + text.slice(from);
}

/** Within which quotes a shell is behind `text`. */
function quoteAfter(text: ByteString, before: '' | "'" | '"'): '' | "'" | '"' {
  let quote = before;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (quote === "'") {
      if (char === "'") quote = '';
    } else if (char === '\\') at++;
    else if (char === '"') quote = quote === '"' ? '' : '"';
    else if (char === "'" && quote === '') quote = "'";
  }
  return quote;
}
