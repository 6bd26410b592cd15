use crate::codec::{CodecName, CodecSpec, END, MAX_DATA};
use crate::deflate::{put_data, Deflater};
use crate::failure::StreamError;
use crate::output::Output;
use crate::token_run::TokenRun;
use crate::zstd::Zstd;
use crate::CHUNK;

/// What follows a piece of literal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    /// More literal data.
    More,
    /// A matched block.
    Block(u32),
    /// The end of the file.
    End,
}

enum Backend {
    Plain,
    Deflate { deflater: Deflater, history: bool },
    Zstd(Zstd),
    Lz4(Vec<u8>),
}

/// Writes token streams of one direction of a session, file after file.
pub struct Encoder {
    spec: CodecSpec,
    backend: Backend,
    run: TokenRun,
    flush_pending: bool,
}

impl Encoder {
    /// Starts the compression.
    pub fn new(spec: CodecSpec) -> Result<Self, StreamError> {
        let backend = match spec.name {
            CodecName::None => Backend::Plain,
            CodecName::Zlib | CodecName::Zlibx => Backend::Deflate {
                deflater: Deflater::new(spec.level.clamp(0, 9)),
                history: spec.name == CodecName::Zlib,
            },
            CodecName::Zstd => Backend::Zstd(Zstd::new(&spec)?),
            CodecName::Lz4 => {
                Backend::Lz4(vec![0; lz4_flex::block::get_maximum_output_size(MAX_DATA)])
            }
        };
        Ok(Encoder {
            spec,
            backend,
            run: TokenRun::default(),
            flush_pending: false,
        })
    }

    /// No compression: tokens and literals go out as they are.
    pub fn is_plain(&self) -> bool {
        matches!(self.backend, Backend::Plain)
    }

    /// Whether `token` needs the bytes of matched blocks.
    pub fn wants_blocks(&self) -> bool {
        matches!(self.backend, Backend::Deflate { history: true, .. })
    }

    /// Begins a file; `level` is its own compression level, where the codec can change it. `whole`: the size of
    /// a file that is sent without matches, else 0.
    pub fn start_file(&mut self, level: Option<i32>, whole: u64) {
        self.run.reset();
        self.flush_pending = false;
        match &mut self.backend {
            Backend::Deflate { deflater, .. } => {
                deflater.reset(level.unwrap_or(self.spec.level).clamp(0, 9));
            }
            Backend::Zstd(zstd) => zstd.start_file(whole),
            _ => {}
        }
    }

    /// Writes at most `CHUNK` bytes of literal data, and what follows them.
    pub fn token(
        &mut self,
        literal: &[u8],
        token: Token,
        out: &mut Output,
    ) -> Result<(), StreamError> {
        debug_assert!(literal.len() <= CHUNK);
        if let Backend::Plain = self.backend {
            plain(literal, token, out);
            return Ok(());
        }
        let after_literal = !literal.is_empty();
        match token {
            Token::Block(block) => self
                .run
                .add(block, after_literal || self.flush_pending, out),
            Token::End => self.run.flush(out),
            Token::More if after_literal => self.run.flush(out),
            Token::More => {}
        }
        self.literal(literal, token, out)?;
        if token == Token::End {
            out.put(&[END]);
        }
        Ok(())
    }

    /// Enters a matched block into the compression's history (only when `wants_blocks`).
    pub fn see_block(&mut self, block: &[u8]) -> Result<(), StreamError> {
        match &mut self.backend {
            Backend::Deflate {
                deflater,
                history: true,
            } => deflater.history(block),
            _ => Ok(()),
        }
    }

    fn literal(
        &mut self,
        literal: &[u8],
        token: Token,
        out: &mut Output,
    ) -> Result<(), StreamError> {
        if literal.is_empty() && !self.flush_pending {
            return Ok(());
        }
        let flush = token != Token::More;
        match &mut self.backend {
            Backend::Plain => {}
            Backend::Deflate { deflater, .. } => deflater.literal(literal, flush, out)?,
            Backend::Zstd(zstd) => zstd.literal(literal, flush, out)?,
            Backend::Lz4(buffer) => {
                for piece in literal.chunks(MAX_DATA) {
                    lz4(piece, buffer, out)?;
                }
            }
        }
        self.flush_pending = !flush;
        Ok(())
    }
}

/// `i32 length, data` for literals; `-(block + 1)`, or 0 at the end.
fn plain(literal: &[u8], token: Token, out: &mut Output) {
    if !literal.is_empty() {
        out.put(&(literal.len() as i32).to_le_bytes());
        out.put(literal);
    }
    match token {
        Token::More => {}
        Token::Block(block) => out.put(&(-(i64::from(block) + 1) as i32).to_le_bytes()),
        Token::End => out.put(&0i32.to_le_bytes()),
    }
}

/// Each lz4 block must fit a frame, also one that grows: then it is halved.
fn lz4(piece: &[u8], buffer: &mut [u8], out: &mut Output) -> Result<(), StreamError> {
    let n = lz4_flex::block::compress_into(piece, buffer)
        .map_err(|_| StreamError::stream("compress returned 0"))?;
    if n <= MAX_DATA {
        put_data(&buffer[..n], out);
        return Ok(());
    }
    let (first, second) = piece.split_at(piece.len() / 2);
    lz4(first, buffer, out)?;
    lz4(second, buffer, out)
}
