/** The script for zsh: a file of its `fpath`, or to be sourced behind `compinit`. */
import { programName } from '../../options/program.ts';
import { wordsOfHelp } from '../names.ts';
import {
  type Argument,
  allChoices,
  benchChoices,
  type Choice,
  commandWords,
  madeBy,
  quoted,
} from './choices.ts';

/** What `completion zsh` prints. */
export function zshCompletion(): string {
  return `#compdef ${programName}
${madeBy('zsh')}

_oc_rsync_paths() {
  local -a kinds
  kinds=('files:file:_files')
  [[ $PREFIX == *[:/]* ]] || kinds+=('hosts:remote host:_hosts -S :')
  (( CURRENT == 2 )) && kinds+=('commands:command:(${commandWords.join(' ')})')
  _alternative $kinds
}

_oc_rsync() {
  if (( CURRENT == 3 )); then
    case $words[2] in
      help) compadd -- ${wordsOfHelp().map(quoted).join(' ')}; return ;;
      completion) compadd -- bash zsh fish; return ;;
    esac
  fi
  if (( CURRENT > 2 )) && [[ $words[2] == bench ]]; then
    _arguments \\
${benchChoices().flatMap(specs).join('\n')}
      '1:command:(bench)'
    return
  fi
  _arguments -s \\
${allChoices().flatMap(specs).join('\n')}
    '*:path:_oc_rsync_paths'
}

if [[ $funcstack[1] == _oc_rsync ]]; then
  _oc_rsync "$@"
else
  compdef _oc_rsync ${programName}
fi
`;
}

/** Behind a letter the argument may follow at once, behind a long name after `=`; as the next word behind both. */
function specs({ long, short, argName, help, argument }: Choice): string[] {
  const behind = argument === 'none' ? '' : `:${argName}:${actionFor(argument)}`;
  const spec = (name: string, join: string) => {
    const joined = argument === 'none' ? '' : join;
    return `    ${quoted(`*${name}${joined}[${escaped(help)}]${behind}`)} \\`;
  };
  return [
    ...(short === undefined ? [] : [spec(`-${short}`, '+')]),
    ...(long === undefined ? [] : [spec(`--${long}`, '=')]),
  ];
}

function escaped(text: string): string {
  return text.replace(/[[\]:\\]/g, '\\$&');
}

function actionFor(argument: Exclude<Argument, 'none'>): string {
  switch (argument) {
    case 'free':
      return ' ';
    case 'file':
      return '_files';
    case 'directory':
      return '_files -/';
    case 'command':
      return '_command_names -e';
    default: {
      const { all, list } = argument;
      if (!list) return `(${all.map(({ word }) => word).join(' ')})`;
      const words = all.map(({ word, help }) => `"${word}${help === '' ? '' : `[${escaped(help)}]`}"`);
      return `_values -s , word ${words.join(' ')}`;
    }
  }
}
