/** The last line of a run that failed, as rsync words it. */
import { ExitCode, exitText } from '../errors.ts';
import { programVersion } from '../options/program.ts';

/**
 * Who ends the run: `client` and `server` before the transfer starts, then the role of the process;
 * `Receiver` is the receiving side before it splits in generator and receiver.
 */
export type FinalRole = 'client' | 'server' | 'sender' | 'generator' | 'receiver' | 'Receiver';

/**
 * `rsync error: TEXT (code N) at …`, newline included; '' for exit 0. Exit 24 is a warning. rsync names
 * its source file and line where this names the program.
 */
export function finalErrorLine(code: number, role: FinalRole): string {
  if (code === ExitCode.Ok) return '';
  const kind = code === ExitCode.Vanished ? 'warning' : 'error';
  const text = exitText[code] ?? 'unexplained error';
  return `rsync ${kind}: ${text} (code ${code}) at oc-rsync(0) [${role}=${programVersion}]\n`;
}
