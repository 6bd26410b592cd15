//! What the program that runs us has to offer beside Node's interface for addons. Not every one that loads addons has it.

use std::ffi::{c_char, c_void, CStr, CString};

use napi_derive::napi;

/// Sets a flag of V8's, as it stands on Node's command line; false where this program has no such function. Node's own
/// `v8.setFlagsFromString` is in a module that loads all of its streams.
#[napi]
pub fn set_engine_flag(flag: String) -> bool {
    type SetFlags = unsafe extern "C" fn(*const c_char);
    // `v8::V8::SetFlagsFromString(const char*)`
    let (Some(set), Ok(flag)) = (
        symbol(c"_ZN2v82V818SetFlagsFromStringEPKc"),
        CString::new(flag),
    ) else {
        return false;
    };
    // SAFETY: this is the type of V8's function of that name, a static one.
    let set = unsafe { std::mem::transmute::<*mut c_void, SetFlags>(set) };
    // SAFETY: V8 copies what it needs of the text. Node calls it in the same way, while its threads are at work.
    unsafe { set(flag.as_ptr()) };
    true
}

/// A function of the running program.
pub(crate) fn symbol(name: &CStr) -> Option<*mut c_void> {
    // SAFETY: looks a name up, and changes nothing.
    let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    (!found.is_null()).then_some(found)
}
