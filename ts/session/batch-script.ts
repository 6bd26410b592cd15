import { ExitCode, RsyncError } from '../errors.ts';
import type { FilterChain } from '../filter/index.ts';
import { RuleFlag, rulePrefix } from '../filter/rule.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { parseLocation } from '../options/location.ts';
import type { Options } from '../options/options.ts';

/** What a script is made of. */
export interface ScriptInput {
  readonly commandLine: readonly ByteString[];
  /** The arguments that are no options. */
  readonly args: readonly ByteString[];
  readonly options: Options;
  readonly filters: FilterChain;
  readonly protocol: number;
}

/** Rules go into the script as they are, whatever options they came from. */
const ruleOptions = ['--files-from', '--filter', '--include', '--exclude'];

/** A shell script that does the same by --read-batch, to the same destination or its argument (BATCH.sh). */
export function replayScript({ commandLine, args, options, filters, protocol }: ScriptInput): ByteString {
  const rules = ruleLines(options, filters, protocol);
  let script = quoted(commandLine[0]);
  if (rules.length > 0)
    script += protocol >= 29 ? ` --filter=${quoted('._-')}` : ` --exclude-from=${quoted('-')}`;
  const words = withoutArgs(commandLine, args);
  for (let k = 0; k < words.length; k++) {
    const word = words[k];
    if (ruleOptions.some((name) => word.startsWith(name))) {
      if (!word.includes('=')) k++;
    } else if (word === '-f') k++;
    else if (word.startsWith('--write-batch') || word.startsWith('--only-write-batch')) {
      const at = word.indexOf('=');
      script += at < 0 ? ' --read-batch' : ` --read-batch=${quoted(word.slice(at + 1))}`;
    } else script += ` ${argument(word)}`;
  }
  const last = args[args.length - 1];
  const at = parseLocation(last);
  script += ` \${1:-${argument(at.kind === 'local' ? last : at.path)}}`;
  if (rules.length > 0) {
    const end = options.from0 ? '\0' : '\n';
    script += ` <<'#E#'\n${rules.map((rule) => rule + end).join('')}${options.from0 ? ';\n' : ''}#E#`;
  }
  return `${script}\n`;
}

function ruleLines(options: Options, filters: FilterChain, protocol: number): ByteString[] {
  const lines = [...filters.state.list.rules()].map(({ flags, pattern }) => {
    // Nothing in a pattern may end the list of rules, and go on as a command.
    if (pattern.includes('\n'))
      throw new RsyncError(
        ExitCode.Syntax,
        'cannot write a filter rule containing a newline to the batch replay script',
      );
    return rulePrefix(flags) + pattern + ((flags & RuleFlag.Directory) !== 0 ? '/' : '');
  });
  const { partialDir } = options;
  if (partialDir === '' || partialDir.startsWith('/')) return lines;
  const perishable = filters.side !== 'sender' || protocol >= 30 ? 'p' : '';
  return [...lines, `-${perishable} ${partialDir}/`];
}

/** The options of a command line: its arguments are looked for from the end. */
function withoutArgs(commandLine: readonly ByteString[], args: readonly ByteString[]): ByteString[] {
  const words: ByteString[] = [];
  let left = args.length - 1;
  for (let k = commandLine.length - 1; k > 0; k--) {
    if (left >= 0 && commandLine[k] === args[left]) left--;
    else words.unshift(commandLine[k]);
  }
  return words;
}

/** A word for the shell; of an option only its value is quoted. */
function argument(word: ByteString): ByteString {
  const name = /^-[-_0-9A-Za-z]*=/.exec(word)?.[0] ?? '';
  return name + quoted(word.slice(name.length));
}

function quoted(word: ByteString): ByteString {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
