use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Instant;

use oc_checksum::{DigestSpec, Hasher, MAX_DIGEST};
use oc_delta::{BlockSums, Decoder, Input, Source, Step, StreamError};
use oc_wireio::{FrameReader, Wait};
use rustix::fs::{fstat, ftruncate, unlinkat, AtFlags, FileType, Mode, OFlags, RawMode};
use rustix::io::Errno;

use crate::resolve::TreeRoot;
use crate::send::hash_range;
use crate::syscall::{During, Failure, SysError, Syscall};
use crate::system::open_read_only;
use crate::window::Window;
use crate::writer::FileWriter;

/// Matched blocks are copied in pieces of this size, whatever the peer says a block is.
const PIECE: u64 = 128 * 1024;

pub struct ReceiveRequest<'p> {
    /// Where data is written; `None` reads the stream and throws it away.
    pub path: Option<&'p [u8]>,
    /// `path` is the file itself, not a new temporary file.
    pub in_place: bool,
    /// Write from this offset on.
    pub append_at: Option<u64>,
    /// The bytes before `append_at` enter the digest.
    pub append_digest: bool,
    pub basis: Option<&'p [u8]>,
    pub block_length: u32,
    pub block_count: u32,
    pub remainder: u32,
    pub digest: DigestSpec,
    pub sparse: bool,
    pub preallocate: u64,
    pub fsync: bool,
}

pub struct ReceiveProgress {
    pub consumed: usize,
    pub done: bool,
}

#[derive(Clone, Debug)]
pub struct ReceiveResult {
    pub verified: bool,
    pub literal: u64,
    pub matched: u64,
    pub size: u64,
    pub failure: Option<SysError>,
    pub digest: Vec<u8>,
}

struct Target {
    writer: FileWriter,
    name: Vec<u8>,
    in_place: bool,
    /// The target is its own basis: equal data at the same place need not be written.
    own_basis: bool,
    created: bool,
}

/// One file on its way in.
pub struct ReceiveJob {
    tree: Arc<TreeRoot>,
    target: Option<Target>,
    basis: Option<Window>,
    /// The file itself, whose first bytes are hashed before anything else (append with a digest).
    prefix: Option<Window>,
    blocks: BlockSums,
    hasher: Option<Hasher>,
    spec: DigestSpec,
    fsync: bool,
    offset: u64,
    literal: u64,
    matched: u64,
    started: bool,
    /// All tokens were read; the digest follows.
    ended: bool,
    computed: [u8; MAX_DIGEST],
    digest: Vec<u8>,
}

impl ReceiveJob {
    /// Creates the output and opens the basis. An output that was created is removed when this fails.
    pub fn open(tree: Arc<TreeRoot>, request: ReceiveRequest) -> Result<Self, SysError> {
        let basis = match request.basis {
            Some(path) => Some(open_window(&tree, path)?),
            None => None,
        };
        let offset = request.append_at.unwrap_or(0);
        let prefix = match request.path {
            Some(path) if request.append_digest && offset > 0 => Some(open_window(&tree, path)?),
            _ => None,
        };
        let target = match request.path {
            Some(path) => Some(open_target(&tree, path, &request, basis.as_ref())?),
            None => None,
        };
        Ok(ReceiveJob {
            tree,
            target,
            basis,
            prefix,
            blocks: BlockSums {
                count: request.block_count,
                block_length: request.block_length,
                remainder: request.remainder,
                strong_length: 0,
                sums: Vec::new(),
            },
            hasher: Some(Hasher::transfer(&request.digest)),
            spec: request.digest,
            fsync: request.fsync,
            offset,
            literal: 0,
            matched: 0,
            started: false,
            ended: false,
            computed: [0; MAX_DIGEST],
            digest: Vec::new(),
        })
    }

    /// Takes what belongs to the file from `input`. Fails when the tree is interrupted.
    pub fn push(
        &mut self,
        decoder: &mut Decoder,
        input: &mut Input,
    ) -> Result<ReceiveProgress, Failure> {
        if !self.started {
            decoder.start_file();
            self.started = true;
            if let (Some(mut prefix), Some(hasher)) = (self.prefix.take(), &mut self.hasher) {
                hash_range(&mut prefix, hasher, 0, self.offset, self.tree.interrupt())?;
            }
        }
        while !self.ended {
            self.tree.interrupt().check()?;
            match decoder.next(input)? {
                Step::NeedMore => return Ok(self.progress(input, false)),
                Step::Literal(data) => self.take_literal(data),
                Step::Block(block) => self.take_block(decoder, block)?,
                Step::End => self.end_of_tokens(),
            }
        }
        let done = input.fill(&mut self.digest, self.spec.name.length());
        Ok(self.progress(input, done))
    }

    /// Takes what belongs to the file from the wire itself, until it is complete, a message waits or
    /// `deadline` has come. True when it is complete.
    pub fn drain(
        &mut self,
        decoder: &mut Decoder,
        wire: &mut FrameReader,
        deadline: Instant,
    ) -> Result<bool, Failure> {
        let interrupt = self.tree.interrupt().clone();
        let mut ranges = Vec::new();
        loop {
            let message = wire.ranges(&mut ranges);
            if !ranges.is_empty() {
                let progress = match Input::new(wire.buffer(), &ranges) {
                    Some(mut input) => self.push(decoder, &mut input)?,
                    None => return Ok(false),
                };
                wire.took(progress.consumed);
                if progress.done {
                    return Ok(true);
                }
            }
            if message || Instant::now() >= deadline {
                return Ok(false);
            }
            let filled = wire
                .fill(deadline, &|| interrupt.is_raised())
                .during(Syscall::Read)?;
            interrupt.check()?;
            if filled != Wait::Ready {
                return Ok(false);
            }
        }
    }

    fn progress(&self, input: &Input, done: bool) -> ReceiveProgress {
        ReceiveProgress {
            consumed: input.consumed(),
            done,
        }
    }

    fn take_literal(&mut self, data: &[u8]) {
        self.literal += data.len() as u64;
        if let Some(hasher) = &mut self.hasher {
            hasher.update(data);
        }
        if let Some(target) = &mut self.target {
            target.writer.write(self.offset, data);
        }
        self.offset += data.len() as u64;
    }

    fn take_block(&mut self, decoder: &mut Decoder, block: u32) -> Result<(), StreamError> {
        if block >= self.blocks.count {
            return Err(StreamError::protocol(format!(
                "Invalid block index {block} (count={})",
                self.blocks.count
            )));
        }
        let length = u64::from(self.blocks.length(block));
        let from = u64::from(block) * u64::from(self.blocks.block_length);
        self.matched += length;
        let Some(basis) = &mut self.basis else {
            if let Some(target) = &self.target {
                let name = String::from_utf8_lossy(&target.name);
                return Err(StreamError::protocol(format!(
                    "got a block match with no basis file for {name}"
                )));
            }
            if decoder.wants_blocks() {
                see_zeros(decoder, length)?;
            }
            self.offset += length;
            return Ok(());
        };
        let mut done = 0;
        while done < length {
            let n = (length - done).min(PIECE);
            let data = basis.window(from + done, from + done + n);
            if decoder.wants_blocks() {
                decoder.see_block(data)?;
            }
            if let Some(hasher) = &mut self.hasher {
                hasher.update(data);
            }
            if let Some(target) = &mut self.target {
                if target.own_basis && from + done == self.offset {
                    target.writer.keep(self.offset, data);
                } else {
                    target.writer.write(self.offset, data);
                }
            }
            self.offset += n;
            done += n;
        }
        Ok(())
    }

    fn end_of_tokens(&mut self) {
        self.ended = true;
        if let Some(hasher) = self.hasher.take() {
            hasher.finish(&mut self.computed);
        }
        let (size, fsync) = (self.offset, self.fsync);
        if let Some(target) = &mut self.target {
            if target.in_place && target.writer.failure().is_none() {
                target.writer.finish(size, false);
                let file = target.writer.file();
                // A device written in place has no length to set. For a file it also counts as a change of
                // content that leaves all as it was, as it does with rsync.
                let done = match fstat(file).during(Syscall::Stat) {
                    Ok(stat) if is_regular(stat.st_mode) => {
                        ftruncate(file, size).during(Syscall::Truncate)
                    }
                    other => other.map(|_| ()),
                };
                target.writer.note(done);
            }
            target.writer.finish(size, fsync);
        }
    }

    pub fn result(&self) -> ReceiveResult {
        let failure = self
            .target
            .as_ref()
            .and_then(|target| target.writer.failure());
        let complete = self.digest.len() == self.spec.name.length();
        let equal = self.digest[..] == self.computed[..self.digest.len()];
        ReceiveResult {
            verified: complete && failure.is_none() && (equal || self.target.is_none()),
            literal: self.literal,
            matched: self.matched,
            size: self.offset,
            failure,
            digest: self.digest.clone(),
        }
    }

    /// Removes the file if this job created it as a temporary one.
    pub fn abort(self) {
        let Some(target) = &self.target else {
            return;
        };
        if target.created && !target.in_place {
            // The run has failed already; a temporary file that is gone is what is wanted.
            let _ = self.tree.with(&target.name, |dir, name| {
                unlinkat(dir, name, AtFlags::empty())
            });
        }
    }
}

/// Nobody looks at data that is thrown away, but what follows may refer back to where the block is: zeros
/// stand for it.
fn see_zeros(decoder: &mut Decoder, length: u64) -> Result<(), StreamError> {
    let zeros = [0; 4096];
    let mut left = length;
    while left > 0 {
        let n = left.min(zeros.len() as u64);
        decoder.see_block(&zeros[..n as usize])?;
        left -= n;
    }
    Ok(())
}

fn is_regular(mode: RawMode) -> bool {
    FileType::from_raw_mode(mode) == FileType::RegularFile
}

fn open_window(tree: &TreeRoot, path: &[u8]) -> Result<Window, SysError> {
    let open = tree.open_read(path)?;
    Ok(Window::new(open.file, open.size))
}

fn open_target(
    tree: &TreeRoot,
    path: &[u8],
    request: &ReceiveRequest,
    basis: Option<&Window>,
) -> Result<Target, SysError> {
    let in_place = request.in_place || request.append_at.is_some();
    let mut flags = OFlags::WRONLY | OFlags::CREATE;
    if !in_place {
        flags |= OFlags::EXCL;
    }
    let mode = Mode::from_raw_mode(0o600);
    let opened = match tree.open_file(path, flags, mode) {
        Err(Errno::ACCESS) if in_place => open_read_only(tree, path),
        other => other,
    };
    let file = opened.during(Syscall::Open)?;
    let (existing, own_basis) = if in_place {
        (
            fstat(&file).during(Syscall::Stat)?.st_size.max(0) as u64,
            basis.is_some_and(|basis| same_file(&file, basis.file())),
        )
    } else {
        (0, false)
    };
    let mut writer = FileWriter::new(file, request.sparse, existing);
    if request.preallocate > 0 {
        writer.preallocate(request.preallocate);
    }
    Ok(Target {
        writer,
        name: path.to_vec(),
        in_place,
        own_basis,
        created: !in_place,
    })
}

fn same_file(a: &OwnedFd, b: &OwnedFd) -> bool {
    match (fstat(a.as_fd()), fstat(b.as_fd())) {
        (Ok(a), Ok(b)) => a.st_dev == b.st_dev && a.st_ino == b.st_ino,
        _ => false,
    }
}
