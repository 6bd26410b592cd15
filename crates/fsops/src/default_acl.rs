use std::os::fd::AsRawFd;

use rustix::fs::{fgetxattr, getxattr, Mode, OFlags};
use rustix::io::Errno;

use crate::resolve::TreeRoot;
use crate::syscall::{During, SysError, Syscall};

const NAME: &str = "system.posix_acl_default";
/// More entries than people make; the system takes no value above the other.
const USUAL: usize = 1024;
const LARGEST: usize = 64 * 1024;

/// The default ACL of the directory `dir` as the system keeps it; empty where it has none, or nobody has.
pub fn default_acl(tree: &TreeRoot, dir: &[u8]) -> Result<Vec<u8>, SysError> {
    let read = read(tree, dir, USUAL);
    let read = match read {
        Err(Errno::RANGE) => self::read(tree, dir, LARGEST),
        other => other,
    };
    match read {
        Err(Errno::NODATA | Errno::OPNOTSUPP | Errno::NOSYS) => Ok(Vec::new()),
        other => other.during(Syscall::GetXattr),
    }
}

fn read(tree: &TreeRoot, dir: &[u8], room: usize) -> Result<Vec<u8>, Errno> {
    let mut value = vec![0; room];
    let length = match tree.open_dir(dir, false) {
        Ok(fd) => fgetxattr(&fd, NAME, &mut value[..])?,
        // Who may not list a directory may still know its ACL; a descriptor of that kind has no such call.
        Err(Errno::ACCESS) => {
            let name = if dir.is_empty() { b"." } else { dir };
            let flags = OFlags::PATH | OFlags::DIRECTORY;
            let held = tree.open_file(name, flags, Mode::empty())?;
            getxattr(
                format!("/proc/self/fd/{}", held.as_raw_fd()),
                NAME,
                &mut value[..],
            )?
        }
        Err(errno) => return Err(errno),
    };
    value.truncate(length);
    Ok(value)
}
