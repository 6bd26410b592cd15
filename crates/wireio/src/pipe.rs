use std::os::fd::OwnedFd;

use rustix::io::Errno;
#[cfg(not(target_os = "linux"))]
use rustix::io::{fcntl_setfd, FdFlags};
use rustix::net::{socketpair, AddressFamily, SocketFlags, SocketType};
#[cfg(target_os = "linux")]
use rustix::pipe::{fcntl_getpipe_size, fcntl_setpipe_size, pipe_with, PipeFlags};

#[cfg(target_os = "linux")]
const MAX_SIZE_FILE: &str = "/proc/sys/fs/pipe-max-size";
/// What a pipe holds at least where the system does not say: macOS enlarges one that is in use.
#[cfg(not(target_os = "linux"))]
const LEAST: usize = 16 * 1024;

/// Both ends of an anonymous pipe, and how many bytes it holds.
pub struct PipePair {
    pub read: OwnedFd,
    pub write: OwnedFd,
    pub size: usize,
}

/// A close-on-exec pipe, enlarged to the system's maximum. Where an unprivileged user's pipe quota is used
/// up it keeps its size.
#[cfg(target_os = "linux")]
pub fn pipe() -> Result<PipePair, Errno> {
    let (read, write) = pipe_with(PipeFlags::CLOEXEC)?;
    let maximum = std::fs::read_to_string(MAX_SIZE_FILE)
        .ok()
        .and_then(|text| text.trim().parse::<usize>().ok());
    if let Some(maximum) = maximum {
        let mut size = maximum;
        while size > 64 * 1024 && fcntl_setpipe_size(&write, size).is_err() {
            size /= 2;
        }
    }
    let size = fcntl_getpipe_size(&write)?;
    Ok(PipePair { read, write, size })
}

/// A close-on-exec pipe.
#[cfg(not(target_os = "linux"))]
pub fn pipe() -> Result<PipePair, Errno> {
    let (read, write) = rustix::pipe::pipe()?;
    fcntl_setfd(&read, FdFlags::CLOEXEC)?;
    fcntl_setfd(&write, FdFlags::CLOEXEC)?;
    Ok(PipePair {
        read,
        write,
        size: LEAST,
    })
}

/// A connected pair of close-on-exec AF_UNIX stream sockets.
#[cfg(target_os = "linux")]
pub fn socket_pair() -> Result<(OwnedFd, OwnedFd), Errno> {
    socketpair(
        AddressFamily::UNIX,
        SocketType::STREAM,
        SocketFlags::CLOEXEC,
        None,
    )
}

/// A connected pair of close-on-exec AF_UNIX stream sockets.
#[cfg(not(target_os = "linux"))]
pub fn socket_pair() -> Result<(OwnedFd, OwnedFd), Errno> {
    let (unix, stream) = (AddressFamily::UNIX, SocketType::STREAM);
    let (a, b) = socketpair(unix, stream, SocketFlags::empty(), None)?;
    fcntl_setfd(&a, FdFlags::CLOEXEC)?;
    fcntl_setfd(&b, FdFlags::CLOEXEC)?;
    Ok((a, b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_holds_what_it_says() {
        let pair = pipe().unwrap();
        let data = vec![7; pair.size];
        assert_eq!(rustix::io::write(&pair.write, &data), Ok(pair.size));
        let mut back = vec![0; pair.size];
        assert_eq!(rustix::io::read(&pair.read, &mut back), Ok(pair.size));
        assert_eq!(back, data);
    }

    #[test]
    fn sockets_are_connected() {
        let (a, b) = socket_pair().unwrap();
        rustix::io::write(&a, b"there").unwrap();
        let mut back = [0; 5];
        assert_eq!(rustix::io::read(&b, &mut back), Ok(5));
        assert_eq!(&back, b"there");
    }
}
