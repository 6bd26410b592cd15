use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use napi::bindgen_prelude::{AsyncTask, ClassInstance, Either, Uint8Array};
use napi::{Error, Result, Status, Task};
use napi_derive::napi;
use oc_delta::BlockSums;
use oc_fsops::{Append, SendRequest};
use oc_wireio::FrameWriter;

use crate::args::Bytes;
use crate::codec::Encoder;
use crate::digest::DigestSpec;
use crate::failure::{code, StreamFailure};
use crate::lent::{deadline, io_path, outcome, with_fd, LentOutput};
use crate::shared::{lock, Shared};
use crate::task::run;
use crate::tree::Tree;

/// The peer's basis.
#[napi(object)]
pub struct Basis {
    pub count: u32,
    pub block_length: u32,
    pub remainder: u32,
    pub strong_length: u32,
    pub sums: Uint8Array,
}

/// How a file is sent.
#[napi(object)]
pub struct SendOptions {
    pub basis: Option<Basis>,
    pub updating_in_place: bool,
    /// 0 no, 1 plain, 2 verify.
    pub append: u32,
    pub level: Option<i32>,
    pub device_bytes: Option<f64>,
}

/// Delta statistics of one file.
#[napi(object)]
pub struct SendResult {
    pub literal: f64,
    pub matched: f64,
    pub hash_hits: f64,
    pub false_alarms: f64,
    pub matches: f64,
    pub read_errno: i32,
}

/// A file on its way out.
#[napi]
pub struct SendJob {
    shared: Arc<Shared<oc_fsops::SendJob>>,
    encoder: Arc<Mutex<oc_delta::Encoder>>,
    size: f64,
    pumped: Arc<AtomicU64>,
}

#[napi]
impl Tree {
    /// A job, or a failure number.
    #[napi(catch_unwind)]
    pub fn open_send(
        &self,
        #[napi(ts_arg_type = "string")] path: Bytes,
        digest: DigestSpec,
        encoder: ClassInstance<Encoder>,
        options: SendOptions,
    ) -> Result<Either<SendJob, u32>> {
        let digest = digest.parse()?;
        let basis = options.basis.map(|basis| BlockSums {
            count: basis.count,
            block_length: basis.block_length,
            remainder: basis.remainder,
            strong_length: basis.strong_length as usize,
            sums: basis.sums.to_vec(),
        });
        if !basis.as_ref().is_none_or(|basis| basis.valid(digest.name)) {
            return Err(Error::new(
                Status::InvalidArg,
                "the block sums do not fit together",
            ));
        }
        let request = SendRequest {
            path: &path.0,
            basis,
            in_place: options.updating_in_place,
            append: match options.append {
                0 => None,
                1 => Some(Append::Plain),
                _ => Some(Append::Verify),
            },
            digest,
            level: options.level,
            device_bytes: options.device_bytes.map(|bytes| bytes as u64),
        };
        Ok(match oc_fsops::SendJob::open(&*self.root()?, request) {
            Ok(job) => Either::A(SendJob {
                size: job.size() as f64,
                shared: Arc::new(Shared::new(job, drop)),
                encoder: encoder.inner.clone(),
                pumped: Arc::default(),
            }),
            Err(error) => Either::B(code(error)),
        })
    }
}

#[napi]
impl SendJob {
    /// Size at open.
    #[napi(getter)]
    pub fn size(&self) -> f64 {
        self.size
    }

    /// Fills `into`: bytes written, 0 at the end, -1 when `failure` tells why not.
    #[napi(ts_return_type = "Promise<number>", catch_unwind)]
    pub fn next(&self, mut into: Uint8Array) -> Result<AsyncTask<impl Task>> {
        let shared = self.shared.clone();
        let encoder = self.encoder.clone();
        Ok(run(
            move || {
                // SAFETY: the buffer is the job's until the promise settles.
                let buffer = unsafe { into.as_mut() };
                let filled = shared.with(|job| job.next(&mut lock(&encoder), buffer));
                Ok(match filled {
                    None => 0,
                    Some(Ok(n)) => n as i32,
                    Some(Err(error)) => {
                        shared.fail(error);
                        -1
                    }
                })
            },
            |n| n,
        ))
    }

    /// Writes the stream to a wire itself, in frames or plain, for about `ms`. Nobody else may write to it
    /// meanwhile.
    #[napi(ts_return_type = "Promise<LentOutput>", catch_unwind)]
    pub fn pump(
        &self,
        fd: i32,
        framed: bool,
        ms: u32,
        path: Option<String>,
    ) -> Result<AsyncTask<impl Task>> {
        let path = io_path(path)?;
        let written = self.pumped.clone();
        let mut wire = with_fd(fd, |fd| FrameWriter::new(fd, framed, path, written))?;
        let shared = self.shared.clone();
        let encoder = self.encoder.clone();
        Ok(run(
            move || {
                let pumped =
                    shared.with(|job| job.pump(&mut lock(&encoder), &mut wire, deadline(ms)));
                let (status, errno) = outcome(pumped, |error| shared.fail(error));
                Ok(LentOutput {
                    status,
                    errno,
                    bytes_written: wire.bytes_written() as f64,
                })
            },
            |output| output,
        ))
    }

    /// Bytes that `pump` has put on its wires, also while it works.
    #[napi(getter)]
    pub fn pumped(&self) -> f64 {
        self.pumped.load(Ordering::Relaxed) as f64
    }

    #[napi(catch_unwind)]
    pub fn failure(&self) -> Result<Option<StreamFailure>> {
        Ok(self.shared.failure().map(StreamFailure::from))
    }

    #[napi(catch_unwind)]
    pub fn result(&self) -> Result<Option<SendResult>> {
        Ok(self.shared.with(|job| {
            let stats = job.stats();
            SendResult {
                literal: stats.literal as f64,
                matched: stats.matched as f64,
                hash_hits: stats.hash_hits as f64,
                false_alarms: stats.false_alarms as f64,
                matches: stats.matches as f64,
                read_errno: stats.read_errno,
            }
        }))
    }

    #[napi(catch_unwind)]
    pub fn close(&self) -> Result<()> {
        self.shared.close();
        Ok(())
    }
}
