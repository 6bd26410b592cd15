/** `connect`: wires that the caller makes. */
import type { ByteString } from '../kernel/kernel.ts';
import type { SessionIo } from '../session/index.ts';
import { wrong } from './arguments.ts';
import { nameOf } from './names.ts';
import type { RunOptions } from './run-options.ts';

type MakeWire = NonNullable<SessionIo['makeWire']>;

/** From what a session asks for to what a caller is asked. */
export function wiresOf(connect: NonNullable<RunOptions['connect']>): MakeWire {
  return async (request) => {
    const host = wholeText(request.host);
    if (request.kind === 'daemon') return connect({ kind: 'daemon', host, port: request.port });
    const { user, command, commandLine } = request;
    return connect({
      kind: 'server',
      host,
      ...(user === undefined ? {} : { user: wholeText(user) }),
      command: command.map(wholeText),
      commandLine: wholeText(commandLine),
    });
  };
}

/** Channels take text, and send it as UTF-8. */
function wholeText(bytes: ByteString): string {
  const { path, pathBytes } = nameOf(bytes);
  if (pathBytes !== undefined)
    throw wrong(`${path} is not UTF-8, and goes to the other side with secludedArgs alone`);
  return path;
}
