/** The script for fish, from 3.0 on. */
import { programName } from '../../options/program.ts';
import { wordsOfHelp } from '../names.ts';
import { type Argument, allChoices, benchChoices, type Choice, commandWords, madeBy } from './choices.ts';

/** What `completion fish` prints. */
export function fishCompletion(): string {
  return `${madeBy('fish')}

function __oc_rsync_argument
    commandline -ct | string replace -r '^-[^=]*=' ''
end

# Words of a list with commas between.
function __oc_rsync_list
    set -l before (__oc_rsync_argument | string match -r '^.*,')
    for word in $argv
        echo "$before$word"
    end
end

function __oc_rsync_behind
    set -l words (commandline -opc)
    test (count $words) -eq 2; and test "$words[2]" = $argv[1]
end

function __oc_rsync_measures
    set -l words (commandline -opc)
    test (count $words) -ge 2; and test "$words[2]" = bench
end

function __oc_rsync_hosts
    functions -q __fish_print_hostnames; or return
    __oc_rsync_behind completion; and return
    __oc_rsync_measures; and return
    string match -q -- '*[:/]*' (commandline -ct); and return
    __fish_print_hostnames | string replace -r '$' :
end

complete -c ${programName} -n 'test (count (commandline -opc)) -eq 1' -a '${commandWords.join(' ')}'
complete -c ${programName} -n '__oc_rsync_behind help' -f -a ${quoted(wordsOfHelp().join(' '))}
complete -c ${programName} -n '__oc_rsync_behind completion' -f -a 'bash zsh fish'
complete -c ${programName} -a '(__oc_rsync_hosts)' -d 'remote host'
${allChoices()
  .map((choice) => line(choice))
  .join('\n')}
${benchChoices()
  .map((choice) => line(choice, " -n '__oc_rsync_measures'"))
  .join('\n')}
`;
}

function line({ long, short, help, argument }: Choice, when = ''): string {
  return [
    `complete -c ${programName}${when}`,
    ...(short === undefined ? [] : [`-s ${quoted(short)}`]),
    ...(long === undefined ? [] : [`-l ${long}`]),
    `-d ${quoted(help)}`,
    ...(argument === 'none' ? [] : [actionFor(argument)]),
  ].join(' ');
}

function actionFor(argument: Exclude<Argument, 'none'>): string {
  switch (argument) {
    case 'free':
      return '-x';
    case 'file':
      return '-rF';
    case 'directory':
      return `-xa '(__fish_complete_directories (__oc_rsync_argument))'`;
    case 'command':
      return `-xa '(__fish_complete_command)'`;
    default: {
      const words = argument.all.map(({ word, help }) => (help === '' ? word : `${word}\\t${quoted(help)}`));
      if (argument.list)
        return `-xa ${quoted(`(__oc_rsync_list ${argument.all.map(({ word }) => word).join(' ')})`)}`;
      return `-xa ${quoted(words.join('\n'))}`;
    }
  }
}

/** As one word of fish, which knows its own two escapes within quotes alone. */
function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
