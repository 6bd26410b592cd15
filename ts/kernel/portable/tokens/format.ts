/**
 * Token streams on the wire.
 *
 * Uncompressed: i32 LE; > 0 a literal run of that many bytes follows; 0 end of the file; < 0 block
 * -(n + 1).
 *
 * Compressed: a flag byte;
 *   00       end of the file
 *   20       block number, i32 LE
 *   21       the same, then u16 LE: how many more blocks follow it in a run
 *   40..7f   record of compressed literal data; the low 6 bits and one more byte are its length
 *   80..bf   block number relative to the end of the run before (low 6 bits)
 *   c0..ff   the same, then u16 LE as above
 */
export const flagEnd = 0;
export const flagToken = 0x20;
export const flagTokenRun = 0x21;
export const flagRecord = 0x40;
export const flagRelative = 0x80;
export const flagRelativeRun = 0xc0;

/** Longest literal run that is written uncompressed, and the pieces that literal data is compressed in. */
export const chunkBytes = 32 * 1024;
/** Longest record of compressed data: its length has 14 bits. */
export const maxRecordBytes = 16383;
/** Blocks of a run beyond its first. */
export const maxRun = 65535;
/** Largest block number that may be reached. */
export const maxToken = 0x7fff_fffe;

/** Instead of a block's number: the file ends here. */
export const endToken = -1;
/** Instead of a block's number: more literal data may follow. */
export const noToken = -2;
