/** What a caller of the library asks for, taken apart. */
import { resolve } from 'node:path';
import type { ByteString } from '../kernel/kernel.ts';
import { optionWords, wrong } from './arguments.ts';
import { wiresOf } from './connect.ts';
import { bytesOf } from './names.ts';
import type { Asked } from './prepare.ts';
import type { Location, RunOptions, SettlingOptions } from './run-options.ts';

/** What a caller asks for. */
export interface Request {
  readonly sources: Location | readonly Location[];
  /** 'none': the source is listed. */
  readonly destination: Location | { readonly none: true };
  readonly options: RunOptions | SettlingOptions;
  /** Options that it is not a run of this kind without; they come last. */
  readonly fixed?: readonly ByteString[];
}

/**
 * Takes a caller's request apart; what is no text is a mistake, and not called `undefined`. `endedBy` hears of what ends the
 * run later.
 */
export function askedFor(request: Request, endedBy: (error: unknown) => void): Asked {
  const { sources, destination, options, fixed = [] } = request;
  const { args = [], signal, onEvent, env, cwd, connect, prompt, reject, ...given } = options;
  const { filter, ...others } = given;
  const rsyncOptions = typeof filter === 'function' ? others : { ...given, filter };
  const all = isLocation(sources) ? [sources] : sources;
  if (!Array.isArray(all) || !all.every(isLocation)) throw wrong('a source is text or bytes');
  const lists = !isLocation(destination);
  if (lists && destination?.none !== true) throw wrong('a destination is text or bytes');
  if (lists && all.length > 1) throw wrong('one source is listed at a time');
  if (all.length === 0) throw wrong('there are no sources');
  for (const [name, given] of Object.entries({ onEvent, connect, prompt }))
    if (given !== undefined && typeof given !== 'function') throw wrong(`${name} is a function`);
  if (!Array.isArray(args) || !args.every(isLocation)) throw wrong('args are texts or bytes');
  if (cwd !== undefined && !isLocation(cwd)) throw wrong('cwd is text or bytes');
  if (signal !== undefined && !isSignal(signal)) throw wrong('signal is an AbortSignal');
  return {
    words: [...optionWords(rsyncOptions), ...args.map(bytesOf), ...fixed],
    sources: all.map(bytesOf),
    destination: lists ? undefined : bytesOf(destination),
    env,
    cwd: cwd === undefined ? undefined : absolute(cwd),
    makeWire: connect && wiresOf(connect),
    ask: prompt && asking(prompt, endedBy),
    chooser: typeof filter === 'function' ? { filter, endedBy } : undefined,
  };
}

/** A secret as bytes; who cannot say it ends the run. */
function asking(prompt: NonNullable<RunOptions['prompt']>, endedBy: (error: unknown) => void): Asked['ask'] {
  return async (question) => {
    try {
      const answer: unknown = await prompt(question);
      return typeof answer === 'string' ? bytesOf(answer) : undefined;
    } catch (error) {
      endedBy(error);
      throw error;
    }
  };
}

/** Of whatever realm, and of a package of its own. */
export function isSignal(value: unknown): value is AbortSignal {
  const { aborted, addEventListener } = Object(value) as Partial<AbortSignal>;
  return typeof aborted === 'boolean' && typeof addEventListener === 'function';
}

function isLocation(value: unknown): value is Location {
  return typeof value === 'string' || value instanceof Uint8Array;
}

/** A path that relative ones begin at: the process's directory. */
export function absolute(cwd: string | Uint8Array): ByteString {
  if (typeof cwd === 'string') return bytesOf(resolve(cwd));
  const bytes = bytesOf(cwd);
  return bytes.startsWith('/') ? bytes : `${bytesOf(resolve('.'))}/${bytes}`;
}
