use oc_delta::{CodecName, CodecSpec, Decoder, Encoder, Input, Output, Step, Token, CHUNK};

use crate::Choices;

const CODECS: [CodecName; 5] = [
    CodecName::None,
    CodecName::Zlib,
    CodecName::Zlibx,
    CodecName::Zstd,
    CodecName::Lz4,
];
const BLOCK: [u8; 700] = [b'b'; 700];
/// Steps that a byte of a stream may cost: a run token of three bytes stands for 65536 blocks.
const STEPS_PER_BYTE: usize = 70_000;
/// Steps that are looked at: long runs are all alike.
const STEPS: usize = 100_000;

fn codec(choices: &mut Choices) -> CodecSpec {
    CodecSpec {
        name: CODECS[usize::from(choices.byte()) % CODECS.len()],
        level: 1,
        threads: 0,
    }
}

/// A codec, where the stream is cut, and a token stream from a peer: it is read or refused, and ends.
pub fn token_decoder(data: &[u8]) {
    let mut choices = Choices(data);
    let Ok(mut decoder) = Decoder::new(codec(&mut choices)) else {
        return;
    };
    let piece = 1 + choices.below(5000);
    let stream = choices.0;
    decoder.start_file();
    let most = (stream.len() * STEPS_PER_BYTE + 10).min(STEPS);
    let mut steps = 0;
    let mut at = 0;
    while at < stream.len() {
        let to = (at + piece).min(stream.len());
        let ranges = [at as u32, (to - at) as u32];
        let Some(mut input) = Input::new(stream, &ranges) else {
            panic!("the ranges are inside");
        };
        loop {
            steps += 1;
            if steps > most {
                assert!(most == STEPS, "{} bytes never end", stream.len());
                return;
            }
            match decoder.next(&mut input) {
                Ok(Step::Literal(data)) => assert!(!data.is_empty(), "a literal of nothing"),
                Ok(Step::Block(_)) => {
                    if decoder.wants_blocks() && decoder.see_block(&BLOCK).is_err() {
                        return;
                    }
                }
                Ok(Step::NeedMore) => break,
                Ok(Step::End) | Err(_) => return,
            }
        }
        assert_eq!(
            input.consumed(),
            to - at,
            "more is needed, and there is more"
        );
        at = to;
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Seen {
    Literal(Vec<u8>),
    Block(u32),
}

/// A codec, then what a file is made of: two files that are encoded one after the other are decoded as they were.
pub fn encoder_round_trip(data: &[u8]) {
    let mut choices = Choices(data);
    let spec = codec(&mut choices);
    let (Ok(mut encoder), Ok(mut decoder)) = (Encoder::new(spec), Decoder::new(spec)) else {
        return;
    };
    for _ in 0..2 {
        let parts = parts(&mut choices);
        let stream = encode(&mut encoder, &parts);
        let cut = 1 + choices.below(3000);
        assert_eq!(decode(&mut decoder, &stream, cut), merged(&parts));
    }
}

/// Literal data that is now and then repeated, and blocks.
fn parts(choices: &mut Choices) -> Vec<Seen> {
    let mut parts = Vec::new();
    for _ in 0..1 + choices.below(40) {
        let kind = choices.byte();
        if kind & 1 == 0 {
            let number = u32::from(choices.byte()) << (kind >> 1 & 15);
            parts.extend((0..u32::from(choices.byte() & 7) + 1).map(|i| Seen::Block(number + i)));
        } else {
            let length = choices.below(300);
            let bytes = choices.take(length);
            parts.push(Seen::Literal(bytes.repeat(1 + choices.below(200))));
        }
    }
    parts
}

fn encode(encoder: &mut Encoder, parts: &[Seen]) -> Vec<u8> {
    let mut stream = Vec::new();
    let mut put = |encoder: &mut Encoder, literal: &[u8], token| {
        let (mut buffer, mut overflow) = (vec![0; 1000], Vec::new());
        let mut out = Output::new(&mut buffer, &mut overflow);
        if let Err(error) = encoder.token(literal, token, &mut out) {
            panic!("not encoded: {error:?}");
        }
        let length = out.length();
        stream.extend_from_slice(&buffer[..length]);
        stream.extend_from_slice(&overflow);
    };
    encoder.start_file(None, 0);
    for part in parts {
        match part {
            Seen::Literal(bytes) => {
                for piece in bytes.chunks(CHUNK) {
                    put(encoder, piece, Token::More);
                }
            }
            Seen::Block(number) => {
                put(encoder, &[], Token::Block(*number));
                if encoder.wants_blocks() {
                    encoder
                        .see_block(&BLOCK)
                        .unwrap_or_else(|e| panic!("not seen: {e:?}"));
                }
            }
        }
    }
    put(encoder, &[], Token::End);
    stream
}

fn decode(decoder: &mut Decoder, stream: &[u8], cut: usize) -> Vec<Seen> {
    decoder.start_file();
    let mut seen = Vec::new();
    let mut at = 0;
    loop {
        assert!(at < stream.len(), "the stream ends before its file");
        let to = (at + cut).min(stream.len());
        let ranges = [at as u32, (to - at) as u32];
        let Some(mut input) = Input::new(stream, &ranges) else {
            panic!("the ranges are inside");
        };
        let ended = loop {
            let block = match decoder.next(&mut input) {
                Ok(Step::NeedMore) => break false,
                Ok(Step::End) => break true,
                Ok(Step::Literal(bytes)) => {
                    seen.push(Seen::Literal(bytes.to_vec()));
                    continue;
                }
                Ok(Step::Block(number)) => number,
                Err(error) => panic!("not decoded: {error:?}"),
            };
            seen.push(Seen::Block(block));
            if decoder.wants_blocks() {
                decoder
                    .see_block(&BLOCK)
                    .unwrap_or_else(|e| panic!("not seen: {e:?}"));
            }
        };
        at += input.consumed();
        if ended {
            assert_eq!(at, stream.len(), "bytes behind the end");
            return merged(&seen);
        }
    }
}

/// Literal data that lies together, as one.
fn merged(parts: &[Seen]) -> Vec<Seen> {
    let mut merged: Vec<Seen> = Vec::new();
    for part in parts {
        match (merged.last_mut(), part) {
            (_, Seen::Literal(bytes)) if bytes.is_empty() => {}
            (Some(Seen::Literal(before)), Seen::Literal(bytes)) => before.extend_from_slice(bytes),
            _ => merged.push(part.clone()),
        }
    }
    merged
}
