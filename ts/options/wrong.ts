/** Wrong use of the command line. */
import { ExitCode, RsyncError } from '../errors.ts';

export function syntax(message: string): RsyncError {
  return new RsyncError(ExitCode.Syntax, `rsync: ${message}`);
}
