use std::os::fd::{BorrowedFd, FromRawFd, IntoRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixDatagram;

use napi::bindgen_prelude::Either;
use napi_derive::napi;
use oc_flist::ENTRY_LAYOUT;
use oc_fsops::{
    SysError, Syscall, LACKS, RECEIVE_LAYOUT, RECEIVE_STEPS, ROW_LAYOUT, SYSCALL_NAMES,
};

use crate::args::Bytes;
use crate::entries::STATE_LAYOUT;
use crate::failure::code;
use crate::tree::{EXTRA_BITS, META_BITS};

/// Both ends of a pipe and the bytes it holds.
#[napi(object)]
pub struct PipeEnds {
    pub read: i32,
    pub write: i32,
    pub size: u32,
}

/// A pipe as large as the system lets.
#[napi(catch_unwind)]
pub fn pipe() -> napi::Result<Either<PipeEnds, u32>> {
    Ok(match oc_wireio::pipe() {
        Ok(pair) => Either::A(PipeEnds {
            read: pair.read.into_raw_fd(),
            write: pair.write.into_raw_fd(),
            size: pair.size as u32,
        }),
        Err(errno) => Either::B(code(SysError::new(errno, Syscall::Pipe))),
    })
}

/// Two connected stream sockets.
#[napi(catch_unwind)]
pub fn socket_pair() -> napi::Result<Either<Vec<i32>, u32>> {
    Ok(match oc_wireio::socket_pair() {
        Ok((a, b)) => Either::A(vec![a.into_raw_fd(), b.into_raw_fd()]),
        Err(errno) => Either::B(code(SysError::new(errno, Syscall::SocketPair))),
    })
}

/// Closes a descriptor that a kernel call gave out.
#[napi(catch_unwind)]
pub fn close_fd(fd: i32) -> napi::Result<()> {
    if fd >= 0 {
        // SAFETY: the caller owns the descriptor and gives it up with this call.
        drop(unsafe { OwnedFd::from_raw_fd(fd) });
    }
    Ok(())
}

/// Acknowledges what a TCP socket has received; other descriptors are left alone.
#[napi(catch_unwind)]
pub fn acknowledge(fd: i32) -> napi::Result<()> {
    if fd >= 0 {
        // SAFETY: JavaScript holds the descriptor open while this call lasts.
        oc_wireio::acknowledge(unsafe { BorrowedFd::borrow_raw(fd) });
    }
    Ok(())
}

/// Sets an option of a socket by its C name; the errno of what failed, 0 for none.
#[napi(catch_unwind)]
pub fn set_socket_option(fd: i32, name: String, value: i32) -> napi::Result<i32> {
    if fd < 0 {
        return Err(napi::Error::from_reason("no descriptor"));
    }
    // SAFETY: JavaScript holds the descriptor open while this call lasts.
    let fd = unsafe { BorrowedFd::borrow_raw(fd) };
    Ok(match oc_wireio::set_socket_option(fd, &name, value) {
        Ok(()) => 0,
        Err(errno) => errno.raw_os_error(),
    })
}

/// Locks a range of a file for this process, as rsync does; false where another one has it.
#[napi(catch_unwind)]
pub fn lock_range(fd: i32, start: u32, length: u32) -> napi::Result<bool> {
    if fd < 0 {
        return Ok(false);
    }
    // SAFETY: JavaScript holds the descriptor open while this call lasts.
    let fd = unsafe { BorrowedFd::borrow_raw(fd) };
    Ok(oc_wireio::lock_range(fd, start, length))
}

/// Makes a directory the root of this process, and where it works. The errno of what failed, 0 for nothing.
#[napi(catch_unwind)]
pub fn change_root(#[napi(ts_arg_type = "string")] path: Bytes) -> napi::Result<i32> {
    let path = std::ffi::OsStr::from_bytes(&path.0);
    let changed = std::os::unix::fs::chroot(path).and_then(|()| std::env::set_current_dir("/"));
    Ok(changed.err().map_or(0, |error| errno_of(&error)))
}

/// Lets this process have so many bytes of memory more than it has now, from the system's own count of what it may
/// write to (`VmData`, which is what `RLIMIT_DATA` bounds). The errno of what failed, 0 for nothing.
#[napi(catch_unwind)]
pub fn limit_memory(more: f64) -> napi::Result<i32> {
    let status = match std::fs::read_to_string("/proc/self/status") {
        Ok(status) => status,
        Err(error) => return Ok(errno_of(&error)),
    };
    let now: Option<u64> = status
        .lines()
        .find_map(|line| line.strip_prefix("VmData:"))
        .and_then(|rest| rest.trim().strip_suffix(" kB"))
        .and_then(|kib| kib.parse().ok());
    let Some(now) = now else {
        return Ok(rustix::io::Errno::NOSYS.raw_os_error());
    };
    let most = Some((now * 1024).saturating_add(more as u64));
    let limits = rustix::process::Rlimit {
        current: most,
        maximum: most,
    };
    let set = rustix::process::setrlimit(rustix::process::Resource::Data, limits);
    Ok(set.err().map_or(0, |errno| errno.raw_os_error()))
}

const LOG: &str = if cfg!(target_os = "macos") {
    "/var/run/syslog"
} else {
    "/dev/log"
};

/// A socket whose datagrams go to the system's log; or the errno of what failed, negative.
#[napi(catch_unwind)]
pub fn system_log() -> napi::Result<i32> {
    let reached = UnixDatagram::unbound()
        .and_then(|socket| socket.connect(LOG).map(|()| OwnedFd::from(socket)));
    Ok(match reached {
        Ok(socket) => socket.into_raw_fd(),
        Err(error) => -errno_of(&error),
    })
}

fn errno_of(error: &std::io::Error) -> i32 {
    error
        .raw_os_error()
        .unwrap_or(rustix::io::Errno::IO.raw_os_error())
}

/// The system calls that failure numbers refer to.
#[napi]
pub fn syscall_names() -> Vec<String> {
    SYSCALL_NAMES
        .iter()
        .map(|name| (*name).to_owned())
        .collect()
}

/// What this machine offers beyond plain reads and writes.
#[napi(catch_unwind)]
pub fn features() -> napi::Result<Vec<String>> {
    let mut found = Vec::new();
    let on_linux = cfg!(target_os = "linux");
    if on_linux {
        found.push("copy_file_range".to_owned());
    }
    if oc_wireio::openat2_usable() {
        found.push("openat2".to_owned());
    }
    if oc_wireio::io_uring_usable() {
        found.push("io_uring".to_owned());
    }
    if on_linux {
        found.push("splice".to_owned());
    }
    Ok(found)
}

/// The path of a lent wire where none is forced.
#[napi]
pub fn default_io_path() -> &'static str {
    oc_wireio::IoPath::default().name()
}

/// One number of a table that TypeScript and Rust share: `table.field`.
#[napi(object)]
pub struct LayoutNumber {
    pub name: String,
    pub value: u32,
}

/// Where the fields of all shared tables are. TypeScript says it once more for itself; the contract tests compare.
#[napi]
pub fn layouts() -> Vec<LayoutNumber> {
    [
        ("entry", ENTRY_LAYOUT),
        ("row", ROW_LAYOUT),
        ("receive", RECEIVE_LAYOUT),
        ("step", RECEIVE_STEPS),
        ("state", STATE_LAYOUT),
        ("meta", META_BITS),
        ("extra", EXTRA_BITS),
        ("lacks", LACKS),
    ]
    .into_iter()
    .flat_map(|(table, fields)| {
        fields.iter().map(move |&(field, value)| LayoutNumber {
            name: format!("{table}.{field}"),
            value: value as u32,
        })
    })
    .collect()
}
