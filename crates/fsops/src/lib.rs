//! Files of a tree: status tables, confined paths, metadata, and whole files sent, received and copied.

mod block_sums;
mod compare;
mod copy;
mod cores;
mod file_sums;
mod interrupt;
mod libc_calls;
mod listing;
mod look_up;
mod meta;
mod name_rules;
mod names;
mod receive;
mod receive_many;
mod resolve;
mod scan;
mod send;
mod send_many;
mod single;
mod stat_table;
mod syscall;
mod system;
mod walk;
mod window;
mod writer;
mod xattr;

pub use block_sums::BlockSumJob;
pub use compare::{Same, Sources};
pub use copy::copy_file;
pub use file_sums::file_sums;
pub use interrupt::{Interrupt, Interrupted};
pub use listing::{list, list_tree, Listed, Listing, ListingOptions, TreeListing, Unlisted};
pub use look_up::{look_up, Aims, Entries, LookedUp, Wanted};
pub use meta::{set_meta, Meta};
pub use name_rules::{NameRules, PackedRules};
pub use names::Names;
pub use receive::{ReceiveJob, ReceiveProgress, ReceiveRequest, ReceiveResult};
pub use receive_many::{receive_many, ReceiveBatch, ReceiveMany, RECEIVE_LAYOUT, RECEIVE_STEPS};
pub use resolve::{Parents, TreeRoot};
pub use scan::{lstat_many, lstat_runs, scan, scan_many, ScanOptions};
pub use send::{Append, SendJob, SendRequest, SendStats};
pub use send_many::{send_many, SendMany};
pub use single::{
    device_size, hard_link, lstat, make_dir, make_node, make_symlink, read_link, read_small,
    remove_dir, remove_file, rename, stat, write_small,
};
pub use stat_table::{Rows, ROW_BYTES, ROW_LAYOUT};
pub use syscall::{Failure, SysError, Syscall, SYSCALL_NAMES};
pub use xattr::{
    get_xattr, get_xattr_following, list_xattrs, remove_xattr, set_xattr, Extras, LACKS,
};
