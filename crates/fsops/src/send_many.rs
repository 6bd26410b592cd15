use std::os::fd::OwnedFd;

use oc_checksum::{digest, DigestSpec, Hasher, MAX_DIGEST};
use oc_delta::CHUNK;
use rustix::io::{pread, Errno};

use crate::interrupt::status;
use crate::resolve::{Locator, TreeRoot};
use crate::syscall::{SysError, Syscall};

/// The file is larger than the limit, or no regular file.
const TOO_LARGE: i32 = -1;

/// Uncompressed token streams of many files, in order.
#[derive(Default)]
pub struct SendMany {
    /// 0, an errno, -1 for a file that is too large, or -4 when interrupted.
    pub status: Vec<i32>,
    /// Where each file's stream ends in `data`.
    pub ends: Vec<u32>,
    pub sizes: Vec<f64>,
    pub data: Vec<u8>,
}

/// Reads, hashes and tokenizes small files. Files above `limit` bytes are left out, and so is what would
/// take `data` past 4 GiB. Several calls are under way at a time, so that one needs no more than its own thread.
pub fn send_many(tree: &TreeRoot, paths: &[&[u8]], limit: u64, spec: &DigestSpec) -> SendMany {
    let mut result = SendMany::default();
    result.data.reserve(paths.len() * 1024);
    let mut locator = Locator::new(tree);
    for path in paths {
        let sent = match tree.interrupt().check() {
            Ok(()) => send_one(&mut locator, path, limit, spec, &mut result.data),
            Err(interrupted) => Err(interrupted.into()),
        };
        let (status, size) = match sent {
            Ok(Some(size)) => (0, size),
            Ok(None) => (TOO_LARGE, 0),
            Err(error) => (status(error), 0),
        };
        result.status.push(status);
        result.sizes.push(size as f64);
        result.ends.push(result.data.len() as u32);
    }
    result
}

/// Appends one file's stream: (i32 length, data) pieces, i32 0, digest. A file that shrank since it was
/// opened is sent as it is now; one that cannot be read leaves nothing.
fn send_one(
    locator: &mut Locator,
    path: &[u8],
    limit: u64,
    spec: &DigestSpec,
    data: &mut Vec<u8>,
) -> Result<Option<u64>, SysError> {
    let open = locator.open_read(path)?;
    let size = open.size;
    let pieces = size.div_ceil(CHUNK as u64);
    let total = data.len() as u64 + size + pieces * 4 + 4 + MAX_DIGEST as u64;
    if !open.regular || size > limit || total > u64::from(u32::MAX) {
        return Ok(None);
    }
    let start = data.len();
    let mut sum = [0; MAX_DIGEST];
    let written = if pieces <= 1 {
        read_piece(&open.file, 0, size as usize, data).map(|sent| {
            let content = if sent > 0 { start + 4 } else { start };
            let n = digest(spec, true, &data[content..], &mut sum);
            (sent as u64, n)
        })
    } else {
        read_pieces(&open.file, size, Hasher::transfer(spec), data, &mut sum)
    };
    let (sent, n) = written.inspect_err(|_| data.truncate(start))?;
    data.extend_from_slice(&0i32.to_le_bytes());
    data.extend_from_slice(&sum[..n]);
    Ok(Some(sent))
}

/// Appends a file of several pieces; gives its length and that of the digest.
fn read_pieces(
    file: &OwnedFd,
    size: u64,
    mut hasher: Hasher,
    data: &mut Vec<u8>,
    sum: &mut [u8; MAX_DIGEST],
) -> Result<(u64, usize), SysError> {
    let mut at = 0;
    while at < size {
        let wanted = (size - at).min(CHUNK as u64) as usize;
        let piece = data.len();
        let n = read_piece(file, at, wanted, data)?;
        if n > 0 {
            hasher.update(&data[piece + 4..]);
        }
        at += n as u64;
        if n < wanted {
            break;
        }
    }
    Ok((at, hasher.finish(sum)))
}

/// Appends at most `wanted` bytes and their length before them; nothing at the end of the file.
fn read_piece(
    file: &OwnedFd,
    offset: u64,
    wanted: usize,
    data: &mut Vec<u8>,
) -> Result<usize, SysError> {
    let start = data.len();
    data.resize(start + 4 + wanted, 0);
    let mut have = 0;
    while have < wanted {
        match pread(file, &mut data[start + 4 + have..], offset + have as u64) {
            Ok(0) => break,
            Ok(n) => have += n,
            Err(Errno::INTR) => {}
            Err(errno) => return Err(SysError::new(errno, Syscall::Read)),
        }
    }
    data[start..start + 4].copy_from_slice(&(have as i32).to_le_bytes());
    data.truncate(if have > 0 { start + 4 + have } else { start });
    Ok(have)
}
