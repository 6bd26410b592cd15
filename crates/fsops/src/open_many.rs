use std::os::fd::IntoRawFd;

use crate::resolve::TreeRoot;

/// Opens files to be read by someone else in this process: a descriptor or a negative errno each, and the
/// sizes.
pub fn open_many<'p>(
    tree: &TreeRoot,
    paths: impl Iterator<Item = &'p [u8]>,
) -> (Vec<i32>, Vec<f64>) {
    paths
        .map(|path| match tree.open_read(path, false) {
            Err(error) => (-error.errno, 0.0),
            Ok(open) => (open.file.into_raw_fd(), open.size as f64),
        })
        .unzip()
}
