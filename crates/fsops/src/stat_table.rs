//! Packed rows of file status; the layout is the one that `ts/kernel/stat-table.ts` describes.

use rustix::fs::{major, minor, Stat};

use crate::system::mode_of;

/// Bytes of one row.
pub const ROW_BYTES: usize = 96;

const SIZE: usize = 0;
const MTIME: usize = 8;
const ATIME: usize = 16;
const DEV: usize = 24;
const INO_LOW: usize = 32;
const INO_HIGH: usize = 36;
const MTIME_NSEC: usize = 40;
const ATIME_NSEC: usize = 44;
const MODE: usize = 48;
const UID: usize = 52;
const GID: usize = 56;
const NLINK: usize = 60;
const RDEV_MAJOR: usize = 64;
const RDEV_MINOR: usize = 68;
const ERRNO: usize = 72;
const NAME: usize = 76;
const NAME_LENGTH: usize = 80;
const LINK: usize = 84;
const LINK_LENGTH: usize = 88;
const LACKS: usize = 92;

/// Where the fields of a row are, for the tests that hold TypeScript to it.
pub const ROW_LAYOUT: &[(&str, usize)] = &[
    ("bytes", ROW_BYTES),
    ("size", SIZE),
    ("mtime", MTIME),
    ("atime", ATIME),
    ("dev", DEV),
    ("inoLow", INO_LOW),
    ("inoHigh", INO_HIGH),
    ("mtimeNsec", MTIME_NSEC),
    ("atimeNsec", ATIME_NSEC),
    ("mode", MODE),
    ("uid", UID),
    ("gid", GID),
    ("nlink", NLINK),
    ("rdevMajor", RDEV_MAJOR),
    ("rdevMinor", RDEV_MINOR),
    ("errno", ERRNO),
    ("nameOffset", NAME),
    ("nameLength", NAME_LENGTH),
    ("linkOffset", LINK),
    ("linkLength", LINK_LENGTH),
    ("lacks", LACKS),
];

/// Rows being collected, and the names and link targets that will follow them.
#[derive(Default)]
pub struct Rows {
    rows: Vec<u8>,
    text: Vec<u8>,
}

impl Rows {
    pub fn with_capacity(rows: usize) -> Self {
        Rows {
            rows: Vec::with_capacity(rows * (ROW_BYTES + 16)),
            text: Vec::with_capacity(rows * 16),
        }
    }

    /// Adds the row of `name`: its status or its errno, and a link target.
    pub fn add(&mut self, name: &[u8], status: Result<&Stat, i32>, link: &[u8]) {
        let at = self.rows.len();
        self.rows.resize(at + ROW_BYTES, 0);
        let row = &mut self.rows[at..];
        match status {
            Ok(stat) => write_row(row, stat),
            Err(errno) => write_errno(row, errno),
        }
        put(row, NAME, self.text.len() as u32);
        put(row, NAME_LENGTH, name.len() as u32);
        self.text.extend_from_slice(name);
        put(row, LINK, self.text.len() as u32);
        put(row, LINK_LENGTH, link.len() as u32);
        self.text.extend_from_slice(link);
    }

    /// The row that was added last.
    pub(crate) fn last_row(&mut self) -> &mut [u8] {
        let at = self.rows.len().saturating_sub(ROW_BYTES);
        &mut self.rows[at..]
    }

    pub fn count(&self) -> usize {
        self.rows.len() / ROW_BYTES
    }

    /// The table: rows, then text; offsets count from the start.
    pub fn pack(mut self) -> Vec<u8> {
        self.place_texts();
        self.rows.append(&mut self.text);
        self.rows
    }

    /// Drops the rows behind the first `count`.
    pub fn truncate(&mut self, count: usize) {
        self.rows.truncate(count * ROW_BYTES);
    }

    /// Makes the offsets of texts count from the start of the table.
    fn place_texts(&mut self) {
        let base = self.rows.len() as u32;
        for row in self.rows.chunks_exact_mut(ROW_BYTES) {
            for field in [NAME, LINK] {
                let offset = u32::from_ne_bytes([
                    row[field],
                    row[field + 1],
                    row[field + 2],
                    row[field + 3],
                ]);
                put(row, field, offset + base);
            }
        }
    }
}

/// Makes a row of zeros that of a name that has no status.
pub(crate) fn write_errno(row: &mut [u8], errno: i32) {
    put(row, ERRNO, errno as u32);
}

/// Notes what an entry lacks beside its status (`LACKS` of `xattr.rs`).
pub(crate) fn write_lacks(row: &mut [u8], lacks: u32) {
    put(row, LACKS, lacks);
}

/// Fills a row, except for its texts.
pub(crate) fn write_row(row: &mut [u8], stat: &Stat) {
    for (at, value) in [
        (SIZE, stat.st_size as f64),
        (MTIME, stat.st_mtime as f64),
        (ATIME, stat.st_atime as f64),
        (DEV, stat.st_dev as f64),
    ] {
        row[at..at + 8].copy_from_slice(&value.to_ne_bytes());
    }
    for (at, value) in [
        (INO_LOW, stat.st_ino as u32),
        (INO_HIGH, (stat.st_ino >> 32) as u32),
        (MTIME_NSEC, stat.st_mtime_nsec as u32),
        (ATIME_NSEC, stat.st_atime_nsec as u32),
        (MODE, mode_of(stat)),
        (UID, stat.st_uid),
        (GID, stat.st_gid),
        (NLINK, stat.st_nlink as u32),
        (RDEV_MAJOR, major(stat.st_rdev)),
        (RDEV_MINOR, minor(stat.st_rdev)),
    ] {
        put(row, at, value);
    }
}

fn put(row: &mut [u8], at: usize, value: u32) {
    row[at..at + 4].copy_from_slice(&value.to_ne_bytes());
}
