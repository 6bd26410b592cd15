//! Owner and mode through the C library. rustix goes around it for these even where it uses it for the rest, and who
//! stands in between (fakeroot) would then see a file's owner and not its mode (docs/decisions/0041).

use std::ffi::CString;
use std::os::fd::{AsRawFd, BorrowedFd};

use rustix::io::Errno;

/// The id that leaves an owner or a group as it is.
const UNCHANGED: u32 = u32::MAX;

/// Sets the owner and group of an open file; what is `None` stays.
pub(crate) fn fchown(file: BorrowedFd, uid: Option<u32>, gid: Option<u32>) -> Result<(), Errno> {
    let (uid, gid) = (uid.unwrap_or(UNCHANGED), gid.unwrap_or(UNCHANGED));
    // SAFETY: the descriptor is open for the length of the call, which takes no memory of ours.
    done(unsafe { libc::fchown(file.as_raw_fd(), uid, gid) })
}

/// Sets the mode of an open file.
pub(crate) fn fchmod(file: BorrowedFd, mode: u32) -> Result<(), Errno> {
    // SAFETY: the descriptor is open for the length of the call, which takes no memory of ours.
    done(unsafe { libc::fchmod(file.as_raw_fd(), mode) })
}

/// Sets the mode of `name` in a directory; `flags` as fchmodat(2) has them.
pub(crate) fn fchmodat(dir: BorrowedFd, name: &[u8], mode: u32, flags: i32) -> Result<(), Errno> {
    let name = CString::new(name).map_err(|_| Errno::INVAL)?;
    // SAFETY: the descriptor is open and `name` is a C string, both for the length of the call, which writes to no
    // memory of ours.
    done(unsafe { libc::fchmodat(dir.as_raw_fd(), name.as_ptr(), mode, flags) })
}

fn done(result: i32) -> Result<(), Errno> {
    if result == 0 {
        return Ok(());
    }
    Err(Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO))
}
