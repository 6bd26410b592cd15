//! Records of a file list, as `ts/flist/file-list.ts` keeps them: 48 bytes an entry in host byte order, its
//! name elsewhere.
//!
//! f64 0 size, 1 mtime; u32 4 mtime ns, 5 uid, 6 gid, 7 name offset, 8 directory, 9 flags, 10 extra;
//! u16 22 mode, 23 name length.

use rustix::fs::{FileType, Stat};

/// Bytes of one record.
pub const ENTRY_BYTES: usize = 48;

const SIZE: usize = 0;
const MTIME: usize = 8;
const MTIME_NSEC: usize = 16;
const UID: usize = 20;
const GID: usize = 24;
const NAME: usize = 28;
const DIR: usize = 32;
const FLAGS: usize = 36;
const EXTRA: usize = 40;
const MODE: usize = 44;
const NAME_LENGTH: usize = 46;

/// Where the fields of a record are, for the tests that hold TypeScript to it.
pub const ENTRY_LAYOUT: &[(&str, usize)] = &[
    ("bytes", ENTRY_BYTES),
    ("size", SIZE),
    ("mtime", MTIME),
    ("mtimeNsec", MTIME_NSEC),
    ("uid", UID),
    ("gid", GID),
    ("name", NAME),
    ("dir", DIR),
    ("flags", FLAGS),
    ("extra", EXTRA),
    ("mode", MODE),
    ("nameLength", NAME_LENGTH),
];

/// What of a file's status goes into its record.
#[derive(Clone, Copy, Debug)]
pub struct EntryFields {
    pub owner: bool,
    pub group: bool,
    pub nanoseconds: bool,
    /// Flags of directories.
    pub dir_flags: u32,
}

/// Appends the record of a file. `text` (the length of a link's target) takes the place of the extra row.
pub fn push_entry(
    records: &mut Vec<u8>,
    stat: &Stat,
    fields: &EntryFields,
    name: (u32, u16),
    text: u32,
) {
    let at = records.len();
    records.resize(at + ENTRY_BYTES, 0);
    let record = &mut records[at..];
    let is_dir = file_type(stat) == FileType::Directory;
    put(record, SIZE, &(stat.st_size as f64).to_ne_bytes());
    put(record, MTIME, &(stat.st_mtime as f64).to_ne_bytes());
    if fields.nanoseconds {
        put(
            record,
            MTIME_NSEC,
            &(stat.st_mtime_nsec as u32).to_ne_bytes(),
        );
    }
    if fields.owner {
        put(record, UID, &stat.st_uid.to_ne_bytes());
    }
    if fields.group {
        put(record, GID, &stat.st_gid.to_ne_bytes());
    }
    put(record, NAME, &name.0.to_ne_bytes());
    if is_dir {
        put(record, FLAGS, &fields.dir_flags.to_ne_bytes());
    }
    put(record, EXTRA, &text.to_ne_bytes());
    put(record, MODE, &(stat.st_mode as u16).to_ne_bytes());
    put(record, NAME_LENGTH, &name.1.to_ne_bytes());
}

/// Fills the record of a regular file. `words`: nanoseconds, owner, group, name offset, directory, flags.
pub(crate) fn write_plain(
    record: &mut [u8],
    size: f64,
    mtime: f64,
    words: [u32; 6],
    mode: u16,
    name_length: u16,
) {
    put(record, SIZE, &size.to_ne_bytes());
    put(record, MTIME, &mtime.to_ne_bytes());
    for (word, value) in words.into_iter().enumerate() {
        put(record, MTIME_NSEC + word * 4, &value.to_ne_bytes());
    }
    put(record, EXTRA, &[0; 4]);
    put(record, MODE, &mode.to_ne_bytes());
    put(record, NAME_LENGTH, &name_length.to_ne_bytes());
}

fn put<const N: usize>(record: &mut [u8], at: usize, bytes: &[u8; N]) {
    record[at..at + N].copy_from_slice(bytes);
}

pub fn file_type(stat: &Stat) -> FileType {
    FileType::from_raw_mode(stat.st_mode)
}

/// A record to read from.
#[derive(Clone, Copy)]
pub struct Entry<'r>(&'r [u8]);

impl<'r> Entry<'r> {
    /// `record` is `ENTRY_BYTES` long.
    pub fn new(record: &'r [u8]) -> Self {
        Entry(record)
    }
    fn u32(self, at: usize) -> u32 {
        u32::from_ne_bytes([self.0[at], self.0[at + 1], self.0[at + 2], self.0[at + 3]])
    }
    fn u16(self, at: usize) -> u16 {
        u16::from_ne_bytes([self.0[at], self.0[at + 1]])
    }
    fn f64(self, at: usize) -> f64 {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&self.0[at..at + 8]);
        f64::from_ne_bytes(bytes)
    }
    pub fn size(self) -> f64 {
        self.f64(SIZE)
    }
    pub fn mtime(self) -> f64 {
        self.f64(MTIME)
    }
    pub fn mtime_nsec(self) -> u32 {
        self.u32(MTIME_NSEC)
    }
    pub fn uid(self) -> u32 {
        self.u32(UID)
    }
    pub fn gid(self) -> u32 {
        self.u32(GID)
    }
    pub fn flags(self) -> u32 {
        self.u32(FLAGS)
    }
    pub fn mode(self) -> u32 {
        u32::from(self.u16(MODE))
    }
    /// What follows its name in `names`, as long as the word for an extra row says: a link's target.
    pub fn target(self, names: &[u8]) -> Option<&[u8]> {
        let from = (self.u32(NAME) as usize).checked_add(usize::from(self.u16(NAME_LENGTH)))?;
        names.get(from..from.checked_add(self.u32(EXTRA) as usize)?)
    }
    /// Its name in `names`; `None` where that is out of bounds.
    pub fn name(self, names: &[u8]) -> Option<&[u8]> {
        let from = self.u32(NAME) as usize;
        names.get(from..from.checked_add(usize::from(self.u16(NAME_LENGTH)))?)
    }
}
