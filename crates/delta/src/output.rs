/// Where a token stream goes: the caller's buffer and, for the piece that crosses its end, an overflow
/// that the next buffer starts with.
pub struct Output<'a> {
    buffer: &'a mut [u8],
    length: usize,
    overflow: &'a mut Vec<u8>,
}

impl<'a> Output<'a> {
    /// Starts on `buffer` with what was left over before.
    pub fn new(buffer: &'a mut [u8], overflow: &'a mut Vec<u8>) -> Self {
        let length = overflow.len().min(buffer.len());
        buffer[..length].copy_from_slice(&overflow[..length]);
        overflow.drain(..length);
        Output {
            buffer,
            length,
            overflow,
        }
    }

    /// Nothing more fits.
    pub fn full(&self) -> bool {
        self.length == self.buffer.len() || !self.overflow.is_empty()
    }

    /// Bytes in the buffer.
    pub fn length(&self) -> usize {
        self.length
    }

    /// Appends `bytes`.
    pub fn put(&mut self, bytes: &[u8]) {
        let fits = if self.overflow.is_empty() {
            bytes.len().min(self.buffer.len() - self.length)
        } else {
            0
        };
        self.buffer[self.length..self.length + fits].copy_from_slice(&bytes[..fits]);
        self.length += fits;
        self.overflow.extend_from_slice(&bytes[fits..]);
    }

    /// The next `n` bytes of the buffer, to be filled in place; `None` when they do not fit.
    pub fn place(&mut self, n: usize) -> Option<&mut [u8]> {
        if !self.overflow.is_empty() || self.buffer.len() - self.length < n {
            return None;
        }
        let at = self.length;
        self.length += n;
        Some(&mut self.buffer[at..at + n])
    }
}
