//! Entries as they come from the peer (protocol 30 and up), as far as they are plain: regular files in the
//! directory of the entry before, of the same owner, with a name that needs no second look. Whatever else comes
//! is for the caller, who knows all of the protocol.

use crate::entries::{write_plain, ENTRY_BYTES};
use crate::wire::{
    EXTENDED_FLAGS, MOD_NSEC, REGULAR, SAME_GID, SAME_MODE, SAME_NAME, SAME_TIME, SAME_UID,
    TOP_DIR, TYPE_BITS,
};

const PLAIN: u32 =
    TOP_DIR | SAME_MODE | EXTENDED_FLAGS | SAME_UID | SAME_GID | SAME_NAME | SAME_TIME | MOD_NSEC;

const MAX_NSEC: u32 = 999_999_999;
/// What a double holds exactly.
const MAX_NUMBER: u64 = 1 << 53;

/// What an entry has from the one before it, and what all of a run have in common.
pub struct Decoder<'n> {
    /// The name before, with its directories.
    pub last: &'n mut [u8],
    pub last_length: usize,
    /// Where the base name starts in it.
    pub base: usize,
    pub mtime: f64,
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    pub dir: u32,
    pub flags: u32,
    /// The flags of an entry are a varint.
    pub varint_flags: bool,
}

/// Where entries go: free records, and all of the list's names, in use up to `names_used`.
pub struct Room<'r> {
    pub records: &'r mut [u8],
    pub names: &'r mut [u8],
    pub names_used: usize,
}

/// What was decoded.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Decoded {
    pub consumed: usize,
    pub count: usize,
    pub name_bytes: usize,
    /// Bytes of all files.
    pub size: f64,
}

/// Decodes plain entries from the start of `input` until one is not, or there is no room.
pub fn decode_plain(decoder: &mut Decoder, input: &[u8], room: &mut Room) -> Decoded {
    let mut decoded = Decoded::default();
    for record in room.records.chunks_exact_mut(ENTRY_BYTES) {
        let mut rest = Input(&input[decoded.consumed..]);
        let Some(entry) = read(&mut rest, decoder) else {
            break;
        };
        let name = &decoder.last[decoder.base..entry.length];
        let at = room.names_used + decoded.name_bytes;
        let Some(place) = room.names.get_mut(at..at + name.len()) else {
            break;
        };
        place[..entry.shared - decoder.base]
            .copy_from_slice(&decoder.last[decoder.base..entry.shared]);
        place[entry.shared - decoder.base..].copy_from_slice(entry.name);
        decoder.last[entry.shared..entry.length].copy_from_slice(entry.name);
        decoder.last_length = entry.length;
        decoder.mtime = entry.mtime;
        decoder.mode = entry.mode;
        write_plain(
            record,
            entry.size,
            entry.mtime,
            [
                entry.nsec,
                decoder.uid,
                decoder.gid,
                at as u32,
                decoder.dir,
                decoder.flags,
            ],
            entry.mode as u16,
            (entry.length - decoder.base) as u16,
        );
        decoded.name_bytes += entry.length - decoder.base;
        decoded.size += entry.size;
        decoded.count += 1;
        decoded.consumed = input.len() - rest.0.len();
    }
    decoded
}

struct Plain<'i> {
    shared: usize,
    /// Of the whole name.
    length: usize,
    /// What follows the shared bytes.
    name: &'i [u8],
    size: f64,
    mtime: f64,
    nsec: u32,
    mode: u32,
}

/// The next entry; `None` where it is not plain, or not there as a whole.
fn read<'i>(input: &mut Input<'i>, decoder: &Decoder) -> Option<Plain<'i>> {
    let flags = if decoder.varint_flags {
        input.varint()?
    } else {
        let low = u32::from(input.byte()?);
        if low & EXTENDED_FLAGS != 0 {
            low | u32::from(input.byte()?) << 8
        } else {
            low
        }
    };
    let wanted = SAME_UID | SAME_GID;
    if flags & !PLAIN != 0 || flags & wanted != wanted {
        return None;
    }
    let shared = if flags & SAME_NAME != 0 {
        usize::from(input.byte()?)
    } else {
        0
    };
    let length = shared + usize::from(input.byte()?);
    if shared < decoder.base || shared > decoder.last_length || length >= decoder.last.len() {
        return None;
    }
    let name = input.take(length - shared)?;
    if name.iter().any(|&byte| byte == b'/' || byte == 0) || length == decoder.base {
        return None;
    }
    if length - decoder.base <= 2 {
        let start = &decoder.last[decoder.base..shared];
        if start.iter().chain(name).all(|&byte| byte == b'.') {
            return None;
        }
    }
    let size = input.varlong(3)?;
    let mtime = if flags & SAME_TIME != 0 {
        decoder.mtime
    } else {
        input.varlong(4)?
    };
    let nsec = if flags & MOD_NSEC != 0 {
        input.varint()?
    } else {
        0
    };
    let mode = if flags & SAME_MODE != 0 {
        decoder.mode
    } else {
        let bytes = input.take(4)?;
        u32::from(bytes[0]) | u32::from(bytes[1]) << 8
    };
    if nsec > MAX_NSEC || mode & TYPE_BITS != REGULAR {
        return None;
    }
    Some(Plain {
        shared,
        length,
        name,
        size,
        mtime,
        nsec,
        mode,
    })
}

/// Bytes to read from; all numbers are `None` where they end too soon or are out of range.
struct Input<'i>(&'i [u8]);

impl<'i> Input<'i> {
    fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    fn take(&mut self, n: usize) -> Option<&'i [u8]> {
        let (taken, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(taken)
    }

    /// The leading ones of the first byte count the bytes behind it, its other bits are the highest.
    fn varint(&mut self) -> Option<u32> {
        let first = self.byte()?;
        let extra = first.leading_ones().min(6);
        if extra > 4 {
            return None;
        }
        let mut value = little_endian(self.take(extra as usize)?) as u32;
        if extra < 4 {
            value |= (u32::from(first) & (0xff >> extra)) << (8 * extra);
        }
        Some(value)
    }

    /// As a varint, with at least `least` bytes; only what is not negative and what a double holds.
    fn varlong(&mut self, least: usize) -> Option<f64> {
        let bytes = self.take(least)?;
        let extra = bytes[0].leading_ones().min(6) as usize;
        if least - 1 + extra >= 8 {
            return None;
        }
        let low = little_endian(&bytes[1..]);
        let high = little_endian(self.take(extra)?);
        let top = u64::from(bytes[0]) & (0xff >> extra);
        let value = low | high << (8 * (least - 1)) | top << (8 * (least - 1 + extra));
        (value < MAX_NUMBER).then_some(value as f64)
    }
}

fn little_endian(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .rev()
        .fold(0, |value, &byte| value << 8 | u64::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entries::Entry;

    /// Name, size, time and mode.
    type Seen = (Vec<u8>, f64, f64, u32);

    /// `d/a`, then what follows it.
    fn decode(input: &[u8]) -> (Decoded, Vec<Seen>) {
        let mut last = [0; 64];
        last[..3].copy_from_slice(b"d/a");
        let mut decoder = Decoder {
            last: &mut last,
            last_length: 3,
            base: 2,
            mtime: 5.0,
            mode: 0o100_644,
            uid: 7,
            gid: 8,
            dir: 1,
            flags: 0,
            varint_flags: true,
        };
        let (mut records, mut names) = (vec![0; 4 * ENTRY_BYTES], vec![0; 32]);
        let mut room = Room {
            records: &mut records,
            names: &mut names,
            names_used: 3,
        };
        let decoded = decode_plain(&mut decoder, input, &mut room);
        let found = records
            .chunks_exact(ENTRY_BYTES)
            .take(decoded.count)
            .map(|record| {
                let entry = Entry::new(record);
                (
                    entry.name(&names).unwrap_or_default().to_vec(),
                    entry.size(),
                    entry.mtime(),
                    entry.mode(),
                )
            })
            .collect();
        (decoded, found)
    }

    const SAME: u32 = SAME_MODE | SAME_UID | SAME_GID | SAME_NAME | SAME_TIME;

    /// A varint of two bytes for flags from 128 on.
    fn flags(flags: u32) -> [u8; 2] {
        [0x80 | (flags >> 8) as u8, flags as u8]
    }

    fn entry(bits: u32, rest: &[u8]) -> Vec<u8> {
        [&flags(bits)[..], rest].concat()
    }

    #[test]
    fn plain_entries_are_taken_up_to_the_first_that_is_not() {
        let input = [
            entry(SAME, &[2, 2, b'b', b'c', 0, 1, 0]),
            entry(SAME, &[3, 1, b'd', 0, 0, 2]),
            entry(SAME & !SAME_TIME, &[2, 1, b'e', 0, 0, 0, 0, 9, 0, 0]),
            vec![0, 0],
        ]
        .concat();
        let (decoded, found) = decode(&input);
        assert_eq!(decoded.consumed, input.len() - 2);
        assert_eq!(
            found,
            [
                (b"bc".to_vec(), 1.0, 5.0, 0o100_644),
                (b"bd".to_vec(), 512.0, 5.0, 0o100_644),
                (b"e".to_vec(), 0.0, 9.0, 0o100_644),
            ]
        );
        assert_eq!((decoded.count, decoded.size), (3, 513.0));
    }

    #[test]
    fn what_is_odd_or_unfinished_is_left() {
        for odd in [
            entry(SAME, &[2, 1, b'/', 0, 1, 0]),
            entry(SAME, &[2, 1, 0, 0, 1, 0]),
            entry(SAME, &[2, 1, b'.', 0, 1, 0]),
            entry(SAME, &[2, 2, b'.', b'.', 0, 1, 0]),
            entry(SAME, &[2, 0, 0, 1, 0]),
            entry(SAME, &[1, 1, b'x', 0, 1, 0]),
            entry(SAME, &[9, 1, b'x', 0, 1, 0]),
            entry(SAME & !SAME_UID, &[2, 1, b'x', 0, 1, 0, 5]),
            entry(SAME | 1 << 9, &[2, 1, b'x', 0, 1, 0]),
            entry(SAME & !SAME_MODE, &[2, 1, b'x', 0, 1, 0, 0xed, 0x41, 0, 0]),
            entry(SAME, &[2, 1, b'x', 0xfe, 1, 0, 0, 0, 0, 0, 0x80]),
            entry(SAME, &[2, 1, b'x', 0, 1]),
            entry(SAME, &[2, 5, b'x']),
        ] {
            assert_eq!(decode(&odd).0, Decoded::default(), "{odd:?}");
        }
    }
}
