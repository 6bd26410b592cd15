use std::os::fd::OwnedFd;

use rustix::fs::{fstat, unlinkat, AtFlags, Mode, OFlags, RawMode};
use rustix::io::{pread, Errno};

use crate::interrupt::Interrupt;
use crate::resolve::{OpenFile, TreeRoot};
use crate::syscall::{During, SysError, Syscall};
use crate::system::{copy_file_range, ioctl_ficlone};
use crate::writer::{write_all, FileWriter};

/// Up to here a read and a write are faster than asking the file system to copy.
const SMALL: u64 = 128 * 1024;
/// Copied by the file system between two looks at the interrupt.
const RANGE: usize = 32 << 20;

/// How a copy ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Copied {
    Whole,
    /// The source is no longer as long as it was said to be.
    Changed,
}

/// Copies `size` bytes, all that `from` should have, to the new file `to`: by reflink, in the kernel, or
/// through `buffer`. `reflink` is cleared when the file system cannot. Fails with ECANCELED when interrupted.
pub(crate) fn copy_data(
    from: &OwnedFd,
    to: &OwnedFd,
    size: u64,
    sparse: bool,
    reflink: &mut bool,
    buffer: &mut Vec<u8>,
    interrupt: &Interrupt,
) -> Result<Copied, SysError> {
    if size == 0 {
        return Ok(Copied::Whole);
    }
    if size > SMALL && !sparse {
        if *reflink {
            if ioctl_ficlone(to, from).is_ok() {
                return same_size(to, size);
            }
            *reflink = false;
        }
        if let Some(copied) = copy_in_kernel(from, to, size, interrupt)? {
            return Ok(copied);
        }
    }
    copy_through(from, to, size, sparse, buffer, interrupt)
}

fn same_size(file: &OwnedFd, size: u64) -> Result<Copied, SysError> {
    let stat = fstat(file).during(Syscall::Stat)?;
    Ok(if stat.st_size as u64 == size {
        Copied::Whole
    } else {
        Copied::Changed
    })
}

/// `None` when this file system cannot do it.
fn copy_in_kernel(
    from: &OwnedFd,
    to: &OwnedFd,
    size: u64,
    interrupt: &Interrupt,
) -> Result<Option<Copied>, SysError> {
    let (mut source, mut target) = (0u64, 0u64);
    while target < size {
        interrupt.check()?;
        let n = (size - target).min(RANGE as u64) as usize;
        match copy_file_range(from, Some(&mut source), to, Some(&mut target), n) {
            Ok(0) if target == 0 => return Ok(None),
            Ok(0) => return Ok(Some(Copied::Changed)),
            Ok(_) | Err(Errno::INTR) => {}
            Err(
                Errno::NOSYS
                | Errno::XDEV
                | Errno::INVAL
                | Errno::OPNOTSUPP
                | Errno::PERM
                | Errno::BADF,
            ) if target == 0 => return Ok(None),
            Err(errno) => return Err(SysError::new(errno, Syscall::Write)),
        }
    }
    let grown = fstat(from).during(Syscall::Stat)?.st_size as u64 != size;
    Ok(Some(if grown {
        Copied::Changed
    } else {
        Copied::Whole
    }))
}

fn copy_through(
    from: &OwnedFd,
    to: &OwnedFd,
    size: u64,
    sparse: bool,
    buffer: &mut Vec<u8>,
    interrupt: &Interrupt,
) -> Result<Copied, SysError> {
    // One byte more than there should be shows a file that grew.
    let want = (size + 1).min(SMALL + 1) as usize;
    if buffer.len() < want {
        buffer.resize(want, 0);
    }
    let mut writer = None;
    let mut at = 0;
    loop {
        interrupt.check()?;
        let n = match pread(from, &mut buffer[..want], at) {
            Err(Errno::INTR) => continue,
            other => other.during(Syscall::Read)?,
        };
        if n == 0 {
            break;
        }
        if sparse {
            let duplicate = || rustix::io::fcntl_dupfd_cloexec(to, 0).during(Syscall::Open);
            let writer = match &mut writer {
                Some(writer) => writer,
                none => none.insert(FileWriter::new(duplicate()?, true, 0)),
            };
            writer.write(at, &buffer[..n]);
        } else {
            write_all(to, at, &buffer[..n])?;
        }
        at += n as u64;
        if at > size {
            return Ok(Copied::Changed);
        }
        if at == size && n < want {
            break;
        }
    }
    if let Some(mut writer) = writer {
        writer.finish(at, false);
        if let Some(error) = writer.failure() {
            return Err(error);
        }
    }
    Ok(if at == size {
        Copied::Whole
    } else {
        Copied::Changed
    })
}

/// Copies the whole file `from` to `to`, which is replaced and has those permissions of `mode` that are its owner's:
/// whose it shall be is not known here. A copy that fails leaves nothing.
pub fn copy_file(tree: &TreeRoot, from: &[u8], to: &[u8], mode: u32) -> Result<(), SysError> {
    let OpenFile {
        file: source, size, ..
    } = tree.open_read(from)?;
    let create = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL;
    let mode = Mode::from_raw_mode((mode & 0o700) as RawMode);
    let target = match tree.open_file(to, create, mode) {
        Err(Errno::EXIST) => {
            tree.with(to, |dir, name| unlinkat(dir, name, AtFlags::empty()))
                .during(Syscall::Unlink)?;
            tree.open_file(to, create, mode)
        }
        other => other,
    }
    .during(Syscall::Open)?;
    let mut reflink = true;
    let done = copy_data(
        &source,
        &target,
        size,
        false,
        &mut reflink,
        &mut Vec::new(),
        tree.interrupt(),
    );
    if done.is_err() {
        // What could not be completed must not stay; the first error is the one to tell.
        let _ = tree.with(to, |dir, name| unlinkat(dir, name, AtFlags::empty()));
    }
    done.map(|_| ())
}
