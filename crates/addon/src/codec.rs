use std::sync::{Arc, Mutex};

use napi::{Error, Result, Status};
use napi_derive::napi;
use oc_delta::{CodecName, CodecSpec, StreamError};

fn parse(name: &str, level: i32, threads: u32) -> Result<CodecSpec> {
    let name = CodecName::parse(name).ok_or_else(|| {
        Error::new(
            Status::InvalidArg,
            format!("no compression is called {name}"),
        )
    })?;
    Ok(CodecSpec {
        name,
        level,
        threads,
    })
}

fn refused(error: StreamError) -> Error {
    Error::from_reason(error.message)
}

/// Compression of one direction of a session.
#[napi]
pub struct Encoder {
    pub(crate) inner: Arc<Mutex<oc_delta::Encoder>>,
}

#[napi]
impl Encoder {
    #[napi(factory, catch_unwind)]
    pub fn open(name: String, level: i32, threads: u32) -> Result<Self> {
        let encoder = oc_delta::Encoder::new(parse(&name, level, threads)?).map_err(refused)?;
        Ok(Encoder {
            inner: Arc::new(Mutex::new(encoder)),
        })
    }
}

/// Decompression of one direction of a session.
#[napi]
pub struct Decoder {
    pub(crate) inner: Arc<Mutex<oc_delta::Decoder>>,
}

#[napi]
impl Decoder {
    #[napi(factory, catch_unwind)]
    pub fn open(name: String, level: i32, threads: u32) -> Result<Self> {
        let decoder = oc_delta::Decoder::new(parse(&name, level, threads)?).map_err(refused)?;
        Ok(Decoder {
            inner: Arc::new(Mutex::new(decoder)),
        })
    }
}
