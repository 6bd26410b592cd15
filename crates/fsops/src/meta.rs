use std::os::fd::BorrowedFd;

use rustix::fs::{
    chownat, statat, utimensat, AtFlags, FileType, Gid, Timespec, Timestamps, Uid, UTIME_OMIT,
};
use rustix::io::Errno;

use crate::libc_calls::fchmodat;
use crate::resolve::TreeRoot;
use crate::system::chmod_held;

/// Metadata to put on a path; what is `None` stays as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Meta {
    pub mode: Option<u32>,
    pub uid: Option<u32>,
    pub gid: Option<u32>,
    /// Seconds and nanoseconds.
    pub mtime: Option<(i64, u32)>,
    pub atime: Option<(i64, u32)>,
}

impl Meta {
    /// The times, as the system wants them; `None` when both stay.
    pub(crate) fn times(&self) -> Option<Timestamps> {
        let spec = |time: Option<(i64, u32)>| match time {
            Some((sec, nsec)) => Timespec {
                tv_sec: sec,
                tv_nsec: nsec.into(),
            },
            None => Timespec {
                tv_sec: 0,
                tv_nsec: UTIME_OMIT,
            },
        };
        (self.mtime.is_some() || self.atime.is_some()).then(|| Timestamps {
            last_access: spec(self.atime),
            last_modification: spec(self.mtime),
        })
    }
}

/// Sets owner and group, then times, then mode, never through a symbolic link. It ends with the first that fails, whose
/// errno it answers, else 0: set-id bits are not for a file whose owner could not be set.
pub fn set_meta(tree: &TreeRoot, path: &[u8], meta: &Meta) -> i32 {
    match set_parts(tree, path, meta) {
        Ok(()) => 0,
        Err(errno) => errno.raw_os_error(),
    }
}

fn set_parts(tree: &TreeRoot, path: &[u8], meta: &Meta) -> Result<(), Errno> {
    if meta.uid.is_some() || meta.gid.is_some() {
        tree.with(path, |dir, name| {
            let uid = meta.uid.map(Uid::from_raw);
            let gid = meta.gid.map(Gid::from_raw);
            chownat(dir, name, uid, gid, AtFlags::SYMLINK_NOFOLLOW)
        })?;
    }
    if let Some(times) = meta.times() {
        tree.with(path, |dir, name| {
            utimensat(dir, name, &times, AtFlags::SYMLINK_NOFOLLOW)
        })?;
    }
    if let Some(mode) = meta.mode {
        tree.with(path, |dir, name| change_mode(dir, name, mode & 0o7777))?;
    }
    Ok(())
}

/// chmod that does not follow; another way where the C library or the system cannot. The mode of a symbolic link is
/// left alone.
fn change_mode(dir: BorrowedFd, name: &[u8], mode: u32) -> Result<(), Errno> {
    match fchmodat(dir, name, mode, libc::AT_SYMLINK_NOFOLLOW) {
        // Symbolic links have no mode of their own on Linux.
        Err(Errno::OPNOTSUPP) if is_link(dir, name) => Ok(()),
        Err(errno @ (Errno::NOSYS | Errno::PERM | Errno::INVAL | Errno::OPNOTSUPP)) => {
            match chmod_held(dir, name, mode) {
                Err(Errno::NOSYS) => Err(errno),
                other => other,
            }
        }
        other => other,
    }
}

fn is_link(dir: BorrowedFd, name: &[u8]) -> bool {
    statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)
        .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Symlink)
}
