use crate::codec::{TOKENRUN_LONG, TOKENRUN_REL, TOKEN_LONG, TOKEN_REL};
use crate::output::Output;

/// Most blocks that one run may hold.
const MAX_RUN: u32 = 65536;

/// Collects adjacent matched blocks, so that a compressed stream names a whole run at once.
#[derive(Default)]
pub(crate) struct TokenRun {
    /// First and last block of the run that is not written yet.
    pending: Option<(u32, u32)>,
    last_written: u32,
}

impl TokenRun {
    /// Adds a block that no literal data precedes, or starts a new run with it.
    pub fn add(&mut self, block: u32, after_literal: bool, out: &mut Output) {
        match self.pending {
            Some((first, last))
                if !after_literal && block == last + 1 && block - first < MAX_RUN =>
            {
                self.pending = Some((first, block));
            }
            _ => {
                self.flush(out);
                self.pending = Some((block, block));
            }
        }
    }

    /// Writes the run that is pending.
    pub fn flush(&mut self, out: &mut Output) {
        let Some((first, last)) = self.pending.take() else {
            return;
        };
        let more = last - first;
        let distance = i64::from(first) - i64::from(self.last_written);
        if (0..=63).contains(&distance) {
            let flag = if more == 0 { TOKEN_REL } else { TOKENRUN_REL };
            out.put(&[flag + distance as u8]);
        } else {
            out.put(&[if more == 0 { TOKEN_LONG } else { TOKENRUN_LONG }]);
            out.put(&first.to_le_bytes());
        }
        if more != 0 {
            out.put(&(more as u16).to_le_bytes());
        }
        self.last_written = last;
    }

    /// Starts the next file.
    pub fn reset(&mut self) {
        *self = TokenRun::default();
    }
}
