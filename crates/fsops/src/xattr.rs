//! Extended attributes of a path itself, and of what a symbolic link there leads to only where that is asked for.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::sync::OnceLock;

use rustix::fs::{
    access, fgetxattr, flistxattr, fremovexattr, fsetxattr, getxattr, lgetxattr, lgetxattr_query,
    llistxattr, llistxattr_query, lremovexattr, lsetxattr, openat, Access, FileType, Mode, OFlags,
    XattrFlags, CWD,
};
use rustix::io::Errno;

use crate::resolve::{Parent, TreeRoot};
use crate::syscall::{During, SysError, Syscall};
use crate::system::xattr_at;

/// The attribute that an access ACL is kept as.
pub(crate) const ACCESS_ACL: &str = "system.posix_acl_access";

/// Room for what is usual; more is asked for where it does not suffice.
const USUAL: usize = 1024;

/// The names of all attributes that this user may see, each with a NUL behind it.
pub fn list_xattrs(tree: &TreeRoot, path: &[u8]) -> Result<Vec<u8>, SysError> {
    on(tree, path, |at| {
        filled(|room| match at {
            At::In(dir, name) => xattr_at::list(*dir, name, room),
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
            At::In(dir, name) => xattr_at::get(*dir, name, attribute, room),
            At::Name(name) => lgetxattr(*name, attribute, room),
            At::Open(fd) => fgetxattr(fd, attribute, room),
        })
    })
    .during(Syscall::GetXattr)
}

/// As `get_xattr`, of what `path` leads to through symbolic links; in a confined tree they must not leave it.
pub fn get_xattr_following(
    tree: &TreeRoot,
    path: &[u8],
    attribute: &[u8],
) -> Result<Vec<u8>, SysError> {
    read_following(tree, path, attribute).during(Syscall::GetXattr)
}

fn read_following(tree: &TreeRoot, path: &[u8], attribute: &[u8]) -> Result<Vec<u8>, Errno> {
    let path = if path.is_empty() { b"." } else { path };
    if !has_proc() {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
        let file = tree.open_following(path, flags)?;
        return filled(|room| fgetxattr(&file, attribute, room));
    }
    let held = tree.open_following(path, OFlags::PATH)?;
    let mut name = proc_name(held.as_fd());
    name.pop();
    filled(|room| getxattr(&name[..], attribute, room))
}

/// Sets an attribute, whether it is there or not.
pub fn set_xattr(
    tree: &TreeRoot,
    path: &[u8],
    attribute: &[u8],
    value: &[u8],
) -> Result<(), SysError> {
    on(tree, path, |at| match at {
        At::In(dir, name) => xattr_at::set(*dir, name, attribute, value),
        At::Name(name) => lsetxattr(*name, attribute, value, XattrFlags::empty()),
        At::Open(fd) => fsetxattr(fd, attribute, value, XattrFlags::empty()),
    })
    .during(Syscall::SetXattr)
}

/// Removes an attribute.
pub fn remove_xattr(tree: &TreeRoot, path: &[u8], attribute: &[u8]) -> Result<(), SysError> {
    on(tree, path, |at| match at {
        At::In(dir, name) => xattr_at::remove(*dir, name, attribute),
        At::Name(name) => lremovexattr(*name, attribute),
        At::Open(fd) => fremovexattr(fd, attribute),
    })
    .during(Syscall::RemoveXattr)
}

/// What is looked for beside a status.
#[derive(Clone, Copy, Debug, Default)]
pub struct Extras {
    pub acls: bool,
    pub xattrs: bool,
}

/// Bits of what is certainly not there; `Lacks` in `ts/kernel/stat-table.ts`.
pub const LACKS: &[(&str, usize)] = &[
    ("AccessAcl", NO_ACCESS_ACL as usize),
    ("DefaultAcl", NO_DEFAULT_ACL as usize),
    ("Xattrs", NO_XATTRS as usize),
];
const NO_ACCESS_ACL: u32 = 1;
const NO_DEFAULT_ACL: u32 = 2;
const NO_XATTRS: u32 = 4;

/// Looks for extras of what lies in one directory, most of which has none: those are spared a call each.
pub(crate) struct ExtrasIn<'t> {
    wanted: Extras,
    dir: Parent<'t>,
    /// Where `/proc` shows what lies in the directory, for a system that has to be told so.
    shown: Option<Vec<u8>>,
}

impl<'t> ExtrasIn<'t> {
    /// `None` where nothing is wanted, or no file could be named.
    pub fn new(dir: Parent<'t>, wanted: Extras) -> Option<Self> {
        if !(wanted.acls || wanted.xattrs) || matches!(dir, Parent::Working) {
            return None;
        }
        let shown = match xattr_at::present() {
            true => None,
            false if has_proc() => Some(proc_name(dir.as_fd())),
            false => return None,
        };
        Some(ExtrasIn { wanted, dir, shown })
    }

    /// What `name` in the directory certainly lacks; whatever fails in another way is left to who needs it.
    pub fn lacks(&self, name: &[u8], kind: FileType) -> u32 {
        let dir = self.dir.as_fd();
        let path = self.shown.as_ref().map(|shown| [&shown[..], name].concat());
        let has_no = |acl: &str| {
            is_none(match &path {
                Some(path) => lgetxattr_query(&path[..], acl),
                None => xattr_at::get(dir, name, acl.as_bytes(), &mut []),
            })
        };
        let mut lacks = 0;
        if self.wanted.acls && kind != FileType::Symlink {
            if has_no(ACCESS_ACL) {
                lacks |= NO_ACCESS_ACL;
            }
            if kind == FileType::Directory && has_no("system.posix_acl_default") {
                lacks |= NO_DEFAULT_ACL;
            }
        }
        if self.wanted.xattrs
            && is_none(match &path {
                Some(path) => llistxattr_query(&path[..]),
                None => xattr_at::list(dir, name, &mut []),
            })
        {
            lacks |= NO_XATTRS;
        }
        lacks
    }
}

/// There is no such attribute, the list is empty, or the file system has none at all.
pub(crate) fn is_none(found: Result<usize, Errno>) -> bool {
    matches!(
        found,
        Ok(0) | Err(Errno::NODATA | Errno::OPNOTSUPP | Errno::NOSYS)
    )
}

/// How the system is told which file is meant.
enum At<'a> {
    In(BorrowedFd<'a>, &'a [u8]),
    Name(&'a [u8]),
    Open(BorrowedFd<'a>),
}

/// Before Linux 6.13 the calls for attributes know no directory descriptor: the held one is named through `/proc`, which
/// follows no link in the last component, and takes four times as long. Without `/proc` the file itself is opened.
fn on<T>(tree: &TreeRoot, path: &[u8], work: impl Fn(&At) -> Result<T, Errno>) -> Result<T, Errno> {
    let path = if path.is_empty() { b"." } else { path };
    tree.with(path, |dir, name| {
        if dir.as_raw_fd() == CWD.as_raw_fd() {
            return work(&At::Name(name));
        }
        if xattr_at::present() {
            return work(&At::In(dir, name));
        }
        if has_proc() {
            return work(&At::Name(&[&proc_name(dir)[..], name].concat()));
        }
        let flags =
            OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = openat(dir, name, flags, Mode::empty())?;
        work(&At::Open(file.as_fd()))
    })
}

/// Where `/proc` shows what lies in an open directory.
fn proc_name(dir: BorrowedFd) -> Vec<u8> {
    format!("/proc/self/fd/{}/", dir.as_raw_fd()).into_bytes()
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
            // Linux gives 64 KiB at most; elsewhere there may be more.
            Err(Errno::RANGE) => room.resize(room.len() * 4, 0),
            Err(errno) => return Err(errno),
        }
    }
}
