use oc_checksum::{block_sum, rolling_sum, DigestName, DigestSpec, MAX_DIGEST};
use oc_delta::{BlockSums, Event, Search, Source};

use crate::Choices;

const SPEC: DigestSpec = DigestSpec {
    name: DigestName::Md5,
    seed: 1,
    seed_first: true,
};
const STRONG: usize = 16;

struct Memory<'a>(&'a [u8]);

impl Source for Memory<'_> {
    fn window(&mut self, from: u64, to: u64) -> &[u8] {
        &self.0[from as usize..to as usize]
    }
}

/// A length of blocks, a basis and a file: what matches is the same data, in order, and inside of the file. Some sums
/// are made up, and match nothing.
pub fn search(data: &[u8]) {
    let mut choices = Choices(data);
    let form = choices.byte();
    let block = 1 + choices.below(90);
    let basis_length = choices.below(2000);
    let basis = choices.take(basis_length);
    let file = choices.0;
    if basis.is_empty() || file.is_empty() {
        return;
    }
    let sums = sums_of(basis, block, form & 2 != 0);
    let in_place = form & 1 != 0;
    let mut search = Search::new(sums.clone(), SPEC, in_place, file.len() as u64);
    let mut source = Memory(file);
    let mut at = 0;
    loop {
        match search.next(&mut source) {
            Event::End => return,
            Event::Literal(to) => assert!(to >= at && to <= file.len() as u64),
            Event::Match {
                offset,
                index,
                length,
            } => {
                assert!(offset >= at, "a match before the one before it");
                assert_eq!(length, sums.length(index));
                let from = index as usize * block;
                let theirs = &basis[from..from + length as usize];
                at = offset + u64::from(length);
                assert_eq!(&file[offset as usize..at as usize], theirs, "no match");
            }
        }
    }
}

/// Sums of a basis; with `made_up` every third has the strong sum of nothing.
fn sums_of(basis: &[u8], block: usize, made_up: bool) -> BlockSums {
    let mut sums = Vec::new();
    for (i, piece) in basis.chunks(block).enumerate() {
        let mut strong = [0; MAX_DIGEST];
        if !(made_up && i % 3 == 0) {
            block_sum(&SPEC, piece, &mut strong);
        }
        sums.extend_from_slice(&rolling_sum(piece).to_le_bytes());
        sums.extend_from_slice(&strong[..STRONG]);
    }
    BlockSums {
        count: basis.chunks(block).count() as u32,
        block_length: block as u32,
        remainder: (basis.len() % block) as u32,
        strong_length: STRONG,
        sums,
    }
}
