//! One operation at a time on one descriptor, by an io_uring: it goes on while its owner works.

use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::Instant;

use io_uring::squeue::Flags;
use io_uring::types::{CancelBuilder, Fd, SubmitArgs, Timespec};
use io_uring::{opcode, squeue, IoUring};
use rustix::io::Errno;

use crate::path::is_socket;
use crate::tcp::acknowledge;
use crate::wait::step;

const READY: u64 = 1;
const MOVED: u64 = 2;
const CANCELLED: u64 = 3;

/// How a wait for the operation ended.
pub(crate) enum Moved {
    Bytes(usize),
    /// Nothing was moved, and it has to be started again.
    Again,
    TimedOut,
}

pub(crate) struct Ring {
    ring: IoUring,
    fd: OwnedFd,
    socket: bool,
    /// Entries that were given to the kernel and did not come back.
    outstanding: u32,
    result: Option<i32>,
}

impl Ring {
    pub fn new(fd: OwnedFd) -> Result<Self, Errno> {
        Ok(Ring {
            ring: IoUring::new(4).map_err(errno_of)?,
            socket: is_socket(fd.as_fd())?,
            fd,
            outstanding: 0,
            result: None,
        })
    }

    /// An operation was started and its outcome was not taken yet.
    pub fn busy(&self) -> bool {
        self.outstanding > 0 || self.result.is_some()
    }

    /// Starts to read `length` bytes or less.
    ///
    /// # Safety
    /// `into` has room for them, and nobody touches it until `wait` or `cancel` told what came of it, or the
    /// ring was dropped.
    pub unsafe fn start_read(&mut self, into: *mut u8, length: usize) -> Result<(), Errno> {
        let fd = Fd(self.fd.as_raw_fd());
        let entry = if self.socket {
            opcode::Recv::new(fd, into, length as u32).build()
        } else {
            opcode::Read::new(fd, into, length as u32)
                .offset(u64::MAX)
                .build()
        };
        self.start(entry, libc::POLLIN)
    }

    /// Starts to write `length` bytes.
    ///
    /// # Safety
    /// As for `start_read`; `from` may be read.
    pub unsafe fn start_write(&mut self, from: *const u8, length: usize) -> Result<(), Errno> {
        let fd = Fd(self.fd.as_raw_fd());
        let entry = if self.socket {
            opcode::Send::new(fd, from, length as u32)
                .flags(libc::MSG_NOSIGNAL | libc::MSG_WAITALL)
                .build()
        } else {
            opcode::Write::new(fd, from, length as u32)
                .offset(u64::MAX)
                .build()
        };
        self.start(entry, libc::POLLOUT)
    }

    /// The descriptor does not block, so that a pipe would say EAGAIN: a poll goes first. Sockets wait by
    /// themselves.
    fn start(&mut self, entry: squeue::Entry, ready: libc::c_short) -> Result<(), Errno> {
        debug_assert!(!self.busy());
        if !self.socket {
            let poll = opcode::PollAdd::new(Fd(self.fd.as_raw_fd()), ready as u32)
                .build()
                .flags(Flags::IO_LINK)
                .user_data(READY);
            self.push(&poll)?;
        }
        self.push(&entry.user_data(MOVED))?;
        self.ring.submit().map(|_| ()).map_err(errno_of)
    }

    fn push(&mut self, entry: &squeue::Entry) -> Result<(), Errno> {
        // SAFETY: what the entry points to stays valid until it came back, as `start_read` and `start_write`
        // demand.
        unsafe { self.ring.submission().push(entry) }.map_err(|_| Errno::BUSY)?;
        self.outstanding += 1;
        Ok(())
    }

    /// Takes what came back.
    fn reap(&mut self) {
        for entry in self.ring.completion() {
            self.outstanding -= 1;
            if entry.user_data() == MOVED {
                self.result = Some(entry.result());
            }
        }
    }

    /// Waits for the operation that was started.
    pub fn wait(
        &mut self,
        deadline: Option<Instant>,
        interrupted: &dyn Fn() -> bool,
    ) -> Result<Moved, Errno> {
        loop {
            self.reap();
            if self.outstanding == 0 {
                return match self.result.take() {
                    Some(n) if n >= 0 => Ok(Moved::Bytes(n as usize)),
                    Some(n) => match Errno::from_raw_os_error(-n) {
                        Errno::AGAIN | Errno::INTR | Errno::CANCELED => Ok(Moved::Again),
                        errno => Err(errno),
                    },
                    None => Ok(Moved::Again),
                };
            }
            let Some(step) = step(deadline, interrupted) else {
                return Ok(Moved::TimedOut);
            };
            if self.socket {
                acknowledge(self.fd.as_fd());
            }
            self.sleep(&Timespec::from(step))?;
        }
    }

    fn sleep(&self, time: &Timespec) -> Result<(), Errno> {
        let args = SubmitArgs::new().timespec(time);
        match self.ring.submitter().submit_with_args(1, &args) {
            Ok(_) => Ok(()),
            Err(error) => match errno_of(error) {
                Errno::TIME | Errno::INTR | Errno::AGAIN | Errno::BUSY => Ok(()),
                errno => Err(errno),
            },
        }
    }

    /// Takes the operation back; tells how many bytes were moved all the same.
    pub fn cancel(&mut self) -> usize {
        self.reap();
        while self.outstanding > 0 {
            let all = opcode::AsyncCancel2::new(CancelBuilder::any())
                .build()
                .user_data(CANCELLED);
            let _ = self.push(&all);
            // Whatever it says, the entries come back: nothing that is in use may be freed before.
            let _ = self.sleep(&Timespec::new().nsec(10_000_000));
            self.reap();
        }
        self.result.take().map_or(0, |n| n.max(0) as usize)
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        self.cancel();
    }
}

fn errno_of(error: std::io::Error) -> Errno {
    Errno::from_io_error(&error).unwrap_or(Errno::IO)
}
