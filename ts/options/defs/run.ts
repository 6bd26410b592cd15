/** What kind of run it is, and what is asked for instead of one. */
import type { ByteString } from '../../kernel/kernel.ts';
import { derived, flag, leading, on, option, Request, type Telling } from '../definition.ts';
import { none } from '../paths.ts';

/** One of these, and the command line is a daemon's: it is read again with the options that those have. */
function daemon(spec: string) {
  return on<undefined>(spec, undefined, () => {
    throw new Request({ kind: 'daemon' });
  });
}

export const runOptions = {
  /** Also where a batch alone is written: see `transfers`. */
  dryRun: option({
    initial: false,
    switches: [on<boolean>('--dry-run, -n', 'change nothing, tell what would change', () => true)],
    settle: (given: boolean, { batch }: { readonly batch: { readonly write: number } }): boolean =>
      given || batch.write < 0,
    letter: (_: boolean, { options }: Telling<{ readonly transfers: boolean }>): string =>
      options.transfers ? '' : 'n',
    closes: none,
  }),
  qsort: flag('--qsort', undefined, {
    tells: (sorts): string[] => (sorts ? ['--use-qsort'] : []),
    closes: none,
  }),
  server: option({
    initial: false,
    switches: [
      on('--server', undefined, (_: boolean, __, draft: { iconv: ByteString | undefined }) => {
        draft.iconv = '';
        return true;
      }),
    ],
    settle: (is: boolean): boolean => is,
    closes: none,
  }),
  sender: option({
    initial: false,
    switches: [
      on('--sender', undefined, (_: boolean, __, { server }: { readonly server: boolean }) => {
        if (!server) throw new Request({ kind: 'usage' });
        return true;
      }),
    ],
    settle: (is: boolean): boolean => is,
    closes: none,
  }),
  /** Text after `e` in the server's -e.xxx, dot included: pre-release protocol and capability letters. */
  clientInfo: derived(
    (draft: { readonly rsh: ByteString | undefined }, { server }): string =>
      server ? (draft.rsh ?? '') : '',
    {
      closes: none,
    },
  ),
  daemon: leading(undefined, [
    daemon('--daemon'),
    daemon('--config=FILE'),
    daemon('--dparam=OVERRIDE'),
    daemon('--detach'),
    daemon('--no-detach'),
  ]),
  /** -V count. */
  version: leading(0, [
    on<number>('--version, -V', 'tell the version and more (-VV as JSON), and exit', (times) => times + 1),
  ]),
  help: leading(undefined, [
    on<undefined>('--help', undefined, () => {
      throw new Request({ kind: 'help' });
    }),
    { note: '--json', help: "tell what happens as JSON lines (oc-rsync's own)" },
    { note: '--help, -h (*)', help: 'show this (* -h only on its own)' },
  ]),
};
