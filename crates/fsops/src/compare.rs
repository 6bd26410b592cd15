use std::sync::atomic::{AtomicUsize, Ordering};

use oc_checksum::{DigestSpec, MAX_DIGEST};
use rustix::io::Errno;

use crate::cores::cores;
use crate::file_sums::SumReader;
use crate::resolve::TreeRoot;
use crate::syscall::SysError;

/// From this size on, files are shared among the cores.
const LARGE: u64 = 1024 * 1024;
const MAX_THREADS: usize = 16;

/// Whether an entry's file is as the source's (`--checksum`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Same {
    /// There was nothing to compare.
    #[default]
    Unknown,
    Yes,
    No,
}

/// Where the sender of this process has the files, and the digest that tells whether two are the same.
#[derive(Clone, Copy)]
pub struct Sources<'s> {
    pub tree: &'s TreeRoot,
    pub digest: DigestSpec,
}

/// A file on both sides: its index, the number and the path of its directory, its name, and its size on both.
type Pair<'e> = (usize, u32, &'e [u8], &'e [u8], u64);
type Sum = Result<[u8; MAX_DIGEST], SysError>;

/// Compares files of two trees by their digests: small ones at once, large ones at the end.
pub(crate) struct Comparer<'s, 'e> {
    here: SumReader<'s>,
    there: SumReader<'s>,
    trees: [&'s TreeRoot; 2],
    digest: DigestSpec,
    large: Vec<Pair<'e>>,
    same: Vec<Same>,
}

impl<'s, 'e> Comparer<'s, 'e> {
    pub fn new(tree: &'s TreeRoot, sources: Sources<'s>, count: usize) -> Self {
        Comparer {
            here: SumReader::new(tree, sources.digest),
            there: SumReader::new(sources.tree, sources.digest),
            trees: [tree, sources.tree],
            digest: sources.digest,
            large: Vec::new(),
            same: vec![Same::Unknown; count],
        }
    }

    pub fn compare(&mut self, pair: Pair<'e>) {
        let (index, at, dir, name, size) = pair;
        if size >= LARGE {
            self.large.push(pair);
            return;
        }
        if self.trees.iter().any(|tree| tree.interrupt().is_raised()) {
            return;
        }
        let here = self.here.sum(at, dir, name, size);
        self.same[index] = equal(&here, &self.there.sum(at, dir, name, size));
    }

    /// What came of all entries.
    pub fn finish(mut self) -> Vec<Same> {
        let tasks = self.large.len() * 2;
        let threads = tasks.min(cores()).min(MAX_THREADS);
        let next = AtomicUsize::new(0);
        let work = || {
            let mut done: Vec<(usize, Sum)> = Vec::new();
            loop {
                let task = next.fetch_add(1, Ordering::Relaxed);
                let Some(&(_, at, dir, name, size)) = self.large.get(task / 2) else {
                    return done;
                };
                let mut reader = SumReader::new(self.trees[task % 2], self.digest);
                done.push((task, reader.sum(at, dir, name, size)));
            }
        };
        let mut sums = std::thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
            let mut all = work();
            for other in others {
                match other.join() {
                    Ok(done) => all.extend(done),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            all
        });
        sums.sort_unstable_by_key(|(task, _)| *task);
        for (pair, of) in self.large.iter().zip(sums.chunks_exact(2)) {
            self.same[pair.0] = equal(&of[0].1, &of[1].1);
        }
        self.same
    }
}

/// A file that cannot be read has the sum of zeros, as in rsync: two of them are the same.
fn equal(here: &Sum, there: &Sum) -> Same {
    let same = match (here, there) {
        (Ok(here), Ok(there)) => here == there,
        (Err(here), Err(there)) => ![here, there]
            .iter()
            .any(|error| error.errno == Errno::CANCELED.raw_os_error()),
        _ => false,
    };
    if same {
        Same::Yes
    } else {
        Same::No
    }
}
