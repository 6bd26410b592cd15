use oc_delta::StreamError;
use rustix::io::Errno;

/// The system call that failed, for messages; its number is an index into `SYSCALL_NAMES`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Syscall {
    None = 0,
    Open,
    Stat,
    ReadDir,
    ReadLink,
    MkDir,
    Symlink,
    Link,
    MkNod,
    Unlink,
    RmDir,
    Rename,
    Read,
    Write,
    Seek,
    Truncate,
    Fallocate,
    Fsync,
    Pipe,
    SocketPair,
    GetXattr,
    ListXattr,
    SetXattr,
    RemoveXattr,
}

/// The names of `Syscall`, in order.
pub const SYSCALL_NAMES: [&str; 24] = [
    "",
    "open",
    "lstat",
    "readdir",
    "readlink",
    "mkdir",
    "symlink",
    "link",
    "mknod",
    "unlink",
    "rmdir",
    "rename",
    "read",
    "write",
    "lseek",
    "ftruncate",
    "fallocate",
    "fsync",
    "pipe",
    "socketpair",
    "getxattr",
    "listxattr",
    "setxattr",
    "removexattr",
];

/// A failed system call on one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SysError {
    /// Positive.
    pub errno: i32,
    pub syscall: Syscall,
}

impl SysError {
    pub fn new(errno: Errno, syscall: Syscall) -> Self {
        SysError {
            errno: errno.raw_os_error(),
            syscall,
        }
    }
}

/// Names the system call of a failure.
pub(crate) trait During<T> {
    fn during(self, syscall: Syscall) -> Result<T, SysError>;
}

impl<T> During<T> for Result<T, Errno> {
    fn during(self, syscall: Syscall) -> Result<T, SysError> {
        self.map_err(|errno| SysError::new(errno, syscall))
    }
}

/// Why a job stopped.
#[derive(Clone, Debug)]
pub enum Failure {
    Sys(SysError),
    Stream(StreamError),
}

impl From<SysError> for Failure {
    fn from(error: SysError) -> Self {
        Failure::Sys(error)
    }
}

impl From<StreamError> for Failure {
    fn from(error: StreamError) -> Self {
        Failure::Stream(error)
    }
}
