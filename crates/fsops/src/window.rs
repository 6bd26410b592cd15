use std::os::fd::{AsFd, OwnedFd};

use oc_delta::Source;
use rustix::io::{pread, Errno};

/// Bytes read ahead at once.
const READ_AHEAD: u64 = 256 * 1024;
/// What rsync calls a file that ended before its size.
const ENDED_EARLY: i32 = Errno::NODATA.raw_os_error();

/// A part of an open file in memory. What cannot be read is zero, and the errno is kept.
pub(crate) struct Window {
    file: OwnedFd,
    length: u64,
    start: u64,
    bytes: Vec<u8>,
    errno: i32,
}

impl Window {
    /// `length` is the file's length; nothing beyond it is asked for.
    pub fn new(file: OwnedFd, length: u64) -> Self {
        Window {
            file,
            length,
            start: 0,
            bytes: Vec::new(),
            errno: 0,
        }
    }

    /// The first errno of a read, or 0.
    pub fn errno(&self) -> i32 {
        self.errno
    }

    pub fn file(&self) -> &OwnedFd {
        &self.file
    }

    /// Fills `into` from `offset` on, past the window where it is elsewhere.
    pub fn copy(&mut self, offset: u64, into: &mut [u8]) {
        let end = self.start + self.bytes.len() as u64;
        if offset >= self.start && offset + into.len() as u64 <= end {
            let at = (offset - self.start) as usize;
            into.copy_from_slice(&self.bytes[at..at + into.len()]);
        } else {
            fill(&self.file, offset, into, &mut self.errno);
        }
    }

    /// The bytes from `from` to `to`, and nothing ahead of them.
    pub fn piece(&mut self, from: u64, to: u64) -> &[u8] {
        if from < self.start || to > self.start + self.bytes.len() as u64 {
            self.start = from;
            self.bytes.resize((to - from) as usize, 0);
            fill(&self.file, from, &mut self.bytes, &mut self.errno);
        }
        self.window(from, to)
    }
}

impl Source for Window {
    fn window(&mut self, from: u64, to: u64) -> &[u8] {
        let end = self.start + self.bytes.len() as u64;
        if from < self.start || to > end {
            let wanted = to.max((from + READ_AHEAD).min(self.length)) - from;
            let kept = if from >= self.start && from < end {
                let at = (from - self.start) as usize;
                self.bytes.copy_within(at.., 0);
                self.bytes.len() - at
            } else {
                0
            };
            self.start = from;
            self.bytes.resize(wanted as usize, 0);
            fill(
                &self.file,
                from + kept as u64,
                &mut self.bytes[kept..],
                &mut self.errno,
            );
        }
        let at = (from - self.start) as usize;
        &self.bytes[at..at + (to - from) as usize]
    }
}

/// Reads until `into` is full; zeros where the file fails or ends, with the reason in `errno`.
fn fill(file: &impl AsFd, mut offset: u64, into: &mut [u8], errno: &mut i32) {
    let mut rest = into;
    while !rest.is_empty() {
        match pread(file, &mut *rest, offset) {
            Ok(n) if n > 0 => {
                rest = &mut rest[n..];
                offset += n as u64;
            }
            Err(Errno::INTR) => {}
            other => {
                if *errno == 0 {
                    *errno = other.err().map_or(ENDED_EARLY, |e| e.raw_os_error());
                }
                rest.fill(0);
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_is_all_that_is_read() {
        let path = std::env::temp_dir().join(format!("oc-rsync-window-{}", std::process::id()));
        let content: Vec<u8> = (0..100_000u32).map(|k| k as u8).collect();
        std::fs::write(&path, &content).unwrap();
        let file = OwnedFd::from(std::fs::File::open(&path).unwrap());
        std::fs::remove_file(&path).unwrap();
        let mut window = Window::new(file, content.len() as u64);
        assert_eq!(window.piece(10, 20), &content[10..20]);
        assert_eq!(window.bytes.len(), 10);
        assert_eq!(window.window(15, 30), &content[15..30]);
        // What is there already is not read again.
        let held = window.bytes.len();
        assert_eq!(window.piece(50, 60), &content[50..60]);
        assert_eq!(window.bytes.len(), held);
        assert_eq!(window.errno(), 0);
    }
}
