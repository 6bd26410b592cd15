//! Directories as parts of a file list: read, sorted and written as its records in one go.

use std::cmp::Ordering;
use std::mem::MaybeUninit;

use rustix::fs::{fstat, readlinkat_raw, statat, AtFlags, FileType, RawMode};
use rustix::io::Errno;

use crate::name_rules::{NameRules, RulesIn};
use crate::resolve::TreeRoot;
use crate::scan::can_search;
use crate::syscall::{During, SysError, Syscall};
use crate::system::RawDir;
use oc_flist::{file_type, push_entry, Entry, EntryFields, ENTRY_BYTES};

const DIRENT_BUFFER: usize = 32 * 1024;
const MAX_TARGET: usize = 4096;

#[derive(Debug)]
pub struct ListingOptions {
    /// Also read the targets of symbolic links.
    pub links: bool,
    /// What has several names is more than a record can tell.
    pub single_names: bool,
    /// A directory of another file system is.
    pub one_device: bool,
    pub fields: EntryFields,
    /// What is left out.
    pub rules: Option<NameRules>,
}

/// One directory of a listing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Listed {
    /// Its entries; the last `dirs` of them are directories.
    pub count: u32,
    pub dirs: u32,
    pub links: u32,
    /// Where its names lie, and how many bytes they take.
    pub names_at: u32,
    pub name_bytes: u32,
    /// Bytes of all files and symbolic links.
    pub size: f64,
}

/// Why a directory is not listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unlisted {
    Failed(SysError),
    /// It holds something that takes more than a record: a device, a link without a target, a name that
    /// could not be looked at, or what the options say.
    Special,
}

/// Records of several directories, one after the other, and all their names. The target of a link follows
/// its name; its length is in the record's place for an extra row.
#[derive(Default)]
pub struct Listing {
    pub records: Vec<u8>,
    pub names: Vec<u8>,
    pub directories: Vec<Result<Listed, Unlisted>>,
    /// The owners (user, group) that occur, each once.
    pub owners: Vec<[u32; 2]>,
}

/// Directories in the order in which their content is sent, each followed by those in it.
#[derive(Default)]
pub struct TreeListing {
    pub listing: Listing,
    /// The paths of the listed directories.
    pub paths: Vec<Vec<u8>>,
    /// The directories that come next.
    pub left: Vec<Vec<u8>>,
}

/// Lists one directory.
pub fn list(tree: &TreeRoot, dir: &[u8], options: &ListingOptions) -> Listing {
    let mut listing = Listing::default();
    let listed = list_into(tree, dir, options, &mut listing);
    listing.directories.push(listed);
    listing
}

/// Lists directories and what is below them, until there are `enough` entries and directories.
pub fn list_tree<'d>(
    tree: &TreeRoot,
    dirs: impl DoubleEndedIterator<Item = &'d [u8]>,
    options: &ListingOptions,
    enough: usize,
) -> TreeListing {
    let mut result = TreeListing {
        left: dirs.rev().map(<[u8]>::to_vec).collect(),
        ..TreeListing::default()
    };
    let listing = &mut result.listing;
    let mut work = 0;
    while work < enough {
        let Some(dir) = result.left.pop() else {
            break;
        };
        let listed = list_into(tree, &dir, options, listing);
        if let Ok(listed) = &listed {
            work += listed.count as usize;
            let (_, records) = listing.records.as_rchunks();
            for below in records.iter().rev().take(listed.dirs as usize) {
                let name = name_of(below, &listing.names);
                result.left.push(if dir.is_empty() {
                    name.to_vec()
                } else {
                    [&dir[..], b"/", name].concat()
                });
            }
        }
        work += 1;
        listing.directories.push(listed);
        result.paths.push(dir);
    }
    result.left.reverse();
    result
}

/// Appends the records and names of one directory; nothing where that fails.
fn list_into(
    tree: &TreeRoot,
    dir: &[u8],
    options: &ListingOptions,
    listing: &mut Listing,
) -> Result<Listed, Unlisted> {
    let Listing {
        records,
        names,
        owners,
        ..
    } = listing;
    let before = (records.len(), names.len(), owners.len());
    let listed = read_into(tree, dir, options, listing);
    if listed.is_err() {
        listing.records.truncate(before.0);
        listing.names.truncate(before.1);
        listing.owners.truncate(before.2);
    }
    listed
}

fn read_into(
    tree: &TreeRoot,
    dir: &[u8],
    options: &ListingOptions,
    listing: &mut Listing,
) -> Result<Listed, Unlisted> {
    let failed = Unlisted::Failed;
    let fd = tree
        .open_dir(dir, false)
        .during(Syscall::Open)
        .map_err(failed)?;
    let mut buffer = [MaybeUninit::uninit(); DIRENT_BUFFER];
    let mut entries = RawDir::new(&fd, &mut buffer);
    let mut target = [MaybeUninit::uninit(); MAX_TARGET];
    let Listing {
        records,
        names,
        owners,
        ..
    } = listing;
    let (records_at, names_at) = (records.len(), names.len());
    let (mut dirs, mut links, mut size) = (0, 0, 0.0);
    let device = if options.one_device {
        Some(fstat(&fd).map_err(|_| Unlisted::Special)?.st_dev)
    } else {
        None
    };
    let mut rules = options.rules.as_ref().map(|rules| RulesIn::new(rules, dir));
    let mut is_empty = true;
    while let Some(entry) = entries.next() {
        let entry = entry.during(Syscall::ReadDir).map_err(failed)?;
        let name = entry.file_name();
        let bytes = name.to_bytes();
        if bytes == b"." || bytes == b".." {
            continue;
        }
        is_empty = false;
        if options
            .rules
            .as_ref()
            .is_some_and(|rules| rules.is_mark(bytes))
        {
            return Err(Unlisted::Special);
        }
        let stat = statat(&fd, name, AtFlags::SYMLINK_NOFOLLOW).map_err(|_| Unlisted::Special)?;
        let kind = file_type(&stat);
        let is_dir = kind == FileType::Directory;
        if rules
            .as_mut()
            .is_some_and(|rules| rules.leave_out(bytes, is_dir))
        {
            continue;
        }
        let offset = u32::try_from(names.len()).map_err(|_| Unlisted::Special)?;
        let length = u16::try_from(bytes.len()).map_err(|_| Unlisted::Special)?;
        names.extend_from_slice(bytes);
        let mut text = 0;
        if options.single_names && stat.st_nlink > 1 && !is_dir {
            return Err(Unlisted::Special);
        }
        match kind {
            FileType::RegularFile => {}
            FileType::Directory => {
                if device.is_some_and(|device| device != stat.st_dev) {
                    return Err(Unlisted::Special);
                }
                dirs += 1;
            }
            FileType::Symlink => {
                links += 1;
                if options.links {
                    let (read, _) = readlinkat_raw(&fd, name, &mut target[..])
                        .map_err(|_| Unlisted::Special)?;
                    if read.is_empty() {
                        return Err(Unlisted::Special);
                    }
                    names.extend_from_slice(read);
                    text = read.len() as u32;
                }
            }
            _ => return Err(Unlisted::Special),
        }
        if !is_dir {
            size += stat.st_size as f64;
        }
        let owner = [stat.st_uid, stat.st_gid];
        if owners.last() != Some(&owner) && !owners.contains(&owner) {
            owners.push(owner);
        }
        push_entry(records, &stat, &options.fields, (offset, length), text);
    }
    if is_empty && !can_search(&fd) {
        return Err(failed(SysError::new(Errno::ACCESS, Syscall::Open)));
    }
    // Where they are: a directory may hold millions.
    let (found, _) = records[records_at..].as_chunks_mut();
    found.sort_unstable_by(|a, b| in_list_order(a, b, names));
    Ok(Listed {
        count: found.len() as u32,
        dirs,
        links,
        names_at: u32::try_from(names_at).map_err(|_| Unlisted::Special)?,
        name_bytes: (names.len() - names_at) as u32,
        size,
    })
}

type Record = [u8; ENTRY_BYTES];

/// The name of a record that was just made.
fn name_of<'n>(record: &Record, names: &'n [u8]) -> &'n [u8] {
    Entry::new(record).name(names).unwrap_or_default()
}

/// rsync's order of names in a directory from protocol 29 on: directories last, their names as if they ended
/// in a slash.
fn in_list_order(a: &Record, b: &Record, names: &[u8]) -> Ordering {
    let is_dir = |record| {
        FileType::from_raw_mode(Entry::new(record).mode() as RawMode) == FileType::Directory
    };
    let (in_a, in_b) = (name_of(a, names), name_of(b, names));
    match (is_dir(a), is_dir(b)) {
        (false, false) => in_a.cmp(in_b),
        (true, true) => in_a.iter().chain(b"/").cmp(in_b.iter().chain(b"/")),
        (a, b) => a.cmp(&b),
    }
}
