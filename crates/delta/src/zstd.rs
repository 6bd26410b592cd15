use zstd_safe::zstd_sys::ZSTD_EndDirective;
use zstd_safe::{CCtx, CParameter, InBuffer, OutBuffer};

use crate::codec::{CodecSpec, MAX_DATA};
use crate::deflate::put_data;
use crate::failure::StreamError;
use crate::output::Output;

/// From this much literal data on, a file is worth threads of its own.
const LARGE: u64 = 8 * 1024 * 1024;
/// Levels whose search costs little to prepare for each thread's part of the data.
const THREADED_LEVELS: i32 = 4;
const MAX_THREADS: usize = 4;
/// Each thread's part, and what it sees of the data before it: half of the window (see ZSTD_c_overlapLog).
const JOB_BYTES: u32 = 2 * 1024 * 1024;
const OVERLAP_LOG: u32 = 8;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    Calling,
    Threaded,
}

/// rsync's zstd: one stream over all the files of a direction, flushed before each token. It is one frame,
/// unless large files, which are compressed on several threads, come between others.
pub(crate) struct Zstd {
    calling: CCtx<'static>,
    threaded: Option<CCtx<'static>>,
    /// Threads for large files; 0 where the user chose the number, or where it is not worth it.
    threads: u32,
    level: i32,
    /// Whose turn it is.
    turn: Which,
    /// Whose frame is not ended.
    open: Option<Which>,
    buffer: Vec<u8>,
}

impl Zstd {
    pub fn new(spec: &CodecSpec) -> Result<Self, StreamError> {
        let mut calling = context(spec.level)?;
        if spec.threads > 0 {
            set(&mut calling, CParameter::NbWorkers(spec.threads))?;
        }
        let threads = if spec.threads > 0 || spec.level > THREADED_LEVELS {
            0
        } else {
            match std::thread::available_parallelism() {
                Ok(cores) if cores.get() > 1 => cores.get().min(MAX_THREADS) as u32,
                _ => 0,
            }
        };
        Ok(Zstd {
            calling,
            threaded: None,
            threads,
            level: spec.level,
            turn: Which::Calling,
            open: None,
            buffer: vec![0; MAX_DATA],
        })
    }

    /// Begins a file of `whole` bytes of literal data and nothing else (0: something else).
    pub fn start_file(&mut self, whole: u64) {
        self.turn = Which::Calling;
        if self.threads == 0 || whole < LARGE {
            return;
        }
        if self.threaded.is_none() {
            self.threaded = threaded(self.level, self.threads).ok();
        }
        if self.threaded.is_some() {
            self.turn = Which::Threaded;
        }
    }

    pub fn literal(
        &mut self,
        literal: &[u8],
        flush: bool,
        out: &mut Output,
    ) -> Result<(), StreamError> {
        if let Some(before) = self.open.filter(|&open| open != self.turn) {
            self.run(before, &[], ZSTD_EndDirective::ZSTD_e_end, out)?;
        }
        self.open = Some(self.turn);
        let mode = if flush {
            ZSTD_EndDirective::ZSTD_e_flush
        } else {
            ZSTD_EndDirective::ZSTD_e_continue
        };
        self.run(self.turn, literal, mode, out)
    }

    fn run(
        &mut self,
        which: Which,
        literal: &[u8],
        mode: ZSTD_EndDirective,
        out: &mut Output,
    ) -> Result<(), StreamError> {
        let context = match (which, &mut self.threaded) {
            (Which::Threaded, Some(context)) => context,
            _ => &mut self.calling,
        };
        let mut input = InBuffer::around(literal);
        loop {
            let mut output = OutBuffer::around(&mut self.buffer[..]);
            let left = context
                .compress_stream2(&mut output, &mut input, mode)
                .map_err(|code| {
                    let name = zstd_safe::get_error_name(code);
                    StreamError::stream(format!("ZSTD_compressStream returned {name}"))
                })?;
            let n = output.pos();
            if n > 0 {
                put_data(&self.buffer[..n], out);
            }
            let finished = match mode {
                ZSTD_EndDirective::ZSTD_e_continue => input.pos == literal.len(),
                _ => left == 0,
            };
            if finished {
                return Ok(());
            }
        }
    }
}

fn threaded(level: i32, threads: u32) -> Result<CCtx<'static>, StreamError> {
    let mut context = context(level)?;
    set(&mut context, CParameter::NbWorkers(threads))?;
    set(&mut context, CParameter::JobSize(JOB_BYTES))?;
    set(&mut context, CParameter::OverlapSizeLog(OVERLAP_LOG))?;
    Ok(context)
}

fn context(level: i32) -> Result<CCtx<'static>, StreamError> {
    let mut context = CCtx::try_create().ok_or_else(failed)?;
    set(&mut context, CParameter::CompressionLevel(level))?;
    Ok(context)
}

fn set(context: &mut CCtx, parameter: CParameter) -> Result<(), StreamError> {
    context
        .set_parameter(parameter)
        .map(|_| ())
        .map_err(|_| failed())
}

fn failed() -> StreamError {
    StreamError::protocol("compression init failed")
}
