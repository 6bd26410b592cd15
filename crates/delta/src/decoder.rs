use zstd_safe::{DCtx, InBuffer, OutBuffer};

use crate::codec::{CodecName, CodecSpec, DATA, END, MAX_DATA, TOKEN_REL};
use crate::deflate::Inflater;
use crate::failure::StreamError;
use crate::input::Input;
use crate::CHUNK;

/// Largest block number that a compressed stream may name.
const MAX_TOKEN: i64 = 0x7fff_fffe;

/// What a token stream says next.
#[derive(Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// The input ends inside of a token.
    NeedMore,
    Literal(&'a [u8]),
    /// A block of the basis, by a number that is not checked yet.
    Block(u32),
    /// The end of the file's tokens.
    End,
}

/// Reads token streams of one direction of a session, file after file, in pieces of any size.
pub struct Decoder {
    backend: Backend,
    /// The bytes of a token that was begun (its flag or length first).
    head: Vec<u8>,
}

enum Backend {
    Plain { residue: usize },
    Packed(Box<Packed>),
}

struct Packed {
    codec: Codec,
    /// Compressed bytes of the frame that is being read, and how many it has in all.
    frame: Vec<u8>,
    frame_length: usize,
    /// Bytes of `frame` that were uncompressed already.
    used: usize,
    state: State,
    token: i64,
    run: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Flag,
    /// The frame's bytes are being collected.
    Frame,
    /// The frame is complete and gives output.
    Inflating,
    /// Blocks of a run are left.
    Running,
}

enum Codec {
    Deflate {
        inflater: Inflater,
        history: bool,
        /// Data was inflated, and no token came since.
        unsynced: bool,
    },
    Zstd {
        context: Box<DCtx<'static>>,
        buffer: Vec<u8>,
    },
    Lz4 {
        buffer: Vec<u8>,
    },
}

impl Decoder {
    /// Starts the decompression.
    pub fn new(spec: CodecSpec) -> Result<Self, StreamError> {
        let codec = match spec.name {
            CodecName::None => None,
            CodecName::Zlib | CodecName::Zlibx => Some(Codec::Deflate {
                inflater: Inflater::new(),
                history: spec.name == CodecName::Zlib,
                unsynced: false,
            }),
            CodecName::Zstd => Some(Codec::Zstd {
                context: Box::new(
                    DCtx::try_create()
                        .ok_or_else(|| StreamError::protocol("ZSTD_createDStream failed"))?,
                ),
                buffer: vec![0; DCtx::out_size() * 2],
            }),
            CodecName::Lz4 => Some(Codec::Lz4 {
                buffer: vec![0; lz4_flex::block::get_maximum_output_size(CHUNK)],
            }),
        };
        let backend = match codec {
            None => Backend::Plain { residue: 0 },
            Some(codec) => Backend::Packed(Box::new(Packed {
                codec,
                frame: Vec::with_capacity(MAX_DATA),
                frame_length: 0,
                used: 0,
                state: State::Flag,
                token: 0,
                run: 0,
            })),
        };
        Ok(Decoder {
            backend,
            head: Vec::with_capacity(8),
        })
    }

    /// Begins a file.
    pub fn start_file(&mut self) {
        self.head.clear();
        match &mut self.backend {
            Backend::Plain { residue } => *residue = 0,
            Backend::Packed(packed) => packed.start_file(),
        }
    }

    /// Whether `see_block` must be given the bytes of matched blocks.
    pub fn wants_blocks(&self) -> bool {
        match &self.backend {
            Backend::Plain { .. } => false,
            Backend::Packed(packed) => {
                matches!(packed.codec, Codec::Deflate { history: true, .. })
            }
        }
    }

    /// Enters a matched block into the decompression's history.
    pub fn see_block(&mut self, block: &[u8]) -> Result<(), StreamError> {
        let Backend::Packed(packed) = &mut self.backend else {
            return Ok(());
        };
        match &mut packed.codec {
            Codec::Deflate {
                inflater,
                history: true,
                ..
            } => inflater.history(block),
            _ => Ok(()),
        }
    }

    /// The next step of the stream.
    pub fn next<'s, 'i: 's>(&'s mut self, input: &mut Input<'i>) -> Result<Step<'s>, StreamError> {
        match &mut self.backend {
            Backend::Plain { residue } => Ok(plain(residue, &mut self.head, input)),
            Backend::Packed(packed) => packed.next(&mut self.head, input),
        }
    }
}

fn plain<'a>(residue: &mut usize, head: &mut Vec<u8>, input: &mut Input<'a>) -> Step<'a> {
    if *residue == 0 {
        if !input.fill(head, 4) {
            return Step::NeedMore;
        }
        let value = i32::from_le_bytes([head[0], head[1], head[2], head[3]]);
        head.clear();
        if value == 0 {
            return Step::End;
        }
        if value < 0 {
            return Step::Block(-(i64::from(value) + 1) as u32);
        }
        *residue = value as usize;
    }
    let piece = input.take((*residue).min(CHUNK));
    if piece.is_empty() {
        return Step::NeedMore;
    }
    *residue -= piece.len();
    Step::Literal(piece)
}

/// Bytes that follow a flag byte.
fn operands(flag: u8) -> usize {
    if flag & 0xc0 == DATA {
        return 1;
    }
    if flag == END {
        return 0;
    }
    let relative = flag & TOKEN_REL != 0;
    let run = flag & if relative { 0x40 } else { 1 } != 0;
    (if relative { 0 } else { 4 }) + (if run { 2 } else { 0 })
}

impl Packed {
    fn start_file(&mut self) {
        self.state = State::Flag;
        self.token = 0;
        self.run = 0;
        self.frame.clear();
        if let Codec::Deflate {
            inflater, unsynced, ..
        } = &mut self.codec
        {
            inflater.reset();
            *unsynced = false;
        }
    }

    fn next(&mut self, head: &mut Vec<u8>, input: &mut Input) -> Result<Step<'_>, StreamError> {
        loop {
            match self.state {
                State::Running => {
                    self.token += 1;
                    self.run -= 1;
                    if self.run == 0 {
                        self.state = State::Flag;
                    }
                    return Ok(Step::Block(self.token as u32));
                }
                State::Frame => {
                    if !input.fill(&mut self.frame, self.frame_length) {
                        return Ok(Step::NeedMore);
                    }
                    self.used = 0;
                    self.state = State::Inflating;
                }
                State::Inflating => {
                    let given = self.inflate()?;
                    if given > 0 {
                        return Ok(Step::Literal(&self.codec.buffer()[..given]));
                    }
                }
                State::Flag => {
                    if !input.fill(head, 1) || !input.fill(head, 1 + operands(head[0])) {
                        return Ok(Step::NeedMore);
                    }
                    if head[0] & 0xc0 == DATA {
                        self.frame_length = usize::from(head[0] & 0x3f) << 8 | usize::from(head[1]);
                        self.frame.clear();
                        head.clear();
                        self.state = State::Frame;
                        continue;
                    }
                    let given = self.settle()?;
                    if given > 0 {
                        return Ok(Step::Literal(&self.codec.buffer()[..given]));
                    }
                    if head[0] == END {
                        head.clear();
                        return Ok(Step::End);
                    }
                    self.block(head)?;
                    head.clear();
                    return Ok(Step::Block(self.token as u32));
                }
            }
        }
    }

    /// Uncompresses more of the frame; changes the state when it is used up.
    fn inflate(&mut self) -> Result<usize, StreamError> {
        let rest = &self.frame[self.used..];
        match &mut self.codec {
            Codec::Deflate {
                inflater, unsynced, ..
            } => {
                let (taken, given) = inflater.inflate(rest)?;
                self.used += taken;
                *unsynced = true;
                if self.used == self.frame.len() {
                    self.state = State::Flag;
                }
                Ok(given)
            }
            Codec::Zstd { context, buffer } => {
                let mut source = InBuffer::around(rest);
                let mut target = OutBuffer::around(&mut buffer[..]);
                context
                    .decompress_stream(&mut target, &mut source)
                    .map_err(|code| {
                        let name = zstd_safe::get_error_name(code);
                        StreamError::stream(format!("ZSTD decomp returned {name}"))
                    })?;
                let given = target.pos();
                self.used += source.pos;
                if self.used == self.frame.len() && given < buffer.len() {
                    self.state = State::Flag;
                }
                Ok(given)
            }
            Codec::Lz4 { buffer } => {
                let given = lz4_flex::block::decompress_into(rest, buffer)
                    .map_err(|_| StreamError::stream("uncompress failed: -1"))?;
                self.state = State::Flag;
                Ok(given)
            }
        }
    }

    /// Before a token: the last output of a flush, then the flush's own end. 0 when it is done.
    fn settle(&mut self) -> Result<usize, StreamError> {
        let Codec::Deflate {
            inflater, unsynced, ..
        } = &mut self.codec
        else {
            return Ok(0);
        };
        if !*unsynced {
            return Ok(0);
        }
        let given = inflater.drain()?;
        if given == 0 {
            inflater.sync()?;
            *unsynced = false;
        }
        Ok(given)
    }

    /// Takes the block number, and a run's length, from a complete token.
    fn block(&mut self, head: &[u8]) -> Result<(), StreamError> {
        let invalid = || StreamError::protocol("invalid token number in compressed stream");
        let flag = head[0];
        let run = if flag & TOKEN_REL != 0 {
            self.token += i64::from(flag & 0x3f);
            flag & 0x40 != 0
        } else {
            self.token = i64::from(i32::from_le_bytes([head[1], head[2], head[3], head[4]]));
            flag & 1 != 0
        };
        if !(0..=MAX_TOKEN).contains(&self.token) {
            return Err(invalid());
        }
        if run {
            let at = head.len() - 2;
            self.run = u32::from(u16::from_le_bytes([head[at], head[at + 1]]));
            if self.run == 0 || self.token + i64::from(self.run) > MAX_TOKEN {
                return Err(invalid());
            }
            self.state = State::Running;
        }
        Ok(())
    }
}

impl Codec {
    fn buffer(&self) -> &[u8] {
        match self {
            Codec::Deflate { inflater, .. } => &inflater.buffer,
            Codec::Zstd { buffer, .. } | Codec::Lz4 { buffer } => buffer,
        }
    }
}
