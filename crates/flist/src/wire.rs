//! Flags in front of an entry that plain ones may have.

/// Without meaning for what is no directory; set where no other flag is.
pub const TOP_DIR: u32 = 1 << 0;
pub const SAME_MODE: u32 = 1 << 1;
/// There is a second byte of flags.
pub const EXTENDED_FLAGS: u32 = 1 << 2;
pub const SAME_UID: u32 = 1 << 3;
pub const SAME_GID: u32 = 1 << 4;
pub const SAME_NAME: u32 = 1 << 5;
pub const SAME_TIME: u32 = 1 << 7;
pub const MOD_NSEC: u32 = 1 << 13;

pub const TYPE_BITS: u32 = 0o170_000;
pub const REGULAR: u32 = 0o100_000;
