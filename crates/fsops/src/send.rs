use std::os::fd::AsFd;
use std::time::Instant;

use oc_checksum::{DigestSpec, Hasher, MAX_DIGEST};
use oc_delta::{BlockSums, Encoder, Event, Output, Search, Source, StreamError, Token, CHUNK};
use oc_wireio::FrameWriter;
use rustix::io::Errno;

use crate::interrupt::{Interrupt, Interrupted};
use crate::resolve::TreeRoot;
use crate::syscall::{During, Failure, SysError, Syscall};
use crate::window::Window;

/// What to do with the basis in append mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Append {
    Plain,
    /// The bytes that the receiver has enter the digest.
    Verify,
}

pub struct SendRequest<'p> {
    pub path: &'p [u8],
    pub basis: Option<BlockSums>,
    /// The receiver writes into its basis.
    pub in_place: bool,
    pub append: Option<Append>,
    pub digest: DigestSpec,
    pub level: Option<i32>,
    /// Bytes that are read where the file turns out to be no regular one.
    pub device_bytes: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct SendStats {
    pub literal: u64,
    pub matched: u64,
    pub hash_hits: u64,
    pub false_alarms: u64,
    pub matches: u64,
    /// errno of the first read that failed.
    pub read_errno: i32,
}

/// What follows the literal data that is being sent.
#[derive(Clone, Copy)]
enum Then {
    Nothing,
    Block { index: u32, length: u32 },
    End,
}

/// One file on its way out: its tokens, the end token, its digest.
pub struct SendJob {
    window: Window,
    size: u64,
    search: Option<Search>,
    hasher: Option<Hasher>,
    digest: DigestSpec,
    level: Option<i32>,
    started: bool,
    /// The bytes before this offset are hashed first (append-verify).
    prefix: u64,
    /// All before this offset is sent.
    sent: u64,
    /// Literal data up to here comes next, and then …
    literal_to: u64,
    then: Then,
    overflow: Vec<u8>,
    stats: SendStats,
    interrupt: Interrupt,
}

impl SendJob {
    /// Opens the file.
    pub fn open(tree: &TreeRoot, request: SendRequest) -> Result<Self, SysError> {
        let open = tree.open_read(request.path)?;
        let size = match request.device_bytes {
            Some(bytes) if !open.regular => bytes,
            _ => open.size,
        };
        let file = open.file;
        let mut sent = 0;
        let mut prefix = 0;
        let mut search = None;
        match (request.append, request.basis) {
            (Some(append), Some(basis)) => {
                sent = basis.total().min(size);
                if append == Append::Verify {
                    prefix = sent;
                }
            }
            (None, Some(basis)) if basis.count > 0 && size > 0 && !basis.sums.is_empty() => {
                search = Some(Search::new(basis, request.digest, request.in_place, size));
            }
            _ => {}
        }
        let whole = search.is_none();
        Ok(SendJob {
            window: Window::new(file, size),
            size,
            search,
            hasher: Some(Hasher::transfer(&request.digest)),
            digest: request.digest,
            level: request.level,
            started: false,
            prefix,
            sent,
            literal_to: if whole { size } else { 0 },
            then: if whole { Then::End } else { Then::Nothing },
            overflow: Vec::new(),
            stats: SendStats::default(),
            interrupt: tree.interrupt().clone(),
        })
    }

    /// Size at open.
    pub fn size(&self) -> u64 {
        self.size
    }

    pub fn stats(&self) -> SendStats {
        let mut stats = self.stats;
        if let Some(search) = &self.search {
            stats.hash_hits = search.hash_hits;
            stats.false_alarms = search.false_alarms;
            stats.matches = search.matches;
        }
        stats.read_errno = self.window.errno();
        stats
    }

    /// Fills `into` with the next bytes of the stream; 0 when it is complete. Fails when the tree is
    /// interrupted.
    pub fn next(&mut self, encoder: &mut Encoder, into: &mut [u8]) -> Result<usize, StreamError> {
        self.start(encoder)?;
        let mut overflow = std::mem::take(&mut self.overflow);
        let mut out = Output::new(into, &mut overflow);
        while !out.full() && self.hasher.is_some() {
            self.interrupt.check()?;
            self.advance(encoder, &mut out)?;
        }
        let length = out.length();
        self.overflow = overflow;
        Ok(length)
    }

    fn start(&mut self, encoder: &mut Encoder) -> Result<(), StreamError> {
        if !self.started {
            let whole = if self.search.is_none() {
                self.size - self.sent
            } else {
                0
            };
            encoder.start_file(self.level, whole);
            self.started = true;
            if let Some(hasher) = &mut self.hasher {
                hash_range(&mut self.window, hasher, 0, self.prefix, &self.interrupt)?;
            }
        }
        Ok(())
    }

    /// Writes the stream to the wire itself, until it is complete (true) or `deadline` has come.
    pub fn pump(
        &mut self,
        encoder: &mut Encoder,
        wire: &mut FrameWriter,
        deadline: Instant,
    ) -> Result<bool, Failure> {
        let interrupt = self.interrupt.clone();
        let raised = || interrupt.is_raised();
        self.start(encoder)?;
        let done = loop {
            let whole = if wire.splices() && self.is_literal(encoder) {
                interrupt.check()?;
                self.splice(wire, &raised)
            } else {
                let n = self.next(encoder, wire.room())?;
                if n == 0 {
                    break true;
                }
                wire.write(n, &raised)
            };
            if !whole.during(Syscall::Write)? {
                return Err(Interrupted.into());
            }
            if Instant::now() >= deadline {
                break false;
            }
        };
        if wire.flush(&raised).during(Syscall::Write)? {
            Ok(done)
        } else {
            Err(Interrupted.into())
        }
    }

    /// What comes next is a piece of the file as it is.
    fn is_literal(&self, encoder: &Encoder) -> bool {
        encoder.is_plain()
            && self.search.is_none()
            && self.overflow.is_empty()
            && self.sent < self.literal_to
    }

    /// Sends one piece of literal data: it is read to be hashed, and the file's pages go to the wire.
    fn splice(
        &mut self,
        wire: &mut FrameWriter,
        interrupted: &dyn Fn() -> bool,
    ) -> Result<bool, Errno> {
        let from = self.sent;
        let n = (self.literal_to - from).min(CHUNK as u64) as usize;
        let place = &mut wire.room()[..4 + n];
        place[..4].copy_from_slice(&(n as i32).to_le_bytes());
        self.window.copy(from, &mut place[4..]);
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&place[4..]);
        }
        self.sent += n as u64;
        self.stats.literal += n as u64;
        if self.window.errno() != 0 {
            return wire.write(4 + n, interrupted);
        }
        wire.splice(4 + n, self.window.file().as_fd(), from, n, interrupted)
    }

    fn advance(&mut self, encoder: &mut Encoder, out: &mut Output) -> Result<(), StreamError> {
        if self.sent < self.literal_to {
            return self.literal(encoder, out);
        }
        match std::mem::replace(&mut self.then, Then::Nothing) {
            Then::Block { index, length } => {
                encoder.token(&[], Token::Block(index), out)?;
                self.block(encoder, length)
            }
            Then::End => {
                encoder.token(&[], Token::End, out)?;
                self.finish(out);
                Ok(())
            }
            Then::Nothing => {
                self.find();
                Ok(())
            }
        }
    }

    fn find(&mut self) {
        let event = match &mut self.search {
            Some(search) => search.next(&mut self.window),
            None => Event::End,
        };
        match event {
            Event::Literal(to) => self.literal_to = to,
            Event::Match {
                offset,
                index,
                length,
            } => {
                self.literal_to = offset;
                self.then = Then::Block { index, length };
            }
            Event::End => {
                self.literal_to = self.size;
                self.then = Then::End;
            }
        }
    }

    /// Sends one piece of literal data, with the token that follows if it is the last one.
    fn literal(&mut self, encoder: &mut Encoder, out: &mut Output) -> Result<(), StreamError> {
        let from = self.sent;
        let to = self.literal_to.min(from + CHUNK as u64);
        let n = (to - from) as usize;
        self.sent = to;
        self.stats.literal += n as u64;
        if encoder.is_plain() {
            // Straight from the file into the caller's buffer: i32 length, data.
            if let Some(place) = out.place(4 + n) {
                place[..4].copy_from_slice(&(n as i32).to_le_bytes());
                self.window.copy(from, &mut place[4..]);
                if let Some(hasher) = &mut self.hasher {
                    hasher.update(&place[4..]);
                }
                return Ok(());
            }
        }
        let data = if encoder.is_plain() {
            // What comes behind it goes the straight way again.
            self.window.piece(from, to)
        } else {
            self.window.window(from, to)
        };
        if let Some(hasher) = &mut self.hasher {
            hasher.update(data);
        }
        if to < self.literal_to {
            return encoder.token(data, Token::More, out);
        }
        match std::mem::replace(&mut self.then, Then::Nothing) {
            Then::Nothing => encoder.token(data, Token::More, out),
            Then::Block { index, length } => {
                encoder.token(data, Token::Block(index), out)?;
                self.block(encoder, length)
            }
            Then::End => {
                encoder.token(data, Token::End, out)?;
                self.finish(out);
                Ok(())
            }
        }
    }

    /// Passes over a matched block.
    fn block(&mut self, encoder: &mut Encoder, length: u32) -> Result<(), StreamError> {
        let end = self.sent + u64::from(length);
        self.stats.matched += u64::from(length);
        while self.sent < end {
            let to = end.min(self.sent + 4 * CHUNK as u64);
            let data = self.window.window(self.sent, to);
            if let Some(hasher) = &mut self.hasher {
                hasher.update(data);
            }
            if encoder.wants_blocks() {
                encoder.see_block(data)?;
            }
            self.sent = to;
        }
        self.literal_to = self.sent;
        Ok(())
    }

    fn finish(&mut self, out: &mut Output) {
        let Some(hasher) = self.hasher.take() else {
            return;
        };
        let mut digest = [0; MAX_DIGEST];
        let n = hasher.finish(&mut digest);
        if self.window.errno() != 0 {
            spoil(&mut digest[..n]);
        }
        debug_assert_eq!(n, self.digest.name.length());
        out.put(&digest[..n]);
    }
}

/// Makes a digest that cannot be right: all zeros, unless it is just that.
fn spoil(digest: &mut [u8]) {
    let was_zero = digest.iter().all(|&byte| byte == 0);
    digest.fill(0);
    if was_zero {
        if let Some(last) = digest.last_mut() {
            *last = 1;
        }
    }
}

pub(crate) fn hash_range(
    window: &mut Window,
    hasher: &mut Hasher,
    from: u64,
    to: u64,
    interrupt: &Interrupt,
) -> Result<(), Interrupted> {
    let mut at = from;
    while at < to {
        interrupt.check()?;
        let end = to.min(at + 4 * CHUNK as u64);
        hasher.update(window.window(at, end));
        at = end;
    }
    Ok(())
}
