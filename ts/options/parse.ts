/** The command line of a client or of `rsync --server`, made into `Options`. */
import type { ByteString } from '../kernel/kernel.ts';
import type { Options } from './options.ts';

/** A run, or one of the requests that only print. */
export type ParsedCommand =
  | { readonly kind: 'run'; readonly options: Options; readonly args: readonly ByteString[] }
  | { readonly kind: 'help' }
  | { readonly kind: 'version'; readonly json: boolean }
  | { readonly kind: 'flag-help'; readonly flags: 'info' | 'debug' };

/** Variables of the environment that change what options mean (RSYNC_PARTIAL_DIR and its like). */
export type OptionEnv = Readonly<Record<string, string | undefined>>;

/**
 * What a client's command line (without the program's name) asks for: options, and the arguments that are
 * no options. `--server` anywhere in it makes it a server's. Throws RsyncError with rsync's text: exit 1
 * for wrong use, 4 for an option that oc-rsync does not do yet.
 */
export function parseClientArgs(argv: readonly ByteString[], env: OptionEnv = process.env): ParsedCommand {
  throw new Error(`not written yet: ${argv.length} ${Object.keys(env).length}`);
}

/**
 * The command line that a client starts its remote side with, after the program's name. `args` begins
 * with the `.` that separates options from paths where the client sent one.
 */
export function parseServerArgs(
  argv: readonly ByteString[],
  env: OptionEnv = process.env,
): { readonly options: Options; readonly args: readonly ByteString[] } {
  throw new Error(`not written yet: ${argv.length} ${Object.keys(env).length}`);
}
