use std::sync::Arc;

use napi::bindgen_prelude::{AsyncTask, Either, Uint8Array};
use napi::{Result, Task};
use napi_derive::napi;

use crate::args::Bytes;
use crate::digest::DigestSpec;
use crate::failure::code;
use crate::shared::Shared;
use crate::task::run;
use crate::tree::Tree;

/// Block sums of a basis, a buffer at a time.
#[napi]
pub struct BlockSumJob {
    shared: Arc<Shared<oc_fsops::BlockSumJob>>,
}

#[napi]
impl Tree {
    /// A job, or a failure number.
    #[napi(catch_unwind)]
    pub fn open_block_sums(
        &self,
        #[napi(ts_arg_type = "string")] path: Bytes,
        size: f64,
        block_length: u32,
        strong_length: u32,
        digest: DigestSpec,
    ) -> Result<Either<BlockSumJob, u32>> {
        let digest = digest.parse()?;
        let opened = oc_fsops::BlockSumJob::open(
            &*self.root()?,
            &path.0,
            size as u64,
            block_length,
            strong_length as usize,
            digest,
        );
        Ok(match opened {
            Ok(job) => Either::A(BlockSumJob {
                shared: Arc::new(Shared::new(job, drop)),
            }),
            Err(error) => Either::B(code(error)),
        })
    }
}

#[napi]
impl BlockSumJob {
    /// Fills `into` with whole pairs; 0 at the end, -1 when the tree is interrupted.
    #[napi(ts_return_type = "Promise<number>", catch_unwind)]
    pub fn next(&self, mut into: Uint8Array) -> Result<AsyncTask<impl Task>> {
        let shared = self.shared.clone();
        Ok(run(
            move || {
                // SAFETY: the buffer is the job's until the promise settles.
                let buffer = unsafe { into.as_mut() };
                Ok(match shared.with(|job| job.next(buffer)) {
                    None => 0,
                    Some(Ok(n)) => n as i32,
                    Some(Err(_)) => -1,
                })
            },
            |n| n,
        ))
    }

    #[napi(catch_unwind)]
    pub fn close(&self) -> Result<()> {
        self.shared.close();
        Ok(())
    }
}
