//! Owner and mode through the C library. rustix goes around it for these even where it uses it for the rest, and who
//! stands in between (fakeroot) would then see a file's owner and not its mode (docs/decisions/0041).

use std::ffi::CString;
#[cfg(target_os = "linux")]
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd};
#[cfg(target_os = "linux")]
use std::sync::OnceLock;

use rustix::io::Errno;

use crate::system::mode_of;

/// The id that leaves an owner or a group as it is.
const UNCHANGED: u32 = u32::MAX;

/// Sets the owner and group of an open file; what is `None` stays.
pub(crate) fn fchown(file: BorrowedFd, uid: Option<u32>, gid: Option<u32>) -> Result<(), Errno> {
    let (uid, gid) = (uid.unwrap_or(UNCHANGED), gid.unwrap_or(UNCHANGED));
    // SAFETY: the descriptor is open for the length of the call, which takes no memory of ours.
    done(unsafe { libc::fchown(file.as_raw_fd(), uid, gid) })
}

/// Sets the mode of an open file.
pub(crate) fn fchmod(file: BorrowedFd, mode: u32) -> Result<(), Errno> {
    // SAFETY: the descriptor is open for the length of the call, which takes no memory of ours.
    done(unsafe { libc::fchmod(file.as_raw_fd(), mode as libc::mode_t) })
}

/// Sets the mode of `name` in a directory; `flags` as fchmodat(2) has them.
pub(crate) fn fchmodat(dir: BorrowedFd, name: &[u8], mode: u32, flags: i32) -> Result<(), Errno> {
    let name = CString::new(name).map_err(|_| Errno::INVAL)?;
    // An older library makes four calls of one with flags.
    #[cfg(target_os = "linux")]
    if flags != 0 && nobody_between() {
        // SAFETY: as below.
        let done = done(unsafe {
            libc::syscall(FCHMODAT2, dir.as_raw_fd(), name.as_ptr(), mode, flags) as i32
        });
        if done != Err(Errno::NOSYS) {
            return done;
        }
    }
    // SAFETY: the descriptor is open and `name` is a C string, both for the length of the call, which writes to no
    // memory of ours.
    done(unsafe { libc::fchmodat(dir.as_raw_fd(), name.as_ptr(), mode as libc::mode_t, flags) })
}

/// Type bits of the mode, and size of an open file.
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
pub(crate) fn type_and_size(file: BorrowedFd) -> Result<(u32, i64), Errno> {
    if !nobody_between() {
        return type_and_size_told(file);
    }
    let mut stat = MaybeUninit::<libc::stat>::uninit();
    // The library asks by an empty name, which takes longer.
    // SAFETY: the descriptor is open for the length of the call, which fills `stat`: where a pointer has 64 bits, the
    // library's structure is the system's.
    done(unsafe { libc::syscall(libc::SYS_fstat, file.as_raw_fd(), stat.as_mut_ptr()) as i32 })?;
    // SAFETY: the call filled it.
    let stat = unsafe { stat.assume_init() };
    Ok((stat.st_mode, stat.st_size))
}

#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
pub(crate) fn type_and_size(file: BorrowedFd) -> Result<(u32, i64), Errno> {
    type_and_size_told(file)
}

fn type_and_size_told(file: BorrowedFd) -> Result<(u32, i64), Errno> {
    let stat = rustix::fs::fstat(file)?;
    Ok((mode_of(&stat), stat.st_size as i64))
}

/// Its number is the same everywhere; the system has it from Linux 6.6 on.
#[cfg(target_os = "linux")]
const FCHMODAT2: libc::c_long = 452;

/// Whether the library's own functions are what we call: who stands in between has put some of his before them.
#[cfg(target_os = "linux")]
pub(crate) fn nobody_between() -> bool {
    static ANSWER: OnceLock<bool> = OnceLock::new();
    *ANSWER.get_or_init(|| {
        // Where a program that is linked to fixed addresses takes that of one of them, it is from there: that counts
        // as somebody.
        let theirs = [
            libc::fchmodat as *const (),
            libc::fchownat as *const (),
            libc::lgetxattr as *const (),
        ];
        // Nobody has a reason to put another before this one.
        let library = origin(libc::getauxval as *const ());
        library.is_some()
            && theirs
                .into_iter()
                .all(|function| origin(function) == library)
    })
}

/// Where the object begins that a function is from.
#[cfg(target_os = "linux")]
fn origin(function: *const ()) -> Option<usize> {
    let mut found = MaybeUninit::<libc::Dl_info>::uninit();
    // SAFETY: `found` is filled where the answer is not 0, and read nowhere else.
    unsafe {
        (libc::dladdr(function.cast(), found.as_mut_ptr()) != 0)
            .then(|| found.assume_init().dli_fbase as usize)
    }
}

fn done(result: i32) -> Result<(), Errno> {
    if result == 0 {
        return Ok(());
    }
    Err(Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO))
}
