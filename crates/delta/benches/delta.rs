//! Matching and token coding, beside the sums and the compression libraries alone.

use std::hint::black_box;
use std::time::Duration;

use criterion::{criterion_group, criterion_main, Criterion, Throughput};
use oc_checksum::{block_sum, rolling_sum, DigestName, DigestSpec, MAX_DIGEST};
use oc_delta::{
    BlockSums, BlockTable, CodecName, CodecSpec, Decoder, Encoder, Event, Input, Output, Search,
    Source, Step, Token, CHUNK,
};
use zstd_safe::CCtx;

const LENGTH: usize = 16 * 1024 * 1024;
/// About what rsync takes for a file of some hundred MiB.
const BLOCK: usize = 16 * 1024;
const STRONG: usize = 16;
const SPEC: DigestSpec = DigestSpec {
    name: DigestName::Xxh128,
    seed: 12345,
    seed_first: true,
};

struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
    fn bytes(&mut self, n: usize) -> Vec<u8> {
        (0..n).map(|_| self.next() as u8).collect()
    }
    /// Words, the first ones frequent.
    fn text(&mut self, n: usize) -> Vec<u8> {
        let words: Vec<Vec<u8>> = (0..4096)
            .map(|_| {
                let length = 2 + (self.next() % 9) as usize;
                (0..length)
                    .map(|_| b'a' + (self.next() % 26) as u8)
                    .collect()
            })
            .collect();
        let mut text = Vec::with_capacity(n + 16);
        while text.len() < n {
            let draw = self.next();
            let rank = ((draw & 0xffff) * ((draw >> 16) & 0xffff)) >> 20;
            text.extend_from_slice(&words[rank as usize]);
            text.push(b' ');
        }
        text.truncate(n);
        text
    }
}

struct Memory(Vec<u8>);

impl Source for Memory {
    fn window(&mut self, from: u64, to: u64) -> &[u8] {
        &self.0[from as usize..to as usize]
    }
}

fn sums_of(basis: &[u8]) -> BlockSums {
    let mut sums = Vec::new();
    let mut strong = [0; MAX_DIGEST];
    for block in basis.chunks(BLOCK) {
        block_sum(&SPEC, block, &mut strong);
        sums.extend_from_slice(&rolling_sum(block).to_le_bytes());
        sums.extend_from_slice(&strong[..STRONG]);
    }
    BlockSums {
        count: basis.len().div_ceil(BLOCK) as u32,
        block_length: BLOCK as u32,
        remainder: (basis.len() % BLOCK) as u32,
        strong_length: STRONG,
        sums,
    }
}

fn search(sums: &BlockSums, file: &mut Memory) -> u64 {
    let mut search = Search::new(sums.clone(), SPEC, false, file.0.len() as u64);
    while search.next(file) != Event::End {}
    search.matches
}

fn matching(c: &mut Criterion) {
    let mut noise = Noise(7);
    let basis = noise.bytes(LENGTH);
    let sums = sums_of(&basis);
    let mut changed = basis.clone();
    for at in (50 * 1024..LENGTH - 1024).step_by(100 * 1024) {
        changed[at..at + 1024].copy_from_slice(&noise.bytes(1024));
    }
    let files = [
        ("everything in common", basis.clone()),
        ("1 KiB in 100 changed", changed),
        ("nothing in common", noise.bytes(LENGTH)),
        ("one repeated byte, in neither", vec![7; LENGTH]),
    ];
    let mut group = c.benchmark_group("search, 16 KiB blocks");
    group.throughput(Throughput::Bytes(LENGTH as u64));
    for (title, file) in files {
        let mut file = Memory(file);
        group.bench_function(title, |b| b.iter(|| search(&sums, &mut file)));
    }
    group.bench_function("limit: both sums of all blocks", |b| {
        b.iter(|| sums_of(black_box(&basis)));
    });
    group.finish();
    c.bench_function("block table of 1,024 blocks", |b| {
        b.iter(|| BlockTable::new(black_box(&sums).clone(), false));
    });
}

fn encode(encoder: &mut Encoder, data: &[u8], buffer: &mut [u8], stream: &mut Vec<u8>) {
    stream.clear();
    let mut overflow = Vec::new();
    encoder.start_file(None, data.len() as u64);
    let last = data.len().div_ceil(CHUNK) - 1;
    for (i, piece) in data.chunks(CHUNK).enumerate() {
        let token = if i == last { Token::End } else { Token::More };
        let mut out = Output::new(buffer, &mut overflow);
        encoder.token(piece, token, &mut out).expect("encodes");
        let n = out.length();
        stream.extend_from_slice(&buffer[..n]);
        stream.append(&mut overflow);
    }
}

fn decode(decoder: &mut Decoder, stream: &[u8]) -> usize {
    decoder.start_file();
    let ranges = [0, stream.len() as u32];
    let mut input = Input::new(stream, &ranges).expect("lies in its buffer");
    let mut length = 0;
    loop {
        match decoder.next(&mut input).expect("decodes") {
            Step::Literal(data) => length += data.len(),
            Step::End => return length,
            Step::NeedMore | Step::Block(_) => unreachable!("a whole stream of literals"),
        }
    }
}

fn coding(c: &mut Criterion) {
    let data = Noise(8).text(LENGTH / 4);
    let codecs = [
        ("plain", CodecName::None, 0),
        ("zlib 6", CodecName::Zlib, 6),
        ("zlibx 6", CodecName::Zlibx, 6),
        ("zstd 3", CodecName::Zstd, 3),
        ("lz4", CodecName::Lz4, 0),
    ];
    let mut buffer = vec![0; 2 * CHUNK];
    let mut streams = Vec::new();
    let mut group = c.benchmark_group("tokens of text, written");
    group.throughput(Throughput::Bytes(data.len() as u64));
    for (title, name, level) in codecs {
        let spec = CodecSpec {
            name,
            level,
            threads: 0,
        };
        let mut encoder = Encoder::new(spec).expect("opens");
        let mut stream = Vec::new();
        group.bench_function(title, |b| {
            b.iter(|| encode(&mut encoder, &data, &mut buffer, &mut stream));
        });
        // Each stream stands alone, for the decoder below.
        let mut first = Encoder::new(spec).expect("opens");
        encode(&mut first, &data, &mut buffer, &mut stream);
        streams.push((title, spec, stream));
    }
    limits(&mut group, &data);
    group.finish();
    let mut group = c.benchmark_group("tokens of text, read");
    group.throughput(Throughput::Bytes(data.len() as u64));
    for (title, spec, stream) in streams {
        group.bench_function(title, |b| {
            b.iter_batched_ref(
                || Decoder::new(spec).expect("opens"),
                |decoder| assert_eq!(decode(decoder, &stream), data.len()),
                criterion::BatchSize::SmallInput,
            );
        });
    }
}

fn limits(
    group: &mut criterion::BenchmarkGroup<'_, criterion::measurement::WallTime>,
    data: &[u8],
) {
    let mut out = vec![0; zstd_safe::compress_bound(data.len()).max(2 * data.len())];
    group.bench_function("limit: copy in memory", |b| {
        b.iter(|| out[..data.len()].copy_from_slice(black_box(data)));
    });
    let mut zstd = CCtx::create();
    group.bench_function("limit: zstd 3 alone", |b| {
        b.iter(|| zstd.compress(&mut out[..], data, 3).expect("compresses"));
    });
    group.bench_function("limit: lz4 alone", |b| {
        b.iter(|| lz4_flex::block::compress_into(data, &mut out).expect("compresses"));
    });
    group.bench_function("limit: zlib 6 alone", |b| {
        b.iter(|| {
            let mut zlib = zlib_rs::Deflate::new(6, false, 15);
            zlib.compress(data, &mut out, zlib_rs::DeflateFlush::Finish)
                .expect("compresses")
        });
    });
}

criterion_group! {
    name = delta;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(800));
    targets = matching, coding
}
criterion_main!(delta);
