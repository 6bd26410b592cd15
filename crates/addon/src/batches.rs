//! The calls of a tree that work through many files on libuv's threads.

use napi::bindgen_prelude::{
    AsyncTask, ClassInstance, Either, Float64Array, Int32Array, Uint32Array, Uint8Array,
};
use napi::{Error, Result, Status, Task};
use napi_derive::napi;
use oc_fsops::{Names, ReceiveBatch, TreeRoot};

use crate::args::{Bytes, Paths};
use crate::digest::DigestSpec;
use crate::failure::{code, outcome};
use crate::task::run;
use crate::tree::{scan_options, wanted_extras, Tree};

/// One packed status table of several directories: the rows of each follow those of the one before,
/// `counts[i]` of them; where `failures[i]` is not 0, it could not be read. What has no count was not read.
#[napi(object)]
pub struct ScannedDirectories {
    pub data: Uint8Array,
    pub counts: Uint32Array,
    pub failures: Uint32Array,
}

/// Digests of whole files, and an errno each.
#[napi(object)]
pub struct FileSums {
    pub status: Int32Array,
    pub sums: Uint8Array,
}

/// What became of files whose token streams were asked for.
#[napi(object)]
pub struct SentFiles {
    pub status: Int32Array,
    pub ends: Uint32Array,
    pub sizes: Float64Array,
}

/// What became of each file of a batch.
#[napi(object)]
pub struct ReceivedFiles {
    pub status: Int32Array,
    pub step: Uint8Array,
    pub sizes: Float64Array,
}

#[napi]
impl Tree {
    /// As `scan`, on another thread.
    #[napi(ts_return_type = "Promise<Uint8Array | number>", catch_unwind)]
    pub fn scan_async(
        &self,
        #[napi(ts_arg_type = "string")] dir: Bytes,
        links: bool,
        follow: bool,
        extras: u32,
    ) -> Result<AsyncTask<impl Task>> {
        let root = self.root()?;
        let options = scan_options(links, follow, extras);
        Ok(run(
            move || Ok(oc_fsops::scan(&root, &dir.0, options).map(oc_fsops::Rows::pack)),
            |scanned| match scanned {
                Ok(packed) => Either::A(Uint8Array::from(packed)),
                Err(error) => Either::B(code(error)),
            },
        ))
    }

    /// As `scan`, of several directories, on another thread, until there are `enough` rows.
    #[napi(ts_return_type = "Promise<ScannedDirectories>", catch_unwind)]
    pub fn scan_many(
        &self,
        #[napi(ts_arg_type = "string")] dirs: Bytes,
        count: u32,
        links: bool,
        follow: bool,
        extras: u32,
        enough: u32,
    ) -> Result<AsyncTask<impl Task>> {
        let root = self.root()?;
        let dirs = Paths::new(dirs, count)?;
        let options = scan_options(links, follow, extras);
        Ok(run(
            move || {
                let enough = enough as usize;
                Ok(oc_fsops::scan_many(&root, dirs.iter(), options, enough))
            },
            |(rows, counts)| {
                let parts: Vec<(u32, u32)> = counts
                    .into_iter()
                    .map(|count| count.map_or_else(|error| (0, code(error)), |rows| (rows, 0)))
                    .collect();
                let (counts, failures): (Vec<u32>, Vec<u32>) = parts.into_iter().unzip();
                ScannedDirectories {
                    data: rows.pack().into(),
                    counts: counts.into(),
                    failures: failures.into(),
                }
            },
        ))
    }

    /// Rows without names, of names that lie in `names`: `runs` has three numbers for each, the index of its
    /// directory among `dirs`, its offset and its length. Neither may change until the promise settles.
    #[napi(ts_return_type = "Promise<Uint8Array>", catch_unwind)]
    pub fn lstat_runs(
        &self,
        #[napi(ts_arg_type = "string")] dirs: Bytes,
        count: u32,
        names: Uint8Array,
        runs: Uint32Array,
        extras: u32,
    ) -> Result<AsyncTask<impl Task>> {
        let root = self.root()?;
        let dirs = Paths::new(dirs, count)?;
        let extras = wanted_extras(extras);
        Ok(run(
            move || {
                let dirs: Vec<&[u8]> = dirs.iter().collect();
                oc_fsops::lstat_runs(&root, &dirs, &names, &runs, extras)
                    .ok_or_else(|| Error::new(Status::InvalidArg, "a name is out of bounds"))
            },
            Uint8Array::from,
        ))
    }

    /// Digests of the first `sizes[i]` bytes of files, named as for `lstatRuns`.
    #[napi(ts_return_type = "Promise<FileSums>", catch_unwind)]
    pub fn file_sums(
        &self,
        #[napi(ts_arg_type = "string")] dirs: Bytes,
        count: u32,
        names: Uint8Array,
        runs: Uint32Array,
        sizes: Float64Array,
        digest: DigestSpec,
    ) -> Result<AsyncTask<impl Task>> {
        let root = self.root()?;
        let dirs = Paths::new(dirs, count)?;
        let spec = digest.parse()?;
        Ok(run(
            move || {
                let names = Names {
                    dirs: dirs.iter().collect(),
                    names: &names,
                    runs: &runs,
                };
                oc_fsops::file_sums(&root, &names, &sizes, &spec)
                    .ok_or_else(|| Error::new(Status::InvalidArg, "a name is out of bounds"))
            },
            |(status, sums)| FileSums {
                status: status.into(),
                sums: sums.into(),
            },
        ))
    }

    /// `into` belongs to the call until the promise settles.
    #[napi(ts_return_type = "Promise<SentFiles>", catch_unwind)]
    pub fn send_many(
        &self,
        #[napi(ts_arg_type = "string")] paths: Bytes,
        count: u32,
        mut into: Uint8Array,
        digest: DigestSpec,
    ) -> Result<AsyncTask<impl Task>> {
        let root = self.root()?;
        let paths = Paths::new(paths, count)?;
        let spec = digest.parse()?;
        Ok(run(
            move || {
                let paths: Vec<&[u8]> = paths.iter().collect();
                // SAFETY: the buffer is the call's until the promise settles.
                let into = unsafe { into.as_mut() };
                Ok(oc_fsops::send_many(&root, &paths, into, &spec))
            },
            |sent| SentFiles {
                status: sent.status.into(),
                ends: sent.ends.into(),
                sizes: sent.sizes.into(),
            },
        ))
    }

    /// `records` and `data` must not change until the promise settles.
    #[napi(ts_return_type = "Promise<ReceivedFiles>", catch_unwind)]
    pub fn receive_many(
        &self,
        digest: DigestSpec,
        records: Uint8Array,
        data: Uint8Array,
        count: u32,
        sources: Vec<ClassInstance<Tree>>,
    ) -> Result<AsyncTask<impl Task>> {
        let root = self.root()?;
        let spec = digest.parse()?;
        let sources = sources
            .iter()
            .map(|tree| tree.root())
            .collect::<Result<Vec<_>>>()?;
        Ok(run(
            move || {
                let sources: Vec<&TreeRoot> = sources.iter().map(|tree| &**tree).collect();
                let batch = ReceiveBatch {
                    spec: &spec,
                    records: &records,
                    data: &data,
                    sources: &sources,
                    count: count as usize,
                };
                oc_fsops::receive_many(&root, &batch)
                    .ok_or_else(|| Error::new(Status::InvalidArg, "a record is out of bounds"))
            },
            |received| ReceivedFiles {
                status: received.status.into(),
                step: received.step.into(),
                sizes: received.sizes.into(),
            },
        ))
    }

    #[napi(ts_return_type = "Promise<number>", catch_unwind)]
    pub fn copy_file(
        &self,
        #[napi(ts_arg_type = "string")] from: Bytes,
        #[napi(ts_arg_type = "string")] to: Bytes,
        mode: u32,
    ) -> Result<AsyncTask<impl Task>> {
        let root = self.root()?;
        Ok(run(
            move || Ok(outcome(oc_fsops::copy_file(&root, &from.0, &to.0, mode))),
            |code| code,
        ))
    }
}
