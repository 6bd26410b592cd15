use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicUsize, Ordering};

use oc_checksum::{digest, DigestSpec, Hasher, MAX_DIGEST};
use rustix::fs::{openat, Mode, OFlags};
use rustix::io::{pread, Errno};

use crate::cores::cores;
use crate::interrupt::{status, INTERRUPTED};
use crate::names::{full_path, has_place, Names};
use crate::resolve::{Parent, TreeRoot};
use crate::scan::parent_at;
use crate::syscall::{During, SysError, Syscall};

/// Bytes read at once: what stays in a core's own cache.
const PIECE: usize = 256 * 1024;
/// Bytes that are worth a thread of their own.
const THREAD_BYTES: u64 = 2 * 1024 * 1024;
const MAX_THREADS: usize = 16;
/// Most files that a thread takes at once.
const STEP: usize = 16;
/// As where a transfer meets the end of a file too early.
const ENDED_EARLY: Errno = Errno::NODATA;

/// The unseeded digests of files (`--checksum`), of the first `sizes[i]` bytes of each: an errno (-4 when
/// interrupted) and a digest each, zeros where it failed. Large files are shared among the cores. `None`
/// where a name is out of bounds or `sizes` is not as long as the names.
pub fn file_sums(
    tree: &TreeRoot,
    names: &Names,
    sizes: &[f64],
    spec: &DigestSpec,
) -> Option<(Vec<i32>, Vec<u8>)> {
    let count = names.len()?;
    if sizes.len() != count || (0..count).any(|i| names.get(i).is_none()) {
        return None;
    }
    let total: u64 = sizes.iter().map(|&size| size as u64).sum();
    let threads =
        (total / THREAD_BYTES + 1).min(cores().min(MAX_THREADS).min(count.max(1)) as u64) as usize;
    let step = (count / threads).clamp(1, STEP);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::with_capacity(count / threads);
        let mut reader = SumReader::new(tree, *spec);
        loop {
            let from = next.fetch_add(step, Ordering::Relaxed);
            if from >= count {
                return done;
            }
            for (i, &size) in sizes.iter().enumerate().skip(from).take(step) {
                if tree.interrupt().is_raised() {
                    return done;
                }
                if let Some((at, dir, name)) = names.get(i) {
                    done.push((i, reader.sum(at, dir, name, size as u64)));
                }
            }
        }
    };
    let results = if threads <= 1 {
        vec![work()]
    } else {
        std::thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
            let mut all = vec![work()];
            for other in others {
                match other.join() {
                    Ok(done) => all.push(done),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            all
        })
    };
    let length = spec.name.length();
    let mut statuses = vec![INTERRUPTED; count];
    let mut sums = vec![0; count * length];
    for (i, result) in results.into_iter().flatten() {
        match result {
            Ok(sum) => {
                statuses[i] = 0;
                sums[i * length..(i + 1) * length].copy_from_slice(&sum[..length]);
            }
            Err(error) => statuses[i] = status(error),
        }
    }
    Some((statuses, sums))
}

/// One thread's way through files.
pub(crate) struct SumReader<'t> {
    tree: &'t TreeRoot,
    spec: DigestSpec,
    buffer: Vec<u8>,
    /// The directory of the last file, by its number.
    dir: Option<(u32, Result<Parent<'t>, Errno>)>,
}

impl<'t> SumReader<'t> {
    pub fn new(tree: &'t TreeRoot, spec: DigestSpec) -> Self {
        SumReader {
            tree,
            spec,
            buffer: Vec::new(),
            dir: None,
        }
    }

    /// The unseeded digest of the first `size` bytes of `name` in `dir`, the directory with the number `at`.
    pub fn sum(
        &mut self,
        at: u32,
        dir: &[u8],
        name: &[u8],
        size: u64,
    ) -> Result<[u8; MAX_DIGEST], SysError> {
        let file = self.open(at, dir, name).during(Syscall::Open)?;
        let mut sum = [0; MAX_DIGEST];
        let piece = size.min(PIECE as u64) as usize;
        if self.buffer.len() < piece {
            self.buffer.resize(piece, 0);
        }
        if size <= PIECE as u64 {
            let data = &mut self.buffer[..size as usize];
            read_all(&file, 0, data)?;
            digest(&self.spec, false, data, &mut sum);
            return Ok(sum);
        }
        let mut hasher = Hasher::plain(self.spec.name);
        let mut at = 0;
        while at < size {
            self.tree.interrupt().check()?;
            let wanted = (size - at).min(PIECE as u64) as usize;
            let data = &mut self.buffer[..wanted];
            read_all(&file, at, data)?;
            hasher.update(data);
            at += wanted as u64;
        }
        hasher.finish(&mut sum);
        Ok(sum)
    }

    fn open(&mut self, at: u32, dir: &[u8], name: &[u8]) -> Result<OwnedFd, Errno> {
        let flags = self.tree.read_flags() | self.tree.read_no_follow() | OFlags::CLOEXEC;
        let known = self.dir.as_ref().is_some_and(|(number, _)| *number == at);
        if !known {
            self.dir = Some((at, parent_at(self.tree, dir)));
        }
        match &self.dir {
            Some((_, Ok(parent))) if has_place(parent, name) => {
                match openat(parent.as_fd(), name, flags, Mode::empty()) {
                    // The directory may be another one by now.
                    Err(Errno::NOENT) => {}
                    other => return other,
                }
            }
            Some((_, Err(errno))) => return Err(*errno),
            _ => {}
        }
        let path = full_path(dir, name);
        self.tree
            .with(&path, |dir, name| openat(dir, name, flags, Mode::empty()))
    }
}

/// Fills `into` from `offset` on.
fn read_all(file: &OwnedFd, mut offset: u64, into: &mut [u8]) -> Result<(), SysError> {
    let mut have = 0;
    while have < into.len() {
        match pread(file, &mut into[have..], offset) {
            Ok(0) => return Err(SysError::new(ENDED_EARLY, Syscall::Read)),
            Ok(n) => {
                have += n;
                offset += n as u64;
            }
            Err(Errno::INTR) => {}
            Err(errno) => return Err(SysError::new(errno, Syscall::Read)),
        }
    }
    Ok(())
}
