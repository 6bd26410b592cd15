use std::fmt;

/// rsync's exit values for a broken peer.
const EXIT_PROTOCOL: i32 = 2;
const EXIT_STREAM: i32 = 12;

/// The peer's stream cannot be what it should be; ends the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamError {
    /// What rsync exits with.
    pub exit: i32,
    pub message: String,
}

impl StreamError {
    /// A value that the protocol does not allow (exit 2).
    pub fn protocol(message: impl Into<String>) -> Self {
        StreamError {
            exit: EXIT_PROTOCOL,
            message: message.into(),
        }
    }

    /// Data that cannot be decoded (exit 12).
    pub fn stream(message: impl Into<String>) -> Self {
        StreamError {
            exit: EXIT_STREAM,
            message: message.into(),
        }
    }
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for StreamError {}
