use std::sync::{Arc, Mutex};

use napi::bindgen_prelude::{AsyncTask, ClassInstance, Either, Uint32Array, Uint8Array};
use napi::{Error, Result, Status, Task};
use napi_derive::napi;
use oc_delta::Input;
use oc_fsops::{Failure, ReceiveRequest, SYSCALL_NAMES};
use oc_wireio::FrameReader;

use crate::args::Bytes;
use crate::codec::Decoder;
use crate::digest::DigestSpec;
use crate::failure::{code, StreamFailure};
use crate::lent::{deadline, io_path, outcome, with_fd, LentInput};
use crate::shared::{lock, Shared};
use crate::task::run;
use crate::tree::Tree;

/// How a file is received.
#[napi(object)]
pub struct ReceiveOptions {
    pub in_place: bool,
    pub append_at: Option<f64>,
    pub append_digest: bool,
    pub block_length: u32,
    pub block_count: u32,
    pub remainder: u32,
    pub sparse: bool,
    pub preallocate: f64,
    pub fsync: bool,
}

/// What was received.
#[napi(object)]
pub struct ReceiveResult {
    pub verified: bool,
    pub literal: f64,
    pub matched: f64,
    pub size: f64,
    pub write_errno: i32,
    pub syscall: String,
    pub digest: Uint8Array,
}

/// A file on its way in.
#[napi]
pub struct ReceiveJob {
    shared: Arc<Shared<oc_fsops::ReceiveJob>>,
    decoder: Arc<Mutex<oc_delta::Decoder>>,
}

#[napi]
impl Tree {
    /// A job, or a failure number.
    #[napi(catch_unwind)]
    pub fn open_receive(
        &self,
        #[napi(ts_arg_type = "string | undefined")] path: Option<Bytes>,
        #[napi(ts_arg_type = "string | undefined")] basis: Option<Bytes>,
        digest: DigestSpec,
        decoder: ClassInstance<Decoder>,
        options: ReceiveOptions,
    ) -> Result<Either<ReceiveJob, u32>> {
        if options.remainder > options.block_length {
            return Err(Error::new(
                Status::InvalidArg,
                "the sum head does not fit together",
            ));
        }
        let request = ReceiveRequest {
            path: path.as_ref().map(|path| &path.0[..]),
            in_place: options.in_place,
            append_at: options.append_at.map(|at| at as u64),
            append_digest: options.append_digest,
            basis: basis.as_ref().map(|path| &path.0[..]),
            block_length: options.block_length,
            block_count: options.block_count,
            remainder: options.remainder,
            digest: digest.parse()?,
            sparse: options.sparse,
            preallocate: options.preallocate as u64,
            fsync: options.fsync,
        };
        Ok(match oc_fsops::ReceiveJob::open(self.root()?, request) {
            Ok(job) => Either::A(ReceiveJob {
                shared: Arc::new(Shared::new(job, oc_fsops::ReceiveJob::abort)),
                decoder: decoder.inner.clone(),
            }),
            Err(error) => Either::B(code(error)),
        })
    }
}

#[napi]
impl ReceiveJob {
    /// Takes payload bytes: `consumed * 2`, plus 1 when the file is complete; -1 when `failure` tells why
    /// not. The buffers must not change until the promise settles.
    #[napi(ts_return_type = "Promise<number>", catch_unwind)]
    pub fn push(
        &self,
        raw: Uint8Array,
        ranges: Uint32Array,
        range_count: u32,
    ) -> Result<AsyncTask<impl Task>> {
        let shared = self.shared.clone();
        let decoder = self.decoder.clone();
        Ok(run(
            move || take(&shared, &decoder, &raw, &ranges, range_count),
            |taken| taken,
        ))
    }

    /// As `push`, at once: for what takes less time than another thread to wake up.
    #[napi(catch_unwind)]
    pub fn push_now(&self, raw: Uint8Array, ranges: Uint32Array, range_count: u32) -> Result<f64> {
        take(&self.shared, &self.decoder, &raw, &ranges, range_count)
    }

    /// Takes what belongs to the file from a wire itself, for `ms` at most. Nobody else may read from it
    /// meanwhile.
    #[napi(ts_return_type = "Promise<LentInput>", catch_unwind)]
    pub fn drain(
        &self,
        fd: i32,
        frame_left: f64,
        ms: u32,
        path: Option<String>,
    ) -> Result<AsyncTask<impl Task>> {
        let path = io_path(path)?;
        let left = (frame_left >= 0.0).then_some(frame_left as u32);
        let mut wire = with_fd(fd, |fd| FrameReader::new(fd, left, path))?;
        let shared = self.shared.clone();
        let decoder = self.decoder.clone();
        Ok(run(
            move || {
                let drained =
                    shared.with(|job| job.drain(&mut lock(&decoder), &mut wire, deadline(ms)));
                let (status, errno) = outcome(drained, |error| shared.fail(error));
                let rest = wire.finish();
                Ok((status, errno, rest, wire.left(), wire.bytes_read()))
            },
            |(status, errno, rest, left, bytes_read)| LentInput {
                status,
                errno,
                frame_left: left.map_or(-1.0, f64::from),
                rest: rest.into(),
                bytes_read: bytes_read as f64,
            },
        ))
    }

    #[napi(catch_unwind)]
    pub fn failure(&self) -> Result<Option<StreamFailure>> {
        Ok(self.shared.failure().map(StreamFailure::from))
    }

    #[napi(catch_unwind)]
    pub fn result(&self) -> Result<Option<ReceiveResult>> {
        Ok(self.shared.with(|job| {
            let result = job.result();
            let syscall = result
                .failure
                .map_or("", |failure| SYSCALL_NAMES[failure.syscall as usize]);
            ReceiveResult {
                verified: result.verified,
                literal: result.literal as f64,
                matched: result.matched as f64,
                size: result.size as f64,
                write_errno: result.failure.map_or(0, |failure| failure.errno),
                syscall: syscall.to_owned(),
                digest: result.digest.into(),
            }
        }))
    }

    #[napi(catch_unwind)]
    pub fn close(&self) -> Result<()> {
        self.shared.close();
        Ok(())
    }

    #[napi(catch_unwind)]
    pub fn abort(&self) -> Result<()> {
        self.shared.abort();
        Ok(())
    }
}

fn take(
    shared: &Shared<oc_fsops::ReceiveJob>,
    decoder: &Mutex<oc_delta::Decoder>,
    raw: &[u8],
    ranges: &[u32],
    range_count: u32,
) -> Result<f64> {
    let out_of_bounds = || Error::new(Status::InvalidArg, "a range is out of bounds");
    let ranges = ranges
        .get(..range_count as usize * 2)
        .ok_or_else(out_of_bounds)?;
    let mut input = Input::new(raw, ranges).ok_or_else(out_of_bounds)?;
    Ok(
        match shared.with(|job| job.push(&mut lock(decoder), &mut input)) {
            None => 0.0,
            Some(Ok(progress)) => (progress.consumed * 2 + usize::from(progress.done)) as f64,
            Some(Err(Failure::Stream(error))) => {
                shared.fail(error);
                -1.0
            }
            Some(Err(Failure::Sys(error))) => {
                return Err(Error::from_reason(format!("errno {}", error.errno)))
            }
        },
    )
}
