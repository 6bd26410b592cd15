use std::mem::MaybeUninit;
use std::os::fd::AsFd;

use rustix::fs::{readlinkat_raw, statat, AtFlags, FileType, RawDir, Stat};
use rustix::io::Errno;

use crate::resolve::TreeRoot;
use crate::stat_table::Rows;
use crate::syscall::{During, SysError, Syscall};

const DIRENT_BUFFER: usize = 32 * 1024;
const MAX_TARGET: usize = 4096;

#[derive(Clone, Copy, Debug, Default)]
pub struct ScanOptions {
    /// Also read the targets of symbolic links.
    pub links: bool,
    /// Stat what symbolic links point to; a dangling one keeps its own stat.
    pub follow: bool,
}

/// Reads a directory with the stats of all its entries.
pub fn scan(tree: &TreeRoot, dir: &[u8], options: ScanOptions) -> Result<Rows, SysError> {
    let fd = tree.open_dir(dir, options.follow).during(Syscall::Open)?;
    let mut buffer = vec![MaybeUninit::uninit(); DIRENT_BUFFER];
    let mut entries = RawDir::new(&fd, &mut buffer);
    let mut rows = Rows::with_capacity(64);
    let mut target = [MaybeUninit::uninit(); MAX_TARGET];
    while let Some(entry) = entries.next() {
        let entry = entry.during(Syscall::ReadDir)?;
        let name = entry.file_name();
        let bytes = name.to_bytes();
        if bytes == b"." || bytes == b".." {
            continue;
        }
        let status = statat(&fd, name, AtFlags::SYMLINK_NOFOLLOW);
        let Ok(mut stat) = status else {
            let errno = status.err().map_or(0, |e| e.raw_os_error());
            rows.add(bytes, Err(errno), &[]);
            continue;
        };
        let mut link: &[u8] = &[];
        if FileType::from_raw_mode(stat.st_mode) == FileType::Symlink {
            if options.follow {
                stat = follow(tree, dir, &fd, name, stat);
            } else if options.links {
                link = match readlinkat_raw(&fd, name, &mut target[..]) {
                    Ok((text, _)) => text,
                    Err(errno) => {
                        rows.add(bytes, Err(errno.raw_os_error()), &[]);
                        continue;
                    }
                };
            }
        }
        rows.add(bytes, Ok(&stat), link);
    }
    Ok(rows)
}

/// What a link points to, or the link itself where that is nothing (or lies outside a confined tree).
fn follow(tree: &TreeRoot, dir: &[u8], fd: &impl AsFd, name: &std::ffi::CStr, own: Stat) -> Stat {
    if !tree.confined() {
        return statat(fd, name, AtFlags::empty()).unwrap_or(own);
    }
    let path = if dir.is_empty() {
        name.to_bytes().to_vec()
    } else {
        [dir, b"/", name.to_bytes()].concat()
    };
    tree.open_following(&path, rustix::fs::OFlags::PATH)
        .and_then(|target| rustix::fs::fstat(&target))
        .unwrap_or(own)
}

/// Stats of `names` in `dir`; a row that failed has its errno.
pub fn lstat_many<'n>(tree: &TreeRoot, dir: &[u8], names: impl Iterator<Item = &'n [u8]>) -> Rows {
    let mut rows = Rows::with_capacity(names.size_hint().0);
    let probe = [dir, b"/x"].concat();
    let parent = if dir.is_empty() {
        tree.locate(b"x")
    } else {
        tree.locate(&probe)
    };
    for name in names {
        let status = match &parent {
            Err(errno) => Err(*errno),
            Ok(_) if name.contains(&b'/') || name == b".." => nested(tree, dir, name),
            // An absolute `dir` has no descriptor of its own.
            Ok(at) if matches!(at.parent, crate::resolve::Parent::Working) => {
                nested(tree, dir, name)
            }
            Ok(at) => statat(&at.parent, name, AtFlags::SYMLINK_NOFOLLOW),
        };
        match status {
            Ok(stat) => rows.add(name, Ok(&stat), &[]),
            Err(errno) => rows.add(name, Err(errno.raw_os_error()), &[]),
        }
    }
    rows
}

fn nested(tree: &TreeRoot, dir: &[u8], name: &[u8]) -> Result<Stat, Errno> {
    let path = if dir.is_empty() {
        name.to_vec()
    } else {
        [dir, b"/", name].concat()
    };
    tree.with(&path, |dir, name| {
        statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)
    })
}
