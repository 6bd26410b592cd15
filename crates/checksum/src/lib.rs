//! Checksums of the rsync protocol: the rolling block sum and the strong digests with their seed rules.

mod rolling;
mod strong;

pub use rolling::{rolling_sum, Rolling};
pub use strong::{block_sum, digest, DigestName, DigestSpec, Hasher, MAX_DIGEST};
