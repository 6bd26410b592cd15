/** oc-rsyncd.conf(5). */
import { configFormat, files, pageDate } from '../facts.ts';
import { head, inline, rows, sentences } from './mdoc.ts';
import { allParameters, type Parameter } from './parameters.ts';

/** The page in mdoc(7). */
export function configPage(): string {
  const { global, module } = allParameters();
  return `${head(pageDate, 'OC-RSYNCD.CONF', 5)}.Sh NAME
.Nm oc-rsyncd.conf
.Nd configuration of the daemon of oc\\-rsync
.Sh DESCRIPTION
${configFormat.map(sentences).join('.Pp\n')}.Ss Parameters of the daemon
${list(global)}.Ss Parameters of a module
${list(module)}.Sh FILES
${rows(files.slice(0, 2), 'Pa')}.Sh EXAMPLES
A module that everybody may read, and one for two users:
.Bd -literal -offset indent
[pub]
    path = /srv/pub
    comment = for everybody

[team]
    path = /srv/team
    read only = no
    auth users = ann, bob
    secrets file = /etc/rsyncd.secrets
.Ed
.Sh SEE ALSO
.Xr oc-rsync 1
`;
}

function list(parameters: readonly Parameter[]): string {
  return `.Bl -tag -width Ds\n${parameters.map(item).join('')}.El\n`;
}

function item({ name, text, initial }: Parameter): string {
  const without = initial === '' ? '' : `.Pp\nWithout it: ${inline(initial)}.\n`;
  const paragraphs = text.split('\n').map(sentences).join('.Pp\n');
  return `.It Ic ${inline(name)}\n${paragraphs}${without}`;
}
