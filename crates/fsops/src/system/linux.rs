use std::ffi::CString;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use rustix::fs::{
    chmodat, fallocate, fstat, openat, readlinkat, AtFlags, FallocateFlags, FileType, Mode, OFlags,
    Stat, CWD,
};
pub(crate) use rustix::fs::{
    copy_file_range, ioctl_ficlone, mknodat, openat2, RawDir, ResolveFlags,
};
use rustix::io::Errno;

use crate::libc_calls::fchmodat;
use crate::resolve::TreeRoot;

pub(crate) mod xattr_at;

/// How a file is opened only to be looked at, whatever it is and without the right to read it.
pub(crate) const LOOK: OFlags = OFlags::PATH;

/// Reading leaves the access time alone.
pub(crate) const KEEP_ACCESS_TIME: OFlags = OFlags::NOATIME;

/// Makes a hole where a file has content.
pub(crate) fn punch_hole(file: impl AsFd, from: u64, length: u64) -> Result<(), Errno> {
    let punch = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
    fallocate(file, punch, from, length)
}

/// A symbolic link, or what is in its place, held: what is asked of it is of the same one.
pub(crate) struct Link(OwnedFd);

impl Link {
    pub fn hold(dir: BorrowedFd, name: &[u8]) -> Result<Self, Errno> {
        let flags = LOOK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        openat(dir, name, flags, Mode::empty()).map(Link)
    }

    pub fn stat(&self) -> Result<Stat, Errno> {
        fstat(&self.0)
    }

    pub fn target(self) -> Result<Vec<u8>, Errno> {
        Ok(readlinkat(&self.0, c"", Vec::new())?.into_bytes())
    }
}

/// Where a directory is now.
pub(crate) fn place_of(dir: &OwnedFd) -> Result<CString, Errno> {
    let at = format!("/proc/self/fd/{}", dir.as_raw_fd());
    readlinkat(CWD, at, Vec::new())
}

/// chmod that does not follow, by the file's name below `/proc/self/fd`. The mode of a symbolic link is left alone.
pub(crate) fn chmod_held(dir: BorrowedFd, name: &[u8], mode: u32) -> Result<(), Errno> {
    let file = openat(
        dir,
        name,
        LOOK | OFlags::NOFOLLOW | OFlags::CLOEXEC,
        Mode::empty(),
    )?;
    let stat = fstat(&file)?;
    if FileType::from_raw_mode(stat.st_mode) == FileType::Symlink {
        return Ok(());
    }
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    fchmodat(CWD, path.as_bytes(), mode, 0)
}

/// A file that its owner may not write, to be written all the same: the right is lent for the moment of opening.
/// Everything goes through one descriptor, so that the file cannot be exchanged in between.
pub(crate) fn open_read_only(tree: &TreeRoot, path: &[u8]) -> Result<OwnedFd, Errno> {
    let held = tree.open_file(path, LOOK, Mode::empty())?;
    let stat = fstat(&held)?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(Errno::ACCESS);
    }
    let itself = format!("/proc/self/fd/{}", held.as_raw_fd());
    let open = || {
        let flags = OFlags::WRONLY | OFlags::CLOEXEC;
        openat(CWD, &itself, flags, Mode::empty())
    };
    let mode = Mode::from_raw_mode(stat.st_mode & 0o7777);
    if mode.contains(Mode::WUSR) {
        return open();
    }
    let lend = |mode| chmodat(CWD, &itself, mode, AtFlags::empty());
    lend(mode | Mode::WUSR).map_err(|_| Errno::ACCESS)?;
    let opened = open();
    lend(mode)?;
    opened
}
