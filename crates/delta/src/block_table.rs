use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use oc_checksum::{DigestName, Rolling, MAX_DIGEST};

/// The peer's basis as its generator described it: the sum head and `count` pairs of (weak, strong) sums.
#[derive(Clone, Debug)]
pub struct BlockSums {
    pub count: u32,
    pub block_length: u32,
    /// Length of the last block; 0 when it is whole.
    pub remainder: u32,
    pub strong_length: usize,
    /// Empty when nothing is to be matched (append).
    pub sums: Vec<u8>,
}

impl BlockSums {
    /// Whether the numbers fit together; anything else cannot be worked with.
    pub fn valid(&self, digest: DigestName) -> bool {
        let pairs = self.count as usize * (4 + self.strong_length);
        self.strong_length <= digest.length().min(MAX_DIGEST)
            && (self.count == 0 || self.block_length > 0)
            && self.remainder <= self.block_length
            && (self.sums.is_empty() || self.sums.len() == pairs)
    }

    /// Length of block `i`.
    #[inline]
    pub fn length(&self, i: u32) -> u32 {
        if i + 1 == self.count && self.remainder != 0 {
            self.remainder
        } else {
            self.block_length
        }
    }

    /// Bytes of the basis that the blocks cover (rsync's flength).
    pub fn total(&self) -> u64 {
        if self.count == 0 {
            return 0;
        }
        u64::from(self.count - 1) * u64::from(self.block_length)
            + u64::from(self.length(self.count - 1))
    }
}

const NONE: u32 = u32::MAX;
/// Bits of the filter for each block; one or two offsets in a hundred get through that have no block.
const FILTER_BITS: usize = 16;

/// How far a chain is followed. A basis of equal blocks, or one made to collide, would otherwise cost the
/// square of its size.
pub(crate) const MAX_CHAIN: u32 = 1024;

/// The word of the filter that tells of a weak sum (modulo the filter's length), and its bits there.
#[inline]
fn filter_bits(weak: u32) -> (usize, u64) {
    let mixed = u64::from(weak).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let bits = 1 << (mixed >> 26 & 63) | 1 << (mixed >> 32 & 63);
    ((mixed >> 40) as usize, bits)
}

/// The blocks of a basis by their weak sum. Blocks with one hash form a chain, the latest first.
pub struct BlockTable {
    pub sums: BlockSums,
    weak: Vec<u32>,
    chain: Vec<u32>,
    heads: Vec<u32>,
    shift: u32,
    /// Odd, and not the peer's to know: it could make up sums that all are in one bucket.
    mix: u32,
    /// Two bits of a word for each weak sum that a block has: small enough for a near cache, where `heads`
    /// is not.
    filter: Vec<u64>,
    /// Blocks known to be the same in the old and the new file at the same place (in-place updates).
    same_offset: Vec<bool>,
}

impl BlockTable {
    /// Hashes all blocks. `in_place` keeps account of the blocks that stay where they are.
    pub fn new(sums: BlockSums, in_place: bool) -> Self {
        let count = sums.count as usize;
        let bits = (count * 2).next_power_of_two().trailing_zeros().max(8);
        let size = (count * FILTER_BITS)
            .next_power_of_two()
            .trailing_zeros()
            .clamp(12, 30);
        let pair = 4 + sums.strong_length;
        let mut table = BlockTable {
            weak: Vec::with_capacity(count),
            chain: Vec::with_capacity(count),
            heads: vec![NONE; 1 << bits],
            shift: 32 - bits.min(32),
            mix: RandomState::new().hash_one(0) as u32 | 1,
            filter: vec![0; 1 << (size - 6)],
            same_offset: vec![false; if in_place { count } else { 0 }],
            sums,
        };
        for i in 0..count {
            let at = i * pair;
            let weak = u32::from_le_bytes([
                table.sums.sums[at],
                table.sums.sums[at + 1],
                table.sums.sums[at + 2],
                table.sums.sums[at + 3],
            ]);
            let bucket = table.bucket(weak);
            let (word, bits) = filter_bits(weak);
            let last = table.filter.len() - 1;
            table.filter[word & last] |= bits;
            table.weak.push(weak);
            table.chain.push(table.heads[bucket]);
            table.heads[bucket] = i as u32;
        }
        table
    }

    #[inline]
    fn bucket(&self, weak: u32) -> usize {
        (weak.wrapping_mul(self.mix) >> self.shift) as usize
    }

    /// Moves a window on, whose first bytes lie in `first` and whose next ones in `next`, to where a block has
    /// its weak sum. Tells how many bytes it moved; all of them where there is no such place.
    pub(crate) fn roll(
        &self,
        rolling: &mut Rolling,
        first: &[u8],
        next: &[u8],
        length: u32,
    ) -> usize {
        let filter = &self.filter[..];
        let last = filter.len() - 1;
        let mut sum = *rolling;
        let mut at = 0;
        for (&first, &next) in first.iter().zip(next) {
            let (word, bits) = filter_bits(sum.sum());
            if filter[word & last] & bits == bits && self.holds(sum.sum()) {
                break;
            }
            sum.drop_first(first, length);
            sum.push(next);
            at += 1;
        }
        *rolling = sum;
        at
    }

    /// Whether a block has this weak sum, as far as a chain is followed.
    #[cold]
    #[inline(never)]
    pub(crate) fn holds(&self, weak: u32) -> bool {
        let mut next = self.head(weak);
        for _ in 0..MAX_CHAIN {
            match next {
                None => return false,
                Some(i) if self.weak(i) == weak => return true,
                Some(i) => next = self.after(i),
            }
        }
        false
    }

    /// The first block with this hash.
    #[inline]
    pub(crate) fn head(&self, weak: u32) -> Option<u32> {
        let head = self.heads[self.bucket(weak)];
        (head != NONE).then_some(head)
    }

    #[inline]
    pub(crate) fn after(&self, i: u32) -> Option<u32> {
        let next = self.chain[i as usize];
        (next != NONE).then_some(next)
    }

    /// Takes `i` out of the chain of `weak`; `before` is its predecessor there.
    pub(crate) fn unlink(&mut self, weak: u32, before: Option<u32>, i: u32) {
        let next = self.chain[i as usize];
        match before {
            Some(p) => self.chain[p as usize] = next,
            None => {
                let bucket = self.bucket(weak);
                self.heads[bucket] = next;
            }
        }
    }

    #[inline]
    pub(crate) fn weak(&self, i: u32) -> u32 {
        self.weak[i as usize]
    }

    #[inline]
    pub(crate) fn strong(&self, i: u32) -> &[u8] {
        let pair = 4 + self.sums.strong_length;
        let at = i as usize * pair + 4;
        &self.sums.sums[at..at + self.sums.strong_length]
    }

    #[inline]
    pub(crate) fn offset(&self, i: u32) -> u64 {
        u64::from(i) * u64::from(self.sums.block_length)
    }

    pub(crate) fn same_offset(&self, i: u32) -> bool {
        self.same_offset[i as usize]
    }

    pub(crate) fn mark_same_offset(&mut self, i: u32) {
        self.same_offset[i as usize] = true;
    }
}
