/** What a run counted, as a library tells it. */

/** What a run counted. Sizes are bytes; each `…Files` counts all types, the four below it those that are no regular files. */
export interface SyncStatistics {
  /** Entries of the file list. */
  readonly numFiles: number;
  readonly numDirs: number;
  readonly numLinks: number;
  readonly numDevices: number;
  readonly numSpecials: number;
  readonly createdFiles: number;
  readonly createdDirs: number;
  readonly createdLinks: number;
  readonly createdDevices: number;
  readonly createdSpecials: number;
  readonly deletedFiles: number;
  readonly deletedDirs: number;
  readonly deletedLinks: number;
  readonly deletedDevices: number;
  readonly deletedSpecials: number;
  /** Regular files whose content was transferred. */
  readonly transferredFiles: number;
  /** Of all regular files and symbolic links of the list. */
  readonly totalSize: number;
  /** Of the files that were transferred. */
  readonly transferredSize: number;
  /** What of them went over the wire, and what the other side had already. */
  readonly literal: number;
  readonly matched: number;
  /** Of the file list on the wire. */
  readonly flistSize: number;
  /** Milliseconds, as the sender measured them. */
  readonly flistBuildMs: number;
  readonly flistTransferMs: number;
  /** To the other side, and from it. */
  readonly totalWritten: number;
  readonly totalRead: number;
}
