use std::mem::MaybeUninit;
use std::os::fd::AsFd;

use rustix::fs::{readlinkat_raw, statat, AtFlags, FileType, Stat};
use rustix::io::Errno;

use crate::resolve::{Parent, TreeRoot};
use crate::stat_table::{write_errno, write_lacks, write_row, Rows, ROW_BYTES};
use crate::syscall::{During, SysError, Syscall};
use crate::system::{RawDir, LOOK};
use crate::xattr::{Extras, ExtrasIn};

const DIRENT_BUFFER: usize = 32 * 1024;
const MAX_TARGET: usize = 4096;

#[derive(Clone, Copy, Debug, Default)]
pub struct ScanOptions {
    /// Also read the targets of symbolic links.
    pub links: bool,
    /// Stat what symbolic links point to; a dangling one keeps its own stat.
    pub follow: bool,
    /// Note which of these an entry certainly lacks.
    pub extras: Extras,
}

/// Reads a directory with the stats of all its entries.
pub fn scan(tree: &TreeRoot, dir: &[u8], options: ScanOptions) -> Result<Rows, SysError> {
    let mut rows = Rows::with_capacity(64);
    scan_into(tree, dir, options, &mut rows)?;
    Ok(rows)
}

fn scan_into(
    tree: &TreeRoot,
    dir: &[u8],
    options: ScanOptions,
    rows: &mut Rows,
) -> Result<(), SysError> {
    let fd = tree.open_dir(dir, options.follow).during(Syscall::Open)?;
    let mut buffer = vec![MaybeUninit::uninit(); DIRENT_BUFFER];
    let mut entries = RawDir::new(&fd, &mut buffer);
    let mut target = [MaybeUninit::uninit(); MAX_TARGET];
    let extras = ExtrasIn::new(Parent::Root(fd.as_fd()), options.extras);
    let mut found = false;
    while let Some(entry) = entries.next() {
        let entry = entry.during(Syscall::ReadDir)?;
        let name = entry.file_name();
        let bytes = name.to_bytes();
        if bytes == b"." || bytes == b".." {
            continue;
        }
        let status = statat(&fd, name, AtFlags::SYMLINK_NOFOLLOW);
        let mut stat = match status {
            Ok(stat) => stat,
            Err(Errno::ACCESS) if !can_search(&fd) => {
                return Err(SysError::new(Errno::ACCESS, Syscall::Open));
            }
            Err(errno) => {
                rows.add(bytes, Err(errno.raw_os_error()), &[]);
                continue;
            }
        };
        found = true;
        let mut link: &[u8] = &[];
        let kind = FileType::from_raw_mode(stat.st_mode);
        if kind == FileType::Symlink {
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
        // What a link leads to has extras of its own.
        let own = !(options.follow && kind == FileType::Symlink);
        note_lacks(
            extras.as_ref().filter(|_| own),
            rows.last_row(),
            bytes,
            &stat,
        );
    }
    if !found && !can_search(&fd) {
        return Err(SysError::new(Errno::ACCESS, Syscall::Open));
    }
    Ok(())
}

/// Names can be looked up in the directory. One that can be read but not searched gives its names away and
/// nothing else: for us it cannot be opened.
pub(crate) fn can_search(fd: impl AsFd) -> bool {
    !matches!(
        statat(fd, c".", AtFlags::SYMLINK_NOFOLLOW),
        Err(Errno::ACCESS)
    )
}

/// As `scan`, for several directories: one table of all their rows, and for each the number of its rows.
/// Once there are `enough` rows, the directories that are left are not read, and have no number.
pub fn scan_many<'d>(
    tree: &TreeRoot,
    dirs: impl Iterator<Item = &'d [u8]>,
    options: ScanOptions,
    enough: usize,
) -> (Rows, Vec<Result<u32, SysError>>) {
    let mut rows = Rows::with_capacity(256);
    let mut counts = Vec::new();
    for dir in dirs {
        let before = rows.count();
        if before >= enough && !counts.is_empty() {
            break;
        }
        let scanned = scan_into(tree, dir, options, &mut rows);
        if scanned.is_err() {
            rows.truncate(before);
        }
        counts.push(scanned.map(|()| (rows.count() - before) as u32));
    }
    (rows, counts)
}

/// What a link points to, or the link itself where that is nothing (or lies outside a confined tree).
fn follow(tree: &TreeRoot, dir: &[u8], fd: &impl AsFd, name: &std::ffi::CStr, own: Stat) -> Stat {
    if !tree.is_bounded() {
        return statat(fd, name, AtFlags::empty()).unwrap_or(own);
    }
    let path = if dir.is_empty() {
        name.to_bytes().to_vec()
    } else {
        [dir, b"/", name.to_bytes()].concat()
    };
    tree.open_following(&path, LOOK)
        .and_then(|target| rustix::fs::fstat(&target))
        .unwrap_or(own)
}

/// Stats of `names` in `dir`, with what they lack of `extras`; a row that failed has its errno.
pub fn lstat_many<'n>(
    tree: &TreeRoot,
    dir: &[u8],
    names: impl Iterator<Item = &'n [u8]>,
    extras: Extras,
) -> Rows {
    let mut rows = Rows::with_capacity(names.size_hint().0);
    let parent = parent_at(tree, dir);
    let extras = extras_at(&parent, extras);
    for name in names {
        match lstat_at(tree, &parent, dir, name) {
            Ok(stat) => {
                rows.add(name, Ok(&stat), &[]);
                note_lacks(extras.as_ref(), rows.last_row(), name, &stat);
            }
            Err(errno) => rows.add(name, Err(errno.raw_os_error()), &[]),
        }
    }
    rows
}

/// Words of a name of `lstat_runs`: its directory's index, its offset, its length.
pub const RUN_WORDS: usize = 3;

/// Rows without texts for names that lie in `names` as `runs` tells, with what they lack of `extras`; `None` where that
/// is out of bounds.
pub fn lstat_runs(
    tree: &TreeRoot,
    dirs: &[&[u8]],
    names: &[u8],
    runs: &[u32],
    extras: Extras,
) -> Option<Vec<u8>> {
    let words = runs.chunks_exact(RUN_WORDS);
    if !words.remainder().is_empty() {
        return None;
    }
    let mut rows = vec![0; words.len() * ROW_BYTES];
    let mut at: Option<(u32, Result<Parent, Errno>, Option<ExtrasIn>)> = None;
    for (word, row) in words.zip(rows.chunks_exact_mut(ROW_BYTES)) {
        let (dir, from) = (word[0], word[1] as usize);
        let path = *dirs.get(dir as usize)?;
        let name = names.get(from..from.checked_add(word[2] as usize)?)?;
        let (_, parent, extras) = match at.take() {
            Some(known) if known.0 == dir => at.insert(known),
            _ => {
                let parent = parent_at(tree, path);
                let extras = extras_at(&parent, extras);
                at.insert((dir, parent, extras))
            }
        };
        match lstat_at(tree, parent, path, name) {
            Ok(stat) => {
                write_row(row, &stat);
                note_lacks(extras.as_ref(), row, name, &stat);
            }
            Err(errno) => write_errno(row, errno.raw_os_error()),
        }
    }
    Some(rows)
}

/// The directory `dir` as a place to look names up in.
pub(crate) fn parent_at<'t>(tree: &'t TreeRoot, dir: &[u8]) -> Result<Parent<'t>, Errno> {
    let probe = [dir, b"/x"].concat();
    let path = if dir.is_empty() { b"x" } else { &probe[..] };
    tree.locate(path).map(|at| at.parent)
}

/// Notes in a row what `name` in the directory of `extras` lacks.
pub(crate) fn note_lacks(extras: Option<&ExtrasIn>, row: &mut [u8], name: &[u8], stat: &Stat) {
    if let Some(extras) = extras.filter(|_| is_plain(name)) {
        write_lacks(
            row,
            extras.lacks(name, FileType::from_raw_mode(stat.st_mode)),
        );
    }
}

pub(crate) fn extras_at<'t>(
    parent: &Result<Parent<'t>, Errno>,
    wanted: Extras,
) -> Option<ExtrasIn<'t>> {
    ExtrasIn::new(parent.as_ref().ok()?.clone(), wanted)
}

pub(crate) fn lstat_at(
    tree: &TreeRoot,
    parent: &Result<Parent, Errno>,
    dir: &[u8],
    name: &[u8],
) -> Result<Stat, Errno> {
    match parent {
        Err(errno) => Err(*errno),
        // An absolute `dir` has no descriptor of its own.
        Ok(Parent::Working) => nested(tree, dir, name),
        Ok(_) if !is_plain(name) => nested(tree, dir, name),
        Ok(parent) => statat(parent, name, AtFlags::SYMLINK_NOFOLLOW),
    }
}

/// A name that does not lead out of the directory it is looked up in.
pub(crate) fn is_plain(name: &[u8]) -> bool {
    !name.contains(&b'/') && name != b".."
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
