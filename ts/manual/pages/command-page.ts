/** oc-rsync(1). */
import { benchOptions, spelledOption } from '../../bench/options.ts';
import { ourForms, oursMark, usageForms } from '../../options/help.ts';
import { programName } from '../../options/program.ts';
import { type Entry, headOf, shownTopics, type Topic } from '../entries.ts';
import { more } from '../explain.ts';
import {
  benchText,
  commandRule,
  commands,
  description,
  environment,
  exits,
  files,
  pageDate,
  summary,
} from '../facts.ts';
import { asSentence, head, inline, rows, sentences } from './mdoc.ts';

/** The page in mdoc(7). */
export function commandPage(): string {
  return `${head(pageDate, 'OC-RSYNC', 1)}.Sh NAME
.Nm ${programName}
.Nd ${summary}
.Sh SYNOPSIS
${[...usageForms, ...ourForms].map(form).join('')}.Nm
.Fl -daemon
.Op Ar OPTION ...
.Sh DESCRIPTION
${description.map(sentences).join('.Pp\n')}.Pp
What rsync has not is marked ${inline(oursMark)}.
.Ss Commands ${oursMark}
${sentences(commandRule)}${rows(commands, 'Cm')}.Ss Options of bench ${oursMark}
${sentences(benchText)}${rows(
  benchOptions.map((option) => [spelledOption(option), asSentence(option.help)]),
  'Cm',
)}.Sh OPTIONS
${shownTopics().map(topic).join('')}.Sh ENVIRONMENT
${rows(environment, 'Ev')}.Sh FILES
${rows(files, 'Pa')}.Sh EXIT STATUS
${rows(exits, 'Sy')}.Sh EXAMPLES
Make DEST what SRC is, on this machine:
.Pp
.Dl ${inline('oc-rsync -a --delete SRC/ DEST/')}
.Pp
Look first at what that would change:
.Pp
.Dl ${inline('oc-rsync -ain --delete SRC/ DEST/')}
.Pp
Push over ssh, compressed:
.Pp
.Dl ${inline('oc-rsync -az -e ssh SRC/ user@host:DEST/')}
.Pp
See the modules of a daemon:
.Pp
.Dl oc\\-rsync rsync://host/
.Sh SEE ALSO
.Xr ssh 1 ,
.Xr oc-rsyncd.conf 5
`;
}

/** One way to call it. */
function form(text: string): string {
  const isOurs = (ourForms as readonly string[]).includes(text);
  const lines = text.split(' ').map((word, i) => {
    const optional = /^\[([A-Z]+)\](\.\.\.)?$/.exec(word);
    if (optional !== null) return `.Op Ar ${optional[1]}${optional[2] === undefined ? '' : ' ...'}\n`;
    const macro = isOurs && (i === 0 || word.includes('|')) ? 'Cm' : 'Ar';
    return `.${macro} ${inline(word).replaceAll('|', ' | ')}\n`;
  });
  return `.Nm\n${lines.join('')}`;
}

function topic({ title, entries }: Topic): string {
  return `.Ss ${inline(title)}\n.Bl -tag -width Ds\n${entries.map(item).join('')}.El\n`;
}

function item(entry: Entry): string {
  const names = headOf(entry).map((name) => {
    const [, bare = '', argument] = /^-([^=]+)(?:=(.*))?$/.exec(name)!;
    const flag = `Fl ${inline(bare).replace(' (*)', ' Pq *')}`;
    return argument === undefined ? flag : `${flag} Ns = Ns Ar ${inline(argument)}`;
  });
  const mark = entry.ours ? ` Pq ours` : '';
  const paragraphs = more(entry).map((text) => `.Pp\n${sentences(/[.:]$/.test(text) ? text : `${text}.`)}`);
  return `.It ${names.join(' , ')}${mark}\n${sentences(asSentence(entry.help))}${paragraphs.join('')}`;
}
