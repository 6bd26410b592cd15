/**
 * What a run counts (rsync's `stats`), shared by the roles of one session. Sizes are bytes. Each `…Files`
 * counts all types, the four after it name those that are not regular files.
 */
export class Statistics {
  /** Entries of the file list. */
  numFiles = 0;
  numDirs = 0;
  numLinks = 0;
  numDevices = 0;
  numSpecials = 0;
  createdFiles = 0;
  createdDirs = 0;
  createdLinks = 0;
  createdDevices = 0;
  createdSpecials = 0;
  deletedFiles = 0;
  deletedDirs = 0;
  deletedLinks = 0;
  deletedDevices = 0;
  deletedSpecials = 0;
  /** Regular files whose content was transferred. */
  transferredFiles = 0;
  /** Sum of the sizes of all regular files and symbolic links of the list. */
  totalSize = 0;
  /** Sum of the sizes of the transferred files. */
  transferredSize = 0;
  literal = 0;
  matched = 0;
  flistSize = 0;
  /** Milliseconds, as the sender measured them. */
  flistBuildMs = 0;
  flistTransferMs = 0;
  /** Bytes to and from the peer as this end counts them, frame headers included. */
  totalWritten = 0;
  totalRead = 0;
}
