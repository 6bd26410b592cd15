/** Numbers of the wire that more than one part of the program needs. `ts/wire/README.md` tells the story. */

/** Tags of multiplex frames (the header's top byte is the tag plus `mplexBase`). */
export const Msg = {
  Data: 0,
  ErrorXfer: 1,
  Info: 2,
  Error: 3,
  Warning: 4,
  ErrorSocket: 5,
  Log: 6,
  Client: 7,
  ErrorUtf8: 8,
  Redo: 9,
  Stats: 10,
  IoError: 22,
  IoTimeout: 33,
  Noop: 42,
  ErrorExit: 86,
  Success: 100,
  Deleted: 101,
  NoSend: 102,
} as const;
export type Msg = (typeof Msg)[keyof typeof Msg];

export const mplexBase = 7;
/** A frame's length has 24 bits. */
export const maxFrame = 0xffffff;

/** Special values where a file index (ndx) is expected. */
export const ndxDone = -1;
export const ndxFlistEof = -2;
export const ndxDelStats = -3;
/** `ndxFlistOffset - n`: a file list for directory n follows. */
export const ndxFlistOffset = -101;

/** Item flags: what is different about an entry; they follow an ndx and drive `%i`. */
export const Item = {
  ReportAtime: 1 << 0,
  ReportChange: 1 << 1,
  /** Regular files: size; symlinks: a time that cannot be set (`ReportTimeFail`). */
  ReportSize: 1 << 2,
  ReportTimeFail: 1 << 2,
  ReportTime: 1 << 3,
  ReportPerms: 1 << 4,
  ReportOwner: 1 << 5,
  ReportGroup: 1 << 6,
  ReportAcl: 1 << 7,
  ReportXattr: 1 << 8,
  ReportCrtime: 1 << 10,
  BasisTypeFollows: 1 << 11,
  XnameFollows: 1 << 12,
  IsNew: 1 << 13,
  LocalChange: 1 << 14,
  Transfer: 1 << 15,
  /** Not on the wire: nothing is known of the destination. */
  MissingData: 1 << 16,
  /** Not on the wire: a deletion. */
  Deleted: 1 << 17,
  /** Not on the wire: a basis of an alternate directory matched. */
  Matched: 1 << 18,
} as const;
/** The flags that make an entry worth a line. */
export const significantItems = ~(Item.BasisTypeFollows | Item.XnameFollows | Item.LocalChange);

/** Compat flags of protocol 30 and up. */
export const Compat = {
  IncRecurse: 1 << 0,
  SymlinkTimes: 1 << 1,
  SymlinkIconv: 1 << 2,
  SafeFlist: 1 << 3,
  AvoidXattrOptim: 1 << 4,
  ChecksumSeedFix: 1 << 5,
  InplacePartialDir: 1 << 6,
  VarintFlistFlags: 1 << 7,
  Id0Names: 1 << 8,
} as const;

/** Which file the receiver takes as basis (`fnamecmp_type`): below 0x80 an alternate directory's number. */
export const BasisType = { Fname: 0x80, PartialDir: 0x81, Backup: 0x82, Fuzzy: 0x83 } as const;

/** Longest path that may come over the wire. */
export const maxPath = 4096;
/** Largest literal run of an uncompressed token. */
export const chunkSize = 32 * 1024;
export const maxBlockSize = 1 << 17;
export const maxBlockSizeOld = 1 << 29;

export const minProtocol = 27;
export const maxProtocol = 32;
