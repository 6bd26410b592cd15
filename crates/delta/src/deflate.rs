//! Raw deflate in both directions, as a token stream uses it: every literal run before a token ends with
//! a sync flush whose last four bytes (00 00 ff ff) are left out.

use zlib_rs::{Deflate, DeflateFlush, Inflate, InflateFlush, Status};

use crate::codec::{DATA, MAX_DATA, MAX_STORED};
use crate::failure::StreamError;
use crate::output::Output;

const WINDOW_BITS: u8 = 15;
const BUFFER: usize = 64 * 1024;
/// What a sync flush ends with.
const SYNC: [u8; 4] = [0, 0, 0xff, 0xff];

pub(crate) struct Deflater {
    stream: Deflate,
    level: i32,
    buffer: Vec<u8>,
    /// Compressed bytes that are not framed yet.
    pending: Vec<u8>,
}

impl Deflater {
    pub fn new(level: i32) -> Self {
        Deflater {
            stream: Deflate::new(level, false, WINDOW_BITS),
            level,
            buffer: vec![0; BUFFER],
            pending: Vec::new(),
        }
    }

    /// Starts a new stream, a file's.
    pub fn reset(&mut self, level: i32) {
        self.stream.reset();
        self.pending.clear();
        if level != self.level && self.stream.set_level(level).is_ok() {
            self.level = level;
        }
    }

    /// Compresses `literal`; `flush` when a token follows.
    pub fn literal(
        &mut self,
        literal: &[u8],
        flush: bool,
        out: &mut Output,
    ) -> Result<(), StreamError> {
        self.run(literal, flush)?;
        if flush {
            let length = self.pending.len().saturating_sub(SYNC.len());
            for piece in self.pending[..length].chunks(MAX_DATA) {
                put_data(piece, out);
            }
            self.pending.clear();
        } else {
            // The four bytes of a later flush must still be in `pending` when it comes, which they are:
            // a flush always writes them itself.
            for piece in self.pending.chunks(MAX_DATA) {
                put_data(piece, out);
            }
            self.pending.clear();
        }
        Ok(())
    }

    /// Enters a matched block into the history, without output.
    pub fn history(&mut self, block: &[u8]) -> Result<(), StreamError> {
        for piece in block.chunks(MAX_STORED) {
            self.run(piece, true)?;
            self.pending.clear();
        }
        Ok(())
    }

    fn run(&mut self, mut input: &[u8], flush: bool) -> Result<(), StreamError> {
        let mode = if flush {
            DeflateFlush::SyncFlush
        } else {
            DeflateFlush::NoFlush
        };
        loop {
            let (read, written) = (self.stream.total_in(), self.stream.total_out());
            self.stream
                .compress(input, &mut self.buffer, mode)
                .map_err(|e| StreamError::stream(format!("deflate returned {}", e as i32)))?;
            let produced = (self.stream.total_out() - written) as usize;
            input = &input[(self.stream.total_in() - read) as usize..];
            self.pending.extend_from_slice(&self.buffer[..produced]);
            if input.is_empty() && produced < self.buffer.len() {
                return Ok(());
            }
        }
    }
}

/// Frames one piece of compressed data.
pub(crate) fn put_data(piece: &[u8], out: &mut Output) {
    out.put(&[DATA | (piece.len() >> 8) as u8, piece.len() as u8]);
    out.put(piece);
}

pub(crate) struct Inflater {
    stream: Inflate,
    pub buffer: Vec<u8>,
}

impl Inflater {
    pub fn new() -> Self {
        Inflater {
            stream: Inflate::new(false, WINDOW_BITS),
            buffer: vec![0; BUFFER],
        }
    }

    pub fn reset(&mut self) {
        self.stream.reset(false);
    }

    /// Inflates from the front of `input` into `buffer`: bytes taken, bytes given.
    pub fn inflate(&mut self, input: &[u8]) -> Result<(usize, usize), StreamError> {
        let (taken, given, status) = self.run(input, InflateFlush::NoFlush)?;
        if status != Status::Ok {
            let code = if status == Status::StreamEnd { 1 } else { -5 };
            return Err(StreamError::stream(format!(
                "inflate returned {code} ({given} bytes)"
            )));
        }
        Ok((taken, given))
    }

    /// More output of input that was taken before; 0 when there is none.
    pub fn drain(&mut self) -> Result<usize, StreamError> {
        let (_, given, status) = self.run(&[], InflateFlush::SyncFlush)?;
        Ok(if status == Status::Ok { given } else { 0 })
    }

    /// Gives back the four bytes that the sender left out after its flush.
    pub fn sync(&mut self) -> Result<(), StreamError> {
        let (taken, given, status) = self.run(&SYNC, InflateFlush::SyncFlush)?;
        if status != Status::Ok || taken != SYNC.len() || given != 0 {
            return Err(StreamError::stream("decompressor lost sync!"));
        }
        Ok(())
    }

    /// Enters a matched block into the history, as stored blocks.
    pub fn history(&mut self, block: &[u8]) -> Result<(), StreamError> {
        for piece in block.chunks(MAX_STORED) {
            let length = (piece.len() as u16).to_le_bytes();
            let header = [0, length[0], length[1], !length[0], !length[1]];
            self.feed(&header)?;
            self.feed(piece)?;
        }
        Ok(())
    }

    fn feed(&mut self, mut input: &[u8]) -> Result<(), StreamError> {
        loop {
            let (taken, given, status) = self.run(input, InflateFlush::SyncFlush)?;
            input = &input[taken..];
            if input.is_empty() && given < self.buffer.len() {
                return Ok(());
            }
            if status != Status::Ok || (taken == 0 && given == 0) {
                return Err(StreamError::stream("inflate (token) returned -3"));
            }
        }
    }

    fn run(
        &mut self,
        input: &[u8],
        mode: InflateFlush,
    ) -> Result<(usize, usize, Status), StreamError> {
        let (read, written) = (self.stream.total_in(), self.stream.total_out());
        let status = self
            .stream
            .decompress(input, &mut self.buffer, mode)
            .map_err(|_| StreamError::stream("inflate returned -3 (0 bytes)"))?;
        let taken = (self.stream.total_in() - read) as usize;
        let given = (self.stream.total_out() - written) as usize;
        Ok((taken, given, status))
    }
}
