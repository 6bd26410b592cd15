use std::os::fd::OwnedFd;

use oc_checksum::{digest, DigestSpec, Hasher, MAX_DIGEST};
use oc_delta::CHUNK;
use rustix::io::{pread, Errno};

use crate::interrupt::status;
use crate::resolve::{Locator, TreeRoot};
use crate::syscall::{SysError, Syscall};

/// There is no room for the file, or it is no regular one.
const TOO_LARGE: i32 = -1;

/// What became of files whose token streams were asked for.
#[derive(Default)]
pub struct SendMany {
    /// 0, an errno, -1 for a file that is too large, or -4 when interrupted.
    pub status: Vec<i32>,
    /// Where each file's stream ends.
    pub ends: Vec<u32>,
    pub sizes: Vec<f64>,
}

/// Reads, hashes and tokenizes small files into one buffer, uncompressed and in order; those for which there is no room
/// are left out. Several calls are under way at a time, so that one needs no more than its own thread.
pub fn send_many(tree: &TreeRoot, paths: &[&[u8]], into: &mut [u8], spec: &DigestSpec) -> SendMany {
    let mut result = SendMany::default();
    let mut end = 0;
    let mut locator = Locator::new(tree);
    for path in paths {
        let sent = match tree.interrupt().check() {
            Ok(()) => send_one(&mut locator, path, spec, &mut into[end..]),
            Err(interrupted) => Err(interrupted.into()),
        };
        let (status, size) = match sent {
            Ok(Some((size, length))) => {
                end += length;
                (0, size)
            }
            Ok(None) => (TOO_LARGE, 0),
            Err(error) => (status(error), 0),
        };
        result.status.push(status);
        result.sizes.push(size as f64);
        result.ends.push(end as u32);
    }
    result
}

/// Writes one file's stream: (i32 length, data) pieces, i32 0, digest. Gives the bytes of the file and those of the stream.
/// A file that shrank since it was opened is sent as it is now; one that cannot be read leaves nothing.
fn send_one(
    locator: &mut Locator,
    path: &[u8],
    spec: &DigestSpec,
    into: &mut [u8],
) -> Result<Option<(u64, usize)>, SysError> {
    let open = locator.open_read(path)?;
    let pieces = open.size.div_ceil(CHUNK as u64);
    let room = open
        .size
        .saturating_add(pieces * 4 + 4 + spec.name.length() as u64);
    if !open.regular || room > into.len() as u64 {
        return Ok(None);
    }
    let size = open.size as usize;
    let mut sum = [0; MAX_DIGEST];
    let (sent, at, n) = if pieces <= 1 {
        let sent = read_piece(&open.file, 0, into, size)?;
        let at = if sent > 0 { 4 + sent } else { 0 };
        (sent, at, digest(spec, true, &into[at - sent..at], &mut sum))
    } else {
        let mut hasher = Hasher::transfer(spec);
        let (sent, at) = read_pieces(&open.file, size, &mut hasher, into)?;
        (sent, at, hasher.finish(&mut sum))
    };
    into[at..at + 4].copy_from_slice(&0i32.to_le_bytes());
    into[at + 4..at + 4 + n].copy_from_slice(&sum[..n]);
    Ok(Some((sent as u64, at + 4 + n)))
}

/// Writes a file of several pieces; gives its bytes and those that they take.
fn read_pieces(
    file: &OwnedFd,
    size: usize,
    hasher: &mut Hasher,
    into: &mut [u8],
) -> Result<(usize, usize), SysError> {
    let (mut sent, mut at) = (0, 0);
    while sent < size {
        let wanted = (size - sent).min(CHUNK);
        let n = read_piece(file, sent as u64, &mut into[at..], wanted)?;
        if n > 0 {
            hasher.update(&into[at + 4..at + 4 + n]);
            at += 4 + n;
        }
        sent += n;
        if n < wanted {
            break;
        }
    }
    Ok((sent, at))
}

/// Writes at most `wanted` bytes, and their length before them, which stands for nothing at the end of the file.
fn read_piece(
    file: &OwnedFd,
    offset: u64,
    into: &mut [u8],
    wanted: usize,
) -> Result<usize, SysError> {
    let content = &mut into[4..4 + wanted];
    let mut have = 0;
    while have < wanted {
        match pread(file, &mut content[have..], offset + have as u64) {
            Ok(0) => break,
            Ok(n) => have += n,
            Err(Errno::INTR) => {}
            Err(errno) => return Err(SysError::new(errno, Syscall::Read)),
        }
    }
    into[..4].copy_from_slice(&(have as i32).to_le_bytes());
    Ok(have)
}
