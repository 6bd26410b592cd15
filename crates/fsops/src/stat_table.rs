//! Packed rows of file status; the layout is the one that `ts/kernel/stat-table.ts` describes.

use rustix::fs::{major, minor, Stat};

/// Bytes of one row.
pub const ROW_BYTES: usize = 96;

const ERRNO: usize = 72;
const NAME: usize = 76;
const LINK: usize = 84;

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
        put(row, NAME + 4, name.len() as u32);
        self.text.extend_from_slice(name);
        put(row, LINK, self.text.len() as u32);
        put(row, LINK + 4, link.len() as u32);
        self.text.extend_from_slice(link);
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

/// Fills a row, except for its texts.
pub(crate) fn write_row(row: &mut [u8], stat: &Stat) {
    for (i, value) in [
        stat.st_size as f64,
        stat.st_mtime as f64,
        stat.st_atime as f64,
        stat.st_dev as f64,
    ]
    .into_iter()
    .enumerate()
    {
        row[i * 8..i * 8 + 8].copy_from_slice(&value.to_ne_bytes());
    }
    for (i, value) in [
        stat.st_ino as u32,
        (stat.st_ino >> 32) as u32,
        stat.st_mtime_nsec as u32,
        stat.st_atime_nsec as u32,
        stat.st_mode,
        stat.st_uid,
        stat.st_gid,
        stat.st_nlink as u32,
        major(stat.st_rdev),
        minor(stat.st_rdev),
    ]
    .into_iter()
    .enumerate()
    {
        put(row, 32 + i * 4, value);
    }
}

fn put(row: &mut [u8], at: usize, value: u32) {
    row[at..at + 4].copy_from_slice(&value.to_ne_bytes());
}
