use oc_checksum::{block_sum, rolling_sum, DigestSpec, MAX_DIGEST};
use oc_delta::Source;

use crate::interrupt::{Interrupt, Interrupted};
use crate::resolve::TreeRoot;
use crate::syscall::SysError;
use crate::window::Window;

/// The block sums of a basis file, made a buffer at a time.
pub struct BlockSumJob {
    window: Window,
    size: u64,
    block_length: u64,
    strong_length: usize,
    digest: DigestSpec,
    at: u64,
    interrupt: Interrupt,
}

impl BlockSumJob {
    /// Opens the basis; `size` bytes of it are summed. `block_length` is not 0 unless `size` is.
    pub fn open(
        tree: &TreeRoot,
        path: &[u8],
        size: u64,
        block_length: u32,
        strong_length: usize,
        digest: DigestSpec,
    ) -> Result<Self, SysError> {
        let file = tree.open_read(path)?.file;
        Ok(BlockSumJob {
            window: Window::new(file, size),
            size: if block_length == 0 { 0 } else { size },
            block_length: u64::from(block_length),
            strong_length: strong_length.min(digest.name.length()),
            digest,
            at: 0,
            interrupt: tree.interrupt().clone(),
        })
    }

    /// Fills `into` with whole (rolling, strong) pairs; 0 at the end. Fails when the tree is interrupted.
    pub fn next(&mut self, into: &mut [u8]) -> Result<usize, Interrupted> {
        let mut strong = [0; MAX_DIGEST];
        let mut length = 0;
        for pair in into.chunks_exact_mut(4 + self.strong_length) {
            if self.at >= self.size {
                break;
            }
            self.interrupt.check()?;
            let to = (self.at + self.block_length).min(self.size);
            let block = self.window.window(self.at, to);
            block_sum(&self.digest, block, &mut strong);
            pair[..4].copy_from_slice(&rolling_sum(block).to_le_bytes());
            pair[4..].copy_from_slice(&strong[..self.strong_length]);
            length += pair.len();
            self.at = to;
        }
        Ok(length)
    }
}
