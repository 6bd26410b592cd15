//! Locks on ranges of a file, by which processes count themselves.

use std::os::fd::{AsRawFd, BorrowedFd};

/// Locks `length` bytes from `start` on for this process, until it ends or closes the file; false where another process
/// has some of them.
pub fn lock_range(fd: BorrowedFd, start: u32, length: u32) -> bool {
    // SAFETY: all of it is integers, for which zero is a value.
    let mut range: libc::flock = unsafe { std::mem::zeroed() };
    range.l_type = libc::F_WRLCK as _;
    range.l_whence = libc::SEEK_SET as _;
    range.l_start = start as libc::off_t;
    range.l_len = length as libc::off_t;
    // SAFETY: the descriptor is borrowed and `range` there for the length of the call.
    unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_SETLK, &range) == 0 }
}
