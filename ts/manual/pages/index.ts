/** All that scripts/manual.mjs writes. */
import { commandPage } from './command-page.ts';
import { configPage } from './config-page.ts';
import { optionsMarkdown } from './markdown.ts';

/** The text of each file, by its path in the repository. */
export function manualFiles(): Readonly<Record<string, string>> {
  return {
    'packaging/man/oc-rsync.1': commandPage(),
    'packaging/man/oc-rsyncd.conf.5': configPage(),
    'docs/options.md': optionsMarkdown(),
  };
}
