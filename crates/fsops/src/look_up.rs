//! What lies at the destination of entries of a file list, and which of them need nothing.

use std::collections::HashSet;
use std::mem::MaybeUninit;

use rustix::fs::{readlinkat_raw, FileType, RawMode, Stat};
use rustix::io::Errno;

use crate::compare::{Comparer, Same, Sources};
use crate::resolve::{Parent, TreeRoot};
use crate::scan::{extras_at, is_plain, lstat_at, note_lacks, parent_at};
use crate::stat_table::{write_errno, write_row, Rows, ROW_BYTES};
use crate::syscall::{During, SysError, Syscall};
use crate::system::{mode_of, RawDir};
use crate::xattr::Extras;
use oc_flist::{file_type, Entry, ENTRY_BYTES};

const DIRENT_BUFFER: usize = 32 * 1024;
const MAX_TARGET: usize = 4096;
const PERMISSIONS: u32 = 0o7777;

/// What makes a present file one that needs nothing: size and time always count.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Entries with one of these flags need something whatever is there.
    pub always: u32,
    /// The targets of links follow their names.
    pub targets: bool,
    pub owner: bool,
    pub group: bool,
    /// Entries with one of these flags are of no concern to the group.
    pub group_free: u32,
    /// Directories that are there need nothing yet.
    pub dirs: bool,
}

/// What a look is for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Aims {
    pub wanted: Option<Wanted>,
    /// What each row shall tell the lack of.
    pub look_for: Extras,
    /// Also read what else the directories hold.
    pub directories: bool,
}

/// Entries in directories: `counts[k]` of them in `dirs[k]`, with their records in this order.
pub struct Entries<'a> {
    pub dirs: &'a [&'a [u8]],
    pub counts: &'a [u32],
    pub records: &'a [u8],
    pub names: &'a [u8],
}

/// What was found.
#[derive(Default)]
pub struct LookedUp {
    /// A row without texts for each entry; of files that need nothing it may be empty.
    pub rows: Vec<u8>,
    /// The entries that need something, by their index.
    pub others: Vec<u32>,
    /// Of each entry, where contents were compared.
    pub same: Vec<Same>,
    /// What else the directories hold, if that was asked for: a table, and how many of its rows each has.
    pub extras: Rows,
    pub extra_counts: Vec<Result<u32, SysError>>,
}

/// Looks entries up; `None` where they are out of bounds. With `sources` present files are compared with those by content.
pub fn look_up(
    tree: &TreeRoot,
    entries: &Entries,
    aims: &Aims,
    sources: Option<Sources>,
) -> Option<LookedUp> {
    let total = entries.records.len() / ENTRY_BYTES;
    let mut found = LookedUp {
        rows: vec![0; total * ROW_BYTES],
        ..LookedUp::default()
    };
    let mut records = entries.records.chunks_exact(ENTRY_BYTES);
    let mut rows = found.rows.chunks_exact_mut(ROW_BYTES);
    let mut fine = vec![false; total];
    let mut comparer = sources.map(|sources| Comparer::new(tree, sources, total));
    let mut index = 0;
    for (at, (&dir, &count)) in entries.dirs.iter().zip(entries.counts).enumerate() {
        let parent = parent_at(tree, dir);
        let extras = extras_at(&parent, aims.look_for);
        let room = if aims.directories {
            count.min(total as u32)
        } else {
            0
        };
        let mut listed = HashSet::with_capacity(room as usize);
        for _ in 0..count {
            let entry = Entry::new(records.next()?);
            let row = rows.next()?;
            let name = entry.name(entries.names)?;
            let status = lstat_at(tree, &parent, dir, name);
            let wanted = aims.wanted.as_ref();
            fine[index] = wanted.is_some_and(|wanted| {
                needs_nothing(entry, &status, wanted)
                    && (!is_link(entry)
                        || wanted.targets && has_target(&parent, name, entry, entries.names))
            });
            match &status {
                // Memory that is not written to is none.
                Ok(stat) if fine[index] && is_file(stat) && comparer.is_none() => {}
                Ok(stat) => {
                    write_row(row, stat);
                    note_lacks(extras.as_ref(), row, name, stat);
                }
                Err(errno) => write_errno(row, errno.raw_os_error()),
            }
            if let (Some(comparer), true) = (&mut comparer, may_be_same(entry, &status)) {
                comparer.compare((index, at as u32, dir, name, entry.size() as u64));
            }
            if aims.directories {
                listed.insert(name);
            }
            index += 1;
        }
        if aims.directories {
            let before = found.extras.count();
            let read = read_others(tree, dir, &parent, &listed, &mut found.extras);
            if read.is_err() {
                found.extras.truncate(before);
            }
            let count = (found.extras.count() - before) as u32;
            found.extra_counts.push(read.map(|()| count));
        }
    }
    found.same = comparer.map(Comparer::finish).unwrap_or_default();
    let others = entries.records.chunks_exact(ENTRY_BYTES).enumerate();
    found.others = others
        .filter(|&(i, record)| !fine[i] || is_regular(record) && differs(found.same.get(i)))
        .map(|(i, _)| i as u32)
        .collect();
    Some(found)
}

/// Whether contents were compared and not found the same.
fn differs(same: Option<&Same>) -> bool {
    same.is_some_and(|same| *same != Same::Yes)
}

fn is_file(stat: &Stat) -> bool {
    file_type(stat) == FileType::RegularFile
}

fn is_link(entry: Entry) -> bool {
    FileType::from_raw_mode(entry.mode() as RawMode) == FileType::Symlink
}

/// The link `name` leads where the entry's does.
fn has_target(parent: &Result<Parent, Errno>, name: &[u8], entry: Entry, names: &[u8]) -> bool {
    let (Ok(parent), Some(wanted)) = (parent, entry.target(names)) else {
        return false;
    };
    // Only a name in the held directory.
    if matches!(parent, Parent::Working) || !is_plain(name) || wanted.len() >= MAX_TARGET {
        return false;
    }
    let mut target = [MaybeUninit::uninit(); MAX_TARGET];
    readlinkat_raw(parent, name, &mut target[..]).is_ok_and(|(found, _)| &*found == wanted)
}

fn is_regular(record: &[u8]) -> bool {
    FileType::from_raw_mode(Entry::new(record).mode() as RawMode) == FileType::RegularFile
}

/// A regular file of the entry's size is there.
fn may_be_same(entry: Entry, status: &Result<Stat, Errno>) -> bool {
    let Ok(stat) = status else {
        return false;
    };
    FileType::from_raw_mode(entry.mode() as RawMode) == FileType::RegularFile
        && is_file(stat)
        && entry.size() == stat.st_size as f64
}

/// Rows of what lies in `dir` and is not `listed`.
fn read_others(
    tree: &TreeRoot,
    dir: &[u8],
    parent: &Result<Parent, Errno>,
    listed: &HashSet<&[u8]>,
    rows: &mut Rows,
) -> Result<(), SysError> {
    let fd = tree.open_dir(dir, false).during(Syscall::Open)?;
    let mut buffer = [MaybeUninit::uninit(); DIRENT_BUFFER];
    let mut entries = RawDir::new(&fd, &mut buffer);
    while let Some(entry) = entries.next() {
        let entry = entry.during(Syscall::ReadDir)?;
        let name = entry.file_name().to_bytes();
        if name == b"." || name == b".." || listed.contains(name) {
            continue;
        }
        match lstat_at(tree, parent, dir, name) {
            Ok(stat) => rows.add(name, Ok(&stat), &[]),
            Err(errno) => rows.add(name, Err(errno.raw_os_error()), &[]),
        }
    }
    Ok(())
}

fn needs_nothing(entry: Entry, status: &Result<Stat, Errno>, wanted: &Wanted) -> bool {
    let Ok(stat) = status else {
        return false;
    };
    if entry.flags() & wanted.always != 0 {
        return false;
    }
    let mode = entry.mode();
    match (FileType::from_raw_mode(mode as RawMode), file_type(stat)) {
        (FileType::Directory, FileType::Directory) => wanted.dirs,
        (FileType::RegularFile, FileType::RegularFile) => {
            is_same(entry, stat, wanted) && (mode ^ mode_of(stat)) & PERMISSIONS == 0
        }
        // Permissions of links are not kept.
        (FileType::Symlink, FileType::Symlink) => is_same(entry, stat, wanted),
        _ => false,
    }
}

/// Size, time and owner of what has one name.
fn is_same(entry: Entry, stat: &Stat, wanted: &Wanted) -> bool {
    stat.st_nlink == 1
        && entry.size() == stat.st_size as f64
        && entry.mtime() == stat.st_mtime as f64
        && i64::from(entry.mtime_nsec()) == stat.st_mtime_nsec
        && (!wanted.owner || entry.uid() == stat.st_uid)
        && (!wanted.group || entry.flags() & wanted.group_free != 0 || entry.gid() == stat.st_gid)
}
