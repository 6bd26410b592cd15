//! The sums, beside the libraries alone and what memory gives.

use std::hint::black_box;
use std::time::Duration;

use criterion::{criterion_group, criterion_main, BenchmarkId, Criterion, Throughput};
use md4::Md4;
use md5::{Digest, Md5};
use oc_checksum::{digest, rolling_sum, DigestName, DigestSpec, MAX_DIGEST};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use twox_hash::{XxHash3_128, XxHash3_64, XxHash64};

/// In a near cache, as a piece of a file is that was just read.
const PIECE: usize = 128 * 1024;
/// In no cache.
const FAR: usize = 64 * 1024 * 1024;

fn noise(length: usize) -> Vec<u8> {
    let mut x = 0x9e37_79b9u32;
    (0..length)
        .map(|_| {
            x ^= x << 13;
            x ^= x >> 17;
            x ^= x << 5;
            x as u8
        })
        .collect()
}

fn memory(c: &mut Criterion) {
    let mut group = c.benchmark_group("limit: copy in memory");
    for length in [PIECE, FAR] {
        let from = noise(length);
        let mut to = vec![0; length];
        group.throughput(Throughput::Bytes(length as u64));
        group.bench_function(BenchmarkId::from_parameter(length), |b| {
            b.iter(|| black_box(&mut to).copy_from_slice(black_box(&from)));
        });
    }
}

fn rolling(c: &mut Criterion) {
    let mut group = c.benchmark_group("rolling sum");
    for length in [700, 16 * 1024, PIECE] {
        let block = noise(length);
        group.throughput(Throughput::Bytes(length as u64));
        group.bench_function(BenchmarkId::from_parameter(length), |b| {
            b.iter(|| rolling_sum(black_box(&block)));
        });
    }
}

fn strong(c: &mut Criterion) {
    let names = [
        ("xxh128", DigestName::Xxh128),
        ("xxh3", DigestName::Xxh3),
        ("xxh64", DigestName::Xxh64),
        ("md5", DigestName::Md5),
        ("md4", DigestName::Md4),
        ("sha1", DigestName::Sha1),
        ("sha256", DigestName::Sha256),
        ("sha512", DigestName::Sha512),
    ];
    let data = noise(PIECE);
    let mut group = c.benchmark_group("strong sum");
    group.throughput(Throughput::Bytes(PIECE as u64));
    for (title, name) in names {
        let spec = DigestSpec {
            name,
            seed: 0,
            seed_first: false,
        };
        let mut out = [0; MAX_DIGEST];
        group.bench_function(title, |b| {
            b.iter(|| digest(&spec, true, black_box(&data), &mut out));
        });
    }
}

fn libraries(c: &mut Criterion) {
    let data = noise(PIECE);
    let mut group = c.benchmark_group("limit: the hash library alone");
    group.throughput(Throughput::Bytes(PIECE as u64));
    let data = black_box(&data[..]);
    group.bench_function("xxh128", |b| b.iter(|| XxHash3_128::oneshot(data)));
    group.bench_function("xxh3", |b| b.iter(|| XxHash3_64::oneshot(data)));
    group.bench_function("xxh64", |b| b.iter(|| XxHash64::oneshot(0, data)));
    group.bench_function("md5", |b| b.iter(|| Md5::digest(data)));
    group.bench_function("md4", |b| b.iter(|| Md4::digest(data)));
    group.bench_function("sha1", |b| b.iter(|| Sha1::digest(data)));
    group.bench_function("sha256", |b| b.iter(|| Sha256::digest(data)));
    group.bench_function("sha512", |b| b.iter(|| Sha512::digest(data)));
}

criterion_group! {
    name = sums;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(600));
    targets = memory, rolling, strong, libraries
}
criterion_main!(sums);
