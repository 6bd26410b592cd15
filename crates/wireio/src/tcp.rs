use std::os::fd::BorrowedFd;

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
