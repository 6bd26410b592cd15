use napi::bindgen_prelude::Uint8Array;
use napi::{Error, Result, Status};
use napi_derive::napi;
use oc_checksum::{DigestName, MAX_DIGEST};

/// A negotiated checksum and its seed rules.
#[napi(object)]
pub struct DigestSpec {
    pub name: String,
    pub seed: i32,
    pub seed_first: bool,
}

impl DigestSpec {
    pub fn parse(&self) -> Result<oc_checksum::DigestSpec> {
        Ok(oc_checksum::DigestSpec {
            name: digest_name(&self.name)?,
            seed: self.seed,
            seed_first: self.seed_first,
        })
    }
}

fn digest_name(name: &str) -> Result<DigestName> {
    DigestName::parse(name)
        .ok_or_else(|| Error::new(Status::InvalidArg, format!("no digest is called {name}")))
}

/// A plain digest of `data`.
#[napi(catch_unwind)]
pub fn digest(name: String, data: &[u8]) -> Result<Uint8Array> {
    let spec = oc_checksum::DigestSpec {
        name: digest_name(&name)?,
        seed: 0,
        seed_first: false,
    };
    let mut sum = [0; MAX_DIGEST];
    let n = oc_checksum::digest(&spec, false, data, &mut sum);
    Ok(sum[..n].to_vec().into())
}
