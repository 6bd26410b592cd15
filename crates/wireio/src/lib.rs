//! The wire's ends: pipes as large as the system lets, socket pairs, and what the kernel offers to move
//! bytes through them.

mod frames;
mod pipe;
mod probe;
mod tcp;

pub use frames::{FrameReader, FrameWriter, Wait};
pub use pipe::{pipe, socket_pair, PipePair};
pub use probe::{io_uring_usable, openat2_usable};
pub use tcp::acknowledge;
