//! What is fuzzed: each target takes any bytes and panics where the crate under it breaks a promise. `fuzz/` runs
//! them under libFuzzer, `tests/seeds.rs` runs its seeds and mutations of them with plain `cargo test`.

#![forbid(unsafe_code)]

mod list;
mod search;
mod tokens;

pub use list::list_decoder;
pub use search::search;
pub use tokens::{encoder_round_trip, token_decoder};

pub type Target = fn(&[u8]);

/// The targets by their names, which are also those of their folders of seeds.
pub const TARGETS: [(&str, Target); 4] = [
    ("token_decoder", token_decoder),
    ("encoder_round_trip", encoder_round_trip),
    ("list_decoder", list_decoder),
    ("search", search),
];

/// Takes numbers from the front of a target's input; zeros where it ends.
struct Choices<'a>(&'a [u8]);

impl<'a> Choices<'a> {
    fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        first
    }

    fn below(&mut self, n: usize) -> usize {
        (usize::from(self.byte()) | usize::from(self.byte()) << 8) % n
    }

    fn take(&mut self, n: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(n.min(self.0.len()));
        self.0 = rest;
        taken
    }
}
