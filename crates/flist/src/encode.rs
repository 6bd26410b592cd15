//! Entries on their way to the peer (protocol 30 and up), as far as they are plain: regular files in the directory
//! of the entry before, of the same owner.

use crate::entries::{Entry, ENTRY_BYTES};
use crate::wire::{
    EXTENDED_FLAGS, MOD_NSEC, REGULAR, SAME_GID, SAME_MODE, SAME_NAME, SAME_TIME, SAME_UID,
    TOP_DIR, TYPE_BITS,
};

/// A name shares at most this many bytes with the one before it.
const MAX_SHARED: usize = 255;
/// More than an entry takes besides its name: flags, lengths, size, time, nanoseconds, mode.
const ENTRY_ROOM: usize = 48;

/// What an entry need not say because the one before it did, and how the list is coded.
pub struct Encoder<'n> {
    /// The name before, with its directories.
    pub last: &'n mut [u8],
    pub last_length: usize,
    /// Where the base name starts in it.
    pub base: usize,
    pub mtime: f64,
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    pub varint_flags: bool,
    /// Nanoseconds are told (protocol 31).
    pub nanoseconds: bool,
}

/// How many entries were encoded, and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Encoded {
    pub count: usize,
    pub bytes: usize,
}

/// Encodes plain entries from the start of `records` until one is not, or `output` has no room for it.
pub fn encode_plain(
    encoder: &mut Encoder,
    records: &[u8],
    names: &[u8],
    output: &mut [u8],
) -> Encoded {
    let mut encoded = Encoded::default();
    for record in records.chunks_exact(ENTRY_BYTES) {
        let entry = Entry::new(record);
        let Some(name) = entry.name(names) else {
            break;
        };
        let plain = entry.mode() & TYPE_BITS == REGULAR
            && entry.uid() == encoder.uid
            && entry.gid() == encoder.gid
            && entry.mtime() >= 0.0
            && name.len() <= MAX_SHARED;
        let length = encoder.base + name.len();
        let room = output.len() - encoded.bytes;
        if !plain || length > encoder.last.len() || room < ENTRY_ROOM + name.len() {
            break;
        }
        let most = encoder.last_length.min(MAX_SHARED);
        let before = encoder.last.get(encoder.base..most).unwrap_or_default();
        let shared =
            encoder.base.min(most) + before.iter().zip(name).take_while(|(a, b)| a == b).count();
        if length - shared > MAX_SHARED {
            break;
        }
        encoder.last[encoder.base..length].copy_from_slice(name);
        encoder.last_length = length;
        let mut out = Output {
            bytes: output,
            at: encoded.bytes,
        };
        put(&mut out, encoder, entry, shared);
        encoded.bytes = out.at;
        encoded.count += 1;
        encoder.mtime = entry.mtime();
        encoder.mode = entry.mode();
    }
    encoded
}

fn put(out: &mut Output, encoder: &Encoder, entry: Entry, shared: usize) {
    let nsec = if encoder.nanoseconds {
        entry.mtime_nsec()
    } else {
        0
    };
    let flag = |bit: u32, on: bool| if on { bit } else { 0 };
    let flags = SAME_UID
        | SAME_GID
        | flag(SAME_MODE, entry.mode() == encoder.mode)
        | flag(SAME_TIME, entry.mtime() == encoder.mtime)
        | flag(MOD_NSEC, nsec > 0)
        | flag(SAME_NAME, shared > 0);
    if encoder.varint_flags {
        out.packed(u64::from(flags), 1, 4);
    } else if flags & 0xff00 != 0 {
        let flags = flags | EXTENDED_FLAGS;
        out.push(&[flags as u8, (flags >> 8) as u8]);
    } else {
        out.push(&[flags as u8]);
    }
    debug_assert_ne!(
        flags & !TOP_DIR,
        0,
        "an entry without flags would end the list"
    );
    if shared > 0 {
        out.push(&[shared as u8]);
    }
    let rest = &encoder.last[shared..encoder.last_length];
    out.push(&[rest.len() as u8]);
    out.push(rest);
    out.packed(entry.size() as u64, 3, 8);
    if flags & SAME_TIME == 0 {
        out.packed(entry.mtime() as u64, 4, 8);
    }
    if nsec > 0 {
        out.packed(u64::from(nsec), 1, 4);
    }
    if flags & SAME_MODE == 0 {
        out.push(&entry.mode().to_le_bytes());
    }
}

struct Output<'o> {
    bytes: &'o mut [u8],
    at: usize,
}

impl Output<'_> {
    fn push(&mut self, bytes: &[u8]) {
        self.bytes[self.at..self.at + bytes.len()].copy_from_slice(bytes);
        self.at += bytes.len();
    }

    /// A varint (`least` 1) or varlong: its leading ones count the bytes behind the first `least`.
    fn packed(&mut self, value: u64, least: usize, most: usize) {
        let bytes = value.to_le_bytes();
        let mut count = (least..=most)
            .rev()
            .find(|&n| bytes[n - 1] != 0)
            .unwrap_or(least);
        let bit = 1 << (7 + least - count);
        let top = u32::from(bytes[count - 1]);
        let first = if top >= bit {
            count += 1;
            !(bit - 1)
        } else if count > least {
            top | !(bit * 2 - 1)
        } else {
            top
        };
        self.push(&[first as u8]);
        self.push(&bytes[..count - 1]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_take_as_few_bytes_as_they_can() {
        let packed = |value, least, most| {
            let mut bytes = [0; 16];
            let mut out = Output {
                bytes: &mut bytes,
                at: 0,
            };
            out.packed(value, least, most);
            let at = out.at;
            bytes[..at].to_vec()
        };
        assert_eq!(packed(0, 1, 4), [0]);
        assert_eq!(packed(0x7f, 1, 4), [0x7f]);
        assert_eq!(packed(0x80, 1, 4), [0x80, 0x80]);
        assert_eq!(packed(0x3fff, 1, 4), [0xbf, 0xff]);
        assert_eq!(packed(0x4000, 1, 4), [0xc0, 0, 0x40]);
        assert_eq!(packed(0xffff_ffff, 1, 4), [0xf0, 0xff, 0xff, 0xff, 0xff]);
        assert_eq!(packed(1, 3, 8), [0, 1, 0]);
        assert_eq!(packed(0x7f_ffff, 3, 8), [0x7f, 0xff, 0xff]);
        assert_eq!(packed(0x80_0000, 3, 8), [0x80, 0, 0, 0x80]);
    }
}
