//! Files that have no name until they are complete. On tmpfs and ext4 that costs less than a temporary name and a
//! rename: the directory is changed, and its lock taken, once instead of twice.

use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use rustix::fs::{linkat, openat, AtFlags, Mode, OFlags, CWD};
use rustix::io::Errno;

/// A file for the directory `dir`. Where that cannot be, a file with a name tells why.
pub(crate) fn create_unnamed(dir: impl AsFd, mode: Mode) -> Option<OwnedFd> {
    let flags = OFlags::WRONLY | OFlags::TMPFILE | OFlags::CLOEXEC;
    openat(dir, c".", flags, mode).ok()
}

/// Gives an unnamed file its name; EEXIST where another has it.
pub(crate) fn name_it(file: &OwnedFd, dir: impl AsFd, name: &[u8]) -> Result<(), Errno> {
    match linkat(file, c"", &dir, name, AtFlags::EMPTY_PATH) {
        // Linux before 6.10 gives it only to who may read all files.
        Err(Errno::NOENT | Errno::PERM) => {
            let path = format!("/proc/self/fd/{}", file.as_raw_fd());
            linkat(CWD, path, &dir, name, AtFlags::SYMLINK_FOLLOW)
        }
        other => other,
    }
}
