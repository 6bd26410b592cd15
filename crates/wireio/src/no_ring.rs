//! In the place of `ring.rs` where the system has no rings: none can be made.

use std::os::fd::OwnedFd;
use std::time::Instant;

use rustix::io::Errno;

/// How a wait for the operation ended.
#[allow(dead_code)] // No ring tells it.
pub(crate) enum Moved {
    Bytes(usize),
    Again,
    TimedOut,
}

pub(crate) enum Ring {}

impl Ring {
    pub fn new(_fd: OwnedFd) -> Result<Self, Errno> {
        Err(Errno::NOSYS)
    }

    pub fn busy(&self) -> bool {
        match *self {}
    }

    /// # Safety
    /// There is no ring to call it on.
    pub unsafe fn start_read(&mut self, _into: *mut u8, _length: usize) -> Result<(), Errno> {
        match *self {}
    }

    /// # Safety
    /// There is no ring to call it on.
    pub unsafe fn start_write(&mut self, _from: *const u8, _length: usize) -> Result<(), Errno> {
        match *self {}
    }

    pub fn wait(
        &mut self,
        _deadline: Option<Instant>,
        _interrupted: &dyn Fn() -> bool,
    ) -> Result<Moved, Errno> {
        match *self {}
    }

    pub fn cancel(&mut self) -> usize {
        match *self {}
    }
}
