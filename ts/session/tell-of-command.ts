import type { ByteString } from '../kernel/kernel.ts';
import type { RemoteHost } from '../options/endpoints.ts';
import { openingConnection } from '../report/messages.ts';
import { numberedWords, remoteParts } from '../report/trace-messages.ts';
import type { End } from './end.ts';

/** --debug=cmd: the command that is started on another host, for the first of `paths` there. */
export function tellOfCommand(
  end: End,
  { host, user }: RemoteHost,
  paths: readonly ByteString[],
  command: readonly ByteString[],
): void {
  tellOfParts(end, remoteParts(end.setup.options.rsh, host, user, paths[0]), command);
  if (end.report.debug('cmd')) end.report.print('client', openingConnection(command));
}

/** ... where there is no other host: what a server here would be given. */
export function tellOfNoCommand(end: End, paths: readonly ByteString[]): void {
  tellOfParts(end, remoteParts(undefined, undefined, undefined, paths[0]), ['.', ...paths]);
}

function tellOfParts({ report }: End, parts: ByteString, words: readonly ByteString[]): void {
  report.trace('cmd', () => parts, 2);
  if (report.debug('cmd', 2)) report.print('client', numberedWords(words));
}
