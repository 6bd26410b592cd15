//! What only Linux has, and what stands in for it on other systems.

#[cfg_attr(target_os = "linux", path = "system/linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "system/other.rs")]
mod here;

pub(crate) use here::*;
use rustix::fs::Stat;

/// Type and rights of a file; the structure has narrower numbers on some systems.
#[allow(clippy::useless_conversion)]
pub(crate) fn mode_of(stat: &Stat) -> u32 {
    stat.st_mode.into()
}
