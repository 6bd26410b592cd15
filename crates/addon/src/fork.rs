//! A copy of a process that runs Node. Possible where no thread but the one of JavaScript has work to do: only that one
//! lives on in the copy (docs/decisions/0050-copies-of-a-process.md).

use std::ffi::{c_int, c_void};

use napi::bindgen_prelude::Env;
use napi_derive::napi;

use crate::program::symbol;

/// Copies this process: the number of the copy, and 0 in the copy itself; the errno of what failed, negative. The system
/// ends the copy after `lifetime` seconds, unless that is 0.
#[napi(catch_unwind)]
pub fn fork(env: Env, lifetime: u32) -> napi::Result<i32> {
    let Some(renew) = loop_renewal(&env) else {
        return Ok(-libc::ENOSYS);
    };
    if let Err(error) = keep_in_copies() {
        return Ok(negative(&error));
    }
    // SAFETY: the caller sees to it that other threads are idle, so that no lock is held which the copy needs.
    let pid = unsafe { libc::fork() };
    if pid < 0 {
        return Ok(negative(&std::io::Error::last_os_error()));
    }
    if pid == 0 {
        // SAFETY: sets an alarm that nobody here is waiting for.
        unsafe { libc::alarm(lifetime) };
        if !renew() {
            // SAFETY: ends the copy, which has begun nothing.
            unsafe { libc::_exit(1) };
        }
    }
    Ok(pid)
}

fn negative(error: &std::io::Error) -> i32 {
    -error.raw_os_error().unwrap_or(libc::EAGAIN)
}

/// Of a process with threads of the system's own no copy can be made.
#[cfg(not(target_os = "linux"))]
fn keep_in_copies() -> std::io::Result<()> {
    Err(std::io::Error::from_raw_os_error(libc::ENOSYS))
}

/// V8 marks its memory so that copies of the process are without.
#[cfg(target_os = "linux")]
fn keep_in_copies() -> std::io::Result<()> {
    let maps = std::fs::read_to_string("/proc/self/maps")?;
    for line in maps.lines() {
        // `start-end rwxp offset device inode [path]`
        let mut fields = line.split_ascii_whitespace();
        let (Some(range), Some(kind), Some(inode)) = (fields.next(), fields.next(), fields.nth(2))
        else {
            continue;
        };
        let bounds = range.split_once('-').and_then(|(from, to)| {
            let number = |text| usize::from_str_radix(text, 16).ok();
            Some((number(from)?, number(to)?))
        });
        let Some((from, to)) = bounds else { continue };
        if inode == "0" && kind.ends_with('p') && fields.next().is_none() {
            // SAFETY: nothing of the memory changes, only whether copies have it.
            unsafe { libc::madvise(from as *mut c_void, to - from, libc::MADV_DOFORK) };
        }
    }
    Ok(())
}

/// Lets the system forget copies that have ended.
#[napi]
pub fn reap() {
    // SAFETY: asks for no status, and does not wait.
    while unsafe { libc::waitpid(-1, std::ptr::null_mut(), libc::WNOHANG) } > 0 {}
}

/// Ends the process at once. A copy has to: Node's way waits for threads that it has not. Who has nothing left to do saves the
/// milliseconds that Node takes to free what the system frees.
#[napi]
pub fn exit_at_once(status: i32) {
    // SAFETY: nothing of the process is used afterwards.
    unsafe { libc::_exit(status) };
}

/// What libuv wants to be called in a copy: its loop shares descriptors with the original until then. Not every program
/// that loads addons has it.
fn loop_renewal(env: &Env) -> Option<impl FnOnce() -> bool> {
    type LoopOf = unsafe extern "C" fn(*mut c_void, *mut *mut c_void) -> c_int;
    type Renew = unsafe extern "C" fn(*mut c_void) -> c_int;
    let (loop_of, renew) = (symbol(c"napi_get_uv_event_loop")?, symbol(c"uv_loop_fork")?);
    // SAFETY: these are the types of Node's functions of these names.
    let (loop_of, renew) = unsafe {
        (
            std::mem::transmute::<*mut c_void, LoopOf>(loop_of),
            std::mem::transmute::<*mut c_void, Renew>(renew),
        )
    };
    let mut event_loop = std::ptr::null_mut();
    // SAFETY: `env` is the environment of this call.
    let status = unsafe { loop_of(env.raw().cast(), &mut event_loop) };
    // SAFETY: the loop is the environment's, and lives as long as that.
    (status == 0).then_some(move || unsafe { renew(event_loop) } == 0)
}
