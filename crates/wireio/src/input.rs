//! Where the bytes of a lent input come from.

use std::os::fd::{AsFd, OwnedFd};
use std::time::Instant;

use rustix::event::PollFlags;
use rustix::io::Errno;

use crate::frames::HEADER;
use crate::path::IoPath;
use crate::ring::{Moved, Ring};
use crate::tcp::acknowledge;
use crate::wait::{wait, Wait};

const BUFFER: usize = 256 * 1024;
/// What a ring reads at once: what two of them hold is handed back at most, and the reader takes 512 KiB.
const RING_BUFFER: usize = 192 * 1024;

/// A buffer, of which `from..to` came and was not taken.
pub(crate) struct Input {
    wire: Wire,
    pub from: usize,
    pub to: usize,
    pub bytes_read: u64,
}

enum Wire {
    Plain {
        fd: OwnedFd,
        buffer: Vec<u8>,
    },
    /// The front buffer is looked at while the ring reads into the back one.
    Ring {
        // Dropped before the buffers that it reads into.
        ring: Box<Ring>,
        front: Vec<u8>,
        back: Vec<u8>,
    },
}

impl Input {
    pub fn new(fd: OwnedFd, path: IoPath) -> Result<Self, Errno> {
        let wire = if path == IoPath::Uring {
            Wire::Ring {
                ring: Box::new(Ring::new(fd)?),
                front: vec![0; HEADER + RING_BUFFER],
                back: vec![0; HEADER + RING_BUFFER],
            }
        } else {
            let buffer = vec![0; BUFFER];
            Wire::Plain { fd, buffer }
        };
        Ok(Input {
            wire,
            from: 0,
            to: 0,
            bytes_read: 0,
        })
    }

    pub fn buffer(&self) -> &[u8] {
        match &self.wire {
            Wire::Plain { buffer, .. } => buffer,
            Wire::Ring { front, .. } => front,
        }
    }

    /// Reads more behind what is left, which is less than a header.
    pub fn fill(
        &mut self,
        deadline: Instant,
        interrupted: &dyn Fn() -> bool,
    ) -> Result<Wait, Errno> {
        let left = self.to - self.from;
        debug_assert!(left < HEADER);
        match &mut self.wire {
            Wire::Plain { fd, buffer } => {
                buffer.copy_within(self.from..self.to, 0);
                self.from = 0;
                self.to = left;
                let n = loop {
                    match rustix::io::read(&*fd, &mut buffer[left..]) {
                        Ok(n) => break n,
                        Err(Errno::INTR) => {}
                        Err(Errno::AGAIN) => {
                            acknowledge(fd.as_fd());
                            match wait(fd.as_fd(), PollFlags::IN, Some(deadline), interrupted)? {
                                Wait::Ready => {}
                                other => return Ok(other),
                            }
                        }
                        Err(errno) => return Err(errno),
                    }
                };
                self.to += n;
                self.bytes_read += n as u64;
                Ok(if n == 0 { Wait::Ended } else { Wait::Ready })
            }
            Wire::Ring { ring, front, back } => {
                let n = loop {
                    if !ring.busy() {
                        // SAFETY: `back` is not touched until the ring has told what came.
                        unsafe { ring.start_read(back[HEADER..].as_mut_ptr(), RING_BUFFER)? };
                    }
                    match ring.wait(Some(deadline), interrupted)? {
                        Moved::Bytes(n) => break n,
                        Moved::Again => {}
                        Moved::TimedOut => return Ok(Wait::TimedOut),
                    }
                };
                if n == 0 {
                    return Ok(Wait::Ended);
                }
                back[HEADER - left..HEADER].copy_from_slice(&front[self.from..self.to]);
                std::mem::swap(front, back);
                self.from = HEADER - left;
                self.to = HEADER + n;
                self.bytes_read += n as u64;
                // SAFETY: as above, for what is the back buffer now.
                unsafe { ring.start_read(back[HEADER..].as_mut_ptr(), RING_BUFFER)? };
                Ok(Wait::Ready)
            }
        }
    }

    /// Ends the reading, and gives what was read and not taken. `bytes_read` is final afterwards.
    pub fn finish(&mut self) -> Vec<u8> {
        let mut rest = self.buffer()[self.from..self.to].to_vec();
        if let Wire::Ring { ring, back, .. } = &mut self.wire {
            let n = ring.cancel();
            self.bytes_read += n as u64;
            rest.extend_from_slice(&back[HEADER..HEADER + n]);
        }
        self.from = self.to;
        rest
    }
}
