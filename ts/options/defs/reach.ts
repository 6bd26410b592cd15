/** How the other side is reached, and what it is told. */
import type { ByteString } from '../../kernel/kernel.ts';
import { flag, integer, letter, off, on, option, type Run, type Telling, text } from '../definition.ts';
import { closes, none } from '../paths.ts';
import { type Quoting, quoteOption } from '../shell-quote.ts';
import { syntax } from '../wrong.ts';

interface Protecting {
  /** undefined not said; count otherwise. */
  readonly oldArgs: number | undefined;
  readonly secludedArgs: boolean | undefined;
}

/** --old-args and --secluded-args, with RSYNC_OLD_ARGS and RSYNC_PROTECT_ARGS where neither is given. */
function protectionOf(draft: Protecting, { env, server }: Run): { oldArgs: number; secludedArgs: boolean } {
  const number = (words: string) => Number.parseInt(words, 10) || 0;
  let secluded = draft.secludedArgs;
  let old = draft.oldArgs;
  if (old === undefined) {
    if (!server && secluded !== true && env.RSYNC_OLD_ARGS) {
      secluded = false;
      old = number(env.RSYNC_OLD_ARGS);
    }
  } else if (old > 0) {
    if (secluded === true) throw syntax('--secluded-args conflicts with --old-args.');
    secluded = false;
  }
  if (secluded === undefined && !server && env.RSYNC_PROTECT_ARGS) {
    secluded = number(env.RSYNC_PROTECT_ARGS) !== 0;
  }
  return { oldArgs: old ?? 0, secludedArgs: secluded ?? false };
}

export const reachOptions = {
  /** Remote shell command line; undefined takes RSYNC_RSH or ssh. */
  rsh: option({
    initial: undefined as ByteString | undefined,
    switches: [
      on<ByteString | undefined>('--rsh=COMMAND, -e', 'name the remote shell', (_, { value }) => value),
    ],
    settle: (command: ByteString | undefined, _: unknown, { server }): ByteString | undefined =>
      server ? undefined : command,
    closes: none,
  }),
  rsyncPath: text('--rsync-path=PROGRAM', 'name the rsync of the remote machine', {
    initial: 'rsync',
    closes: none,
  }),
  remoteOptions: option({
    initial: [] as readonly ByteString[],
    switches: [
      on<readonly ByteString[]>(
        '--remote-option=OPT, -M',
        'give OPT to the remote side only',
        (before, { value }) => {
          if (!value.startsWith('-')) throw syntax(`Remote option must start with a dash: ${value}`);
          return [...before, value];
        },
      ),
    ],
    settle: (all: readonly ByteString[]): readonly ByteString[] => all,
    closes: none,
  }),
  /** --old-args: arguments reach the remote shell unescaped. */
  oldArgs: option({
    initial: undefined as number | undefined,
    switches: [
      on<number | undefined>(
        '--old-args',
        'let the remote shell split arguments',
        (times) => (times ?? 0) + 1,
      ),
      ...off<number | undefined>('no-old-args', 0),
    ],
    settle: (_: number | undefined, draft: Protecting, run): number => protectionOf(draft, run).oldArgs,
    closes: none,
  }),
  secludedArgs: option({
    initial: undefined as boolean | undefined,
    switches: [
      on<boolean | undefined>('--secluded-args, -s', 'send arguments through the protocol', () => true),
      on<boolean | undefined>('--protect-args', undefined, () => true),
      ...off<boolean | undefined>('no-secluded-args no-protect-args no-s', false),
    ],
    settle: (_: boolean | undefined, draft: Protecting, run): boolean =>
      protectionOf(draft, run).secludedArgs,
    letter: letter('s'),
    closes: none,
  }),
  trustSender: flag('--trust-sender', "don't check the names a sender sends", { closes: none }),
  blockingIo: option({
    initial: undefined as boolean | undefined,
    switches: [
      on<boolean | undefined>('--blocking-io', 'use blocking I/O for the remote shell', () => true),
      ...off<boolean | undefined>('no-blocking-io', false),
    ],
    settle: (given: boolean | undefined): boolean | undefined => given,
    closes: none,
  }),
  contimeout: integer('--contimeout=SECONDS', 'give up connecting to a daemon after so long', {
    off: 'no-contimeout',
    closes: none,
  }),
  /** `LOCAL,REMOTE`, or one name for both; '' for none. */
  iconv: option({
    initial: undefined as ByteString | undefined,
    switches: [
      on<ByteString | undefined>(
        '--iconv=CONVERT_SPEC',
        'convert the charset of names',
        (_, { value }) => value || '.',
      ),
      ...off<ByteString | undefined>('no-iconv', ''),
    ],
    settle: (given: ByteString | undefined, draft: Protecting, run): ByteString => {
      const asUsual = run.server || protectionOf(draft, run).secludedArgs ? undefined : run.env.RSYNC_ICONV;
      const spec = given ?? asUsual ?? '';
      return spec === '-' && !run.server ? '' : spec;
    },
    tells: (spec: ByteString, { options }: Telling<Quoting>): ByteString[] =>
      spec === '' ? [] : [quoteOption('--iconv', spec.slice(spec.indexOf(',') + 1), options)],
    closes: closes('listsAsTheyAre', 'sourceRecords', 'plainEntriesOut', 'plainEntriesIn'),
  }),
  /** 0 is the default port. */
  port: option({
    initial: 0,
    switches: [on<number>('--port=PORT', "the daemon's port", (_, { number }) => number, 'int')],
    // As rsync: whoever needs none does not mind, and less than none is none.
    settle: (port: number): number => Math.max(0, port),
    closes: none,
  }),
  /** -4 / -6. */
  addressFamily: option({
    initial: 'any' as 'any' | 'ipv4' | 'ipv6',
    switches: [
      on<'any' | 'ipv4' | 'ipv6'>('--ipv4, -4', 'prefer IPv4', () => 'ipv4'),
      on<'any' | 'ipv4' | 'ipv6'>('--ipv6, -6', 'prefer IPv6', () => 'ipv6'),
    ],
    settle: (family: 'any' | 'ipv4' | 'ipv6'): 'any' | 'ipv4' | 'ipv6' => family,
    closes: none,
  }),
  address: text('--address=ADDRESS', 'connect to a daemon from ADDRESS', { closes: none }),
  sockopts: text('--sockopts=OPTIONS', 'set options of the socket', { closes: none }),
  passwordFile: text('--password-file=FILE', "read the daemon's password from FILE", { closes: none }),
  earlyInput: text('--early-input=FILE', "the daemon's early exec reads FILE", { closes: none }),
  motd: option({
    initial: true,
    switches: [
      on<boolean>('--no-motd', "don't show the daemon's message of the day", () => false),
      on<boolean>('--motd', undefined, () => true),
    ],
    settle: (shown: boolean): boolean => shown,
    closes: none,
  }),
};
