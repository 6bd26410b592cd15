import { ExitCode, RsyncError } from '../errors.ts';
import type { Options } from '../options/options.ts';
import { localeCodeset } from '../report/escape.ts';
import * as text from '../report/messages.ts';
import * as traces from '../report/trace-messages.ts';
import { openCharset, type WireCharset } from '../wire/charset.ts';
import type { End, SessionIo } from './end.ts';

/** What the C library calls the charset of the wire. */
export const wireName = 'UTF-8';

/** --iconv: how this end's names come to the wire and from it (rsync's setup_iconv); undefined without it. */
export async function nameCharset(options: Options, io: SessionIo): Promise<WireCharset | undefined> {
  const { iconv, server } = options;
  if (iconv === '') return undefined;
  const comma = iconv.indexOf(',');
  const asked = comma < 0 ? iconv : server ? iconv.slice(comma + 1) : iconv.slice(0, comma);
  const name = asked === '' || asked === '.' ? localeCodeset(io.host.env) : asked;
  const charset = await openCharset(name);
  if (charset === undefined) throw new RsyncError(ExitCode.Unsupported, text.noSuchCharset(name, wireName));
  return charset;
}

/** --debug=iconv. A server says it before there is a stream for it. */
export function tellCharset({ setup, report, who }: End): void {
  const { charset, server, io, options } = setup;
  if (!server && !options.eightBitOutput)
    report.trace('iconv', () => traces.checkingCharset(localeCodeset(io.host.env)), 2);
  if (charset === undefined || !report.debug('iconv')) return;
  const line = text.charsetInUse(who, charset.name);
  if (server) io.host.stderr(Buffer.from(`${line}\n`, 'latin1'));
  else report.print('info', line);
}
