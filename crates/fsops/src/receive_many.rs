//! Batches of small files: created, filled, verified, dressed and renamed, several at a time. The records
//! are laid out as `ts/kernel/receive-batch.ts` says.

use std::os::fd::{FromRawFd, OwnedFd};
use std::sync::atomic::{AtomicUsize, Ordering};

use oc_checksum::{digest, DigestSpec, MAX_DIGEST};
use rustix::fs::{
    fchmod, fchown, fstat, fsync, futimens, renameat, unlinkat, AtFlags, Gid, Mode, OFlags, Uid,
};
use rustix::io::Errno;

use crate::copy::{copy_data, Copied};
use crate::meta::Meta;
use crate::resolve::{Locator, TreeRoot};
use crate::syscall::{SysError, Syscall};
use crate::writer::{write_all, FileWriter};

const HEADER: usize = 56;
const FLAG_MODE: u32 = 1;
const FLAG_UID: u32 = 2;
const FLAG_GID: u32 = 4;
const FLAG_MTIME: u32 = 8;
const FLAG_SPARSE: u32 = 16;
const FLAG_FSYNC: u32 = 32;
const FLAG_VERIFY: u32 = 64;

/// Statuses that are no errno.
const DIGEST_MISMATCH: i32 = -2;
const SOURCE_CHANGED: i32 = -3;

/// Indices into `receiveSteps` of `ts/kernel/kernel.ts`.
const STEP_CREATE: u8 = 1;
const STEP_READ: u8 = 2;
const STEP_WRITE: u8 = 3;
const STEP_CHOWN: u8 = 4;
const STEP_UTIMES: u8 = 5;
const STEP_CHMOD: u8 = 6;
const STEP_RENAME: u8 = 7;

const FILES_PER_THREAD: usize = 16;
const MAX_THREADS: usize = 4;
/// Files that a thread takes at once: neighbours are mostly in one directory.
const STRIDE: usize = 8;

pub struct ReceiveMany {
    /// 0, an errno, -2 (content does not match its digest) or -3 (the source changed).
    pub status: Vec<i32>,
    /// The step that failed.
    pub step: Vec<u8>,
}

struct Record<'b> {
    flags: u32,
    mode: u32,
    uid: u32,
    gid: u32,
    mtime: (i64, u32),
    source: Option<OwnedFd>,
    content: &'b [u8],
    digest: &'b [u8],
    size: u64,
    path: &'b [u8],
    temporary: &'b [u8],
}

struct Broken(i32, u8);

/// Works through a batch. `None` when a record does not lie within its buffers.
pub fn receive_many(
    tree: &TreeRoot,
    spec: &DigestSpec,
    records: &[u8],
    data: &[u8],
    count: usize,
) -> Option<ReceiveMany> {
    let mut batch = parse(spec, records, data, count)?;
    let next = AtomicUsize::new(0);
    let cores = std::thread::available_parallelism().map_or(1, |n| n.get());
    let threads = (count / FILES_PER_THREAD).clamp(1, MAX_THREADS.min(cores));
    let work = |batch: &[Record]| {
        let mut worker = Worker {
            tree,
            locator: Locator::new(tree),
            spec,
            reflink: true,
            buffer: Vec::new(),
        };
        let mut failed = Vec::new();
        loop {
            let from = next.fetch_add(STRIDE, Ordering::Relaxed);
            if from >= batch.len() {
                return failed;
            }
            for (i, record) in batch.iter().enumerate().skip(from).take(STRIDE) {
                if let Err(broken) = worker.receive(record) {
                    failed.push((i, broken));
                }
            }
        }
    };
    let failed: Vec<(usize, Broken)> = if threads == 1 {
        work(&batch)
    } else {
        std::thread::scope(|scope| {
            let batch = &batch[..];
            let work = &work;
            let others: Vec<_> = (1..threads)
                .map(|_| scope.spawn(move || work(batch)))
                .collect();
            let mut all = work(batch);
            for other in others {
                match other.join() {
                    Ok(failed) => all.extend(failed),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            all
        })
    };
    batch.clear();
    let mut result = ReceiveMany {
        status: vec![0; count],
        step: vec![0; count],
    };
    for (i, Broken(status, step)) in failed {
        result.status[i] = status;
        result.step[i] = step;
    }
    Some(result)
}

/// Takes the records apart and checks every offset. The source descriptors belong to the records from
/// here on; those of a batch that is refused are closed.
fn parse<'b>(
    spec: &DigestSpec,
    records: &'b [u8],
    data: &'b [u8],
    count: usize,
) -> Option<Vec<Record<'b>>> {
    let mut batch = Vec::with_capacity(count.min(records.len() / HEADER));
    let mut at = 0;
    for _ in 0..count {
        let header = records.get(at..at + HEADER)?;
        let u32_at =
            |i: usize| u32::from_le_bytes([header[i], header[i + 1], header[i + 2], header[i + 3]]);
        let f64_at = |i: usize| {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&header[i..i + 8]);
            f64::from_le_bytes(bytes)
        };
        let flags = u32_at(0);
        let fd = u32_at(28) as i32;
        let source = (fd >= 0).then(|| {
            // SAFETY: the caller hands this descriptor over with the record, and nobody else closes it.
            unsafe { OwnedFd::from_raw_fd(fd) }
        });
        let size = f64_at(40);
        let path_length = usize::from(u16::from_le_bytes([header[48], header[49]]));
        let temporary_length = usize::from(u16::from_le_bytes([header[50], header[51]]));
        let path_at = at + HEADER;
        let temporary_at = path_at + path_length;
        let end = temporary_at + temporary_length;
        let content = if source.is_some() {
            &[][..]
        } else {
            let from = u32_at(32) as usize;
            data.get(from..from.checked_add(size as usize)?)?
        };
        let digest = if flags & FLAG_VERIFY != 0 {
            let from = u32_at(36) as usize;
            data.get(from..from + spec.name.length())?
        } else {
            &[][..]
        };
        batch.push(Record {
            flags,
            mode: u32_at(4),
            uid: u32_at(8),
            gid: u32_at(12),
            mtime: (f64_at(16) as i64, u32_at(24)),
            source,
            content,
            digest,
            size: size as u64,
            path: records.get(path_at..temporary_at)?,
            temporary: records.get(temporary_at..end)?,
        });
        at = (end + 7) & !7;
    }
    Some(batch)
}

struct Worker<'t> {
    tree: &'t TreeRoot,
    locator: Locator<'t>,
    spec: &'t DigestSpec,
    reflink: bool,
    buffer: Vec<u8>,
}

impl Worker<'_> {
    /// One file. Owner, times and mode are all tried, and their failure does not keep the file from its
    /// place; any other failure removes the temporary file.
    fn receive(&mut self, record: &Record) -> Result<(), Broken> {
        if record.flags & FLAG_VERIFY != 0 {
            let mut sum = [0; MAX_DIGEST];
            let n = digest(self.spec, true, record.content, &mut sum);
            if sum[..n] != *record.digest {
                return Err(Broken(DIGEST_MISMATCH, 0));
            }
        }
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL;
        let file = self
            .locator
            .open_file(record.temporary, flags, Mode::from_raw_mode(0o600))
            .map_err(|errno| Broken(errno.raw_os_error(), STEP_CREATE))?;
        let done = self.fill(record, &file).and_then(|()| {
            let dressed = dress(record, &file);
            self.rename(record)?;
            dressed
        });
        if let Err(Broken(_, STEP_READ | STEP_WRITE | STEP_RENAME | 0)) = done {
            // The first failure is the one to tell.
            let _ = self.tree.with(record.temporary, |dir, name| {
                unlinkat(dir, name, AtFlags::empty())
            });
        }
        done
    }

    fn fill(&mut self, record: &Record, file: &OwnedFd) -> Result<(), Broken> {
        let sparse = record.flags & FLAG_SPARSE != 0;
        match &record.source {
            Some(source) => {
                let copied = copy_data(
                    source,
                    file,
                    record.size,
                    sparse,
                    &mut self.reflink,
                    &mut self.buffer,
                )
                .map_err(broken)?;
                if copied == Copied::Changed {
                    return Err(Broken(SOURCE_CHANGED, STEP_READ));
                }
            }
            None if sparse => {
                let duplicate = rustix::io::fcntl_dupfd_cloexec(file, 0)
                    .map_err(|errno| Broken(errno.raw_os_error(), STEP_WRITE))?;
                let mut writer = FileWriter::new(duplicate, true, 0);
                writer.write(0, record.content);
                writer.finish(record.size, false);
                if let Some(error) = writer.failure() {
                    return Err(broken(error));
                }
            }
            None => write_all(file, 0, record.content).map_err(broken)?,
        }
        if record.flags & FLAG_FSYNC != 0 {
            fsync(file).map_err(|errno| Broken(errno.raw_os_error(), STEP_WRITE))?;
        }
        Ok(())
    }

    fn rename(&mut self, record: &Record) -> Result<(), Broken> {
        let failed = |errno: Errno| Broken(errno.raw_os_error(), STEP_RENAME);
        let from = self.locator.locate(record.temporary).map_err(failed)?;
        let to = self.locator.locate(record.path).map_err(failed)?;
        renameat(&from.parent, from.name, &to.parent, to.name).map_err(failed)
    }
}

fn broken(error: SysError) -> Broken {
    let step = if error.syscall == Syscall::Read {
        STEP_READ
    } else {
        STEP_WRITE
    };
    Broken(error.errno, step)
}

/// Owner and group, times, mode.
fn dress(record: &Record, file: &OwnedFd) -> Result<(), Broken> {
    let mut first = Ok(());
    let mut note = |done: Result<(), Errno>, step| {
        if let (Err(errno), Ok(())) = (done, &first) {
            first = Err(Broken(errno.raw_os_error(), step));
        }
    };
    let has = |flag| record.flags & flag != 0;
    if has(FLAG_UID | FLAG_GID) {
        // A look is cheaper than a change, and mostly enough.
        let own = fstat(file).ok();
        let uid = (has(FLAG_UID) && own.is_none_or(|own| own.st_uid != record.uid))
            .then(|| Uid::from_raw(record.uid));
        let gid = (has(FLAG_GID) && own.is_none_or(|own| own.st_gid != record.gid))
            .then(|| Gid::from_raw(record.gid));
        if uid.is_some() || gid.is_some() {
            note(fchown(file, uid, gid), STEP_CHOWN);
        }
    }
    let meta = Meta {
        mtime: has(FLAG_MTIME).then_some(record.mtime),
        ..Meta::default()
    };
    if let Some(times) = meta.times() {
        note(futimens(file, &times), STEP_UTIMES);
    }
    if has(FLAG_MODE) {
        note(
            fchmod(file, Mode::from_raw_mode(record.mode & 0o7777)),
            STEP_CHMOD,
        );
    }
    first
}
