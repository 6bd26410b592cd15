//! The weak sum that can move along a file one byte at a time.
//!
//! Of a block of `n` bytes `x` (signed, as rsync reads them): `s1 = Σ x[i]` and `s2 = Σ (n - i)·x[i]`, both
//! modulo 2^16; on the wire `s1 | s2 << 16`.

/// Bytes summed before the partial sums are folded; a power of two that vectorizes well.
const LANE: usize = 32;

/// The weak sum of a whole block.
pub fn rolling_sum(block: &[u8]) -> u32 {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2.
        return unsafe { avx2::sum(block) };
    }
    sum_lanes(block, 0, 0)
}

/// Goes on from partial sums.
fn sum_lanes(block: &[u8], mut s1: u32, mut s2: u32) -> u32 {
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

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::*;

    use super::{sum_lanes, LANE};

    /// `rolling_sum`, 32 bytes a step.
    #[target_feature(enable = "avx2")]
    pub(super) fn sum(block: &[u8]) -> u32 {
        let ones8 = _mm256_set1_epi8(1);
        let ones16 = _mm256_set1_epi16(1);
        #[rustfmt::skip]
        let weights = _mm256_setr_epi8(
            32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17,
            16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1,
        );
        let mut s1 = _mm256_setzero_si256();
        // What `s1` was before each lane, summed: it counts LANE times.
        let mut before = _mm256_setzero_si256();
        let mut weighted = _mm256_setzero_si256();
        let mut lanes = block.chunks_exact(LANE);
        for lane in &mut lanes {
            // SAFETY: a lane has 32 bytes, and this load needs no alignment.
            let bytes = unsafe { _mm256_loadu_si256(lane.as_ptr().cast()) };
            before = _mm256_add_epi32(before, s1);
            let pairs = _mm256_maddubs_epi16(ones8, bytes);
            s1 = _mm256_add_epi32(s1, _mm256_madd_epi16(pairs, ones16));
            // At most (32 + 31) * 128 a pair, so nothing saturates.
            let pairs = _mm256_maddubs_epi16(weights, bytes);
            weighted = _mm256_add_epi32(weighted, _mm256_madd_epi16(pairs, ones16));
        }
        let s2 = across(before)
            .wrapping_mul(LANE as u32)
            .wrapping_add(across(weighted));
        sum_lanes(lanes.remainder(), across(s1), s2)
    }

    /// The sum of the eight numbers of a vector.
    #[target_feature(enable = "avx2")]
    fn across(vector: __m256i) -> u32 {
        let halves = _mm_add_epi32(
            _mm256_castsi256_si128(vector),
            _mm256_extracti128_si256::<1>(vector),
        );
        let pairs = _mm_add_epi32(halves, _mm_shuffle_epi32::<0b01_00_11_10>(halves));
        let whole = _mm_add_epi32(pairs, _mm_shuffle_epi32::<0b10_11_00_01>(pairs));
        _mm_cvtsi128_si32(whole) as u32
    }
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
            assert_eq!(sum_lanes(&block, 0, 0), naive(&block), "{n} bytes");
        }
        for byte in [0x7f, 0x80, 0xff] {
            let block = [byte; 70_000];
            assert_eq!(rolling_sum(&block), naive(&block));
            assert_eq!(sum_lanes(&block, 0, 0), naive(&block));
        }
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
