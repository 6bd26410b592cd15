use napi::bindgen_prelude::{FromNapiValue, TypeName, ValidateNapiValue};
use napi::{sys, Error, Result, Status, ValueType};

const STACK: usize = 512;

/// A byte string: a JavaScript string with one char a byte.
pub struct Bytes(pub Vec<u8>);

impl TypeName for Bytes {
    fn type_name() -> &'static str {
        "String"
    }
    fn value_type() -> ValueType {
        ValueType::String
    }
}

impl ValidateNapiValue for Bytes {}

impl FromNapiValue for Bytes {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        let mut stack = [0u16; STACK];
        // SAFETY: `env` and `value` are the caller's.
        let n = unsafe { read(env, value, &mut stack)? };
        if n < STACK - 1 {
            return narrow(&stack[..n]);
        }
        let mut length = 0;
        // SAFETY: as above; without a buffer only the length is written.
        let status = unsafe {
            sys::napi_get_value_string_utf16(env, value, std::ptr::null_mut(), 0, &mut length)
        };
        check(status)?;
        let mut heap = vec![0u16; length + 1];
        // SAFETY: as above.
        let n = unsafe { read(env, value, &mut heap)? };
        narrow(&heap[..n])
    }
}

/// Reads at most `into.len() - 1` UTF-16 units, and a zero.
///
/// # Safety
/// `env` and `value` are what Node gave to this call.
unsafe fn read(env: sys::napi_env, value: sys::napi_value, into: &mut [u16]) -> Result<usize> {
    let mut n = 0;
    // SAFETY: the buffer has the length that is passed with it.
    let status = unsafe {
        sys::napi_get_value_string_utf16(env, value, into.as_mut_ptr(), into.len(), &mut n)
    };
    check(status)?;
    Ok(n)
}

fn check(status: sys::napi_status) -> Result<()> {
    if status == sys::Status::napi_ok {
        return Ok(());
    }
    Err(Error::new(
        Status::StringExpected,
        "a byte string was expected",
    ))
}

fn narrow(units: &[u16]) -> Result<Bytes> {
    if units.iter().fold(0, |all, &unit| all | unit) > 0xff {
        return Err(Error::new(
            Status::InvalidArg,
            "a byte string holds a char above 0xff",
        ));
    }
    Ok(Bytes(units.iter().map(|&unit| unit as u8).collect()))
}

/// Several byte strings, joined by NUL (which none of them can hold).
pub struct Paths {
    joined: Vec<u8>,
    count: usize,
}

impl Paths {
    /// Refuses names that hold a NUL themselves.
    pub fn new(joined: Bytes, count: u32) -> Result<Self> {
        let count = count as usize;
        let joined = joined.0;
        let nuls = joined.iter().filter(|&&byte| byte == 0).count();
        if count == 0 && joined.is_empty() || count == nuls + 1 {
            return Ok(Paths { joined, count });
        }
        Err(Error::new(Status::InvalidArg, "a path holds a NUL byte"))
    }

    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.joined.split(|&byte| byte == 0).take(self.count)
    }
}
