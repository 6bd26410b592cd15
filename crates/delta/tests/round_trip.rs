//! A file goes through search, encoder and decoder, and comes out as it was.

use oc_checksum::{block_sum, rolling_sum, DigestName, DigestSpec, MAX_DIGEST};
use oc_delta::{
    BlockSums, CodecName, CodecSpec, Decoder, Encoder, Event, Input, Output, Search, Source, Step,
    Token, CHUNK,
};

struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
    fn bytes(&mut self, n: usize) -> Vec<u8> {
        (0..n).map(|_| self.next() as u8).collect()
    }
}

struct Memory(Vec<u8>);

impl Source for Memory {
    fn window(&mut self, from: u64, to: u64) -> &[u8] {
        &self.0[from as usize..to as usize]
    }
}

const SPEC: DigestSpec = DigestSpec {
    name: DigestName::Md5,
    seed: 12345,
    seed_first: true,
};

fn sums_of(basis: &[u8], block: usize) -> BlockSums {
    let mut sums = Vec::new();
    for piece in basis.chunks(block) {
        let mut strong = [0; MAX_DIGEST];
        block_sum(&SPEC, piece, &mut strong);
        sums.extend_from_slice(&rolling_sum(piece).to_le_bytes());
        sums.extend_from_slice(&strong[..16]);
    }
    BlockSums {
        count: basis.chunks(block).count() as u32,
        block_length: block as u32,
        remainder: (basis.len() % block) as u32,
        strong_length: 16,
        sums,
    }
}

/// Every match that the search finds, in order.
fn matches(file: &[u8], sums: &BlockSums, in_place: bool) -> Vec<(u64, u32, u32)> {
    let mut search = Search::new(sums.clone(), SPEC, in_place, file.len() as u64);
    let mut source = Memory(file.to_vec());
    let mut found = Vec::new();
    loop {
        match search.next(&mut source) {
            Event::Match {
                offset,
                index,
                length,
            } => found.push((offset, index, length)),
            Event::Literal(_) => {}
            Event::End => return found,
        }
    }
}

fn emit(encoder: &mut Encoder, literal: &[u8], token: Token, stream: &mut Vec<u8>) {
    let mut overflow = Vec::new();
    let mut buffer = vec![0; 100];
    let pieces: Vec<&[u8]> = literal.chunks(CHUNK).collect();
    let mut send = |piece: &[u8], token| {
        let mut out = Output::new(&mut buffer, &mut overflow);
        encoder.token(piece, token, &mut out).unwrap();
        let n = out.length();
        stream.extend_from_slice(&buffer[..n]);
        stream.append(&mut overflow);
    };
    for (i, piece) in pieces.iter().enumerate() {
        let last = i + 1 == pieces.len();
        send(piece, if last { token } else { Token::More });
    }
    if pieces.is_empty() {
        send(&[], token);
    }
}

fn encode(encoder: &mut Encoder, file: &[u8], sums: &BlockSums) -> Vec<u8> {
    let mut stream = Vec::new();
    let whole = if sums.count > 0 { 0 } else { file.len() as u64 };
    encoder.start_file(None, whole);
    let mut at = 0;
    let found = if sums.count > 0 && !file.is_empty() {
        matches(file, sums, false)
    } else {
        Vec::new()
    };
    for (offset, index, length) in found {
        emit(
            encoder,
            &file[at..offset as usize],
            Token::Block(index),
            &mut stream,
        );
        at = offset as usize + length as usize;
        if encoder.wants_blocks() {
            encoder.see_block(&file[offset as usize..at]).unwrap();
        }
    }
    emit(encoder, &file[at..], Token::End, &mut stream);
    stream
}

fn decode(
    decoder: &mut Decoder,
    stream: &[u8],
    basis: &[u8],
    sums: &BlockSums,
    noise: &mut Noise,
) -> Vec<u8> {
    decoder.start_file();
    let mut file = Vec::new();
    let mut at = 0;
    loop {
        let n = (1 + noise.below(5000)).min(stream.len() - at);
        let split = noise.below(n + 1) as u32;
        let ranges = [at as u32, split, at as u32 + split, n as u32 - split];
        let mut input = Input::new(stream, &ranges).unwrap();
        let done = loop {
            let block = match decoder.next(&mut input).unwrap() {
                Step::NeedMore => break false,
                Step::End => break true,
                Step::Literal(data) => {
                    file.extend_from_slice(data);
                    continue;
                }
                Step::Block(block) => block,
            };
            let from = block as usize * sums.block_length as usize;
            let piece = &basis[from..from + sums.length(block) as usize];
            file.extend_from_slice(piece);
            if decoder.wants_blocks() {
                decoder.see_block(piece).unwrap();
            }
        };
        at += input.consumed();
        if done {
            assert_eq!(at, stream.len());
            return file;
        }
        assert!(at < stream.len(), "the stream ends early");
    }
}

fn changed(basis: &[u8], noise: &mut Noise) -> Vec<u8> {
    let mut file = basis.to_vec();
    for _ in 0..noise.below(6) {
        let at = noise.below(file.len() + 1);
        let to = (at + noise.below(3000)).min(file.len());
        let n = noise.below(60_000);
        let insert = if noise.below(2) == 0 {
            vec![b'a'; n]
        } else {
            noise.bytes(n)
        };
        file.splice(at..to, insert);
    }
    file
}

#[test]
fn every_codec_gives_back_the_file() {
    for name in [
        CodecName::None,
        CodecName::Zlib,
        CodecName::Zlibx,
        CodecName::Zstd,
        CodecName::Lz4,
    ] {
        let spec = CodecSpec {
            name,
            level: 3,
            threads: 0,
        };
        let mut noise = Noise(0x1234_5678_9abc);
        let mut encoder = Encoder::new(spec).unwrap();
        let mut decoder = Decoder::new(spec).unwrap();
        for round in 0..25 {
            let size = noise.below(200_000);
            let basis = match round % 3 {
                0 => noise.bytes(size),
                1 => b"some text that repeats itself, ".repeat(size / 31),
                _ => vec![0; size],
            };
            let block = 1 + noise.below(if round % 5 == 0 { 131_072 } else { 2000 }) + 100;
            let sums = sums_of(&basis, block);
            let file = changed(&basis, &mut noise);
            let stream = encode(&mut encoder, &file, &sums);
            let back = decode(&mut decoder, &stream, &basis, &sums, &mut noise);
            assert!(back == file, "{name:?}, round {round}");
        }
    }
}

#[test]
fn finds_what_a_naive_search_finds() {
    let mut noise = Noise(99);
    for _ in 0..20 {
        let size = 2000 + noise.below(20_000);
        let basis = noise.bytes(size);
        let block = 300 + noise.below(500);
        let sums = sums_of(&basis, block);
        let file = changed(&basis, &mut noise);
        let mut expected = Vec::new();
        let mut at = 0;
        'file: while at < file.len() {
            for (i, piece) in basis.chunks(block).enumerate() {
                let whole = piece.len() == block || at + piece.len() == file.len();
                if whole && file[at..].starts_with(piece) {
                    expected.push((at as u64, i as u32, piece.len() as u32));
                    at += piece.len();
                    continue 'file;
                }
            }
            at += 1;
        }
        assert_eq!(matches(&file, &sums, false), expected);
    }
}

#[test]
fn equal_blocks_make_a_run() {
    let basis = vec![7; 10 * 1000];
    let sums = sums_of(&basis, 1000);
    let indices: Vec<u32> = matches(&basis, &sums, false).iter().map(|m| m.1).collect();
    assert_eq!(indices, (0..10).collect::<Vec<_>>());
}

#[test]
fn in_place_takes_no_block_that_is_overwritten() {
    let mut noise = Noise(5);
    let a = noise.bytes(1000);
    let b = noise.bytes(1000);
    let c = noise.bytes(1000);
    let basis = [&a[..], &b, &c].concat();
    let moved = [&b[..], &a, &c].concat();
    let sums = sums_of(&basis, 1000);
    assert_eq!(matches(&moved, &sums, false).len(), 3);
    assert_eq!(
        matches(&moved, &sums, true),
        vec![(0, 1, 1000), (2000, 2, 1000)]
    );
}

#[test]
fn a_basis_of_equal_blocks_stays_fast() {
    let basis = vec![0; 20_000 * 700];
    let mut sums = sums_of(&basis, 700);
    // The weak sums fit everywhere, the strong sums nowhere.
    for pair in sums.sums.chunks_mut(20) {
        pair[4] ^= 1;
    }
    assert!(matches(&vec![0; 20_000], &sums, false).is_empty());
}

/// What the search hashes for nothing, with the number of its matches.
fn hashed_in_vain(file: &[u8], sums: &BlockSums) -> (u64, u64) {
    let mut search = Search::new(sums.clone(), SPEC, false, file.len() as u64);
    let mut source = Memory(file.to_vec());
    while search.next(&mut source) != Event::End {}
    (search.hashed_in_vain, search.matches)
}

#[test]
fn what_is_empty_is_hashed_once_a_stretch() {
    const BLOCK: usize = 128 * 1024;
    let mut noise = Noise(23);
    // Their weak sum is that of zeros.
    let mut alike = vec![0; BLOCK];
    alike[..3].copy_from_slice(&[1, 0xfe, 1]);
    let real = noise.bytes(BLOCK);
    let basis = [&alike[..], &alike, &real].concat();
    let file = [&vec![0; 40 * BLOCK + 77][..], &real, &vec![0; 3 * BLOCK]].concat();
    let (hashed, matches) = hashed_in_vain(&file, &sums_of(&basis, BLOCK));
    assert_eq!(matches, 1);
    assert!(hashed <= 2 * file.len() as u64, "{hashed}");
}

#[test]
fn blocks_that_look_like_each_place_of_a_file_cost_so_much_and_no_more() {
    const BLOCK: usize = 8 * 1024;
    let mut noise = Noise(29);
    let real = noise.bytes(BLOCK);
    let file = [&noise.bytes(1 << 20)[..], &real].concat();
    let mut sums = sums_of(&real, BLOCK);
    let real = std::mem::take(&mut sums.sums);
    for window in file[..(1 << 20) - 1].windows(BLOCK).step_by(3) {
        sums.sums
            .extend_from_slice(&rolling_sum(window).to_le_bytes());
        sums.sums.extend_from_slice(&[0xee; 16]);
        sums.count += 1;
    }
    // The last one is found first.
    sums.sums.extend_from_slice(&real);
    let (hashed, matches) = hashed_in_vain(&file, &sums);
    assert_eq!(matches, 1);
    let most = 64 * BLOCK as u64 + (16 + (sums.total() >> 31)) * file.len() as u64;
    assert!(hashed <= most && hashed > most / 2, "{hashed} {most}");
}

/// Text that compresses, and is nowhere the same.
fn words(length: usize, noise: &mut Noise) -> Vec<u8> {
    let mut text = Vec::with_capacity(length + 16);
    while text.len() < length {
        text.extend_from_slice(format!("word{} ", noise.below(5000)).as_bytes());
    }
    text.truncate(length);
    text
}

#[test]
fn large_files_between_others_on_several_threads() {
    let mut noise = Noise(17);
    let none = sums_of(&[], 700);
    for (level, threads) in [(3, 0), (1, 0), (9, 0), (3, 2), (3, 100_000)] {
        let spec = CodecSpec {
            name: CodecName::Zstd,
            level,
            threads,
        };
        let mut encoder = Encoder::new(spec).unwrap();
        let mut decoder = Decoder::new(spec).unwrap();
        for length in [5000, 9 << 20, 0, 8 << 20, 70_000, 0, 4000, 10 << 20] {
            let file = words(length, &mut noise);
            let stream = encode(&mut encoder, &file, &none);
            assert!(stream.len() < length / 2 + 100);
            let back = decode(&mut decoder, &stream, &[], &none, &mut noise);
            assert!(back == file, "{spec:?} {length}");
        }
    }
}

#[test]
fn broken_streams_are_errors() {
    let spec = CodecSpec {
        name: CodecName::Zlibx,
        level: 6,
        threads: 0,
    };
    for (stream, exit) in [
        (&[0x40, 3, 0xff, 0xff, 0xff][..], 12),
        (&[0x20, 0xff, 0xff, 0xff, 0xff][..], 2),
        (&[0xc1, 0, 0][..], 2),
    ] {
        let mut decoder = Decoder::new(spec).unwrap();
        decoder.start_file();
        let ranges = [0, stream.len() as u32];
        let mut input = Input::new(stream, &ranges).unwrap();
        let error = loop {
            match decoder.next(&mut input) {
                Ok(Step::NeedMore | Step::End) => panic!("{stream:?} passes"),
                Ok(_) => {}
                Err(error) => break error,
            }
        };
        assert_eq!(error.exit, exit, "{error}");
    }
    assert!(Input::new(&[1, 2, 3], &[2, 2]).is_none());
}
