//! Extended attributes of a path itself, never of what a symbolic link there leads to.

use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::OnceLock;

use rustix::fs::{
    access, fgetxattr, flistxattr, fremovexattr, fsetxattr, lgetxattr, llistxattr, lremovexattr,
    lsetxattr, openat, Access, Mode, OFlags, XattrFlags, CWD,
};
use rustix::io::Errno;

use crate::resolve::TreeRoot;
use crate::syscall::{During, SysError, Syscall};

/// Room for what is usual; more is asked for where it does not suffice.
const USUAL: usize = 1024;

/// The names of all attributes that this user may see, each with a NUL behind it.
pub fn list_xattrs(tree: &TreeRoot, path: &[u8]) -> Result<Vec<u8>, SysError> {
    on(tree, path, |at| {
        filled(|room| match at {
            At::Name(name) => llistxattr(*name, room),
            At::Open(fd) => flistxattr(fd, room),
        })
    })
    .during(Syscall::ListXattr)
}

/// The value of one attribute.
pub fn get_xattr(tree: &TreeRoot, path: &[u8], attribute: &[u8]) -> Result<Vec<u8>, SysError> {
    on(tree, path, |at| {
        filled(|room| match at {
            At::Name(name) => lgetxattr(*name, attribute, room),
            At::Open(fd) => fgetxattr(fd, attribute, room),
        })
    })
    .during(Syscall::GetXattr)
}

/// Sets an attribute, whether it is there or not.
pub fn set_xattr(
    tree: &TreeRoot,
    path: &[u8],
    attribute: &[u8],
    value: &[u8],
) -> Result<(), SysError> {
    on(tree, path, |at| match at {
        At::Name(name) => lsetxattr(*name, attribute, value, XattrFlags::empty()),
        At::Open(fd) => fsetxattr(fd, attribute, value, XattrFlags::empty()),
    })
    .during(Syscall::SetXattr)
}

/// Removes an attribute.
pub fn remove_xattr(tree: &TreeRoot, path: &[u8], attribute: &[u8]) -> Result<(), SysError> {
    on(tree, path, |at| match at {
        At::Name(name) => lremovexattr(*name, attribute),
        At::Open(fd) => fremovexattr(fd, attribute),
    })
    .during(Syscall::RemoveXattr)
}

/// How the system is told which file is meant.
enum At<'a> {
    Name(&'a [u8]),
    Open(BorrowedFd<'a>),
}

/// The calls for attributes know no directory descriptor (before Linux 6.13): the held one is named through
/// `/proc`, which follows no link in the last component. Without `/proc` the file itself is opened.
fn on<T>(tree: &TreeRoot, path: &[u8], work: impl Fn(&At) -> Result<T, Errno>) -> Result<T, Errno> {
    let path = if path.is_empty() { b"." } else { path };
    tree.with(path, |dir, name| {
        if dir.as_raw_fd() == CWD.as_raw_fd() {
            return work(&At::Name(name));
        }
        if has_proc() {
            let mut held = format!("/proc/self/fd/{}/", dir.as_raw_fd()).into_bytes();
            held.extend_from_slice(name);
            return work(&At::Name(&held));
        }
        let flags =
            OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = openat(dir, name, flags, Mode::empty())?;
        work(&At::Open(std::os::fd::AsFd::as_fd(&file)))
    })
}

fn has_proc() -> bool {
    static HAS_PROC: OnceLock<bool> = OnceLock::new();
    *HAS_PROC.get_or_init(|| access("/proc/self/fd", Access::EXEC_OK).is_ok())
}

/// What `read` fills, in a buffer that grows until it suffices.
fn filled(read: impl Fn(&mut [u8]) -> Result<usize, Errno>) -> Result<Vec<u8>, Errno> {
    let mut room = vec![0; USUAL];
    loop {
        match read(&mut room) {
            Ok(length) => {
                room.truncate(length);
                return Ok(room);
            }
            // It may grow again until the next look.
            Err(Errno::RANGE) => {
                let length = read(&mut [])?;
                room.resize(length.max(room.len()) + USUAL, 0);
            }
            Err(errno) => return Err(errno),
        }
    }
}
