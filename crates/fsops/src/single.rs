//! One system call on one path, below the tree.

use rustix::fs::{
    fstat, linkat, makedev, mkdirat, readlinkat, renameat, seek, statat, symlinkat, unlinkat,
    AtFlags, FileType, Mode, OFlags, RawMode, SeekFrom,
};
use rustix::io::{read, write, Errno};

use crate::resolve::TreeRoot;
use crate::stat_table::{write_row, ROW_BYTES};
use crate::syscall::{During, SysError, Syscall};
use crate::system::{mknodat, LOOK};

/// Status of `path` itself, as one row without a name.
pub fn lstat(tree: &TreeRoot, path: &[u8], row: &mut [u8; ROW_BYTES]) -> Result<(), SysError> {
    let at = tree.locate(path).during(Syscall::Stat)?;
    let stat = statat(&at.parent, at.name, AtFlags::SYMLINK_NOFOLLOW).during(Syscall::Stat)?;
    write_row(row, &stat);
    Ok(())
}

/// Status of what `path` leads to.
pub fn stat(tree: &TreeRoot, path: &[u8], row: &mut [u8; ROW_BYTES]) -> Result<(), SysError> {
    let stat = if tree.is_bounded() {
        tree.open_following(path, LOOK)
            .and_then(|target| fstat(&target))
    } else if tree.follows_anywhere() && !path.is_empty() {
        // As where a directory is read: the links of its own path do not count.
        tree.with(path, |dir, name| statat(dir, name, AtFlags::empty()))
    } else {
        let path = if path.is_empty() { b"." } else { path };
        statat(tree.root(), path, AtFlags::empty())
    }
    .during(Syscall::Stat)?;
    write_row(row, &stat);
    Ok(())
}

/// The target of a symbolic link.
pub fn read_link(tree: &TreeRoot, path: &[u8]) -> Result<Vec<u8>, SysError> {
    tree.with(path, |dir, name| readlinkat(dir, name, Vec::new()))
        .map(|target| target.into_bytes())
        .during(Syscall::ReadLink)
}

pub fn make_dir(tree: &TreeRoot, path: &[u8], mode: u32) -> Result<(), SysError> {
    tree.with(path, |dir, name| {
        mkdirat(dir, name, Mode::from_raw_mode((mode & 0o7777) as RawMode))
    })
    .during(Syscall::MkDir)
}

pub fn make_symlink(tree: &TreeRoot, target: &[u8], path: &[u8]) -> Result<(), SysError> {
    tree.with(path, |dir, name| symlinkat(target, dir, name))
        .during(Syscall::Symlink)
}

/// A hard link to `existing` itself, also where that is a symbolic link.
pub fn hard_link(tree: &TreeRoot, existing: &[u8], path: &[u8]) -> Result<(), SysError> {
    let from = tree.locate(existing).during(Syscall::Link)?;
    tree.with(path, |dir, name| {
        linkat(&from.parent, from.name, dir, name, AtFlags::empty())
    })
    .during(Syscall::Link)
}

/// Device nodes, fifos and sockets; `mode` holds the type.
pub fn make_node(
    tree: &TreeRoot,
    path: &[u8],
    mode: u32,
    major: u32,
    minor: u32,
) -> Result<(), SysError> {
    // Linux would cut them down to numbers of another device.
    if major >= 1 << 12 || minor >= 1 << 20 {
        return Err(SysError::new(Errno::INVAL, Syscall::MkNod));
    }
    let kind = FileType::from_raw_mode(mode as RawMode);
    let mode = Mode::from_raw_mode((mode & 0o7777) as RawMode);
    tree.with(path, |dir, name| {
        mknodat(dir, name, kind, mode, makedev(major, minor))
    })
    .during(Syscall::MkNod)
}

/// The content of a small file itself, at most `most` bytes of it.
pub fn read_small(tree: &TreeRoot, path: &[u8], most: usize) -> Result<Vec<u8>, SysError> {
    let file = tree
        .open_file(path, OFlags::RDONLY | OFlags::NONBLOCK, Mode::empty())
        .during(Syscall::Open)?;
    let mut content = vec![0; most];
    let mut length = 0;
    while length < most {
        match read(&file, &mut content[length..]).during(Syscall::Read)? {
            0 => break,
            n => length += n,
        }
    }
    content.truncate(length);
    Ok(content)
}

/// Bytes of a block device; what has no end has none.
pub fn device_size(tree: &TreeRoot, path: &[u8]) -> Result<u64, SysError> {
    let file = tree
        .open_file(path, OFlags::RDONLY | OFlags::NONBLOCK, Mode::empty())
        .during(Syscall::Open)?;
    Ok(seek(&file, SeekFrom::End(0)).unwrap_or(0))
}

/// Makes a file of this content; one that is there is written over, what a link leads to never.
pub fn write_small(
    tree: &TreeRoot,
    path: &[u8],
    content: &[u8],
    mode: u32,
) -> Result<(), SysError> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC;
    let file = tree
        .open_file(path, flags, Mode::from_raw_mode((mode & 0o7777) as RawMode))
        .during(Syscall::Open)?;
    let mut rest = content;
    while !rest.is_empty() {
        let n = write(&file, rest).during(Syscall::Write)?;
        rest = &rest[n..];
    }
    Ok(())
}

pub fn remove_file(tree: &TreeRoot, path: &[u8]) -> Result<(), SysError> {
    let removed = tree.with(path, |dir, name| unlinkat(dir, name, AtFlags::empty()));
    // An absolute path may have gone through it, if it was a link.
    if path.first() == Some(&b'/') {
        tree.forget(path);
    }
    removed.during(Syscall::Unlink)
}

pub fn remove_dir(tree: &TreeRoot, path: &[u8]) -> Result<(), SysError> {
    let removed = tree
        .with(path, |dir, name| unlinkat(dir, name, AtFlags::REMOVEDIR))
        .during(Syscall::RmDir);
    tree.forget(path);
    removed
}

pub fn rename(tree: &TreeRoot, from: &[u8], to: &[u8]) -> Result<(), SysError> {
    let renamed = rename_once(tree, from, to);
    tree.forget(from);
    tree.forget(to);
    renamed.during(Syscall::Rename)
}

fn rename_once(tree: &TreeRoot, from: &[u8], to: &[u8]) -> Result<(), Errno> {
    let source = tree.locate(from)?;
    let target = tree.locate(to)?;
    match renameat(&source.parent, source.name, &target.parent, target.name) {
        Err(Errno::NOENT)
            if tree.forget_removed(&source.parent) | tree.forget_removed(&target.parent) =>
        {
            let source = tree.locate(from)?;
            let target = tree.locate(to)?;
            renameat(&source.parent, source.name, &target.parent, target.name)
        }
        other => other,
    }
}
