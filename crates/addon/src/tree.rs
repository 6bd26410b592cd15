use std::sync::{Arc, Mutex};

use napi::bindgen_prelude::{Either, Uint8Array, Uint8ArraySlice};
use napi::{Error, Result, Status};
use napi_derive::napi;
use oc_fsops::{Extras, Parents, ScanOptions, TreeRoot, ROW_BYTES};

use crate::args::{Bytes, Paths};
use crate::failure::{code, outcome};
use crate::shared::lock;

const META_MODE: u32 = 1;
const META_UID: u32 = 2;
const META_GID: u32 = 4;
const META_MTIME: u32 = 8;
const META_ATIME: u32 = 16;

/// The bits that say which metadata is set, for the tests that hold TypeScript to them.
pub(crate) const META_BITS: &[(&str, usize)] = &[
    ("Mode", META_MODE as usize),
    ("Uid", META_UID as usize),
    ("Gid", META_GID as usize),
    ("Mtime", META_MTIME as usize),
    ("Atime", META_ATIME as usize),
];

const EXTRA_ACLS: u32 = 1;
const EXTRA_XATTRS: u32 = 2;

/// The bits that name what is looked for beside a status, for the tests that hold TypeScript to them.
pub(crate) const EXTRA_BITS: &[(&str, usize)] = &[
    ("Acls", EXTRA_ACLS as usize),
    ("Xattrs", EXTRA_XATTRS as usize),
];

pub(crate) fn wanted_extras(bits: u32) -> Extras {
    Extras {
        acls: bits & EXTRA_ACLS != 0,
        xattrs: bits & EXTRA_XATTRS != 0,
    }
}

pub(crate) fn scan_options(links: bool, follow: bool, extras: u32) -> ScanOptions {
    ScanOptions {
        links,
        follow,
        extras: wanted_extras(extras),
    }
}

/// A held directory. Numbers that come back are failure numbers, 0 for none.
#[napi]
pub struct Tree {
    /// `None` once it is closed. Calls that run on other threads hold it for themselves, and it may be closed
    /// meanwhile.
    root: Mutex<Option<Arc<TreeRoot>>>,
}

impl Tree {
    pub(crate) fn root(&self) -> Result<Arc<TreeRoot>> {
        lock(&self.root)
            .clone()
            .ok_or_else(|| Error::new(Status::InvalidArg, "the tree is closed"))
    }
}

/// How a tree is held.
#[napi(object, object_to_js = false)]
pub struct TreeSettings {
    pub confined: bool,
    /// Links in directory parts: 1 follows those that stay below, 2 all.
    pub follow_parents: u8,
    pub follow_files: bool,
    pub keep_access_times: bool,
    pub trusted_links: bool,
    #[napi(ts_type = "string | undefined")]
    pub confine_root: Option<Bytes>,
    #[napi(ts_type = "string | undefined")]
    pub beneath: Option<Bytes>,
}

/// Holds the directory `path`.
#[napi(catch_unwind)]
pub fn open_tree(
    #[napi(ts_arg_type = "string")] path: Bytes,
    settings: TreeSettings,
) -> Result<Either<Tree, u32>> {
    let opened = match &settings.beneath {
        Some(outer) => TreeRoot::open_beneath(&outer.0, &path.0),
        None if settings.trusted_links => TreeRoot::open_trusted(&path.0, settings.confined),
        None => TreeRoot::open(&path.0, settings.confined),
    };
    Ok(match opened {
        Ok(root) => Either::A(Tree {
            root: Mutex::new(Some(Arc::new(
                root.following_parents(match settings.follow_parents {
                    0 => Parents::Plain,
                    1 => Parents::Below,
                    _ => Parents::Anywhere,
                })
                .following_files(settings.follow_files)
                .confining(settings.confine_root.as_ref().map(|root| &root.0[..]))
                .keeping_access_times(settings.keep_access_times),
            ))),
        }),
        Err(error) => Either::B(code(error)),
    })
}

#[napi]
impl Tree {
    #[napi(catch_unwind)]
    pub fn close(&self) -> Result<()> {
        lock(&self.root).take();
        Ok(())
    }

    /// Stops the long work of this tree, now and from now on.
    #[napi(catch_unwind)]
    pub fn interrupt(&self) -> Result<()> {
        if let Some(root) = &*lock(&self.root) {
            root.interrupt().raise();
        }
        Ok(())
    }

    /// Holds the directory that a path, or `way` in its place, leads to now, through links. 0, or an errno and system call.
    #[napi(catch_unwind)]
    pub fn admit(
        &self,
        #[napi(ts_arg_type = "string")] path: Bytes,
        #[napi(ts_arg_type = "string | undefined")] way: Option<Bytes>,
    ) -> Result<u32> {
        let way = way.as_ref().map(|way| &way.0[..]);
        Ok(self.root()?.admit(&path.0, way).err().map_or(0, code))
    }

    /// A packed status table of a directory.
    #[napi(catch_unwind)]
    pub fn scan(
        &self,
        #[napi(ts_arg_type = "string")] dir: Bytes,
        links: bool,
        follow: bool,
        extras: u32,
    ) -> Result<Either<Uint8Array, u32>> {
        let options = scan_options(links, follow, extras);
        Ok(match oc_fsops::scan(&*self.root()?, &dir.0, options) {
            Ok(rows) => Either::A(rows.pack().into()),
            Err(error) => Either::B(code(error)),
        })
    }

    /// A packed status table of `count` names, joined by NUL.
    #[napi(catch_unwind)]
    pub fn lstat_many(
        &self,
        #[napi(ts_arg_type = "string")] dir: Bytes,
        #[napi(ts_arg_type = "string")] names: Bytes,
        count: u32,
        extras: u32,
    ) -> Result<Uint8Array> {
        let names = Paths::new(names, count)?;
        let root = self.root()?;
        let extras = wanted_extras(extras);
        Ok(oc_fsops::lstat_many(&root, &dir.0, names.iter(), extras)
            .pack()
            .into())
    }

    /// Fills `row`, one row long.
    #[napi(catch_unwind)]
    pub fn lstat(
        &self,
        #[napi(ts_arg_type = "string")] path: Bytes,
        mut row: Uint8ArraySlice,
    ) -> Result<u32> {
        let root = self.root()?;
        Ok(outcome(oc_fsops::lstat(&root, &path.0, one_row(&mut row)?)))
    }

    /// As `lstat`, of what the path leads to.
    #[napi(catch_unwind)]
    pub fn stat(
        &self,
        #[napi(ts_arg_type = "string")] path: Bytes,
        mut row: Uint8ArraySlice,
    ) -> Result<u32> {
        let root = self.root()?;
        Ok(outcome(oc_fsops::stat(&root, &path.0, one_row(&mut row)?)))
    }

    #[napi(catch_unwind)]
    pub fn readlink(
        &self,
        #[napi(ts_arg_type = "string")] path: Bytes,
    ) -> Result<Either<Uint8Array, u32>> {
        let root = self.root()?;
        Ok(match oc_fsops::read_link(&root, &path.0) {
            Ok(target) => Either::A(target.into()),
            Err(error) => Either::B(code(error)),
        })
    }

    /// The names of a path's extended attributes, each with a NUL behind it.
    #[napi(catch_unwind)]
    pub fn list_xattrs(
        &self,
        #[napi(ts_arg_type = "string")] path: Bytes,
    ) -> Result<Either<Uint8Array, u32>> {
        let root = self.root()?;
        Ok(match oc_fsops::list_xattrs(&root, &path.0) {
            Ok(names) => Either::A(names.into()),
            Err(error) => Either::B(code(error)),
        })
    }

    #[napi(catch_unwind)]
    pub fn get_xattr(
        &self,
        #[napi(ts_arg_type = "string")] path: Bytes,
        #[napi(ts_arg_type = "string")] name: Bytes,
        follow: bool,
    ) -> Result<Either<Uint8Array, u32>> {
        let root = self.root()?;
        let get = if follow {
            oc_fsops::get_xattr_following
        } else {
            oc_fsops::get_xattr
        };
        Ok(match get(&root, &path.0, &name.0) {
            Ok(value) => Either::A(value.into()),
            Err(error) => Either::B(code(error)),
        })
    }

    #[napi(catch_unwind)]
    pub fn set_xattr(
        &self,
        #[napi(ts_arg_type = "string")] path: Bytes,
        #[napi(ts_arg_type = "string")] name: Bytes,
        value: Uint8ArraySlice,
    ) -> Result<u32> {
        let root = self.root()?;
        Ok(outcome(oc_fsops::set_xattr(
            &root, &path.0, &name.0, &value,
        )))
    }

    #[napi(catch_unwind)]
    pub fn remove_xattr(
        &self,
        #[napi(ts_arg_type = "string")] path: Bytes,
        #[napi(ts_arg_type = "string")] name: Bytes,
    ) -> Result<u32> {
        let root = self.root()?;
        Ok(outcome(oc_fsops::remove_xattr(&root, &path.0, &name.0)))
    }

    /// The content of a small file itself.
    #[napi(catch_unwind)]
    pub fn read_small(
        &self,
        #[napi(ts_arg_type = "string")] path: Bytes,
        most: u32,
    ) -> Result<Either<Uint8Array, u32>> {
        let root = self.root()?;
        Ok(match oc_fsops::read_small(&root, &path.0, most as usize) {
            Ok(content) => Either::A(content.into()),
            Err(error) => Either::B(code(error)),
        })
    }

    #[napi(catch_unwind)]
    pub fn write_small(
        &self,
        #[napi(ts_arg_type = "string")] path: Bytes,
        #[napi(ts_arg_type = "string")] content: Bytes,
        mode: u32,
    ) -> Result<u32> {
        let root = self.root()?;
        Ok(outcome(oc_fsops::write_small(
            &root, &path.0, &content.0, mode,
        )))
    }

    /// Bytes of a block device, or a failure number that is negated.
    #[napi(catch_unwind)]
    pub fn device_size(&self, #[napi(ts_arg_type = "string")] path: Bytes) -> Result<f64> {
        let root = self.root()?;
        Ok(match oc_fsops::device_size(&root, &path.0) {
            Ok(size) => size as f64,
            Err(error) => -f64::from(code(error)),
        })
    }

    #[napi(catch_unwind)]
    pub fn mkdir(&self, #[napi(ts_arg_type = "string")] path: Bytes, mode: u32) -> Result<u32> {
        let root = self.root()?;
        Ok(outcome(oc_fsops::make_dir(&root, &path.0, mode)))
    }

    #[napi(catch_unwind)]
    pub fn symlink(
        &self,
        #[napi(ts_arg_type = "string")] target: Bytes,
        #[napi(ts_arg_type = "string")] path: Bytes,
    ) -> Result<u32> {
        let root = self.root()?;
        Ok(outcome(oc_fsops::make_symlink(&root, &target.0, &path.0)))
    }

    #[napi(catch_unwind)]
    pub fn link(
        &self,
        #[napi(ts_arg_type = "string")] existing: Bytes,
        #[napi(ts_arg_type = "string")] path: Bytes,
    ) -> Result<u32> {
        let root = self.root()?;
        Ok(outcome(oc_fsops::hard_link(&root, &existing.0, &path.0)))
    }

    #[napi(catch_unwind)]
    pub fn mknod(
        &self,
        #[napi(ts_arg_type = "string")] path: Bytes,
        mode: u32,
        major: u32,
        minor: u32,
    ) -> Result<u32> {
        let root = self.root()?;
        Ok(outcome(oc_fsops::make_node(
            &root, &path.0, mode, major, minor,
        )))
    }

    #[napi(catch_unwind)]
    pub fn unlink(&self, #[napi(ts_arg_type = "string")] path: Bytes) -> Result<u32> {
        let root = self.root()?;
        Ok(outcome(oc_fsops::remove_file(&root, &path.0)))
    }

    #[napi(catch_unwind)]
    pub fn rmdir(&self, #[napi(ts_arg_type = "string")] path: Bytes) -> Result<u32> {
        let root = self.root()?;
        Ok(outcome(oc_fsops::remove_dir(&root, &path.0)))
    }

    #[napi(catch_unwind)]
    pub fn rename(
        &self,
        #[napi(ts_arg_type = "string")] from: Bytes,
        #[napi(ts_arg_type = "string")] to: Bytes,
    ) -> Result<u32> {
        let root = self.root()?;
        Ok(outcome(oc_fsops::rename(&root, &from.0, &to.0)))
    }

    /// `which` names the fields that are set: 1 mode, 2 uid, 4 gid, 8 mtime, 16 atime. Gives an errno.
    #[napi(catch_unwind)]
    #[allow(clippy::too_many_arguments)]
    pub fn set_meta(
        &self,
        #[napi(ts_arg_type = "string")] path: Bytes,
        which: u32,
        mode: u32,
        uid: u32,
        gid: u32,
        mtime: f64,
        mtime_nsec: u32,
        atime: f64,
        atime_nsec: u32,
    ) -> Result<i32> {
        let has = |flag| which & flag != 0;
        let meta = oc_fsops::Meta {
            mode: has(META_MODE).then_some(mode),
            uid: has(META_UID).then_some(uid),
            gid: has(META_GID).then_some(gid),
            mtime: has(META_MTIME).then_some((mtime as i64, mtime_nsec)),
            atime: has(META_ATIME).then_some((atime as i64, atime_nsec)),
        };
        Ok(oc_fsops::set_meta(&*self.root()?, &path.0, &meta))
    }
}

fn one_row<'a>(row: &'a mut Uint8ArraySlice) -> Result<&'a mut [u8; ROW_BYTES]> {
    // SAFETY: JavaScript waits for this call, so nobody else looks at the buffer.
    unsafe { row.as_mut() }
        .first_chunk_mut()
        .ok_or_else(|| Error::new(Status::InvalidArg, "a row is 96 bytes"))
}
