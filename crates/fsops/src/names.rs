use crate::resolve::Parent;

/// Words of a name: its directory's index, its offset, its length.
const WORDS: usize = 3;

/// Names in directories, packed: where each of them lies in `names`, `runs` tells in three words.
pub struct Names<'n> {
    pub dirs: Vec<&'n [u8]>,
    pub names: &'n [u8],
    pub runs: &'n [u32],
}

impl<'n> Names<'n> {
    /// How many there are; `None` where there is a part of one.
    pub(crate) fn len(&self) -> Option<usize> {
        self.runs
            .len()
            .is_multiple_of(WORDS)
            .then_some(self.runs.len() / WORDS)
    }

    /// The directory's number, its path and the name; `None` where that is out of bounds.
    pub(crate) fn get(&self, i: usize) -> Option<(u32, &'n [u8], &'n [u8])> {
        let word = self.runs.get(i * WORDS..(i + 1) * WORDS)?;
        let dir = *self.dirs.get(word[0] as usize)?;
        let from = word[1] as usize;
        let name = self.names.get(from..from.checked_add(word[2] as usize)?)?;
        Some((word[0], dir, name))
    }
}

/// Whether `name` can be looked up in `parent` itself; an absolute directory has no descriptor of its own.
pub(crate) fn has_place(parent: &Parent, name: &[u8]) -> bool {
    !matches!(parent, Parent::Working) && !name.contains(&b'/') && name != b".."
}

/// The path of `name` below the tree.
pub(crate) fn full_path(dir: &[u8], name: &[u8]) -> Vec<u8> {
    if dir.is_empty() {
        name.to_vec()
    } else {
        [dir, b"/", name].concat()
    }
}
