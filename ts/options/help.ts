/** The text of --help, derived from the definitions. */
import type { HelpNote, Switch } from './definition.ts';
import { topics } from './options.ts';
import { newestProtocol, programName, programVersion } from './program.ts';
import type { AnyDefinition } from './settle.ts';

/** Column at which the text of an option starts. */
const textColumn = 25;

/** Stands behind what rsync has not. */
export const oursMark = '(ours)';

/** How the command is called, behind its name. */
export const usageForms = [
  '[OPTION]... SRC [SRC]... DEST',
  '[OPTION]... SRC [SRC]... [USER@]HOST:DEST',
  '[OPTION]... SRC [SRC]... [USER@]HOST::DEST',
  '[OPTION]... SRC [SRC]... rsync://[USER@]HOST[:PORT]/DEST',
  '[OPTION]... [USER@]HOST:SRC [DEST]',
  '[OPTION]... [USER@]HOST::SRC [DEST]',
  '[OPTION]... rsync://[USER@]HOST[:PORT]/SRC [DEST]',
] as const;

/** ... for something that rsync cannot be asked for. */
export const ourForms = ['help OPTION', 'completion bash|zsh|fish', 'bench [OPTION]...'] as const;

function usage(): string {
  const forms = [...usageForms, ...ourForms.map((form) => `${form}  ${oursMark}`)];
  return `${programName} copies files from one place to another and sends only what differs.

Usage: ${forms.map((form) => `${programName} ${form}`).join('\n  or   ')}
One ':' connects through a remote shell; '::' and 'rsync://' connect to an rsync daemon, and
SRC or DEST then begins with the name of a module.
`;
}

/** First line of --help and --version. */
export function versionLine(): string {
  return `${programName}  version ${programVersion}  protocol version ${newestProtocol}\n`;
}

/** What --help prints, and what wrong use without any argument answers on stderr. */
export function usageText(): string {
  const parts = topics.map(([title, options]) => {
    const lines = Object.values(options as unknown as Record<string, AnyDefinition>).map(helpOf);
    return `\n${title}\n${lines.join('')}`;
  });
  return `${versionLine()}\n${usage()}${parts.join('')}
${programName} help OPTION tells more of one option, ${programName}(1) of all.
`;
}

/** The lines of one option: each way to say it that has a text of its own. */
function helpOf({ switches }: AnyDefinition): string {
  return switches
    .map((one) => (one.help === undefined ? '' : helpLines(helpName(one), marked(one))))
    .join('');
}

function marked(one: Switch<unknown, never> | HelpNote): string {
  return 'ours' in one && one.ours ? `${one.help} ${oursMark}` : one.help!;
}

/** The names of a switch as the help shows them. */
export function helpName(one: Switch<unknown, never> | HelpNote): string {
  if ('note' in one) return one.note;
  const argument = one.argName === undefined ? '' : `=${one.argName}`;
  const long = one.long === undefined ? '' : `--${one.long}${argument}`;
  const short = one.short === undefined ? '' : `-${one.short}`;
  return long !== '' && short !== '' ? `${long}, ${short}` : long + short;
}

function helpLines(name: string, help: string): string {
  return help
    .split('\n')
    .map((line, i) => `${(i === 0 ? name : '').padEnd(textColumn - 1)} ${line}\n`)
    .join('');
}
