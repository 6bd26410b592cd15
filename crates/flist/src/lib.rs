//! A file list in memory and on the wire: its records, their order, and the coding of plain entries. No I/O.

#![forbid(unsafe_code)]

mod decode;
mod encode;
mod entries;
mod sort;
mod wire;

pub use decode::{decode_plain, Decoded, Decoder, Room};
pub use encode::{encode_plain, Encoded, Encoder};
pub use entries::{file_type, push_entry, Entry, EntryFields, ENTRY_BYTES, ENTRY_LAYOUT};
pub use sort::sort_entries;
