//! A file's pages to the wire, without a copy of them in this process.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::AtomicU64;

use rustix::event::PollFlags;
use rustix::io::Errno;
use rustix::pipe::SpliceFlags;

use crate::path::is_socket;
use crate::pipe::{pipe, PipePair};
use crate::wait::{count, wait, write_all, Wait};

/// A wire to splice to; one that is no pipe has a pipe before it.
pub(crate) struct Splicer {
    fd: OwnedFd,
    through: Option<PipePair>,
}

impl Splicer {
    pub fn new(fd: OwnedFd) -> Result<Self, Errno> {
        let through = if is_socket(fd.as_fd())? {
            Some(pipe()?)
        } else {
            None
        };
        Ok(Splicer { fd, through })
    }

    pub fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    /// Writes as many bytes of `file`, from `offset` on, as were `read` there. What the file has no more, or
    /// its file system cannot splice, comes from what was read. False when it was interrupted.
    pub fn splice(
        &self,
        file: BorrowedFd,
        mut offset: u64,
        read: &[u8],
        written: &AtomicU64,
        interrupted: &dyn Fn() -> bool,
    ) -> Result<bool, Errno> {
        let mut done = 0;
        while done < read.len() {
            let into = self.through.as_ref().map_or(self.fd(), |p| p.write.as_fd());
            let flags = SpliceFlags::NONBLOCK | SpliceFlags::MORE;
            let left = read.len() - done;
            match rustix::pipe::splice(file, Some(&mut offset), into, None, left, flags) {
                Ok(0) | Err(Errno::INVAL) => {
                    return write_all(self.fd(), &read[done..], written, interrupted)
                }
                Ok(n) => {
                    done += n;
                    match &self.through {
                        None => count(written, n),
                        Some(pipe) => {
                            if !self.pass_on(pipe, n, written, interrupted)? {
                                return Ok(false);
                            }
                        }
                    }
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    if wait(self.fd(), PollFlags::OUT, None, interrupted)? != Wait::Ready {
                        return Ok(false);
                    }
                }
                Err(errno) => return Err(errno),
            }
        }
        Ok(true)
    }

    /// Empties the pipe into the wire.
    fn pass_on(
        &self,
        pipe: &PipePair,
        mut left: usize,
        written: &AtomicU64,
        interrupted: &dyn Fn() -> bool,
    ) -> Result<bool, Errno> {
        let flags = SpliceFlags::NONBLOCK | SpliceFlags::MORE;
        while left > 0 {
            match rustix::pipe::splice(&pipe.read, None, &self.fd, None, left, flags) {
                Ok(n) => {
                    left -= n;
                    count(written, n);
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    if wait(self.fd(), PollFlags::OUT, None, interrupted)? != Wait::Ready {
                        return Ok(false);
                    }
                }
                Err(errno) => return Err(errno),
            }
        }
        Ok(true)
    }
}
