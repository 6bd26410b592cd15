//! Waiting for the peer, with an eye on the clock and on an interrupt.

use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{poll, PollFd, PollFlags, Timespec};
use rustix::io::Errno;

/// How long a wait lasts at most before the interrupt is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// How a wait for the peer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    Ready,
    TimedOut,
    Ended,
}

/// How long the next wait may last; `None` when it is over.
pub(crate) fn step(deadline: Option<Instant>, interrupted: &dyn Fn() -> bool) -> Option<Duration> {
    if interrupted() {
        return None;
    }
    let left = deadline.map_or(LOOK, |at| at.saturating_duration_since(Instant::now()));
    (!left.is_zero()).then(|| left.min(LOOK))
}

/// Waits until `fd` is ready, `deadline` has come, or `interrupted` says so.
pub(crate) fn wait(
    fd: BorrowedFd,
    flags: PollFlags,
    deadline: Option<Instant>,
    interrupted: &dyn Fn() -> bool,
) -> Result<Wait, Errno> {
    while let Some(step) = step(deadline, interrupted) {
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
    Ok(Wait::TimedOut)
}

/// Others look at the number while bytes go out.
pub(crate) fn count(written: &AtomicU64, n: usize) {
    written.fetch_add(n as u64, Ordering::Relaxed);
}

/// Writes all of `bytes`, with waits where the peer is slow. False when it was interrupted; `written` counts.
pub(crate) fn write_all(
    fd: BorrowedFd,
    mut bytes: &[u8],
    written: &AtomicU64,
    interrupted: &dyn Fn() -> bool,
) -> Result<bool, Errno> {
    while !bytes.is_empty() {
        match rustix::io::write(fd, bytes) {
            Ok(n) => {
                bytes = &bytes[n..];
                count(written, n);
            }
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => {
                if wait(fd, PollFlags::OUT, None, interrupted)? != Wait::Ready {
                    return Ok(false);
                }
            }
            Err(errno) => return Err(errno),
        }
    }
    Ok(true)
}
