use std::os::fd::OwnedFd;

use rustix::fs::{fallocate, ftruncate, FallocateFlags};
use rustix::io::{pwrite, Errno};

use crate::syscall::{During, SysError, Syscall};
use crate::system::punch_hole;

/// Larger pieces are written at once, smaller ones are collected.
const DIRECT: usize = 16 * 1024;
const BUFFER: usize = 128 * 1024;
/// Zeros become holes in pieces of this size (aligned in the file).
const HOLE_UNIT: u64 = 1024;

/// Writes a file from front to back. The first failure is kept; nothing is written after it.
pub(crate) struct FileWriter {
    file: OwnedFd,
    buffer: Vec<u8>,
    buffer_at: u64,
    sparse: bool,
    /// Bytes that the file has already, where a hole must be punched.
    existing: u64,
    /// The hole that is not made yet: from, to.
    hole: (u64, u64),
    failure: Option<SysError>,
}

impl FileWriter {
    pub fn new(file: OwnedFd, sparse: bool, existing: u64) -> Self {
        FileWriter {
            file,
            buffer: Vec::new(),
            buffer_at: 0,
            sparse,
            existing,
            hole: (0, 0),
            failure: None,
        }
    }

    pub fn file(&self) -> &OwnedFd {
        &self.file
    }

    pub fn failure(&self) -> Option<SysError> {
        self.failure
    }

    /// Keeps the first failure.
    pub fn note(&mut self, done: Result<(), SysError>) {
        if let Err(error) = done {
            self.failure.get_or_insert(error);
        }
    }

    /// Reserves `size` bytes; that this fails is no failure of the file.
    pub fn preallocate(&mut self, size: u64) {
        if size > self.existing && fallocate(&self.file, FallocateFlags::empty(), 0, size).is_ok() {
            self.existing = size;
        }
    }

    /// Writes `data` at `at`, which is where the last piece ended or later.
    pub fn write(&mut self, at: u64, data: &[u8]) {
        if self.failure.is_some() {
            return;
        }
        let done = if self.sparse {
            self.write_sparse(at, data, false)
        } else {
            self.write_dense(at, data)
        };
        self.note(done);
    }

    /// `data` lies at `at` already (in-place update); with sparse writing its zeros become holes.
    pub fn keep(&mut self, at: u64, data: &[u8]) {
        if self.failure.is_some() || !self.sparse {
            return;
        }
        let done = self.write_sparse(at, data, true);
        self.note(done);
    }

    /// Completes a file of `size` bytes.
    pub fn finish(&mut self, size: u64, fsync: bool) {
        if self.failure.is_none() {
            let done = self.complete(size, fsync);
            self.note(done);
        }
    }

    fn complete(&mut self, size: u64, fsync: bool) -> Result<(), SysError> {
        self.flush()?;
        let trailing_hole = self.hole.1 > self.hole.0;
        self.make_hole()?;
        if trailing_hole || self.existing > size {
            ftruncate(&self.file, size).during(Syscall::Truncate)?;
        }
        if fsync {
            rustix::fs::fsync(&self.file).during(Syscall::Fsync)?;
        }
        Ok(())
    }

    fn write_sparse(&mut self, at: u64, data: &[u8], kept: bool) -> Result<(), SysError> {
        let mut from = 0;
        while from < data.len() {
            let zero = is_zero(unit(at, data, from));
            let mut to = from;
            while to < data.len() {
                let next = unit(at, data, to);
                if is_zero(next) != zero {
                    break;
                }
                to += next.len();
            }
            let piece_at = at + from as u64;
            if zero {
                self.add_hole(piece_at, at + to as u64)?;
            } else {
                self.make_hole()?;
                if !kept {
                    self.write_dense(piece_at, &data[from..to])?;
                }
            }
            from = to;
        }
        Ok(())
    }

    fn add_hole(&mut self, from: u64, to: u64) -> Result<(), SysError> {
        if self.hole.1 == from && self.hole.1 > self.hole.0 {
            self.hole.1 = to;
            return Ok(());
        }
        self.make_hole()?;
        self.hole = (from, to);
        Ok(())
    }

    fn make_hole(&mut self) -> Result<(), SysError> {
        let (from, to) = std::mem::take(&mut self.hole);
        let to = to.min(self.existing);
        if to <= from {
            return Ok(());
        }
        self.flush()?;
        match punch_hole(&self.file, from, to - from) {
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => self.write_zeros(from, to),
            other => other.during(Syscall::Fallocate),
        }
    }

    fn write_zeros(&mut self, from: u64, to: u64) -> Result<(), SysError> {
        let zeros = [0; 4096];
        let mut at = from;
        while at < to {
            let n = (to - at).min(zeros.len() as u64) as usize;
            write_all(&self.file, at, &zeros[..n])?;
            at += n as u64;
        }
        Ok(())
    }

    fn write_dense(&mut self, at: u64, data: &[u8]) -> Result<(), SysError> {
        let joins = self.buffer_at + self.buffer.len() as u64 == at;
        if !joins || self.buffer.len() + data.len() > BUFFER || data.len() >= DIRECT {
            self.flush()?;
        }
        if data.len() >= DIRECT {
            return write_all(&self.file, at, data);
        }
        if self.buffer.is_empty() {
            self.buffer_at = at;
        }
        self.buffer.extend_from_slice(data);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), SysError> {
        let done = write_all(&self.file, self.buffer_at, &self.buffer);
        self.buffer.clear();
        done
    }
}

/// What came of a file that is not complete may be kept.
impl Drop for FileWriter {
    fn drop(&mut self) {
        if self.failure.is_none() {
            // The run has failed already.
            let _ = self.flush();
        }
    }
}

/// The rest of the aligned unit that `data[from]` is in.
fn unit(at: u64, data: &[u8], from: usize) -> &[u8] {
    let past = ((at + from as u64) % HOLE_UNIT) as usize;
    &data[from..data.len().min(from + HOLE_UNIT as usize - past)]
}

fn is_zero(data: &[u8]) -> bool {
    data.iter().fold(0, |all, &byte| all | byte) == 0
}

/// Writes all of `data` at `at`.
pub(crate) fn write_all(file: &OwnedFd, mut at: u64, mut data: &[u8]) -> Result<(), SysError> {
    while !data.is_empty() {
        match pwrite(file, data, at) {
            Ok(0) => return Err(SysError::new(Errno::NOSPC, Syscall::Write)),
            Ok(n) => {
                data = &data[n..];
                at += n as u64;
            }
            Err(Errno::INTR) => {}
            Err(errno) => return Err(SysError::new(errno, Syscall::Write)),
        }
    }
    Ok(())
}
