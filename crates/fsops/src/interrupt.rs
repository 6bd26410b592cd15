use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

use oc_delta::StreamError;
use rustix::io::Errno;

use crate::syscall::{Failure, SysError, Syscall};

/// Status of a file of a batch that was not done.
pub(crate) const INTERRUPTED: i32 = -4;

/// What rsync exits with after a signal.
const EXIT_SIGNAL: i32 = 20;

/// Tells long work of a tree to stop. Once raised it stays so.
#[derive(Clone, Default)]
pub struct Interrupt(Arc<AtomicBool>);

/// The run ends, and what was asked for was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interrupted;

/// The status of a file of a batch: its errno, or that it was interrupted.
pub(crate) fn status(error: SysError) -> i32 {
    if error == Interrupted.into() {
        INTERRUPTED
    } else {
        error.errno
    }
}

impl Interrupt {
    pub fn raise(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn check(&self) -> Result<(), Interrupted> {
        if self.is_raised() {
            Err(Interrupted)
        } else {
            Ok(())
        }
    }
}

impl From<Interrupted> for SysError {
    fn from(_: Interrupted) -> Self {
        SysError::new(Errno::CANCELED, Syscall::None)
    }
}

impl From<Interrupted> for StreamError {
    fn from(_: Interrupted) -> Self {
        StreamError {
            exit: EXIT_SIGNAL,
            message: String::new(),
        }
    }
}

impl From<Interrupted> for Failure {
    fn from(interrupted: Interrupted) -> Self {
        Failure::Stream(interrupted.into())
    }
}
