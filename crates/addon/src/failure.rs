use oc_delta::StreamError;
use oc_fsops::SysError;

/// A failed system call as one number: `errno | syscall << 16`. Success is 0.
pub fn code(error: SysError) -> u32 {
    error.errno as u32 | (error.syscall as u32) << 16
}

/// The number of a result that carries nothing.
pub fn outcome(result: Result<(), SysError>) -> u32 {
    result.map_or_else(code, |()| 0)
}

/// What ends the run: rsync's exit code and message.
#[napi_derive::napi(object)]
pub struct StreamFailure {
    pub exit: i32,
    pub message: String,
}

impl From<StreamError> for StreamFailure {
    fn from(error: StreamError) -> Self {
        StreamFailure {
            exit: error.exit,
            message: error.message,
        }
    }
}
