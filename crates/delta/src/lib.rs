//! The delta of one file: which blocks of the basis it holds, and the token stream that says so.

#![forbid(unsafe_code)]

mod block_table;
mod codec;
mod decoder;
mod deflate;
mod encoder;
mod failure;
mod input;
mod output;
mod search;
mod token_run;
mod zstd;

pub use block_table::{BlockSums, BlockTable};
pub use codec::{CodecName, CodecSpec};
pub use decoder::{Decoder, Step};
pub use encoder::{Encoder, Token};
pub use failure::StreamError;
pub use input::Input;
pub use output::Output;
pub use search::{Event, Search, Source};

/// Longest literal piece of a token stream (rsync's CHUNK_SIZE).
pub const CHUNK: usize = 32 * 1024;
