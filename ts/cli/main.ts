/** The program: standard streams, signals and the exit code of the process. */

import type { SessionIo } from '../session/index.ts';
import { userAliases } from './aliases.ts';
import { argumentBytes, optionEnvironment } from './argv.ts';
import { failStalled, runCommand } from './command.ts';
import { processHost } from './host.ts';
import { watchSignals } from './signals.ts';
import { bufferedStream, unbufferedStream } from './streams.ts';
import { boundYoungGeneration } from './young-generation.ts';

const stdout = bufferedStream(1);
const stderr = unbufferedStream(2);

let setByKernel: ((flag: string) => boolean) | undefined;

/** Sets a flag of V8's, if the kernel is there by now and can. */
export function setFlagByKernel(flag: string): boolean {
  return setByKernel?.(flag) === true;
}

/** Ends the process when its run has succeeded. */
let endAtOnce: ((status: number) => void) | undefined;
/** Flags and variables of Node's may want something done at the end: a profile is written, or what was covered. */
const isPlainNode =
  process.execArgv.length === 0 && !process.env.NODE_OPTIONS && !process.env.NODE_V8_COVERAGE;

function exit(code: number): never {
  stdout.flush();
  if (code === 0 && !(leavesCode && keeper !== undefined)) endAtOnce?.(code);
  process.exit(code);
}

const watch = watchSignals(exit);
const unboundYoungGeneration = boundYoungGeneration();

/** Compiled code for the next run: where none was found, or it is time to see whether there is more. */
interface CodeKeeper {
  keep(): void;
  /** Instead: this run leaves nothing behind. */
  keepNothing(): void;
}

let keeper: CodeKeeper | undefined;
/** A dry run and a question leave nothing behind. */
let leavesCode = false;

export function keepCodeBy(how: CodeKeeper): void {
  keeper = how;
}

function keepCode(): void {
  if (keeper === undefined) return;
  unboundYoungGeneration();
  keeper.keep();
  keeper = undefined;
}

const argv = argumentBytes();
const host = processHost({
  stdout: (text) => stdout.write(text),
  stderr(bytes) {
    stdout.flush();
    stderr(bytes);
  },
  endBy(how) {
    if (isPlainNode) endAtOnce = how;
  },
  flagsBy(set) {
    setByKernel = set;
  },
});
const io: SessionIo = { host, signal: watch.signal, events: undefined, log: undefined };

// Left to itself, Node would end with 0.
process.once('beforeExit', () => exit(failStalled(io, argv)));

runCommand({
  argv,
  env: optionEnvironment(),
  aliases: argv.includes('--server') ? [] : userAliases(process.env.HOME),
  io,
  started(options) {
    stdout.buffer(options.outbuf);
    leavesCode = !options.dryRun && !options.listOnly;
    if (leavesCode) {
      process.once('exit', keepCode);
    } else {
      keeper?.keepNothing();
      keeper = undefined;
    }
  },
  loadEngine: () => import('../session/index.ts'),
  loadServer: () => import('../daemon/index.ts'),
  loadKernels: () => import('../kernel/index.ts'),
  loadManual: () => import('../manual/index.ts'),
  loadBench: () => import('../bench/index.ts'),
  loadJson: () => import('../library/json.ts'),
  loadWatch: () => import('./watched.ts'),
  loadTrace: () => import('../trace/index.ts'),
  codeToKeep: () => keeper && keepCode,
}).then(exit, (error: unknown) => {
  stderr(Buffer.from(`rsync: ${String(error)}\n`));
  exit(1);
});
