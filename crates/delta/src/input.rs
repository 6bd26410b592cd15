/// Payload bytes of the wire: ranges of one buffer, read in order without copying.
pub struct Input<'a> {
    raw: &'a [u8],
    ranges: &'a [u32],
    next: usize,
    current: &'a [u8],
    consumed: usize,
}

impl<'a> Input<'a> {
    /// `ranges` are (offset, length) pairs. `None` when one lies outside of `raw`.
    pub fn new(raw: &'a [u8], ranges: &'a [u32]) -> Option<Self> {
        let inside = ranges
            .chunks_exact(2)
            .all(|pair| pair[0] as usize + pair[1] as usize <= raw.len());
        if !inside || ranges.len() & 1 == 1 {
            return None;
        }
        Some(Input {
            raw,
            ranges,
            next: 0,
            current: &[],
            consumed: 0,
        })
    }

    /// Bytes taken so far.
    pub fn consumed(&self) -> usize {
        self.consumed
    }

    /// Takes at most `max` bytes that lie together; empty only when nothing is left.
    pub fn take(&mut self, max: usize) -> &'a [u8] {
        while self.current.is_empty() {
            let Some(pair) = self.ranges.get(self.next..self.next + 2) else {
                return &[];
            };
            self.next += 2;
            let at = pair[0] as usize;
            self.current = &self.raw[at..at + pair[1] as usize];
        }
        let (piece, rest) = self.current.split_at(max.min(self.current.len()));
        self.current = rest;
        self.consumed += piece.len();
        piece
    }

    /// Takes one byte.
    pub fn byte(&mut self) -> Option<u8> {
        self.take(1).first().copied()
    }

    /// Appends to `into` until it holds `length` bytes; false when the input ends before.
    pub fn fill(&mut self, into: &mut Vec<u8>, length: usize) -> bool {
        while into.len() < length {
            let piece = self.take(length - into.len());
            if piece.is_empty() {
                return false;
            }
            into.extend_from_slice(piece);
        }
        true
    }
}
