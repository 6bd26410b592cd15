import type { ByteString } from '../kernel/kernel.ts';
import type { Reader } from '../wire/reader.ts';
import type { FlistContext } from './context.ts';
import type { FileList } from './file-list.ts';
import { FileLists } from './file-lists.ts';
import { HardLinks } from './hard-links.ts';
import { IdMap } from './id-map.ts';

/** Refuses names that nobody asked for (rsync's checks against a sender that is not trusted). */
export interface NameGuard {
  /** `excluded` and `unrequested` end the run; never asked for the transfer's `.`. */
  check(path: ByteString, isDir: boolean): 'ok' | 'excluded' | 'unrequested';
  /** A directory that may come only as parent of something requested: it then has no content. */
  isImpliedParent(path: ByteString): boolean;
}

export interface FlistReceiverContext extends FlistContext {
  readonly reader: Reader;
  readonly guard?: NameGuard;
  /** Effective user is root (or may act so): owners are mapped. */
  readonly amRoot: boolean;
  readonly ids?: IdMap;
}

/** Reads the peer's file list, segment by segment (rsync's recv_file_list). */
export class FlistReceiver {
  readonly lists: FileLists;
  readonly hardLinks: HardLinks;
  readonly ids: IdMap;

  constructor(context: FlistReceiverContext) {
    this.lists = new FileLists(context.negotiated.incRecurse);
    this.hardLinks = new HardLinks(this.lists);
    this.ids = context.ids ?? new IdMap({ numericIds: context.options.numericIds, amRoot: context.amRoot });
  }

  /**
   * Reads one list (`dirNdx` -1: the first), sorts it, drops duplicates, numbers its directories, maps its
   * owners, groups its hard links and appends it to `lists`.
   */
  async receive(_dirNdx: number): Promise<FileList> {
    throw new Error('pending');
  }

  /**
   * After a first list of a single entry: reads the ndx that announces the next segment, or the end
   * (rsync's recv_additional_file_list).
   */
  async receiveAdditional(): Promise<void> {
    throw new Error('pending');
  }
}
