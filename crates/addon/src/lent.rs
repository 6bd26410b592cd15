//! A wire that JavaScript lends to a job for a while.

use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use napi::bindgen_prelude::Uint8Array;
use napi::{Error, Result, Status};
use oc_fsops::Failure;
use oc_wireio::IoPath;
use rustix::io::Errno;

/// What a job did with a lent input.
#[napi_derive::napi(object)]
pub struct LentInput {
    /// 1 the file is complete, 0 it is not, -1 `failure` tells why not.
    pub status: i32,
    /// Payload bytes left of the current frame; -1 where the stream has no frames.
    pub frame_left: f64,
    /// What was read beyond what was taken.
    pub rest: Uint8Array,
    pub bytes_read: f64,
    /// Of a read that failed.
    pub errno: i32,
}

/// What a job did with a lent output.
#[napi_derive::napi(object)]
pub struct LentOutput {
    /// 1 the stream is complete, 0 it is not, -1 `failure` tells why not.
    pub status: i32,
    pub bytes_written: f64,
    /// Of a write that failed.
    pub errno: i32,
}

/// Uses the descriptor for the length of a call; what is kept is a duplicate.
pub fn with_fd<T>(
    fd: i32,
    make: impl FnOnce(BorrowedFd) -> std::result::Result<T, Errno>,
) -> Result<T> {
    if fd < 0 {
        return Err(Error::new(Status::InvalidArg, "no descriptor"));
    }
    // SAFETY: JavaScript holds the descriptor open while this call lasts.
    let fd = unsafe { BorrowedFd::borrow_raw(fd) };
    make(fd).map_err(|errno| Error::from_reason(format!("the wire: {errno}")))
}

/// The path that is forced, or the default.
pub fn io_path(name: Option<String>) -> Result<IoPath> {
    match name {
        None => Ok(IoPath::default()),
        Some(name) => {
            IoPath::parse(&name).ok_or_else(|| Error::new(Status::InvalidArg, "no such I/O path"))
        }
    }
}

pub fn deadline(ms: u32) -> Instant {
    Instant::now() + Duration::from_millis(u64::from(ms))
}

/// Status and errno of what a job came to; a broken stream is kept for `failure`.
pub fn outcome(
    result: Option<std::result::Result<bool, Failure>>,
    keep: impl FnOnce(oc_delta::StreamError),
) -> (i32, i32) {
    match result {
        None | Some(Ok(false)) => (0, 0),
        Some(Ok(true)) => (1, 0),
        Some(Err(Failure::Sys(error))) => (0, error.errno),
        Some(Err(Failure::Stream(error))) => {
            keep(error);
            (-1, 0)
        }
    }
}
