//! The wire's descriptor in the hands of a job: frames taken apart and put together next to the data, with
//! a buffer that stays in the processor's cache.
//!
//! A frame is a u32 LE header (tag + 7 in its top byte, length below), then the payload. Tag 0 is data; any
//! other is a message, which is left to who lent the descriptor.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{poll, PollFd, PollFlags, Timespec};
use rustix::io::Errno;

const HEADER: usize = 4;
const DATA_TAG: u8 = 7;
const LENGTH: u32 = 0xff_ffff;
const BUFFER: usize = 256 * 1024;
/// How long a wait lasts at most before the interrupt is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// How a wait for the peer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    Ready,
    TimedOut,
    Ended,
}

/// Waits until `fd` is ready, `deadline` has come, or `interrupted` says so.
fn wait(
    fd: BorrowedFd,
    flags: PollFlags,
    deadline: Option<Instant>,
    interrupted: &dyn Fn() -> bool,
) -> Result<Wait, Errno> {
    loop {
        if interrupted() {
            return Ok(Wait::TimedOut);
        }
        let left = deadline.map_or(LOOK, |at| at.saturating_duration_since(Instant::now()));
        if left.is_zero() {
            return Ok(Wait::TimedOut);
        }
        let step = left.min(LOOK);
        let timeout = Timespec {
            tv_sec: step.as_secs() as i64,
            tv_nsec: i64::from(step.subsec_nanos()),
        };
        match poll(&mut [PollFd::from_borrowed_fd(fd, flags)], Some(&timeout)) {
            Ok(0) | Err(Errno::INTR) => {}
            Ok(_) => return Ok(Wait::Ready),
            Err(errno) => return Err(errno),
        }
    }
}

/// Input of a lent descriptor, which does not block.
pub struct FrameReader {
    fd: OwnedFd,
    buffer: Vec<u8>,
    from: usize,
    to: usize,
    /// Payload bytes of the current frame that are still to be taken; `None`: the stream has no frames.
    left: Option<u32>,
    bytes_read: u64,
}

impl FrameReader {
    /// Duplicates `fd`, so that it stays this stream whatever its lender does meanwhile.
    pub fn new(fd: BorrowedFd, left: Option<u32>) -> Result<Self, Errno> {
        Ok(FrameReader {
            fd: rustix::io::fcntl_dupfd_cloexec(fd, 0)?,
            buffer: vec![0; BUFFER],
            from: 0,
            to: 0,
            left,
            bytes_read: 0,
        })
    }

    pub fn left(&self) -> Option<u32> {
        self.left
    }

    pub fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// What was read and not taken, headers included.
    pub fn rest(&self) -> &[u8] {
        &self.buffer[self.from..self.to]
    }

    pub fn buffer(&self) -> &[u8] {
        &self.buffer
    }

    /// The payload in the buffer as (offset, length) pairs. True when a message follows it.
    pub fn ranges(&self, ranges: &mut Vec<u32>) -> bool {
        ranges.clear();
        let Some(mut left) = self.left else {
            if self.to > self.from {
                ranges.extend([self.from as u32, (self.to - self.from) as u32]);
            }
            return false;
        };
        let mut at = self.from;
        loop {
            let here = (left as usize).min(self.to - at);
            if here > 0 {
                ranges.extend([at as u32, here as u32]);
                at += here;
                left -= here as u32;
            }
            if left > 0 || self.to - at < HEADER {
                return false;
            }
            match self.header(at) {
                Some(length) => left = length,
                None => return true,
            }
            at += HEADER;
        }
    }

    /// Takes `n` bytes of payload.
    pub fn took(&mut self, mut n: usize) {
        let Some(mut left) = self.left else {
            self.from += n;
            return;
        };
        loop {
            let here = (left as usize).min(n);
            self.from += here;
            left -= here as u32;
            n -= here;
            if n == 0 {
                break;
            }
            left = self.header(self.from).unwrap_or(0);
            self.from += HEADER;
        }
        self.left = Some(left);
    }

    /// Reads more behind what is left.
    pub fn fill(
        &mut self,
        deadline: Instant,
        interrupted: &dyn Fn() -> bool,
    ) -> Result<Wait, Errno> {
        self.buffer.copy_within(self.from..self.to, 0);
        self.to -= self.from;
        self.from = 0;
        loop {
            match rustix::io::read(&self.fd, &mut self.buffer[self.to..]) {
                Ok(0) => return Ok(Wait::Ended),
                Ok(n) => {
                    self.to += n;
                    self.bytes_read += n as u64;
                    return Ok(Wait::Ready);
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    match wait(self.fd.as_fd(), PollFlags::IN, Some(deadline), interrupted)? {
                        Wait::Ready => {}
                        other => return Ok(other),
                    }
                }
                Err(errno) => return Err(errno),
            }
        }
    }

    /// Length of the data frame whose header is at `at`; `None` for a message.
    fn header(&self, at: usize) -> Option<u32> {
        let bytes = &self.buffer[at..at + HEADER];
        let header = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        (bytes[3] == DATA_TAG).then_some(header & LENGTH)
    }
}

/// Output to a lent descriptor, which does not block.
pub struct FrameWriter {
    fd: OwnedFd,
    buffer: Vec<u8>,
    framed: bool,
    bytes_written: u64,
}

impl FrameWriter {
    /// Duplicates `fd`, so that it stays this stream whatever its lender does meanwhile.
    pub fn new(fd: BorrowedFd, framed: bool) -> Result<Self, Errno> {
        Ok(FrameWriter {
            fd: rustix::io::fcntl_dupfd_cloexec(fd, 0)?,
            buffer: vec![0; BUFFER],
            framed,
            bytes_written: 0,
        })
    }

    pub fn bytes_written(&self) -> u64 {
        self.bytes_written
    }

    /// Where the next payload goes.
    pub fn room(&mut self) -> &mut [u8] {
        &mut self.buffer[HEADER..]
    }

    /// Writes the first `n` bytes of `room`, as one frame where the stream has frames. False when it was
    /// interrupted in the middle, which nothing can follow.
    pub fn write(&mut self, n: usize, interrupted: &dyn Fn() -> bool) -> Result<bool, Errno> {
        let mut from = HEADER;
        if self.framed {
            let header = u32::from(DATA_TAG) << 24 | n as u32;
            self.buffer[..HEADER].copy_from_slice(&header.to_le_bytes());
            from = 0;
        }
        let to = HEADER + n;
        while from < to {
            match rustix::io::write(&self.fd, &self.buffer[from..to]) {
                Ok(written) => {
                    from += written;
                    self.bytes_written += written as u64;
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    if wait(self.fd.as_fd(), PollFlags::OUT, None, interrupted)? != Wait::Ready {
                        return Ok(false);
                    }
                }
                Err(errno) => return Err(errno),
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::pipe::{pipe_with, PipeFlags};

    fn frame(tag: u8, payload: &[u8]) -> Vec<u8> {
        let header = u32::from(tag) << 24 | payload.len() as u32;
        [&header.to_le_bytes()[..], payload].concat()
    }

    fn payload(reader: &FrameReader) -> (Vec<u8>, bool) {
        let mut ranges = Vec::new();
        let message = reader.ranges(&mut ranges);
        let bytes = ranges
            .chunks(2)
            .flat_map(|r| reader.buffer()[r[0] as usize..(r[0] + r[1]) as usize].to_vec())
            .collect();
        (bytes, message)
    }

    #[test]
    fn frames_come_apart_and_messages_are_left() {
        let (read, write) = pipe_with(PipeFlags::NONBLOCK).unwrap();
        let bytes = [
            frame(7, b"abc"),
            frame(7, b""),
            frame(7, b"de"),
            frame(9, b"m"),
        ]
        .concat();
        rustix::io::write(&write, &bytes).unwrap();
        let mut reader = FrameReader::new(read.as_fd(), Some(0)).unwrap();
        let soon = Instant::now() + Duration::from_secs(5);
        assert_eq!(reader.fill(soon, &|| false), Ok(Wait::Ready));
        assert_eq!(payload(&reader), (b"abcde".to_vec(), true));
        reader.took(4);
        assert_eq!(payload(&reader), (b"e".to_vec(), true));
        assert_eq!(reader.left(), Some(1));
        reader.took(1);
        assert_eq!(reader.rest(), &frame(9, b"m")[..]);
        drop(write);
        assert_eq!(reader.fill(soon, &|| false), Ok(Wait::Ended));
    }

    #[test]
    fn waits_end_by_time_or_interrupt() {
        let (read, write) = pipe_with(PipeFlags::NONBLOCK).unwrap();
        let mut reader = FrameReader::new(read.as_fd(), None).unwrap();
        let now = Instant::now();
        assert_eq!(reader.fill(now, &|| false), Ok(Wait::TimedOut));
        let late = now + Duration::from_secs(60);
        assert_eq!(reader.fill(late, &|| true), Ok(Wait::TimedOut));
        let mut writer = FrameWriter::new(write.as_fd(), true).unwrap();
        while writer.write(writer.buffer.len() - HEADER, &|| true) == Ok(true) {}
    }

    #[test]
    fn what_is_written_is_read() {
        let (read, write) = pipe_with(PipeFlags::NONBLOCK).unwrap();
        let mut writer = FrameWriter::new(write.as_fd(), true).unwrap();
        writer.room()[..5].copy_from_slice(b"hello");
        assert_eq!(writer.write(5, &|| false), Ok(true));
        assert_eq!(writer.bytes_written(), 9);
        let mut reader = FrameReader::new(read.as_fd(), Some(0)).unwrap();
        let soon = Instant::now() + Duration::from_secs(5);
        reader.fill(soon, &|| false).unwrap();
        assert_eq!(payload(&reader), (b"hello".to_vec(), false));
    }
}
