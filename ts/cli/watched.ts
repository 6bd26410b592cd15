/**
 * What a person who watches a run is shown of it beside its words: --info=progress3 and --info=failures. Loaded by those
 * runs alone that ask for one of them.
 */
import { constants, openSync } from 'node:fs';
import { isatty, WriteStream } from 'node:tty';
import { ExitCode } from '../errors.ts';
import type { Host } from '../host.ts';
import type { ByteString } from '../kernel/kernel.ts';
import type { Options } from '../options/options.ts';
import { liveProgress } from '../options/output-flags.ts';
import { escapedByte, escapeText } from '../report/escape.ts';
import { FailureList } from '../report/view/failure-list.ts';
import { LiveView, type Size } from '../report/view/live/index.ts';
import type { SessionIo } from '../session/index.ts';
import { holdsTerminal } from './host.ts';

/** A run that is watched. */
export interface Watched {
  /** What the run is given in place of its own. */
  readonly io: SessionIo;
  /** To be called when it is over, before the words that end it. */
  end(code: number): void;
}

/** Where a terminal does not say how large it is. */
const usualSize: Size = { columns: 80, rows: 24 };

/** Watches a run of a client. */
export function watch(options: Options, io: SessionIo): Watched {
  const { host } = io;
  const write = (stream: 'out' | 'err', text: ByteString): void => {
    if (stream === 'out') host.stdout(text);
    else host.stderr(Buffer.from(text, 'latin1'));
  };
  const failures = options.info.failures > 0 ? new FailureList(escapeFor(options, host)) : undefined;
  const watching = options.info.progress >= liveProgress && !options.listOnly && !options.quiet;
  const live = watching ? liveView(options, host, write) : undefined;
  const say = live === undefined ? write : live.view.say.bind(live.view);
  return {
    io: {
      ...io,
      events: live?.view.events ?? io.events,
      host: {
        ...host,
        stdout: (text) => say('out', text),
        stderr(bytes) {
          const text = Buffer.from(bytes).toString('latin1');
          failures?.hear(text);
          say('err', text);
        },
      },
    },
    end(code) {
      live?.end(code);
      if (failures === undefined || (code !== ExitCode.Partial && code !== ExitCode.Vanished)) return;
      write('err', failures.text());
    },
  };
}

/** Names as messages show them. */
function escapeFor(options: Options, host: Host): (text: ByteString) => ByteString {
  const charset = options.eightBitOutput ? 'bytes' : host.charset;
  return (text) => escapeText(text, charset);
}

function liveView(
  options: Options,
  host: Host,
  write: (stream: 'out' | 'err', text: ByteString) => void,
): { readonly view: LiveView; end(code: number): void } {
  const { TERM, NO_COLOR } = host.env;
  const draws = isatty(2) && TERM !== undefined && TERM !== '' && TERM !== 'dumb';
  let size = draws ? terminalSize() : usualSize;
  const view = new LiveView({
    style: {
      units: Math.max(options.humanReadable, 2),
      colours: draws && !NO_COLOR,
      dryRun: options.dryRun,
      name: nameShown(options, host),
    },
    terminal: { write, ours: holdsTerminal },
    size: draws ? () => size : undefined,
    outShown: isatty(1),
    now: host.now,
    every(milliseconds, work) {
      const timer = setInterval(work, milliseconds).unref();
      return () => clearInterval(timer);
    },
  });
  const onResize = (): void => {
    size = terminalSize();
    view.resized();
  };
  // A second signal, or a fault: nothing else hears of such an end.
  const onExit = (): void => view.takeAway();
  // Stopped as by default, in an orphaned group not at all; but the shell gets a clean screen.
  const onStop = (): void => {
    view.leave();
    process.removeListener('SIGTSTP', onStop);
    process.kill(process.pid, 'SIGTSTP');
    process.on('SIGTSTP', onStop);
  };
  if (draws) process.on('SIGWINCH', onResize).on('SIGTSTP', onStop);
  process.once('exit', onExit);
  return {
    view,
    end(code) {
      process.removeListener('SIGWINCH', onResize).removeListener('SIGTSTP', onStop);
      process.removeListener('exit', onExit);
      view.end(code);
    },
  };
}

const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** A name within a line that is as wide as it is counted: what has no width of its own is shown by its bytes. */
function nameShown(options: Options, host: Host): (path: ByteString) => string {
  const shown = escapeFor(options, host);
  const bytes = (char: string): string =>
    Array.from(Buffer.from(char, 'utf8').toString('latin1'), escapedByte).join('');
  const utf8 = host.charset === 'utf8';
  return (path) => {
    const text = Buffer.from(shown(path), 'latin1').toString(utf8 ? 'utf8' : 'latin1');
    return text.replace(invisible, (char) => (char === '\u200d' ? char : bytes(char)));
  };
}

/** Of the terminal behind standard error. What asks for it goes again: the terminal stays as it was. */
function terminalSize(): Size {
  // The first is closed to who has become another user.
  for (const name of ['/dev/stderr', '/dev/tty'])
    try {
      const stream = new WriteStream(openSync(name, constants.O_WRONLY | constants.O_NOCTTY));
      const { columns, rows } = stream;
      stream.destroy();
      if (columns > 0 && rows > 0) return { columns, rows };
    } catch {}
  return usualSize;
}
