//! Where the bytes of a lent output go.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::AtomicU64;
use std::sync::Arc;

use rustix::io::Errno;

use crate::frames::HEADER;
use crate::path::IoPath;
use crate::ring::{Moved, Ring};
use crate::splice::Splicer;
use crate::wait::{count, write_all};

const BUFFER: usize = HEADER + 256 * 1024;

/// A buffer to fill, and a way for it to the wire.
pub(crate) struct Output {
    wire: Wire,
    written: Arc<AtomicU64>,
}

enum Wire {
    Plain {
        fd: OwnedFd,
        buffer: Vec<u8>,
    },
    /// The front buffer is filled while the ring writes the back one, of which `from..to` is left.
    Ring {
        // Dropped before the buffers that it writes from.
        ring: Box<Ring>,
        front: Vec<u8>,
        back: Vec<u8>,
        from: usize,
        to: usize,
    },
    Splice {
        splicer: Splicer,
        buffer: Vec<u8>,
    },
}

impl Output {
    /// `written` counts the bytes that leave.
    pub fn new(fd: OwnedFd, path: IoPath, written: Arc<AtomicU64>) -> Result<Self, Errno> {
        let buffer = vec![0; BUFFER];
        let wire = match path {
            IoPath::Plain => Wire::Plain { fd, buffer },
            IoPath::Uring => Wire::Ring {
                ring: Box::new(Ring::new(fd)?),
                front: buffer,
                back: vec![0; BUFFER],
                from: 0,
                to: 0,
            },
            IoPath::Splice => Wire::Splice {
                splicer: Splicer::new(fd)?,
                buffer,
            },
        };
        Ok(Output { wire, written })
    }

    pub fn splices(&self) -> bool {
        matches!(self.wire, Wire::Splice { .. })
    }

    /// What is to be filled.
    pub fn buffer(&mut self) -> &mut [u8] {
        match &mut self.wire {
            Wire::Plain { buffer, .. } | Wire::Splice { buffer, .. } => buffer,
            Wire::Ring { front, .. } => front,
        }
    }

    /// Writes `from..to` of the buffer. False when it was interrupted.
    pub fn write(
        &mut self,
        at: usize,
        end: usize,
        interrupted: &dyn Fn() -> bool,
    ) -> Result<bool, Errno> {
        let written = &self.written;
        match &mut self.wire {
            Wire::Plain { fd, buffer } => {
                write_all(fd.as_fd(), &buffer[at..end], written, interrupted)
            }
            Wire::Splice { splicer, buffer } => {
                write_all(splicer.fd(), &buffer[at..end], written, interrupted)
            }
            Wire::Ring { .. } => {
                if !self.flush(interrupted)? {
                    return Ok(false);
                }
                if let Wire::Ring {
                    ring,
                    front,
                    back,
                    from,
                    to,
                } = &mut self.wire
                {
                    std::mem::swap(front, back);
                    (*from, *to) = (at, end);
                    // SAFETY: `back` is not touched until the ring has told what came of it.
                    unsafe { ring.start_write(back[at..end].as_ptr(), end - at)? };
                }
                Ok(true)
            }
        }
    }

    /// As `write`, where the bytes from `middle` on were read from `file` at `offset`: its pages take their
    /// place where they can.
    pub fn splice(
        &mut self,
        at: usize,
        middle: usize,
        end: usize,
        (file, offset): (BorrowedFd, u64),
        interrupted: &dyn Fn() -> bool,
    ) -> Result<bool, Errno> {
        let written = &self.written;
        let Wire::Splice { splicer, buffer } = &mut self.wire else {
            return self.write(at, end, interrupted);
        };
        Ok(
            write_all(splicer.fd(), &buffer[at..middle], written, interrupted)?
                && splicer.splice(file, offset, &buffer[middle..end], written, interrupted)?,
        )
    }

    /// Waits until all is written. False when it was interrupted.
    pub fn flush(&mut self, interrupted: &dyn Fn() -> bool) -> Result<bool, Errno> {
        let Wire::Ring {
            ring,
            back,
            from,
            to,
            ..
        } = &mut self.wire
        else {
            return Ok(true);
        };
        while *from < *to {
            if !ring.busy() {
                // SAFETY: `back` is not touched until the ring has told what came of it.
                unsafe { ring.start_write(back[*from..*to].as_ptr(), *to - *from)? };
            }
            match ring.wait(None, interrupted)? {
                Moved::Bytes(n) => {
                    *from += n;
                    count(&self.written, n);
                }
                Moved::Again => {}
                Moved::TimedOut => return Ok(false),
            }
        }
        Ok(true)
    }
}
