//! Records of a file list that are sorted, decoded from the wire and encoded. All of it is short, on the event loop.

use napi::bindgen_prelude::{Either, Float64ArraySlice, Null, Uint32Array, Uint8ArraySlice};
use napi::{Error, Result, Status};
use napi_derive::napi;
use oc_flist::{Decoder, Encoder, Room};

/// Words of the state of a coder; the first four are what an entry has from the one before it.
const LAST_LENGTH: usize = 0;
const BASE: usize = 1;
const MTIME: usize = 2;
const MODE: usize = 3;
const CONSUMED: usize = 4;
const COUNT: usize = 5;
const NAME_BYTES: usize = 6;
const SIZE: usize = 7;
const STATE_WORDS: usize = 8;

/// Where the words of the state are, for the tests that hold TypeScript to them.
pub(crate) const STATE_LAYOUT: &[(&str, usize)] = &[
    ("words", STATE_WORDS),
    ("LastLength", LAST_LENGTH),
    ("Base", BASE),
    ("Mtime", MTIME),
    ("Mode", MODE),
    ("Consumed", CONSUMED),
    ("Count", COUNT),
    ("NameBytes", NAME_BYTES),
    ("Size", SIZE),
];

/// Sorts the entries of one directory; the index that each had before, null where none moved.
#[napi(catch_unwind)]
pub fn sort_entries(
    mut records: Uint8ArraySlice,
    names: Uint8ArraySlice,
) -> Result<Either<Uint32Array, Null>> {
    // SAFETY: nobody else has the buffer during this call.
    let records = unsafe { records.as_mut() };
    match oc_flist::sort_entries(records, &names) {
        Some(Some(order)) => Ok(Either::A(order.into())),
        Some(None) => Ok(Either::B(Null)),
        None => Err(out_of_bounds()),
    }
}

/// What the entries of a run have in common, and where their names go on.
#[napi(object)]
pub struct EntryRun {
    pub uid: u32,
    pub gid: u32,
    pub dir: u32,
    pub flags: u32,
    pub varint_flags: bool,
    pub names_used: u32,
}

/// Decodes plain entries from `input` into free `records` and `names`; see `oc_flist::decode_plain`.
#[napi(catch_unwind)]
pub fn decode_entries(
    input: Uint8ArraySlice,
    mut last: Uint8ArraySlice,
    mut state: Float64ArraySlice,
    mut records: Uint8ArraySlice,
    mut names: Uint8ArraySlice,
    run: EntryRun,
) -> Result<()> {
    // SAFETY: nobody else has these buffers during this call, and no two are the same.
    let (last, state, records, names) = unsafe {
        (
            last.as_mut(),
            state.as_mut(),
            records.as_mut(),
            names.as_mut(),
        )
    };
    let (last_length, base) = names_in(state, last)?;
    let mut decoder = Decoder {
        last,
        last_length,
        base,
        mtime: state[MTIME],
        mode: state[MODE] as u32,
        uid: run.uid,
        gid: run.gid,
        dir: run.dir,
        flags: run.flags,
        varint_flags: run.varint_flags,
    };
    let mut room = Room {
        records,
        names,
        names_used: run.names_used as usize,
    };
    let decoded = oc_flist::decode_plain(&mut decoder, &input, &mut room);
    state[LAST_LENGTH] = decoder.last_length as f64;
    state[MTIME] = decoder.mtime;
    state[MODE] = f64::from(decoder.mode);
    state[CONSUMED] = decoded.consumed as f64;
    state[COUNT] = decoded.count as f64;
    state[NAME_BYTES] = decoded.name_bytes as f64;
    state[SIZE] = decoded.size;
    Ok(())
}

/// Encodes plain entries from the start of `records` into `output`; see `oc_flist::encode_plain`. Of `run` the
/// directory, the flags and the use of names are of no concern.
#[napi(catch_unwind)]
pub fn encode_entries(
    records: Uint8ArraySlice,
    names: Uint8ArraySlice,
    mut last: Uint8ArraySlice,
    mut state: Float64ArraySlice,
    mut output: Uint8ArraySlice,
    run: EntryRun,
    nanoseconds: bool,
) -> Result<()> {
    // SAFETY: nobody else has these buffers during this call, and no two are the same.
    let (last, state, output) = unsafe { (last.as_mut(), state.as_mut(), output.as_mut()) };
    let (last_length, base) = names_in(state, last)?;
    let mut encoder = Encoder {
        last,
        last_length,
        base,
        mtime: state[MTIME],
        mode: state[MODE] as u32,
        uid: run.uid,
        gid: run.gid,
        varint_flags: run.varint_flags,
        nanoseconds,
    };
    let encoded = oc_flist::encode_plain(&mut encoder, &records, &names, output);
    state[LAST_LENGTH] = encoder.last_length as f64;
    state[MTIME] = encoder.mtime;
    state[MODE] = f64::from(encoder.mode);
    state[CONSUMED] = encoded.bytes as f64;
    state[COUNT] = encoded.count as f64;
    Ok(())
}

/// The length of the name before and where its base name starts, checked.
fn names_in(state: &[f64], last: &[u8]) -> Result<(usize, usize)> {
    if state.len() < STATE_WORDS {
        return Err(out_of_bounds());
    }
    let (last_length, base) = (state[LAST_LENGTH] as usize, state[BASE] as usize);
    if last_length > last.len() || base > last_length {
        return Err(out_of_bounds());
    }
    Ok((last_length, base))
}

fn out_of_bounds() -> Error {
    Error::new(Status::InvalidArg, "an entry is out of bounds")
}
