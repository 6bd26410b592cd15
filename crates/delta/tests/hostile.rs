//! Whatever a peer sends, a decoder answers with data or an error: it never panics or runs on.

use oc_delta::{CodecName, CodecSpec, Decoder, Encoder, Input, Output, Step, Token};

fn noise(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

fn read(decoder: &mut Decoder, stream: &[u8]) {
    let ranges = [0, stream.len() as u32];
    let mut input = Input::new(stream, &ranges).unwrap();
    decoder.start_file();
    // A run token of three bytes stands for 65536 blocks at most, a deflated byte for a thousand.
    for _ in 0..stream.len() * 70_000 + 10 {
        match decoder.next(&mut input) {
            Ok(Step::Literal(data)) => assert!(!data.is_empty()),
            Ok(Step::Block(_)) => {
                if decoder.wants_blocks() && decoder.see_block(&[1; 700]).is_err() {
                    return;
                }
            }
            Ok(Step::NeedMore | Step::End) | Err(_) => return,
        }
    }
    panic!("{} bytes never end", stream.len());
}

const CODECS: [CodecName; 5] = [
    CodecName::None,
    CodecName::Zlib,
    CodecName::Zlibx,
    CodecName::Zstd,
    CodecName::Lz4,
];

#[test]
fn noise_is_read_or_refused() {
    let mut state = 0xdead_beef;
    for name in CODECS {
        let spec = CodecSpec {
            name,
            level: 1,
            threads: 0,
        };
        for round in 0..150 {
            let mut decoder = Decoder::new(spec).unwrap();
            let mut stream: Vec<u8> = (0..1 + round % 60)
                .map(|_| noise(&mut state) as u8)
                .collect();
            if round % 2 == 0 {
                // Mostly frames of data.
                stream[0] = 0x40;
            }
            read(&mut decoder, &stream);
        }
    }
}

#[test]
fn a_damaged_stream_is_read_or_refused() {
    let mut state = 0x1234_5678;
    let content = b"words and words and more words ".repeat(300);
    for name in CODECS {
        let spec = CodecSpec {
            name,
            level: 1,
            threads: 0,
        };
        let mut encoder = Encoder::new(spec).unwrap();
        let mut buffer = vec![0; 64 * 1024];
        let mut overflow = Vec::new();
        let mut out = Output::new(&mut buffer, &mut overflow);
        encoder.start_file(None, 0);
        encoder.token(&content, Token::Block(3), &mut out).unwrap();
        encoder.token(&content, Token::End, &mut out).unwrap();
        let length = out.length();
        for _ in 0..150 {
            let mut stream = buffer[..length].to_vec();
            for _ in 0..1 + noise(&mut state) % 3 {
                let at = noise(&mut state) as usize % length;
                stream[at] = noise(&mut state) as u8;
            }
            stream.truncate(1 + noise(&mut state) as usize % length);
            read(&mut Decoder::new(spec).unwrap(), &stream);
        }
    }
}
