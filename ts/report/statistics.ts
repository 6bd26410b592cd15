/** Number of entries by type, as `--stats` breaks them down. `total` counts the others in. */
export interface TypeCounts {
  total: number;
  dirs: number;
  links: number;
  devices: number;
  specials: number;
}

/**
 * What a run counts (rsync's `stats`). Sizes are bytes, times of the file list milliseconds. One value a
 * session, shared by its roles.
 */
export interface Statistics {
  /** Entries of the file list. */
  readonly files: TypeCounts;
  readonly created: TypeCounts;
  readonly deleted: TypeCounts;
  /** Regular files whose content was transferred. */
  transferredFiles: number;
  /** Sum of the sizes of all entries. */
  totalSize: number;
  transferredSize: number;
  literal: number;
  matched: number;
  flistSize: number;
  flistBuildMs: number;
  flistTransferMs: number;
  /** Bytes written to and read from the peer, frame headers included, as the client sees them. */
  totalWritten: number;
  totalRead: number;
}

function newCounts(): TypeCounts {
  return { total: 0, dirs: 0, links: 0, devices: 0, specials: 0 };
}

/** All zero. */
export function newStatistics(): Statistics {
  return {
    files: newCounts(),
    created: newCounts(),
    deleted: newCounts(),
    transferredFiles: 0,
    totalSize: 0,
    transferredSize: 0,
    literal: 0,
    matched: 0,
    flistSize: 0,
    flistBuildMs: 0,
    flistTransferMs: 0,
    totalWritten: 0,
    totalRead: 0,
  };
}

/** Counts one entry of the type in `mode` (a file mode with its type bits). */
export function countType(counts: TypeCounts, mode: number): void {
  counts.total++;
  switch (mode & 0o170000) {
    case 0o100000:
      break;
    case 0o040000:
      counts.dirs++;
      break;
    case 0o120000:
      counts.links++;
      break;
    case 0o020000:
    case 0o060000:
      counts.devices++;
      break;
    default:
      counts.specials++;
  }
}
