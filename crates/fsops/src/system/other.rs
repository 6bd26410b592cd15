use std::ffi::{CStr, CString};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{
    fstat, readlinkat, statat, AtFlags, Dev, Dir, DirEntry, FileType, Mode, OFlags, Stat,
};
use rustix::io::Errno;

use crate::libc_calls::fchmod;
use crate::resolve::TreeRoot;

/// There is no descriptor that may only be looked at: this asks for the right to read.
pub(crate) const LOOK: OFlags = OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::NOCTTY);

/// There is no such way of reading.
pub(crate) const KEEP_ACCESS_TIME: OFlags = OFlags::empty();

/// Attributes of a name in an open directory: here only of a path, or of an open file.
pub(crate) mod xattr_at {
    use std::os::fd::BorrowedFd;

    use rustix::io::Errno;

    pub(crate) fn present() -> bool {
        false
    }
    pub(crate) fn get(_: BorrowedFd, _: &[u8], _: &[u8], _: &mut [u8]) -> Result<usize, Errno> {
        Err(Errno::NOSYS)
    }
    pub(crate) fn list(_: BorrowedFd, _: &[u8], _: &mut [u8]) -> Result<usize, Errno> {
        Err(Errno::NOSYS)
    }
    pub(crate) fn set(_: BorrowedFd, _: &[u8], _: &[u8], _: &[u8]) -> Result<(), Errno> {
        Err(Errno::NOSYS)
    }
    pub(crate) fn remove(_: BorrowedFd, _: &[u8], _: &[u8]) -> Result<(), Errno> {
        Err(Errno::NOSYS)
    }
}

/// How the last parts of a path are resolved by one call, where there is one.
#[derive(Clone, Copy)]
pub(crate) struct ResolveFlags;

impl ResolveFlags {
    pub const BENEATH: Self = Self;
    pub const NO_SYMLINKS: Self = Self;
    pub const NO_MAGICLINKS: Self = Self;
}

impl std::ops::BitOr for ResolveFlags {
    type Output = Self;
    fn bitor(self, _: Self) -> Self {
        self
    }
}

/// Here is none: paths are walked.
pub(crate) fn openat2<P: ?Sized>(
    _dir: impl AsFd,
    _path: &P,
    _flags: OFlags,
    _mode: Mode,
    _resolve: ResolveFlags,
) -> Result<OwnedFd, Errno> {
    Err(Errno::NOSYS)
}

/// Files are not cloned into others here.
pub(crate) fn ioctl_ficlone(_to: impl AsFd, _from: impl AsFd) -> Result<(), Errno> {
    Err(Errno::NOSYS)
}

/// The kernel copies nothing here.
pub(crate) fn copy_file_range(
    _from: impl AsFd,
    _at: Option<&mut u64>,
    _to: impl AsFd,
    _to_at: Option<&mut u64>,
    _length: usize,
) -> Result<usize, Errno> {
    Err(Errno::NOSYS)
}

/// Makes a hole where a file has content: here it has to be written.
pub(crate) fn punch_hole(_file: impl AsFd, _from: u64, _length: u64) -> Result<(), Errno> {
    Err(Errno::NOSYS)
}

/// macOS has it from 13 on: where the addon named it, older ones would not load it.
pub(crate) fn mknodat<P: ?Sized>(
    _dir: impl AsFd,
    _name: &P,
    _kind: FileType,
    _mode: Mode,
    _device: Dev,
) -> Result<(), Errno> {
    Err(Errno::OPNOTSUPP)
}

/// A symbolic link as it was; a link's content never changes, and another one in its place is told apart.
pub(crate) struct Link {
    stat: Stat,
    target: Vec<u8>,
}

impl Link {
    /// Looks at what `name` is, and where it leads if it is a link.
    pub fn hold(dir: BorrowedFd, name: &[u8]) -> Result<Self, Errno> {
        let stat = statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)?;
        let mut target = Vec::new();
        if FileType::from_raw_mode(stat.st_mode) == FileType::Symlink {
            target = readlinkat(dir, name, Vec::new())?.into_bytes();
            let now = statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)?;
            let told = |stat: &Stat| (stat.st_dev, stat.st_ino, stat.st_ctime, stat.st_ctime_nsec);
            if told(&now) != told(&stat) {
                return Err(Errno::LOOP);
            }
        }
        Ok(Link { stat, target })
    }

    pub fn stat(&self) -> Result<Stat, Errno> {
        Ok(self.stat)
    }

    pub fn target(self) -> Result<Vec<u8>, Errno> {
        Ok(self.target)
    }
}

/// Where a directory is now.
#[cfg(target_vendor = "apple")]
pub(crate) fn place_of(dir: &OwnedFd) -> Result<CString, Errno> {
    rustix::fs::getpath(dir)
}

/// Here nothing tells.
#[cfg(not(target_vendor = "apple"))]
pub(crate) fn place_of(_dir: &OwnedFd) -> Result<CString, Errno> {
    Err(Errno::NOSYS)
}

/// chmodat(2) knows how not to follow here: what it says is the answer.
pub(crate) fn chmod_held(_dir: BorrowedFd, _name: &[u8], _mode: u32) -> Result<(), Errno> {
    Err(Errno::NOSYS)
}

/// A file that its owner may not write, to be written all the same: the right is lent for the moment of opening, and
/// what is opened has to be the file that it was lent to.
pub(crate) fn open_read_only(tree: &TreeRoot, path: &[u8]) -> Result<OwnedFd, Errno> {
    let held = tree.open_file(path, LOOK, Mode::empty())?;
    let stat = fstat(&held)?;
    let mode = u32::from(stat.st_mode) & 0o7777;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(Errno::ACCESS);
    }
    fchmod(held.as_fd(), mode | 0o200).map_err(|_| Errno::ACCESS)?;
    let opened = tree.open_file(path, OFlags::WRONLY, Mode::empty());
    fchmod(held.as_fd(), mode)?;
    let opened = opened?;
    let there = fstat(&opened)?;
    if (there.st_dev, there.st_ino) != (stat.st_dev, stat.st_ino) {
        return Err(Errno::ACCESS);
    }
    Ok(opened)
}

/// The entries of a directory, by the C library.
pub(crate) struct RawDir(Result<Dir, Option<Errno>>);

/// One entry.
pub(crate) struct RawDirEntry(DirEntry);

impl RawDir {
    /// The library has a buffer of its own.
    pub fn new(fd: &OwnedFd, _buffer: &mut [MaybeUninit<u8>]) -> Self {
        RawDir(Dir::read_from(fd).map_err(Some))
    }

    #[allow(clippy::should_implement_trait)] // As it is called on Linux, where an entry lasts until the next one.
    pub fn next(&mut self) -> Option<Result<RawDirEntry, Errno>> {
        match &mut self.0 {
            Ok(dir) => Some(dir.read()?.map(RawDirEntry)),
            Err(errno) => errno.take().map(Err),
        }
    }
}

impl RawDirEntry {
    pub fn file_name(&self) -> &CStr {
        self.0.file_name()
    }
}
