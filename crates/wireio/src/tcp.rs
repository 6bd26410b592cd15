use std::os::fd::{AsRawFd, BorrowedFd};

use rustix::io::Errno;

/// Acknowledges now what a TCP socket has received. The kernel else waits up to 40 ms for something to send
/// along, and a peer that joins small writes holds the next one back for as long. Nothing else is to be
/// done with what is no TCP socket.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub fn acknowledge(fd: BorrowedFd) {
    let _ = rustix::net::sockopt::set_tcp_quickack(fd, true);
}

/// Only Linux has it.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub fn acknowledge(_fd: BorrowedFd) {}

/// Sets one of the socket options that can be named on a command line. An unknown name is `EINVAL`; `value` is what C's
/// `int` holds.
pub fn set_socket_option(fd: BorrowedFd, name: &str, value: i32) -> Result<(), Errno> {
    let (level, option) = match name {
        "SO_KEEPALIVE" => (libc::SOL_SOCKET, libc::SO_KEEPALIVE),
        "SO_REUSEADDR" => (libc::SOL_SOCKET, libc::SO_REUSEADDR),
        "SO_BROADCAST" => (libc::SOL_SOCKET, libc::SO_BROADCAST),
        "TCP_NODELAY" => (libc::IPPROTO_TCP, libc::TCP_NODELAY),
        "IP_TOS" => (libc::IPPROTO_IP, libc::IP_TOS),
        "SO_SNDBUF" => (libc::SOL_SOCKET, libc::SO_SNDBUF),
        "SO_RCVBUF" => (libc::SOL_SOCKET, libc::SO_RCVBUF),
        "SO_SNDLOWAT" => (libc::SOL_SOCKET, libc::SO_SNDLOWAT),
        "SO_RCVLOWAT" => (libc::SOL_SOCKET, libc::SO_RCVLOWAT),
        "SO_SNDTIMEO" => (libc::SOL_SOCKET, libc::SO_SNDTIMEO),
        "SO_RCVTIMEO" => (libc::SOL_SOCKET, libc::SO_RCVTIMEO),
        _ => return Err(Errno::INVAL),
    };
    // SAFETY: the descriptor is borrowed for this call, and the value is an int of that size for as long.
    let result = unsafe {
        libc::setsockopt(
            fd.as_raw_fd(),
            level,
            option,
            std::ptr::from_ref(&value).cast(),
            size_of::<i32>() as libc::socklen_t,
        )
    };
    if result == 0 {
        Ok(())
    } else {
        Err(Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::INVAL))
    }
}
