//! Strong digests and how rsync seeds them.
//!
//! A seed enters block sums only (and the whole-file digest of MD4 below protocol 30): the xxhash family
//! takes it as its own seed, sign-extended; MD5 hashes its four bytes before or after the data, MD4 after
//! it, the SHA family before it.

use md4::Md4;
use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use std::hash::Hasher as _;
use twox_hash::{xxhash3_128, XxHash3_128, XxHash3_64, XxHash64};

/// Longest digest, in bytes.
pub const MAX_DIGEST: usize = 64;

/// The strong checksums of rsync; `Md4Old` is MD4 with the seed rules of protocols below 30.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DigestName {
    Xxh128,
    Xxh3,
    Xxh64,
    Md5,
    Md4,
    Md4Old,
    Sha1,
    Sha256,
    Sha512,
    None,
}

impl DigestName {
    /// Finds a digest by the name it has in negotiation.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "xxh128" => Self::Xxh128,
            "xxh3" => Self::Xxh3,
            "xxh64" => Self::Xxh64,
            "md5" => Self::Md5,
            "md4" => Self::Md4,
            "md4-old" => Self::Md4Old,
            "sha1" => Self::Sha1,
            "sha256" => Self::Sha256,
            "sha512" => Self::Sha512,
            "none" => Self::None,
            _ => return None,
        })
    }

    /// Bytes of a full digest; `None` sends one zero byte.
    pub fn length(self) -> usize {
        match self {
            Self::Xxh3 | Self::Xxh64 => 8,
            Self::Xxh128 | Self::Md5 | Self::Md4 | Self::Md4Old => 16,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
            Self::None => 1,
        }
    }
}

/// A negotiated digest with the session's seed.
#[derive(Clone, Copy, Debug)]
pub struct DigestSpec {
    pub name: DigestName,
    /// 0 means no seed.
    pub seed: i32,
    /// MD5 block sums hash the seed before the data.
    pub seed_first: bool,
}

/// A digest that is being computed.
pub enum Hasher {
    Xxh128(Box<xxhash3_128::Hasher>),
    Xxh3(Box<XxHash3_64>),
    Xxh64(Box<XxHash64>),
    Md5(Md5),
    Md4(Md4),
    Sha1(Sha1),
    Sha256(Sha256),
    Sha512(Sha512),
    None,
}

impl Hasher {
    /// A digest without a seed (`--checksum`, authentication).
    pub fn plain(name: DigestName) -> Self {
        match name {
            DigestName::Xxh128 => Self::Xxh128(Box::new(XxHash3_128::new())),
            DigestName::Xxh3 => Self::Xxh3(Box::new(XxHash3_64::new())),
            DigestName::Xxh64 => Self::Xxh64(Box::new(XxHash64::with_seed(0))),
            DigestName::Md5 => Self::Md5(Md5::new()),
            DigestName::Md4 | DigestName::Md4Old => Self::Md4(Md4::new()),
            DigestName::Sha1 => Self::Sha1(Sha1::new()),
            DigestName::Sha256 => Self::Sha256(Sha256::new()),
            DigestName::Sha512 => Self::Sha512(Sha512::new()),
            DigestName::None => Self::None,
        }
    }

    /// The whole-file digest of a transfer.
    pub fn transfer(spec: &DigestSpec) -> Self {
        let mut hasher = Self::plain(spec.name);
        if spec.name == DigestName::Md4Old {
            hasher.update(&spec.seed.to_le_bytes());
        }
        hasher
    }

    /// Takes the next bytes.
    pub fn update(&mut self, data: &[u8]) {
        match self {
            Self::Xxh128(h) => h.write(data),
            Self::Xxh3(h) => h.write(data),
            Self::Xxh64(h) => h.write(data),
            Self::Md5(h) => h.update(data),
            Self::Md4(h) => h.update(data),
            Self::Sha1(h) => h.update(data),
            Self::Sha256(h) => h.update(data),
            Self::Sha512(h) => h.update(data),
            Self::None => {}
        }
    }

    /// Writes the digest to the start of `out` and tells its length.
    pub fn finish(self, out: &mut [u8; MAX_DIGEST]) -> usize {
        match self {
            Self::Xxh128(h) => put(out, &h.finish_128().to_le_bytes()),
            Self::Xxh3(h) => put(out, &h.finish().to_le_bytes()),
            Self::Xxh64(h) => put(out, &h.finish().to_le_bytes()),
            Self::Md5(h) => put(out, &h.finalize()),
            Self::Md4(h) => put(out, &h.finalize()),
            Self::Sha1(h) => put(out, &h.finalize()),
            Self::Sha256(h) => put(out, &h.finalize()),
            Self::Sha512(h) => put(out, &h.finalize()),
            Self::None => put(out, &[0]),
        }
    }
}

fn put(out: &mut [u8; MAX_DIGEST], digest: &[u8]) -> usize {
    out[..digest.len()].copy_from_slice(digest);
    digest.len()
}

/// The whole-file digest of data that lies in memory; `transfer` applies the seed rule of transfers.
pub fn digest(spec: &DigestSpec, transfer: bool, data: &[u8], out: &mut [u8; MAX_DIGEST]) -> usize {
    match spec.name {
        DigestName::Xxh128 => put(out, &XxHash3_128::oneshot(data).to_le_bytes()),
        DigestName::Xxh3 => put(out, &XxHash3_64::oneshot(data).to_le_bytes()),
        DigestName::Xxh64 => put(out, &XxHash64::oneshot(0, data).to_le_bytes()),
        name => {
            let mut hasher = if transfer {
                Hasher::transfer(spec)
            } else {
                Hasher::plain(name)
            };
            hasher.update(data);
            hasher.finish(out)
        }
    }
}

/// The strong sum of one block, seeded.
pub fn block_sum(spec: &DigestSpec, block: &[u8], out: &mut [u8; MAX_DIGEST]) -> usize {
    let seed = i64::from(spec.seed) as u64;
    match spec.name {
        DigestName::Xxh128 => {
            return put(
                out,
                &XxHash3_128::oneshot_with_seed(seed, block).to_le_bytes(),
            )
        }
        DigestName::Xxh3 => {
            return put(
                out,
                &XxHash3_64::oneshot_with_seed(seed, block).to_le_bytes(),
            )
        }
        DigestName::Xxh64 => return put(out, &XxHash64::oneshot(seed, block).to_le_bytes()),
        _ => {}
    }
    let before = match spec.name {
        DigestName::Md4 | DigestName::Md4Old => false,
        DigestName::Md5 => spec.seed_first,
        _ => true,
    };
    let mut hasher = Hasher::plain(spec.name);
    let seed = spec.seed.to_le_bytes();
    if spec.seed != 0 && before {
        hasher.update(&seed);
    }
    hasher.update(block);
    if spec.seed != 0 && !before {
        hasher.update(&seed);
    }
    hasher.finish(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|b| format!("{b:02x}")).collect()
    }

    fn plain(name: DigestName, data: &[u8]) -> String {
        let spec = DigestSpec {
            name,
            seed: 0,
            seed_first: false,
        };
        let mut whole = [0; MAX_DIGEST];
        let n = digest(&spec, false, data, &mut whole);
        let mut pieces = Hasher::plain(name);
        for piece in data.chunks(7) {
            pieces.update(piece);
        }
        let mut other = [0; MAX_DIGEST];
        assert_eq!(pieces.finish(&mut other), n);
        assert_eq!(whole[..n], other[..n]);
        assert_eq!(n, name.length());
        hex(&whole[..n])
    }

    #[test]
    fn published_vectors() {
        assert_eq!(
            plain(DigestName::Md4, b"message digest"),
            "d9130a8164549fe818874806e1c7014b"
        );
        assert_eq!(
            plain(DigestName::Md5, b"message digest"),
            "f96b697d7cb7938d525a2f31aaf161d0"
        );
        assert_eq!(
            plain(DigestName::Sha1, b"abc"),
            "a9993e364706816aba3e25717850c26c9cd0d89d"
        );
        assert_eq!(
            plain(DigestName::Sha256, b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert!(plain(DigestName::Sha512, b"abc").starts_with("ddaf35a193617abacc417349ae204131"));
        // Values of the xxHash specification for empty input, as little-endian bytes.
        assert_eq!(plain(DigestName::Xxh64, b""), "99e9d85137db46ef");
        assert_eq!(plain(DigestName::Xxh3, b""), "c294d3380580062d");
        assert_eq!(
            plain(DigestName::Xxh128, b""),
            hex(&0x99aa_06d3_0147_98d8_6001_c324_468d_497f_u128.to_le_bytes())
        );
        assert_eq!(plain(DigestName::None, b"abc"), "00");
    }

    #[test]
    fn seeds() {
        let block = b"some block";
        let sum = |name, seed, seed_first| {
            let mut out = [0; MAX_DIGEST];
            let n = block_sum(
                &DigestSpec {
                    name,
                    seed,
                    seed_first,
                },
                block,
                &mut out,
            );
            hex(&out[..n])
        };
        let before = [&7i32.to_le_bytes()[..], block].concat();
        let after = [block, &7i32.to_le_bytes()[..]].concat();
        assert_eq!(
            sum(DigestName::Md5, 7, true),
            plain(DigestName::Md5, &before)
        );
        assert_eq!(
            sum(DigestName::Md5, 7, false),
            plain(DigestName::Md5, &after)
        );
        assert_eq!(
            sum(DigestName::Md4, 7, true),
            plain(DigestName::Md4, &after)
        );
        assert_eq!(
            sum(DigestName::Md4Old, 7, true),
            plain(DigestName::Md4, &after)
        );
        assert_eq!(
            sum(DigestName::Sha1, 7, false),
            plain(DigestName::Sha1, &before)
        );
        assert_eq!(sum(DigestName::Md5, 0, true), plain(DigestName::Md5, block));
        // A negative seed is sign-extended.
        assert_eq!(
            sum(DigestName::Xxh64, -1, false),
            hex(&XxHash64::oneshot(u64::MAX, block).to_le_bytes())
        );
        let mut out = [0; MAX_DIGEST];
        let old = DigestSpec {
            name: DigestName::Md4Old,
            seed: 0,
            seed_first: false,
        };
        digest(&old, true, block, &mut out);
        let zero_first = [&[0; 4][..], block].concat();
        assert_eq!(hex(&out[..16]), plain(DigestName::Md4, &zero_first));
    }
}
