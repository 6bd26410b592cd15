//! The wire's ends: pipes as large as the system lets, socket pairs, and the ways to move bytes through
//! them.

mod frames;
mod input;
mod lock;
mod output;
mod path;
mod pipe;
#[cfg_attr(not(target_os = "linux"), path = "no_probe.rs")]
mod probe;
#[cfg_attr(not(target_os = "linux"), path = "no_ring.rs")]
mod ring;
#[cfg_attr(not(target_os = "linux"), path = "no_splice.rs")]
mod splice;
mod tcp;
mod wait;

pub use frames::{FrameReader, FrameWriter};
pub use lock::lock_range;
pub use path::IoPath;
pub use pipe::{pipe, socket_pair, PipePair};
pub use probe::{io_uring_usable, openat2_usable};
pub use tcp::{acknowledge, set_socket_option};
pub use wait::Wait;
