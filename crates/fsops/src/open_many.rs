use std::os::fd::IntoRawFd;

use rustix::fs::fstat;

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
            Ok(file) => match fstat(&file) {
                Err(errno) => (-errno.raw_os_error(), 0.0),
                Ok(stat) => (file.into_raw_fd(), stat.st_size as f64),
            },
        })
        .unzip()
}
