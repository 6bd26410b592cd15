import { ExitCode, RsyncError } from '../errors.ts';
import { type FilterChain, receiveFilters } from '../filter/index.ts';
import type { Module } from '../host.ts';
import type { ByteString } from '../kernel/kernel.ts';
import type { Options } from '../options/options.ts';
import * as text from '../report/messages.ts';
import { Msg } from '../wire/constants.ts';
import { becomeCopyAsUser } from './copy-as.ts';
import type { End } from './end.ts';
import { fileNames, forwardedNames, forwardNames, namesFromWire } from './files-from.ts';
import { type HandshakeSetup, handshake, optionsForProtocol } from './handshake.ts';
import { openNames } from './read-names.ts';
import { runReceiver } from './receiver-end.ts';
import { runSender } from './sender-end.ts';
import { startCounting } from './totals.ts';

/** What a server is given besides its options: what they say of rules is read before it speaks. */
export interface ServerInput {
  readonly args: readonly ByteString[];
  readonly filters: FilterChain;
}

/** A daemon tells its client how long it waits. */
function tellTimeout({ setup, writer }: End, { timeout }: Options, protocol: number): void {
  if (setup.site.module === undefined || timeout <= 0 || protocol < 31) return;
  const payload = Buffer.alloc(4);
  payload.writeInt32LE(timeout);
  writer.message(Msg.IoTimeout, payload);
}

/** What a module is not there for. */
function checkModule({ readOnly, writeOnly }: Module, options: Options, sends: boolean): void {
  const problem = !sends
    ? readOnly && text.moduleIsReadOnly
    : writeOnly
      ? text.moduleIsWriteOnly
      : readOnly && options.removeSourceFiles && text.noRemovalFromModule;
  if (problem) throw new RsyncError(ExitCode.Syntax, problem);
}

/** The server's side of a run, from the handshake on (rsync's start_server). */
export async function runServerEnd(
  end: End,
  given: Options,
  { args, filters }: ServerInput,
  extra: Partial<HandshakeSetup>,
): Promise<void> {
  const { reader, writer, report, setup } = end;
  const { sender } = setup;
  const listed = openNames(given, setup.io.host, setup.site);
  const negotiated = await handshake(end, {
    amServer: true,
    amSender: sender,
    options: given,
    kernel: setup.kernel,
    clientInfo: given.clientInfo,
    host: setup.io.host,
    // A server speaks before there is a stream for it; another machine's says nothing of this, as rsync's.
    notice: setup.local ? (line) => setup.io.host.stderr(Buffer.from(`${line}\n`, 'latin1')) : undefined,
    ...extra,
  });
  startCounting(end);
  const { protocol } = negotiated;
  const options = optionsForProtocol(given, protocol);
  report.agree(negotiated);
  writer.startMultiplex();
  tellTimeout(end, options, protocol);
  if (setup.site.module !== undefined) checkModule(setup.site.module, options, sender);
  // An old generator has nothing to say but what may be removed.
  if (protocol >= 30 || (sender && options.removeSourceFiles)) reader.startMultiplex();
  await receiveFilters(reader, options, filters, protocol);
  report.trace(sender ? 'send' : 'recv', () => text.serverStarts(sender, args.length, report.pid));
  becomeCopyAsUser(options, setup.io.host);
  const charset = options.secludedArgs ? setup.charset : undefined;
  const paths = args[0] === '.' ? args.slice(1) : args;
  if (!sender) {
    if (listed !== undefined)
      forwardNames(writer, forwardedNames(listed.read(), options.from0), protocol, charset);
    await runReceiver(end, negotiated, { options, filters, destination: paths[0], guard: undefined });
    return;
  }
  const sources =
    paths.length === 0 && (options.recursive || options.dirs || options.listOnly) ? ['.'] : paths;
  const names =
    options.filesFrom === ''
      ? undefined
      : options.filesFrom === '-'
        ? namesFromWire(reader, protocol, charset)
        : listed && fileNames(listed.read(), options.from0);
  await runSender(end, negotiated, { options, filters, args: sources, filesFrom: names });
}
