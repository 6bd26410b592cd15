use std::sync::atomic::{AtomicUsize, Ordering};

use oc_checksum::{DigestSpec, Hasher, MAX_DIGEST};

use crate::cores::cores;
use crate::interrupt::{status, INTERRUPTED};
use crate::resolve::{Locator, OpenFile, TreeRoot};
use crate::send::hash_range;
use crate::syscall::{SysError, Syscall};
use crate::window::Window;

/// Most files that a thread takes at once.
const BATCH: usize = 16;
const MAX_THREADS: usize = 16;

/// The unseeded digests of whole files (`--checksum`), on all cores: an errno (-4 when interrupted) and a
/// digest each, zeros where it failed.
pub fn file_sums(tree: &TreeRoot, paths: &[&[u8]], spec: &DigestSpec) -> (Vec<i32>, Vec<u8>) {
    let length = spec.name.length();
    let threads = paths.len().min(cores()).min(MAX_THREADS);
    let step = (paths.len() / threads.max(1)).clamp(1, BATCH);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        let mut locator = Locator::new(tree);
        loop {
            let from = next.fetch_add(step, Ordering::Relaxed);
            let to = (from + step).min(paths.len());
            if from >= to || tree.interrupt().is_raised() {
                return done;
            }
            for (i, path) in paths.iter().enumerate().take(to).skip(from) {
                done.push((i, file_sum(tree, &mut locator, path, spec)));
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
    let mut statuses = vec![INTERRUPTED; paths.len()];
    let mut sums = vec![0; paths.len() * length];
    for (i, result) in results.into_iter().flatten() {
        match result {
            Ok(sum) => {
                statuses[i] = 0;
                sums[i * length..(i + 1) * length].copy_from_slice(&sum[..length]);
            }
            Err(error) => statuses[i] = status(error),
        }
    }
    (statuses, sums)
}

fn file_sum(
    tree: &TreeRoot,
    locator: &mut Locator,
    path: &[u8],
    spec: &DigestSpec,
) -> Result<[u8; MAX_DIGEST], SysError> {
    let OpenFile { file, size, .. } = locator.open_read(path)?;
    let mut window = Window::new(file, size);
    let mut hasher = Hasher::plain(spec.name);
    hash_range(&mut window, &mut hasher, 0, size, tree.interrupt())?;
    if window.errno() != 0 {
        return Err(SysError {
            errno: window.errno(),
            syscall: Syscall::Read,
        });
    }
    let mut sum = [0; MAX_DIGEST];
    hasher.finish(&mut sum);
    Ok(sum)
}
