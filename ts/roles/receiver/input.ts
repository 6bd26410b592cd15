import { EntryFlag, type FileList } from '../../flist/file-list.ts';
import type { FileLists } from '../../flist/file-lists.ts';
import type { FlistReceiver } from '../../flist/receive.ts';
import type { TokenDecoder } from '../../kernel/kernel.ts';
import type { RoleContext } from '../context.ts';
import type { Destination } from '../destination.ts';
import type { GeneratorLink } from '../generator-link.ts';

/** What the receiver works on. */
export interface ReceiverInput {
  readonly lists: FileLists;
  readonly flist: FlistReceiver;
  readonly link: GeneratorLink;
  readonly destination: Destination;
  readonly decoder: TokenDecoder;
  /** --delay-updates: files that are complete, in their partial-dirs. */
  readonly delayed: { readonly list: FileList; readonly i: number; readonly ndx: number }[];
}

/** Whether the generator waits to hear that this file is in place: its segment, its other names, or the sender does. */
export function isAwaited({ negotiated, options }: RoleContext, list: FileList, i: number): boolean {
  if (negotiated.incRecurse || options.removeSourceFiles) return true;
  return options.hardLinks && (list.flags(i) & EntryFlag.Hlinked) !== 0;
}
