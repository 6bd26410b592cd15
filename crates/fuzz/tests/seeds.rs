//! The seeds of `fuzz/seeds`, and mutations of them, through the targets: the part of fuzzing that every build does.

use std::fs;
use std::path::Path;

use oc_fuzz::TARGETS;

/// Mutations of each seed; `OC_FUZZ_ROUNDS` asks for others.
const ROUNDS: usize = 300;

struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }
}

fn seeds_of(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds");
    let mut files: Vec<_> = fs::read_dir(folder.join(target))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// Bytes changed, removed, doubled, or joined with another seed.
fn mutate(seed: &[u8], other: &[u8], noise: &mut Noise) -> Vec<u8> {
    let mut data = seed.to_vec();
    for _ in 0..1 + noise.below(5) {
        let at = noise.below(data.len() + 1);
        let to = at + noise.below(data.len() - at + 1).min(40);
        match noise.below(6) {
            0 if at < data.len() => data[at] = noise.next() as u8,
            1 if at < data.len() => data[at] ^= 1 << noise.below(8),
            2 => drop(data.drain(at..to)),
            3 => {
                let piece = data[at..to].to_vec();
                data.splice(at..at, piece);
            }
            4 => {
                let from = noise.below(other.len() + 1);
                data.truncate(at);
                data.extend_from_slice(&other[from..]);
            }
            _ => {
                let odd = [0, 1, 0x7f, 0x80, 0xff, b'/', b'.'];
                data.insert(at, odd[noise.below(odd.len())]);
            }
        }
    }
    data
}

#[test]
fn seeds_and_mutations_of_them_keep_every_promise() {
    let rounds = std::env::var("OC_FUZZ_ROUNDS")
        .ok()
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(ROUNDS);
    let mut noise = Noise(0x5eed_5eed);
    for (name, target) in TARGETS {
        let seeds = seeds_of(name);
        assert!(seeds.len() >= 3, "{name} has no seeds");
        for seed in &seeds {
            target(seed);
            for _ in 0..rounds {
                let other = &seeds[noise.below(seeds.len())];
                let data = mutate(seed, other, &mut noise);
                // Where it panics, this is what goes into a new seed.
                let shown = data.clone();
                if std::panic::catch_unwind(|| target(&data)).is_err() {
                    panic!("{name} breaks on {shown:?}");
                }
            }
        }
    }
}
