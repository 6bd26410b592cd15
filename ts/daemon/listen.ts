import { ExitCode, RsyncError } from '../errors.ts';
import type { SessionIo } from '../session/index.ts';
import type { DaemonOptions } from './arguments.ts';

export async function listen(_options: DaemonOptions, _io: SessionIo): Promise<number> {
  throw new RsyncError(ExitCode.Unsupported, 'a daemon of its own is not there yet');
}
