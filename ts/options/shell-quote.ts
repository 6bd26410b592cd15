/** Escaping of arguments that pass a remote shell (rsync's safe_arg()). */
import type { ByteString } from '../kernel/kernel.ts';

const shellChars = '!#$&;|<>(){}"\'` \t\n\r\\';
const wildChars = '*?[]';

/** What decides whether the remote shell may see an argument as it is. */
export interface Quoting {
  readonly oldArgs: number;
  readonly secludedArgs: boolean;
}

/** How a path reaches the remote shell. */
export interface QuoteContext {
  readonly options: Quoting & {
    readonly relative: boolean;
    readonly trustSender: boolean;
    readonly filesFromHost: ByteString | undefined;
  };
  /** This side sends: a `~` is then left for the remote shell. */
  readonly amSender: boolean;
}

/**
 * A value of an option for the remote command line: `NAME=VALUE`, or VALUE alone for '' as name.
 * --secluded-args (nothing passes the shell) and --old-args twice leave it as it is.
 */
export function quoteOption(name: string, value: ByteString, options: Quoting): ByteString {
  const prefix = name === '' ? '' : `${name}=`;
  if (options.secludedArgs || options.oldArgs >= 2) return prefix + value;
  return prefix + backslash(value, wildChars + shellChars, false);
}

/** An argument of --remote-option: with --old-args the remote shell splits it. */
export function quoteRemoteOption(value: ByteString, options: Quoting): ByteString {
  if (options.secludedArgs || options.oldArgs > 0) return value;
  return backslash(value, wildChars + shellChars, false);
}

/**
 * A path for the remote command line: wildcards stay active, a leading dash gets `./` in front, and when
 * we pull, a leading `~` that would escape the checks of the sender's names is escaped.
 */
export function quotePath(path: ByteString, context: QuoteContext): ByteString {
  const { options } = context;
  const dash = path.startsWith('-') ? './' : '';
  if (options.secludedArgs || options.oldArgs > 0) return dash + path;
  const tilde =
    path.startsWith('~') && !context.amSender && !trustsArgs(options) && tildeIsName(path, options);
  return dash + (tilde ? '\\' : '') + backslash(path, shellChars, true);
}

function trustsArgs(options: QuoteContext['options']): boolean {
  return options.trustSender || options.oldArgs > 0 || options.filesFromHost !== undefined;
}

function tildeIsName(path: ByteString, options: QuoteContext['options']): boolean {
  return (options.relative && !path.includes('/./')) || !path.includes('/');
}

/** With `isPath`, a backslash that already protects a wildcard is not doubled. */
function backslash(text: ByteString, special: string, isPath: boolean): ByteString {
  let out = '';
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === '\\') {
      const next = text[i + 1];
      if (!isPath || next === undefined || !wildChars.includes(next)) out += '\\';
    } else if (special.includes(c)) {
      out += '\\';
    }
    out += c;
  }
  return out;
}
