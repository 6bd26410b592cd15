/** The text of --help, derived from the table. */
import { newestProtocol, programName, programVersion } from './program.ts';
import { type OptionRow, optionTable, type TableRow } from './table.ts';

/** Column at which the text of an option starts. */
const textColumn = 25;

const usage = `rsync copies files from one place to another and sends only what differs.

Usage: rsync [OPTION]... SRC [SRC]... DEST
  or   rsync [OPTION]... SRC [SRC]... [USER@]HOST:DEST
  or   rsync [OPTION]... SRC [SRC]... [USER@]HOST::DEST
  or   rsync [OPTION]... SRC [SRC]... rsync://[USER@]HOST[:PORT]/DEST
  or   rsync [OPTION]... [USER@]HOST:SRC [DEST]
  or   rsync [OPTION]... [USER@]HOST::SRC [DEST]
  or   rsync [OPTION]... rsync://[USER@]HOST[:PORT]/SRC [DEST]
One ':' connects through a remote shell; '::' and 'rsync://' connect to an rsync daemon, and
SRC or DEST then begins with the name of a module.
`.replaceAll(/\brsync (?=\[OPTION\])|^rsync(?= copies)/gm, (word) => word.replace('rsync', programName));

/** First line of --help and --version. */
export function versionLine(): string {
  return `${programName}  version ${programVersion}  protocol version ${newestProtocol}\n`;
}

/** What --help prints, and what wrong use without any argument answers on stderr. */
export function usageText(): string {
  let out = `${versionLine()}\n${usage}\nOptions\n`;
  let later = false;
  for (const row of optionTable) {
    if (row.help === undefined) continue;
    const planned = 'works' in row && !row.works;
    later ||= planned;
    out += helpLines(helpName(row), planned ? `${row.help} [not yet]` : row.help);
  }
  if (later) out += '\nAn option marked [not yet] is known; its use ends with exit code 4 for now.\n';
  return `${out}\nrsync(1) tells what each option means: https://download.samba.org/pub/rsync/rsync.1\n`;
}

function helpName(row: TableRow): string {
  if ('note' in row) return row.note;
  const long = row.long === undefined ? '' : `--${row.long}${argument(row)}`;
  const short = row.short === undefined ? '' : `-${row.short}`;
  return long !== '' && short !== '' ? `${long}, ${short}` : long + short;
}

function argument(row: OptionRow): string {
  return row.argName === undefined ? '' : `=${row.argName}`;
}

function helpLines(name: string, help: string): string {
  return help
    .split('\n')
    .map((line, i) => `${(i === 0 ? name : '').padEnd(textColumn - 1)} ${line}\n`)
    .join('');
}
