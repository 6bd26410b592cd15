use std::os::fd::BorrowedFd;

use rustix::fs::{fstat, FileType};
use rustix::io::Errno;

/// By which system calls a lent wire is read and written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IoPath {
    /// read and write, poll where they would block.
    Plain,
    /// Two buffers and an io_uring.
    Uring,
    /// A whole file's pages go to the wire by splice. What is received has to be summed: it is read.
    Splice,
}

impl IoPath {
    /// Finds a path by the name it has in OC_RSYNC_IO.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "plain" => Self::Plain,
            "uring" => Self::Uring,
            "splice" => Self::Splice,
            _ => return None,
        })
    }

    /// Its name in OC_RSYNC_IO.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Uring => "uring",
            Self::Splice => "splice",
        }
    }
}

impl Default for IoPath {
    /// As fast as any on sockets, within a twentieth of splice on pipes, and what it sends is what it
    /// summed (docs/io.md).
    fn default() -> Self {
        Self::Plain
    }
}

/// Whether `fd` is a socket, and no pipe.
#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
pub(crate) fn is_socket(fd: BorrowedFd) -> Result<bool, Errno> {
    Ok(FileType::from_raw_mode(fstat(fd)?.st_mode) == FileType::Socket)
}
