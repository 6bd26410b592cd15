use oc_checksum::{digest, DigestSpec, MAX_DIGEST};
use oc_delta::CHUNK;
use rustix::fs::fstat;

use crate::resolve::{Locator, TreeRoot};
use crate::send::spoil;
use crate::syscall::{During, SysError, Syscall};
use crate::window::fill;

/// Fewer files than this are not worth a thread.
const FILES_PER_THREAD: usize = 24;
const THREADS: usize = 2;
/// The file is larger than the limit.
const TOO_LARGE: i32 = -1;

/// Uncompressed token streams of many files, in order.
#[derive(Default)]
pub struct SendMany {
    /// 0, an errno, or -1 for a file that is too large.
    pub status: Vec<i32>,
    /// Where each file's stream ends in `data`.
    pub ends: Vec<u32>,
    pub sizes: Vec<f64>,
    pub data: Vec<u8>,
}

/// Reads, hashes and tokenizes small files. Files above `limit` bytes are left out, and so is what would
/// take `data` past 4 GiB.
pub fn send_many(tree: &TreeRoot, paths: &[&[u8]], limit: u64, spec: &DigestSpec) -> SendMany {
    let threads = (paths.len() / FILES_PER_THREAD).clamp(1, THREADS);
    if threads == 1 {
        return send_slice(tree, paths, limit, spec);
    }
    let (first, second) = paths.split_at(paths.len() / 2);
    let (mut one, two) = std::thread::scope(|scope| {
        let other = scope.spawn(|| send_slice(tree, second, limit, spec));
        let one = send_slice(tree, first, limit, spec);
        (one, other.join())
    });
    match two {
        Ok(two) => one.append(two),
        Err(panic) => std::panic::resume_unwind(panic),
    }
    one
}

impl SendMany {
    fn append(&mut self, other: SendMany) {
        let base = self.data.len() as u64;
        if base + other.data.len() as u64 > u64::from(u32::MAX) {
            self.status.extend(
                other
                    .status
                    .iter()
                    .map(|&s| if s == 0 { TOO_LARGE } else { s }),
            );
            self.ends.extend(other.ends.iter().map(|_| base as u32));
            self.sizes.extend(other.sizes.iter().map(|_| 0.0));
            return;
        }
        self.status.extend_from_slice(&other.status);
        self.sizes.extend_from_slice(&other.sizes);
        self.ends
            .extend(other.ends.iter().map(|end| end + base as u32));
        self.data.extend_from_slice(&other.data);
    }
}

fn send_slice(tree: &TreeRoot, paths: &[&[u8]], limit: u64, spec: &DigestSpec) -> SendMany {
    let mut result = SendMany::default();
    result.data.reserve(paths.len() * 1024);
    let mut locator = Locator::new(tree);
    for path in paths {
        let (status, size) = match send_one(&mut locator, path, limit, spec, &mut result.data) {
            Ok(Some(size)) => (0, size),
            Ok(None) => (TOO_LARGE, 0),
            Err(error) => (error.errno, 0),
        };
        result.status.push(status);
        result.sizes.push(size as f64);
        result.ends.push(result.data.len() as u32);
    }
    result
}

/// Appends one file's stream: (i32 length, data) pieces, i32 0, digest.
fn send_one(
    locator: &mut Locator,
    path: &[u8],
    limit: u64,
    spec: &DigestSpec,
    data: &mut Vec<u8>,
) -> Result<Option<u64>, SysError> {
    let file = locator.open_read(path)?;
    let size = fstat(&file).during(Syscall::Stat)?.st_size.max(0) as u64;
    let pieces = size.div_ceil(CHUNK as u64);
    let total = data.len() as u64 + size + pieces * 4 + 4 + MAX_DIGEST as u64;
    if size > limit || total > u64::from(u32::MAX) {
        return Ok(None);
    }
    let mut errno = 0;
    let mut sum = [0; MAX_DIGEST];
    let start = data.len();
    let n = if pieces <= 1 {
        let header = if size > 0 { 4 } else { 0 };
        data.extend_from_slice(&(size as i32).to_le_bytes()[..header]);
        data.resize(start + header + size as usize, 0);
        let content = &mut data[start + header..];
        fill(&file, 0, content, &mut errno);
        digest(spec, true, content, &mut sum)
    } else {
        let mut hasher = oc_checksum::Hasher::transfer(spec);
        let mut at = 0;
        while at < size {
            let piece = (size - at).min(CHUNK as u64);
            data.extend_from_slice(&(piece as i32).to_le_bytes());
            let from = data.len();
            data.resize(from + piece as usize, 0);
            fill(&file, at, &mut data[from..], &mut errno);
            hasher.update(&data[from..]);
            at += piece;
        }
        hasher.finish(&mut sum)
    };
    if errno != 0 {
        spoil(&mut sum[..n]);
    }
    data.extend_from_slice(&0i32.to_le_bytes());
    data.extend_from_slice(&sum[..n]);
    Ok(Some(size))
}
