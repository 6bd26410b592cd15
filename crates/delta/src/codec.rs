/// Compression of a token stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodecName {
    None,
    /// Deflate whose history also holds the matched blocks.
    Zlib,
    /// Deflate over the literal data alone.
    Zlibx,
    Zstd,
    Lz4,
}

impl CodecName {
    /// Finds a codec by the name it has in negotiation.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "none" => Self::None,
            "zlib" => Self::Zlib,
            "zlibx" => Self::Zlibx,
            "zstd" => Self::Zstd,
            "lz4" => Self::Lz4,
            _ => return None,
        })
    }
}

/// A negotiated compression.
#[derive(Clone, Copy, Debug)]
pub struct CodecSpec {
    pub name: CodecName,
    pub level: i32,
    /// zstd worker threads.
    pub threads: u32,
}

// Flag bytes of a compressed token stream.
/// The end of the file's tokens.
pub(crate) const END: u8 = 0;
/// A block by its number (u32); with the low bit set, the first of a run whose length (u16) follows.
pub(crate) const TOKEN_LONG: u8 = 0x20;
pub(crate) const TOKENRUN_LONG: u8 = 0x21;
/// Compressed data: six high bits of the length here, the low eight in the next byte.
pub(crate) const DATA: u8 = 0x40;
/// A block by its distance (six bits) from the last one; with 0x40 set, a run as above.
pub(crate) const TOKEN_REL: u8 = 0x80;
pub(crate) const TOKENRUN_REL: u8 = 0xc0;
/// Longest piece of compressed data.
pub(crate) const MAX_DATA: usize = 16383;
/// Matched blocks enter the deflate history in stored blocks of this size.
pub(crate) const MAX_STORED: usize = 0xffff;
