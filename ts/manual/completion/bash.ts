/** The script for bash, from 3.2 on. */
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

/** What `completion bash` prints. Bash parts words at `=` and `:`, unless somebody has told it otherwise. */
export function bashCompletion(): string {
  const choices = allChoices();
  return `${madeBy('bash')}

_oc_rsync_take() {
  local line
  while IFS= read -r line; do COMPREPLY+=("$1$line"); done
}

# Words of a list with commas between.
_oc_rsync_list() {
  local before=
  [[ $cur == *,* ]] && before=\${cur%,*},
  _oc_rsync_take "$joined$before" < <(compgen -W "$1" -- "\${cur##*,}")
}

_oc_rsync_files() {
  compopt -o filenames 2>/dev/null
  _oc_rsync_take "$joined" < <(compgen "$1" -- "$cur")
}

_oc_rsync_argument() {
  case $1 in
${cases(choices)}
    *) return 1 ;;
  esac
}

_oc_rsync_bench() {
  case $1 in
${cases(benchChoices())}
    *) _oc_rsync_options ${quoted(benchChoices().flatMap(offered).join(' '))} ;;
  esac
}

_oc_rsync_options() {
  _oc_rsync_take '' < <(compgen -W "$1" -- "$cur")
  [[ \${#COMPREPLY[@]} == 1 && $COMPREPLY == *= ]] && compopt -o nospace 2>/dev/null
}

_oc_rsync_hosts() {
  [[ $cur == *[:/]* ]] && return
  if declare -F _comp_compgen_known_hosts >/dev/null; then _comp_compgen -a known_hosts -c -- "$cur"
  elif declare -F _known_hosts_real >/dev/null; then _known_hosts_real -c -- "$cur"
  fi 2>/dev/null
}

_oc_rsync() {
  local cur=\${COMP_WORDS[COMP_CWORD]} option=\${COMP_WORDS[COMP_CWORD-1]} joined=
  COMPREPLY=()
  if [[ $cur == = ]]; then cur=
  elif [[ $option == = ]]; then option=\${COMP_WORDS[COMP_CWORD-2]}
  elif [[ $cur == --*=* ]]; then
    option=\${cur%%=*} joined=$option= cur=\${cur#*=}
  fi
  if ((COMP_CWORD > 1)) && [[ \${COMP_WORDS[1]} == bench ]]; then _oc_rsync_bench "$option"; return; fi
  _oc_rsync_argument "$option" && return
  if ((COMP_CWORD == 2)); then
    case \${COMP_WORDS[1]} in
      help) _oc_rsync_take '' < <(compgen -W ${quoted(wordsOfHelp().join(' '))} -- "$cur"); return ;;
      completion) _oc_rsync_take '' < <(compgen -W 'bash zsh fish' -- "$cur"); return ;;
    esac
  fi
  if [[ $cur == -* ]]; then
    _oc_rsync_options ${quoted(choices.flatMap(offered).join(' '))}
    return
  fi
  _oc_rsync_hosts
  ((COMP_CWORD == 1)) && _oc_rsync_take '' < <(compgen -W '${commandWords.join(' ')}' -- "$cur")
  _oc_rsync_files -f
}

complete -F _oc_rsync ${programName}
`;
}

function offered({ long, short, argument }: Choice): string[] {
  const equals = argument === 'none' ? '' : '=';
  return [
    ...(short === undefined ? [] : [`-${short}`]),
    ...(long === undefined ? [] : [`--${long}${equals}`]),
  ];
}

/** What is done for the argument of each option, those together that want the same. */
function cases(choices: readonly Choice[]): string {
  const groups = new Map<string, string[]>();
  for (const { long, short, argument } of choices) {
    if (argument === 'none') continue;
    const names = [
      ...(short === undefined ? [] : [`-${short}`]),
      ...(long === undefined ? [] : [`--${long}`]),
    ];
    const action = actionFor(argument);
    groups.set(action, [...(groups.get(action) ?? []), ...names]);
  }
  return [...groups].map(([action, names]) => `    ${names.join('|')}) ${action} ;;`).join('\n');
}

function actionFor(argument: Exclude<Argument, 'none'>): string {
  switch (argument) {
    case 'free':
      return ':';
    case 'file':
      return '_oc_rsync_files -f';
    case 'directory':
      return '_oc_rsync_files -d';
    case 'command':
      return '_oc_rsync_take "$joined" < <(compgen -c -- "$cur")';
    default:
      return `_oc_rsync_list ${quoted(argument.all.map(({ word }) => word).join(' '))}`;
  }
}
