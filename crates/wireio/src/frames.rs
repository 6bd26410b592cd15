//! The wire's descriptor in the hands of a job: frames taken apart and put together next to the data, with
//! a buffer that stays in the processor's cache.
//!
//! A frame is a u32 LE header (tag + 7 in its top byte, length below), then the payload. Tag 0 is data; any
//! other is a message, which is left to who lent the descriptor.

use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::Instant;

use rustix::io::Errno;

use crate::input::Input;
use crate::output::Output;
use crate::path::IoPath;
use crate::wait::Wait;

pub(crate) const HEADER: usize = 4;
const DATA_TAG: u8 = 7;
const LENGTH: u32 = 0xff_ffff;

/// Input of a lent descriptor, which does not block.
pub struct FrameReader {
    input: Input,
    /// Payload bytes of the current frame that are still to be taken; `None`: the stream has no frames.
    left: Option<u32>,
}

impl FrameReader {
    /// Duplicates `fd`, so that it stays this stream whatever its lender does meanwhile.
    pub fn new(fd: BorrowedFd, left: Option<u32>, path: IoPath) -> Result<Self, Errno> {
        Ok(FrameReader {
            input: Input::new(rustix::io::fcntl_dupfd_cloexec(fd, 0)?, path)?,
            left,
        })
    }

    pub fn left(&self) -> Option<u32> {
        self.left
    }

    pub fn bytes_read(&self) -> u64 {
        self.input.bytes_read
    }

    /// Ends the reading: gives what was read and not taken, headers included.
    pub fn finish(&mut self) -> Vec<u8> {
        self.input.finish()
    }

    pub fn buffer(&self) -> &[u8] {
        self.input.buffer()
    }

    /// The payload in the buffer as (offset, length) pairs. True when a message follows it.
    pub fn ranges(&self, ranges: &mut Vec<u32>) -> bool {
        ranges.clear();
        let (from, to) = (self.input.from, self.input.to);
        let Some(mut left) = self.left else {
            if to > from {
                ranges.extend([from as u32, (to - from) as u32]);
            }
            return false;
        };
        let mut at = from;
        loop {
            let here = (left as usize).min(to - at);
            if here > 0 {
                ranges.extend([at as u32, here as u32]);
                at += here;
                left -= here as u32;
            }
            if left > 0 || to - at < HEADER {
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
            self.input.from += n;
            return;
        };
        loop {
            let here = (left as usize).min(n);
            self.input.from += here;
            left -= here as u32;
            n -= here;
            if n == 0 {
                break;
            }
            left = self.header(self.input.from).unwrap_or(0);
            self.input.from += HEADER;
        }
        self.left = Some(left);
    }

    /// Reads more, once all payload was taken.
    pub fn fill(
        &mut self,
        deadline: Instant,
        interrupted: &dyn Fn() -> bool,
    ) -> Result<Wait, Errno> {
        self.input.fill(deadline, interrupted)
    }

    /// Length of the data frame whose header is at `at`; `None` for a message.
    fn header(&self, at: usize) -> Option<u32> {
        let bytes = &self.buffer()[at..at + HEADER];
        let header = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        (bytes[3] == DATA_TAG).then_some(header & LENGTH)
    }
}

/// Output to a lent descriptor, which does not block.
pub struct FrameWriter {
    output: Output,
    framed: bool,
    written: Arc<AtomicU64>,
    /// What was written before.
    before: u64,
}

impl FrameWriter {
    /// Duplicates `fd`, so that it stays this stream whatever its lender does meanwhile. The bytes that leave are
    /// added to `written`.
    pub fn new(
        fd: BorrowedFd,
        framed: bool,
        path: IoPath,
        written: Arc<AtomicU64>,
    ) -> Result<Self, Errno> {
        Ok(FrameWriter {
            output: Output::new(
                rustix::io::fcntl_dupfd_cloexec(fd, 0)?,
                path,
                written.clone(),
            )?,
            framed,
            before: written.load(Ordering::Relaxed),
            written,
        })
    }

    pub fn bytes_written(&self) -> u64 {
        self.written.load(Ordering::Relaxed) - self.before
    }

    /// Whether a file's pages should go to the wire by `splice`.
    pub fn splices(&self) -> bool {
        self.output.splices()
    }

    /// Where the next payload goes.
    pub fn room(&mut self) -> &mut [u8] {
        &mut self.output.buffer()[HEADER..]
    }

    /// Writes the first `n` bytes of `room`, as one frame where the stream has frames, or has them written
    /// while the next are made. False when it was interrupted in the middle, which nothing can follow.
    pub fn write(&mut self, n: usize, interrupted: &dyn Fn() -> bool) -> Result<bool, Errno> {
        let from = self.head(n);
        self.output.write(from, HEADER + n, interrupted)
    }

    /// As `write`; of the payload, the last `length` bytes are those of `file` at `offset`.
    pub fn splice(
        &mut self,
        n: usize,
        file: BorrowedFd,
        offset: u64,
        length: usize,
        interrupted: &dyn Fn() -> bool,
    ) -> Result<bool, Errno> {
        let from = self.head(n);
        let end = HEADER + n;
        self.output
            .splice(from, end - length, end, (file, offset), interrupted)
    }

    /// Waits until all is written. False when it was interrupted.
    pub fn flush(&mut self, interrupted: &dyn Fn() -> bool) -> Result<bool, Errno> {
        self.output.flush(interrupted)
    }

    /// Puts a frame's header before a payload of `n` bytes; where what is written begins.
    fn head(&mut self, n: usize) -> usize {
        if !self.framed {
            return HEADER;
        }
        let header = u32::from(DATA_TAG) << 24 | n as u32;
        self.output.buffer()[..HEADER].copy_from_slice(&header.to_le_bytes());
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::io_uring_usable;
    use rustix::io::ioctl_fionbio;
    use rustix::pipe::pipe;
    use std::os::fd::{AsFd, OwnedFd};
    use std::time::Duration;

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

    fn wires() -> Vec<(OwnedFd, OwnedFd)> {
        let wires = vec![pipe().unwrap(), crate::socket_pair().unwrap()];
        for (read, write) in &wires {
            ioctl_fionbio(read, true).unwrap();
            ioctl_fionbio(write, true).unwrap();
        }
        wires
    }

    /// Every path that works here, on a pipe and on a socket.
    fn each(test: impl Fn(IoPath, OwnedFd, OwnedFd)) {
        for path in [IoPath::Plain, IoPath::Uring, IoPath::Splice] {
            let works = match path {
                IoPath::Plain => true,
                IoPath::Uring => io_uring_usable(),
                IoPath::Splice => cfg!(target_os = "linux"),
            };
            if works {
                for (read, write) in wires() {
                    test(path, read, write);
                }
            }
        }
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(5)
    }

    #[test]
    fn frames_come_apart_and_messages_are_left() {
        each(|path, read, write| {
            let data = [frame(7, b"abc"), frame(7, b""), frame(7, b"de")].concat();
            let bytes = [data, frame(9, b"m")].concat();
            rustix::io::write(&write, &bytes).unwrap();
            let mut reader = FrameReader::new(read.as_fd(), Some(0), path).unwrap();
            assert_eq!(reader.fill(soon(), &|| false), Ok(Wait::Ready));
            assert_eq!(payload(&reader), (b"abcde".to_vec(), true));
            reader.took(4);
            assert_eq!(payload(&reader), (b"e".to_vec(), true));
            assert_eq!(reader.left(), Some(1));
            reader.took(1);
            assert_eq!(reader.finish(), frame(9, b"m"));
            assert_eq!(reader.bytes_read(), bytes.len() as u64);
        });
    }

    #[test]
    fn the_end_is_seen_and_waits_end_by_time_or_interrupt() {
        each(|path, read, write| {
            let mut reader = FrameReader::new(read.as_fd(), None, path).unwrap();
            let now = Instant::now();
            assert_eq!(reader.fill(now, &|| false), Ok(Wait::TimedOut));
            let late = now + Duration::from_secs(60);
            assert_eq!(reader.fill(late, &|| true), Ok(Wait::TimedOut));
            assert!(reader.finish().is_empty());
            rustix::io::write(&write, b"x").unwrap();
            let mut reader = FrameReader::new(read.as_fd(), None, path).unwrap();
            assert_eq!(reader.fill(soon(), &|| false), Ok(Wait::Ready));
            reader.took(1);
            drop(write);
            assert_eq!(reader.fill(soon(), &|| false), Ok(Wait::Ended));
        });
    }

    #[test]
    fn what_is_read_ahead_is_not_lost() {
        each(|path, read, write| {
            let mut reader = FrameReader::new(read.as_fd(), None, path).unwrap();
            rustix::io::write(&write, b"first").unwrap();
            assert_eq!(reader.fill(soon(), &|| false), Ok(Wait::Ready));
            reader.took(5);
            // A ring may have this already when it is told to end; the others leave it where it is.
            rustix::io::write(&write, b"second").unwrap();
            let mut rest = reader.finish();
            assert_eq!(reader.bytes_read(), 5 + rest.len() as u64);
            if rest.is_empty() {
                let mut next = FrameReader::new(read.as_fd(), None, path).unwrap();
                assert_eq!(next.fill(soon(), &|| false), Ok(Wait::Ready));
                rest = payload(&next).0;
            }
            assert_eq!(rest, b"second");
        });
    }

    #[test]
    fn what_is_written_is_read_a_byte_at_a_time() {
        each(|path, read, write| {
            let data: Vec<u8> = (0..400_000u32).map(|n| (n * 7 / 3) as u8).collect();
            let sent = data.clone();
            let peer = std::thread::spawn(move || {
                let mut writer =
                    FrameWriter::new(write.as_fd(), true, path, Arc::default()).unwrap();
                for piece in sent.chunks(200_000) {
                    writer.room()[..piece.len()].copy_from_slice(piece);
                    assert_eq!(writer.write(piece.len(), &|| false), Ok(true));
                }
                assert_eq!(writer.flush(&|| false), Ok(true));
                writer.bytes_written()
            });
            let mut got = Vec::new();
            let mut one = [0];
            while got.len() < data.len() + 2 * HEADER {
                match rustix::io::read(&read, &mut one) {
                    Ok(n) => got.extend_from_slice(&one[..n]),
                    Err(errno) => assert_eq!(errno, Errno::AGAIN),
                }
            }
            assert_eq!(peer.join().unwrap(), got.len() as u64);
            let expected: Vec<u8> = data.chunks(200_000).flat_map(|p| frame(7, p)).collect();
            assert!(got == expected);
        });
    }

    #[test]
    fn a_peer_that_does_not_read_ends_by_interrupt_and_one_that_left_by_an_error() {
        each(|path, read, write| {
            let mut writer = FrameWriter::new(write.as_fd(), true, path, Arc::default()).unwrap();
            assert!((0..100).any(|_| writer.write(200_000, &|| true) == Ok(false)));
            drop(writer);
            drop(read);
            let mut writer = FrameWriter::new(write.as_fd(), true, path, Arc::default()).unwrap();
            let done = writer
                .write(5, &|| false)
                .and_then(|_| writer.flush(&|| false));
            assert_eq!(done, Err(Errno::PIPE));
        });
    }

    #[test]
    fn pages_of_a_file_follow_what_goes_before_them() {
        each(|path, read, write| {
            let name = std::env::temp_dir().join(format!("oc-wireio-{}", std::process::id()));
            std::fs::write(&name, b"....the file").unwrap();
            let file = std::fs::File::open(&name).unwrap();
            std::fs::remove_file(&name).unwrap();
            let mut writer = FrameWriter::new(write.as_fd(), true, path, Arc::default()).unwrap();
            // The last three bytes are no longer in the file: what was read of it is sent.
            writer.room()[..15].copy_from_slice(b"len-the file+++");
            let done = writer.splice(15, file.as_fd(), 4, 11, &|| false);
            assert_eq!(done, Ok(true));
            assert_eq!(writer.flush(&|| false), Ok(true));
            let mut got = Vec::new();
            let mut some = [0; 40];
            while got.len() < HEADER + 15 {
                let n = rustix::io::read(&read, &mut some).unwrap();
                got.extend_from_slice(&some[..n]);
            }
            assert_eq!(got, frame(7, b"len-the file+++"));
        });
    }
}
