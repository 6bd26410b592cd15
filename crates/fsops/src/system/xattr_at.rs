//! Extended attributes of a name in an open directory (Linux 6.13 and later); a link there is not followed.

use std::ffi::CStr;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::OnceLock;

use rustix::fs::CWD;
use rustix::io::Errno;
use rustix::path::Arg;

use crate::libc_calls::nobody_between;

/// Numbers of the calls, the same on all machines that have them.
const SET: libc::c_long = 463;
const GET: libc::c_long = 464;
const LIST: libc::c_long = 465;
const REMOVE: libc::c_long = 466;

/// Where a value is, or goes: `struct xattr_args` of the system.
#[repr(C)]
struct Value {
    /// An address, in 64 bits.
    at: u64,
    length: u32,
    flags: u32,
}

impl Value {
    fn new(at: *const u8, length: usize) -> Result<Self, Errno> {
        Ok(Value {
            at: at as u64,
            length: length.try_into().map_err(|_| Errno::TOOBIG)?,
            flags: 0,
        })
    }
}

/// Whether the system has the calls, lets us make them, and nobody wants to see them instead of it.
pub(crate) fn present() -> bool {
    static PRESENT: OnceLock<bool> = OnceLock::new();
    *PRESENT.get_or_init(|| {
        let answers = |found| matches!(found, Ok(_) | Err(Errno::NODATA | Errno::OPNOTSUPP));
        nobody_between() && answers(get(CWD, b"/", b"user.none", &mut []))
    })
}

/// The value of an attribute into `room`; with no room only its length.
pub(crate) fn get(
    dir: BorrowedFd,
    name: &[u8],
    attribute: &[u8],
    room: &mut [u8],
) -> Result<usize, Errno> {
    let value = Value::new(room.as_mut_ptr(), room.len())?;
    // SAFETY: the room lives through the call, which fills no more than its length.
    unsafe { with_value(GET, dir, name, attribute, &value) }
}

/// The names of all attributes into `room`, each with a NUL behind it; with no room only their length.
pub(crate) fn list(dir: BorrowedFd, name: &[u8], room: &mut [u8]) -> Result<usize, Errno> {
    name.into_with_c_str(|name| {
        // SAFETY: the descriptor, the name and the room live through the call, which fills no more than is said.
        length(unsafe {
            libc::syscall(
                LIST,
                dir.as_raw_fd(),
                name.as_ptr(),
                libc::AT_SYMLINK_NOFOLLOW,
                room.as_mut_ptr(),
                room.len(),
            )
        })
    })
}

/// Sets an attribute, whether it is there or not.
pub(crate) fn set(
    dir: BorrowedFd,
    name: &[u8],
    attribute: &[u8],
    value: &[u8],
) -> Result<(), Errno> {
    let value = Value::new(value.as_ptr(), value.len())?;
    // SAFETY: the value lives through the call, which only reads it.
    unsafe { with_value(SET, dir, name, attribute, &value) }.map(|_| ())
}

/// Removes an attribute.
pub(crate) fn remove(dir: BorrowedFd, name: &[u8], attribute: &[u8]) -> Result<(), Errno> {
    with_names(name, attribute, |name, attribute| {
        // SAFETY: the descriptor and both names live through the call, which only reads them.
        length(unsafe {
            libc::syscall(
                REMOVE,
                dir.as_raw_fd(),
                name.as_ptr(),
                libc::AT_SYMLINK_NOFOLLOW,
                attribute.as_ptr(),
            )
        })
        .map(|_| ())
    })
}

/// Gets or sets an attribute.
///
/// # Safety
///
/// What `value` names is there for `call`: to be filled by `GET`, to be read by `SET`.
unsafe fn with_value(
    call: libc::c_long,
    dir: BorrowedFd,
    name: &[u8],
    attribute: &[u8],
    value: &Value,
) -> Result<usize, Errno> {
    with_names(name, attribute, |name, attribute| {
        // SAFETY: the descriptor and both names live through the call, `value` is as long as is said, and the caller
        // answers for what it names.
        length(unsafe {
            libc::syscall(
                call,
                dir.as_raw_fd(),
                name.as_ptr(),
                libc::AT_SYMLINK_NOFOLLOW,
                attribute.as_ptr(),
                std::ptr::from_ref(value),
                size_of::<Value>(),
            )
        })
    })
}

fn with_names<T>(
    name: &[u8],
    attribute: &[u8],
    call: impl FnOnce(&CStr, &CStr) -> Result<T, Errno>,
) -> Result<T, Errno> {
    name.into_with_c_str(|name| attribute.into_with_c_str(|attribute| call(name, attribute)))
}

fn length(done: libc::c_long) -> Result<usize, Errno> {
    usize::try_from(done)
        .map_err(|_| Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO))
}
