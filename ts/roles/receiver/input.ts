import type { FileLists } from '../../flist/file-lists.ts';
import type { FlistReceiver } from '../../flist/receive.ts';
import type { TokenDecoder } from '../../kernel/kernel.ts';
import type { Destination } from '../destination.ts';
import type { GeneratorLink } from '../generator-link.ts';

/** What the receiver works on. */
export interface ReceiverInput {
  readonly lists: FileLists;
  readonly flist: FlistReceiver;
  readonly link: GeneratorLink;
  readonly destination: Destination;
  readonly decoder: TokenDecoder;
}
