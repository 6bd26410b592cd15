/** What a daemon writes down: to its log file, else to the system's log. */
import { closeSync, constants } from 'node:fs';
import { SysError } from '../errors.ts';
import { type Host, linkOwner, pathAt } from '../host.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { openTrusted } from '../kernel/trusted-path.ts';
import { escapeLog } from '../report/escape.ts';
import { systemError } from '../report/messages.ts';
import { appendToLog } from '../session/log-file.ts';

const { O_APPEND, O_CREAT, O_WRONLY } = constants;
const readableMode = 0o644;
/** Of others than the owner, nobody may write. */
const keptFromOthers = 0o022;

/** How a log is kept. */
export interface LogSettings {
  /** '' is the system's log. */
  readonly file: ByteString;
  readonly tag: ByteString;
  readonly facility: number;
}

/** The system's log, where it can be reached; the text has no line end. */
export type SystemLog = (settings: LogSettings, line: ByteString, isError: boolean) => void;

export interface DaemonLog {
  /** One line, or several: each gets its time and our process. */
  write(text: ByteString, isError?: boolean): void;
  /** One line that is escaped already, with its end. */
  put(text: ByteString, isError?: boolean): void;
  /** From here on elsewhere, if that is elsewhere: a module may have a log of its own. */
  become(settings: LogSettings): void;
  /** It is not written to any more. */
  close(): void;
}

/** A log that is opened at once, and stays open: a daemon may give up the rights to do so. */
export function openDaemonLog(host: Host, settings: LogSettings, system: SystemLog): DaemonLog {
  let now = settings;
  let fd = openFile(settings);
  const put = (shown: ByteString, isError = false): void => {
    if (fd === undefined) system(now, shown.replace(/\n$/, ''), isError);
    else appendToLog(fd, shown, host);
  };
  const write = (text: ByteString, isError = false): void => {
    for (const line of text.replace(/\n$/, '').split('\n')) put(escapeLog(`${line}\n`), isError);
  };

  function openFile({ file }: LogSettings): number | undefined {
    if (file === '') return undefined;
    const path = pathAt({ cwd: host.workingDirectory() }, file);
    const mode = readableMode & ~(host.umask() | keptFromOthers);
    try {
      return openTrusted(path, linkOwner(host, false), { flags: O_WRONLY | O_APPEND | O_CREAT, mode });
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      fd = undefined;
      now = { ...now, file: '' };
      write(systemError('Receiver', error.errno, `failed to open log-file ${file}`), true);
      write('Ignoring "log file" setting.');
      return undefined;
    }
  }

  return {
    write,
    put,
    become(next) {
      if (next.file !== now.file) {
        if (fd !== undefined) closeSync(fd);
        fd = openFile(next);
      }
      now = next;
    },
    close() {
      if (fd !== undefined) closeSync(fd);
      fd = undefined;
    },
  };
}
