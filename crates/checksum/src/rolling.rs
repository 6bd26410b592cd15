//! The weak sum that can move along a file one byte at a time.
//!
//! Of a block of `n` bytes `x` (signed, as rsync reads them): `s1 = Σ x[i]` and `s2 = Σ (n - i)·x[i]`, both
//! modulo 2^16; on the wire `s1 | s2 << 16`.

/// Bytes summed before the partial sums are folded; a power of two that vectorizes well.
const LANE: usize = 32;

/// The weak sum of a whole block.
pub fn rolling_sum(block: &[u8]) -> u32 {
    let mut s1 = 0u32;
    let mut s2 = 0u32;
    let mut lanes = block.chunks_exact(LANE);
    for lane in &mut lanes {
        let mut plain = 0i32;
        let mut weighted = 0i32;
        for (i, &byte) in lane.iter().enumerate() {
            let x = i32::from(byte as i8);
            plain += x;
            weighted += x * (LANE - i) as i32;
        }
        s2 = s2
            .wrapping_add(s1.wrapping_mul(LANE as u32))
            .wrapping_add(weighted as u32);
        s1 = s1.wrapping_add(plain as u32);
    }
    for &byte in lanes.remainder() {
        s1 = s1.wrapping_add(byte as i8 as u32);
        s2 = s2.wrapping_add(s1);
    }
    (s1 & 0xffff) | (s2 << 16)
}

/// The weak sum of a window that moves.
#[derive(Clone, Copy, Debug)]
pub struct Rolling {
    s1: u32,
    s2: u32,
}

impl Rolling {
    /// Starts on `window`.
    pub fn new(window: &[u8]) -> Self {
        let sum = rolling_sum(window);
        Rolling {
            s1: sum & 0xffff,
            s2: sum >> 16,
        }
    }

    /// The sum as it is on the wire.
    #[inline]
    pub fn sum(&self) -> u32 {
        (self.s1 & 0xffff) | (self.s2 << 16)
    }

    /// Drops the first byte of a window of `length` bytes.
    #[inline]
    pub fn drop_first(&mut self, first: u8, length: u32) {
        let x = first as i8 as u32;
        self.s1 = self.s1.wrapping_sub(x);
        self.s2 = self.s2.wrapping_sub(length.wrapping_mul(x));
    }

    /// Takes one more byte at the end.
    #[inline]
    pub fn push(&mut self, next: u8) {
        self.s1 = self.s1.wrapping_add(next as i8 as u32);
        self.s2 = self.s2.wrapping_add(self.s1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(n: usize) -> Vec<u8> {
        let mut state = 0x9e37_79b9u32;
        (0..n)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 17;
                state ^= state << 5;
                (state >> 11) as u8
            })
            .collect()
    }

    fn naive(block: &[u8]) -> u32 {
        let n = block.len() as i64;
        let s1: i64 = block.iter().map(|&b| i64::from(b as i8)).sum();
        let s2: i64 = block
            .iter()
            .enumerate()
            .map(|(i, &b)| (n - i as i64) * i64::from(b as i8))
            .sum();
        (s1 as u32 & 0xffff) | ((s2 as u32) << 16)
    }

    #[test]
    fn equals_the_definition() {
        for n in [0, 1, 3, 31, 32, 33, 700, 4096, 131_072] {
            let block = noise(n);
            assert_eq!(rolling_sum(&block), naive(&block), "{n} bytes");
        }
        assert_eq!(rolling_sum(&[0xff; 70_000]), naive(&[0xff; 70_000]));
    }

    #[test]
    fn rolls() {
        let data = noise(5000);
        let window = 700;
        let mut rolling = Rolling::new(&data[..window]);
        for at in 0..data.len() - window {
            assert_eq!(rolling.sum(), rolling_sum(&data[at..at + window]));
            rolling.drop_first(data[at], window as u32);
            rolling.push(data[at + window]);
        }
    }
}
