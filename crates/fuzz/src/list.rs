use oc_flist::{
    decode_plain, encode_plain, sort_entries, Decoder, Encoder, Entry, Room, ENTRY_BYTES,
};

use crate::Choices;

const NAME_ROOM: usize = 4096;
const UID: u32 = 7;
const GID: u32 = 8;

/// A form of flags, a name before, and entries from a peer: plain ones are decoded within their bounds, can be sorted,
/// and are the same when they are encoded and decoded again.
pub fn list_decoder(data: &[u8]) {
    let mut choices = Choices(data);
    let form = choices.byte();
    let before = choices.below(40);
    let room = 1 + choices.below(60);
    let start = [b"d/".as_slice(), &vec![b'a'; before]].concat();
    let (records, names, count) = decode(choices.0, &start, form & 1 == 1, room);
    let mut sorted = records[..count * ENTRY_BYTES].to_vec();
    assert!(
        sort_entries(&mut sorted, &names).is_some(),
        "a name out of bounds"
    );
    let seen = seen(&records, &names, count);
    for varint_flags in [false, true] {
        let stream = encode(
            &records[..count * ENTRY_BYTES],
            &names,
            &start,
            varint_flags,
        );
        let (records, names, again) = decode(&stream, &start, varint_flags, count.max(1));
        assert_eq!(self::seen(&records, &names, again), seen);
    }
}

type Seen<'n> = (&'n [u8], f64, f64, u32, u32);

fn seen<'n>(records: &[u8], names: &'n [u8], count: usize) -> Vec<Seen<'n>> {
    records
        .chunks_exact(ENTRY_BYTES)
        .take(count)
        .map(|record| {
            let entry = Entry::new(record);
            let Some(name) = entry.name(names) else {
                panic!("a name out of bounds");
            };
            assert!(
                !name.is_empty() && !name.contains(&b'/') && !name.contains(&0) && name != b"..",
                "no name of an entry: {name:?}"
            );
            assert_eq!((entry.uid(), entry.gid()), (UID, GID));
            (
                name,
                entry.size(),
                entry.mtime(),
                entry.mtime_nsec(),
                entry.mode(),
            )
        })
        .collect()
}

fn decode(
    input: &[u8],
    start: &[u8],
    varint_flags: bool,
    room: usize,
) -> (Vec<u8>, Vec<u8>, usize) {
    let mut last = vec![0; NAME_ROOM];
    last[..start.len()].copy_from_slice(start);
    let (mut records, mut names) = (vec![0; room * ENTRY_BYTES], vec![0; 16 * NAME_ROOM]);
    let mut decoder = Decoder {
        last: &mut last,
        last_length: start.len(),
        base: 2,
        mtime: 5.0,
        mode: 0o100_644,
        uid: UID,
        gid: GID,
        dir: 1,
        flags: 0,
        varint_flags,
    };
    let mut place = Room {
        records: &mut records,
        names: &mut names,
        names_used: 3,
    };
    let decoded = decode_plain(&mut decoder, input, &mut place);
    assert!(decoded.consumed <= input.len() && decoded.count <= room);
    assert!(decoder.last_length < NAME_ROOM && decoder.base <= decoder.last_length);
    (records, names, decoded.count)
}

fn encode(records: &[u8], names: &[u8], start: &[u8], varint_flags: bool) -> Vec<u8> {
    let mut last = vec![0; NAME_ROOM];
    last[..start.len()].copy_from_slice(start);
    let mut output = vec![0; records.len() * 16 + 1024];
    let mut encoder = Encoder {
        last: &mut last,
        last_length: start.len(),
        base: 2,
        mtime: 5.0,
        mode: 0o100_644,
        uid: UID,
        gid: GID,
        varint_flags,
        nanoseconds: true,
    };
    let encoded = encode_plain(&mut encoder, records, names, &mut output);
    assert_eq!(
        encoded.count,
        records.len() / ENTRY_BYTES,
        "not all are plain"
    );
    output.truncate(encoded.bytes);
    output
}
