use oc_checksum::{block_sum, rolling_sum, DigestSpec, Rolling, MAX_DIGEST};

use crate::block_table::{BlockSums, BlockTable, MAX_CHAIN};
use crate::CHUNK;

/// Bytes looked at beyond a block in one go.
const SPAN: u64 = 128 * 1024;

/// A weak sum that is a block's costs a strong sum of as many bytes as a block has, and a peer can make up blocks with the
/// weak sum of each place of a file. So many blocks, and so many bytes for each byte gone over, may be hashed for nothing;
/// after that places are passed over, and what would have matched there is sent.
const SPARE_BLOCKS: u64 = 64;
const HASHED_PER_BYTE: u64 = 16;

/// What the search may hash for nothing by byte of the file. Of a basis of 4 GiB each place looks like a block once for as
/// many places as a block has bytes, by chance alone: twice that is left to larger ones.
fn hashed_per_byte(sums: &BlockSums) -> u64 {
    HASHED_PER_BYTE + (sums.total() >> 31)
}

/// Random access to the file being sent.
pub trait Source {
    /// The bytes `from .. to`, within the file's length; what cannot be read is zero.
    fn window(&mut self, from: u64, to: u64) -> &[u8];
}

/// What the search found next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// All up to this offset is literal, and no block follows yet.
    Literal(u64),
    /// The block `index`, `length` bytes, starts at `offset`; what lies before it is literal.
    Match {
        offset: u64,
        index: u32,
        length: u32,
    },
    /// The rest of the file is literal.
    End,
}

/// Looks for the blocks of a basis in a file of known length, from its start to its end.
pub struct Search {
    table: BlockTable,
    spec: DigestSpec,
    in_place: bool,
    length: u64,
    /// No block can start here or later.
    end: u64,
    offset: u64,
    last_match: u64,
    rolling: Option<Rolling>,
    /// The block after the last match: taking it makes a run.
    wanted: u32,
    aligned_offset: u64,
    aligned_index: u32,
    started: bool,
    /// Bytes that were hashed where no block is.
    pub hashed_in_vain: u64,
    per_byte: u64,
    pub hash_hits: u64,
    pub false_alarms: u64,
    pub matches: u64,
}

struct Found {
    index: u32,
    offset: u64,
    length: u32,
}

impl Search {
    /// `sums` holds at least one block, `length` is not zero. With `in_place` the receiver overwrites its
    /// basis while it reads it, so a block that lies before the current offset is gone already.
    pub fn new(sums: BlockSums, spec: DigestSpec, in_place: bool, length: u64) -> Self {
        let last = u64::from(sums.length(sums.count - 1));
        Search {
            hashed_in_vain: 0,
            per_byte: hashed_per_byte(&sums),
            table: BlockTable::new(sums, in_place),
            spec,
            in_place,
            length,
            end: (length + 1).saturating_sub(last),
            offset: 0,
            last_match: 0,
            rolling: None,
            wanted: 0,
            aligned_offset: 0,
            aligned_index: 0,
            started: false,
            hash_hits: 0,
            false_alarms: 0,
            matches: 0,
        }
    }

    /// Goes on to the next event.
    pub fn next(&mut self, source: &mut impl Source) -> Event {
        let block = u64::from(self.table.sums.block_length);
        loop {
            // Offset 0 is always tried, even when the file is shorter than the last block.
            if self.offset >= self.end && self.started {
                return Event::End;
            }
            self.started = true;
            let to = (self.offset + block + SPAN).min(self.length);
            let base = self.last_match;
            let data = source.window(base, to);
            let start = (self.offset - base) as usize;
            let (stop, hit) = self.scan(&data[start..], to == self.length);
            self.offset += stop as u64;
            if let Some(weak) = hit {
                self.hash_hits += 1;
                let before = (self.hashed_in_vain, self.false_alarms);
                if let Some(found) = self.confirm(weak, source) {
                    self.matches += 1;
                    self.wanted = found.index + 1;
                    self.offset = found.offset + u64::from(found.length);
                    self.last_match = self.offset;
                    self.rolling = None;
                    return Event::Match {
                        offset: found.offset,
                        index: found.index,
                        length: found.length,
                    };
                }
                if self.hashed_in_vain > before.0 {
                    self.pass_run(self.false_alarms - before.1, source);
                }
                self.step(source);
            }
            // Literal data is given out early, so that it need not be read again.
            let behind = self.offset - self.last_match;
            if behind >= block + CHUNK as u64 && self.end > self.offset + CHUNK as u64 {
                self.last_match = self.offset - block;
                return Event::Literal(self.last_match);
            }
        }
    }

    /// Rolls over `data`, which starts at the current offset, up to an offset whose weak sum belongs to a
    /// block. Tells how far it went, and the sum.
    fn scan(&mut self, data: &[u8], last: bool) -> (usize, Option<u32>) {
        let block = self.table.sums.block_length as usize;
        let mut window = block.min(data.len());
        let mut rolling = match self.rolling {
            Some(rolling) => rolling,
            None => Rolling::new(&data[..window]),
        };
        let remaining = (self.end.saturating_sub(self.offset)).max(1) as usize;
        let limit = if last {
            remaining.min(data.len())
        } else {
            remaining.min(data.len() - block)
        };
        // As long as a byte follows the window, it keeps its length.
        let full = limit.min(data.len() - window);
        let next = &data[window..];
        let mut at = self
            .table
            .roll(&mut rolling, &data[..full], next, window as u32);
        let mut hit = None;
        while at < limit {
            let weak = rolling.sum();
            if self.table.holds(weak) {
                hit = Some(weak);
                break;
            }
            rolling.drop_first(data[at], window as u32);
            match data.get(at + window) {
                Some(&next) => rolling.push(next),
                None => window -= 1,
            }
            at += 1;
        }
        self.rolling = Some(rolling);
        (at, hit)
    }

    /// Where a window of nothing but one byte is no block, those that are the same are none either: what is empty in the image
    /// of a disk looks like each block with its weak sum, at each place. `alarms` is what each of them would have been.
    fn pass_run(&mut self, alarms: u64, source: &mut impl Source) {
        let block = u64::from(self.table.sums.block_length);
        if self.length - self.offset < block {
            return;
        }
        let to = (self.offset + block + SPAN).min(self.length);
        let base = self.last_match;
        let data = &source.window(base, to)[(self.offset - base) as usize..];
        let (window, next) = data.split_at(block as usize);
        if window.iter().any(|&byte| byte != window[0]) {
            return;
        }
        let run = next.iter().take_while(|&&byte| byte == window[0]).count() as u64;
        let run = run.min((self.end - 1).saturating_sub(self.offset));
        self.offset += run;
        self.hash_hits += run;
        self.false_alarms += run * alarms;
    }

    /// Moves one byte on after a weak sum that led to nothing.
    fn step(&mut self, source: &mut impl Source) {
        let block = u64::from(self.table.sums.block_length);
        let window = block.min(self.length - self.offset);
        let to = (self.offset + window + 1).min(self.length);
        let base = self.last_match;
        let data = &source.window(base, to)[(self.offset - base) as usize..];
        if let Some(rolling) = &mut self.rolling {
            rolling.drop_first(data[0], window as u32);
            if let Some(&next) = data.get(window as usize) {
                rolling.push(next);
            }
        }
        self.offset += 1;
    }

    /// Compares strong sums, and chooses among equal blocks.
    fn confirm(&mut self, weak: u32, source: &mut impl Source) -> Option<Found> {
        let offset = self.offset;
        let block = u64::from(self.table.sums.block_length);
        let length = block.min(self.length - offset) as u32;
        let strong_length = self.table.sums.strong_length;
        let mut strong = [0; MAX_DIGEST];
        let mut hashed = false;
        let mut candidates = 0;
        let mut before = None;
        let mut next = self.table.head(weak);
        while let Some(i) = next {
            next = self.table.after(i);
            if self.in_place && self.table.offset(i) < offset && !self.table.same_offset(i) {
                self.table.unlink(weak, before, i);
                continue;
            }
            before = Some(i);
            candidates += 1;
            if candidates > MAX_CHAIN {
                break;
            }
            if self.table.weak(i) != weak {
                continue;
            }
            if self.table.sums.length(i) != length {
                continue;
            }
            if !hashed {
                if !self.may_hash(u64::from(length)) {
                    return None;
                }
                let base = self.last_match;
                let data = source.window(base, offset + u64::from(length));
                block_sum(&self.spec, &data[(offset - base) as usize..], &mut strong);
                hashed = true;
            }
            if self.table.strong(i) != &strong[..strong_length] {
                self.false_alarms += 1;
                continue;
            }
            let mut found = Found {
                index: i,
                offset,
                length,
            };
            if self.in_place {
                self.prefer_aligned(weak, &strong, &mut found, source);
            }
            self.prefer_wanted(weak, &strong, &mut found);
            return Some(found);
        }
        if hashed {
            self.hashed_in_vain += u64::from(length);
        }
        None
    }

    fn may_hash(&self, length: u64) -> bool {
        let block = u64::from(self.table.sums.block_length);
        let spare = SPARE_BLOCKS * block + self.per_byte.saturating_mul(self.offset);
        self.hashed_in_vain + length <= spare
    }

    fn equals(&self, i: u32, weak: u32, strong: &[u8; MAX_DIGEST], length: u32) -> bool {
        self.table.weak(i) == weak
            && self.table.sums.length(i) == length
            && self.table.strong(i) == &strong[..self.table.sums.strong_length]
    }

    /// In place, the best block is the one that already lies where it belongs: it need not be written.
    /// Zeros are also worth a few literal bytes to get back to the block grid.
    fn prefer_aligned(
        &mut self,
        weak: u32,
        strong: &[u8; MAX_DIGEST],
        found: &mut Found,
        source: &mut impl Source,
    ) {
        let block = u64::from(self.table.sums.block_length);
        while self.aligned_offset < found.offset {
            self.aligned_offset += block;
            self.aligned_index += 1;
        }
        let (grid, at) = (self.aligned_index, self.aligned_offset);
        let realign = weak == 0
            && u64::from(found.length) == block
            && at + u64::from(found.length) <= self.length;
        if grid >= self.table.sums.count || (found.offset != at && !realign) {
            return;
        }
        if found.index != grid && !self.equals(grid, weak, strong, found.length) {
            return;
        }
        found.index = grid;
        if found.offset != at {
            let base = self.last_match;
            let data = &source.window(base, at + u64::from(found.length))[(at - base) as usize..];
            if rolling_sum(data) != self.table.weak(grid) {
                return;
            }
            let mut there = [0; MAX_DIGEST];
            block_sum(&self.spec, data, &mut there);
            if self.table.strong(grid) != &there[..self.table.sums.strong_length] {
                return;
            }
            found.offset = at;
        }
        self.table.mark_same_offset(grid);
        self.wanted = grid;
    }

    /// The block that follows the last match makes a run, so it wins over an equal one elsewhere.
    fn prefer_wanted(&self, weak: u32, strong: &[u8; MAX_DIGEST], found: &mut Found) {
        let wanted = self.wanted;
        if wanted == found.index || wanted >= self.table.sums.count {
            return;
        }
        let usable = !self.in_place
            || self.table.offset(wanted) >= found.offset
            || self.table.same_offset(wanted);
        if usable && self.equals(wanted, weak, strong, found.length) {
            found.index = wanted;
        }
    }
}
