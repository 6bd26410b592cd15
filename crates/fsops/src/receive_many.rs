//! Batches of small files: created, filled, verified, dressed and renamed. The records are laid out as
//! `ts/kernel/receive-batch.ts` says.

use std::os::fd::{AsFd, OwnedFd};

use oc_checksum::{digest, DigestSpec, MAX_DIGEST};
use rustix::fs::{
    fgetxattr_query, flistxattr_query, fstat, fsync, futimens, renameat, renameat_with, unlinkat,
    AtFlags, Mode, OFlags, RawMode, RenameFlags,
};
use rustix::io::Errno;

use crate::copy::{copy_data, Copied};
use crate::interrupt::{status, INTERRUPTED};
use crate::libc_calls::{fchmod, fchown};
use crate::meta::Meta;
use crate::resolve::{Locator, OpenFile, TreeRoot};
use crate::syscall::{SysError, Syscall};
use crate::system::mode_of;
use crate::writer::{write_all, FileWriter};
use crate::xattr::{is_none, ACCESS_ACL};

const HEADER: usize = 56;
const FLAG_MODE: u32 = 1;
const FLAG_UID: u32 = 2;
const FLAG_GID: u32 = 4;
const FLAG_MTIME: u32 = 8;
const FLAG_SPARSE: u32 = 16;
const FLAG_FSYNC: u32 = 32;
const FLAG_VERIFY: u32 = 64;
const FLAG_KEEP_PART: u32 = 128;
const FLAG_IN_PLACE: u32 = 256;
const FLAG_HOLD: u32 = 512;
const FLAG_HOLD_ACL: u32 = 1024;
const FLAG_HOLD_XATTRS: u32 = 2048;
const FLAG_HOLD_THERE: u32 = 4096;
const FLAG_ATIME: u32 = 8192;

/// Statuses that are no errno.
const DIGEST_MISMATCH: i32 = -2;
const SOURCE_CHANGED: i32 = -3;
const HELD: i32 = -5;

/// Indices into `receiveSteps` of `ts/kernel/kernel.ts`.
const STEP_SOURCE: u8 = 1;
const STEP_CREATE: u8 = 2;
const STEP_READ: u8 = 3;
const STEP_WRITE: u8 = 4;
const STEP_CHOWN: u8 = 5;
const STEP_UTIMES: u8 = 6;
const STEP_CHMOD: u8 = 7;
const STEP_RENAME: u8 = 8;

// Fields of a record.
const FLAGS: usize = 0;
const MODE: usize = 4;
const UID: usize = 8;
const GID: usize = 12;
const MTIME: usize = 16;
const MTIME_NSEC: usize = 24;
const DATA: usize = 28;
const DIGEST: usize = 32;
const SIZE: usize = 36;
const PATH_LENGTH: usize = 40;
const TEMPORARY_LENGTH: usize = 42;
const SOURCE_LENGTH: usize = 44;
const SOURCE_TREE: usize = 46;
const ATIME: usize = 48;

/// Where the fields of a record are, and its flags, for the tests that hold TypeScript to them.
pub const RECEIVE_LAYOUT: &[(&str, usize)] = &[
    ("bytes", HEADER),
    ("flags", FLAGS),
    ("mode", MODE),
    ("uid", UID),
    ("gid", GID),
    ("mtime", MTIME),
    ("mtimeNsec", MTIME_NSEC),
    ("data", DATA),
    ("digest", DIGEST),
    ("size", SIZE),
    ("pathLength", PATH_LENGTH),
    ("temporaryLength", TEMPORARY_LENGTH),
    ("sourceLength", SOURCE_LENGTH),
    ("sourceTree", SOURCE_TREE),
    ("atime", ATIME),
    ("flagMode", FLAG_MODE as usize),
    ("flagUid", FLAG_UID as usize),
    ("flagGid", FLAG_GID as usize),
    ("flagMtime", FLAG_MTIME as usize),
    ("flagSparse", FLAG_SPARSE as usize),
    ("flagFsync", FLAG_FSYNC as usize),
    ("flagVerify", FLAG_VERIFY as usize),
    ("flagKeepPart", FLAG_KEEP_PART as usize),
    ("flagInPlace", FLAG_IN_PLACE as usize),
    ("flagHold", FLAG_HOLD as usize),
    ("flagHoldAcl", FLAG_HOLD_ACL as usize),
    ("flagHoldXattrs", FLAG_HOLD_XATTRS as usize),
    ("flagHoldThere", FLAG_HOLD_THERE as usize),
    ("flagAtime", FLAG_ATIME as usize),
];

/// The steps that a status may name, and the statuses that are no errno, negated.
pub const RECEIVE_STEPS: &[(&str, usize)] = &[
    ("source", STEP_SOURCE as usize),
    ("mkstemp", STEP_CREATE as usize),
    ("read", STEP_READ as usize),
    ("write", STEP_WRITE as usize),
    ("chown", STEP_CHOWN as usize),
    ("utimes", STEP_UTIMES as usize),
    ("chmod", STEP_CHMOD as usize),
    ("rename", STEP_RENAME as usize),
    ("-digestMismatch", -DIGEST_MISMATCH as usize),
    ("-sourceChanged", -SOURCE_CHANGED as usize),
    ("-interrupted", -INTERRUPTED as usize),
    ("-held", -HELD as usize),
];

/// Packed records, and where the data and the trees are that they point to.
pub struct ReceiveBatch<'b> {
    pub spec: &'b DigestSpec,
    pub records: &'b [u8],
    pub data: &'b [u8],
    pub sources: &'b [&'b TreeRoot],
    pub count: usize,
}

#[derive(Default)]
pub struct ReceiveMany {
    /// 0, an errno, -2 (content does not match its digest), -3 (the source changed), -4 (interrupted) or -5 (held).
    pub status: Vec<i32>,
    /// The step that failed.
    pub step: Vec<u8>,
    /// Bytes of content; of a source, its size when it was opened.
    pub sizes: Vec<f64>,
}

struct Record<'b> {
    flags: u32,
    mode: u32,
    uid: u32,
    gid: u32,
    mtime: (i64, u32),
    /// Whole seconds.
    atime: i64,
    content: Content<'b>,
    path: &'b [u8],
    temporary: &'b [u8],
}

enum Content<'b> {
    Inline {
        data: &'b [u8],
        digest: &'b [u8],
    },
    /// A path below the source tree of this index.
    Source(usize, &'b [u8]),
}

struct Broken(i32, u8);

/// Works through a batch. `None` when a record does not lie within its buffers. Several batches are worked on
/// at a time, so that one needs no more than the thread it is called on.
pub fn receive_many(tree: &TreeRoot, batch: &ReceiveBatch) -> Option<ReceiveMany> {
    let records = parse(batch)?;
    let sources = batch.sources.iter().map(|tree| Locator::new(tree));
    let mut worker = Worker {
        tree,
        locator: Locator::new(tree),
        sources: sources.collect(),
        spec: batch.spec,
        reflink: true,
        buffer: Vec::new(),
        born: None,
    };
    let mut result = ReceiveMany::default();
    for record in &records {
        let mut size = 0;
        let received = match tree.interrupt().check() {
            Ok(()) => worker.receive(record, &mut size),
            Err(_) => Err(Broken(INTERRUPTED, 0)),
        };
        let (status, step) =
            received.map_or_else(|Broken(status, step)| (status, step), |()| (0, 0));
        result.status.push(status);
        result.step.push(step);
        result.sizes.push(size as f64);
    }
    Some(result)
}

/// Takes the records apart and checks every offset.
fn parse<'b>(batch: &ReceiveBatch<'b>) -> Option<Vec<Record<'b>>> {
    let ReceiveBatch {
        spec,
        records,
        data,
        sources,
        count,
    } = *batch;
    let mut parsed = Vec::with_capacity(count.min(records.len() / HEADER));
    let mut at = 0;
    for _ in 0..count {
        let header = records.get(at..)?.first_chunk::<HEADER>()?;
        let u32_at =
            |i: usize| u32::from_le_bytes([header[i], header[i + 1], header[i + 2], header[i + 3]]);
        let u16_at = |i: usize| usize::from(u16::from_le_bytes([header[i], header[i + 1]]));
        let seconds_at = |i: usize| {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&header[i..i + 8]);
            f64::from_le_bytes(bytes) as i64
        };
        let flags = u32_at(FLAGS);
        let path_at = at + HEADER;
        let temporary_at = path_at + u16_at(PATH_LENGTH);
        let source_at = temporary_at + u16_at(TEMPORARY_LENGTH);
        let end = source_at + u16_at(SOURCE_LENGTH);
        let content = if end > source_at {
            let tree = u16_at(SOURCE_TREE);
            sources.get(tree)?;
            Content::Source(tree, records.get(source_at..end)?)
        } else {
            let from = u32_at(DATA) as usize;
            let digest = if flags & FLAG_VERIFY != 0 {
                let from = u32_at(DIGEST) as usize;
                data.get(from..from + spec.name.length())?
            } else {
                &[][..]
            };
            Content::Inline {
                data: data.get(from..from + u32_at(SIZE) as usize)?,
                digest,
            }
        };
        parsed.push(Record {
            flags,
            mode: u32_at(MODE),
            uid: u32_at(UID),
            gid: u32_at(GID),
            mtime: (seconds_at(MTIME), u32_at(MTIME_NSEC)),
            atime: seconds_at(ATIME),
            content,
            path: records.get(path_at..temporary_at)?,
            temporary: records.get(temporary_at..source_at)?,
        });
        at = (end + 7) & !7;
    }
    Some(parsed)
}

struct Worker<'t> {
    tree: &'t TreeRoot,
    locator: Locator<'t>,
    sources: Vec<Locator<'t>>,
    spec: &'t DigestSpec,
    reflink: bool,
    buffer: Vec<u8>,
    /// What the last file was created with, and what came of it.
    born: Option<(Birth<'t>, Own)>,
}

/// What decides owner, group and mode of a new file: its directory and the mode that is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Birth<'b> {
    dir: &'b [u8],
    mode: Mode,
}

#[derive(Clone, Copy)]
struct Own {
    uid: u32,
    gid: u32,
    mode: u32,
}

impl<'t> Worker<'t> {
    /// One file; `size` is set as soon as it is known. Owner, times and mode are all tried, and their
    /// failure does not keep the file from its place; any other failure removes the temporary file, unless
    /// a part of the file is to be kept. What is held stays under its temporary name, without attributes.
    fn receive(&mut self, record: &Record<'t>, size: &mut u64) -> Result<(), Broken> {
        let source = match record.content {
            Content::Source(tree, path) => {
                let source = self.sources[tree].open_read(path);
                let source = source.map_err(|error| Broken(error.errno, STEP_SOURCE))?;
                *size = source.size;
                Some(source)
            }
            Content::Inline { data, digest: sent } => {
                *size = data.len() as u64;
                if record.flags & FLAG_VERIFY != 0 {
                    let mut sum = [0; MAX_DIGEST];
                    let n = digest(self.spec, true, data, &mut sum);
                    if sum[..n] != *sent {
                        return Err(Broken(DIGEST_MISMATCH, 0));
                    }
                }
                None
            }
        };
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL;
        let file = self
            .locator
            .open_file(record.temporary, flags, first_mode(record))
            .map_err(|errno| Broken(errno.raw_os_error(), STEP_CREATE))?;
        let done = self.fill(record, source, &file).and_then(|()| {
            if is_held(record, &file) {
                return Err(Broken(HELD, 0));
            }
            let dressed = dress(record, &file, self.own(record, &file));
            if record.flags & FLAG_IN_PLACE == 0 {
                self.rename(record)?;
            }
            dressed
        });
        let keep = match done {
            Err(Broken(HELD, _)) => true,
            Err(Broken(INTERRUPTED, _) | Broken(_, STEP_WRITE)) => {
                record.flags & (FLAG_KEEP_PART | FLAG_IN_PLACE) != 0
            }
            _ => false,
        };
        if let (Err(Broken(_, STEP_READ | STEP_WRITE | STEP_RENAME | 0)), false) = (&done, keep) {
            // The first failure is the one to tell.
            let _ = self.tree.with(record.temporary, |dir, name| {
                unlinkat(dir, name, AtFlags::empty())
            });
        }
        done
    }

    /// Owner, group and mode of a file that was just created. Files of one batch that were asked for with the
    /// same mode in the same directory have the same, so that one look is enough for all of them.
    fn own(&mut self, record: &Record<'t>, file: &OwnedFd) -> Option<Own> {
        let slash = record.temporary.iter().rposition(|&b| b == b'/');
        let birth = Birth {
            dir: &record.temporary[..slash.map_or(0, |at| at + 1)],
            mode: first_mode(record),
        };
        if let Some((last, own)) = self.born {
            if last == birth {
                return Some(own);
            }
        }
        let stat = fstat(file).ok()?;
        let own = Own {
            uid: stat.st_uid,
            gid: stat.st_gid,
            mode: mode_of(&stat) & 0o7777,
        };
        self.born = Some((birth, own));
        Some(own)
    }

    fn fill(
        &mut self,
        record: &Record,
        source: Option<OpenFile>,
        file: &OwnedFd,
    ) -> Result<(), Broken> {
        let sparse = record.flags & FLAG_SPARSE != 0;
        match (&record.content, source) {
            (_, Some(source)) => {
                let copied = copy_data(
                    &source.file,
                    file,
                    source.size,
                    sparse,
                    &mut self.reflink,
                    &mut self.buffer,
                    self.tree.interrupt(),
                )
                .map_err(broken)?;
                if copied == Copied::Changed {
                    return Err(Broken(SOURCE_CHANGED, STEP_READ));
                }
            }
            (Content::Inline { data, .. }, None) if sparse => {
                let duplicate = rustix::io::fcntl_dupfd_cloexec(file, 0)
                    .map_err(|errno| Broken(errno.raw_os_error(), STEP_WRITE))?;
                let mut writer = FileWriter::new(duplicate, true, 0);
                writer.write(0, data);
                writer.finish(data.len() as u64, false);
                if let Some(error) = writer.failure() {
                    return Err(broken(error));
                }
            }
            (Content::Inline { data, .. }, None) => write_all(file, 0, data).map_err(broken)?,
            (Content::Source(..), None) => {}
        }
        if record.flags & FLAG_FSYNC != 0 {
            fsync(file).map_err(|errno| Broken(errno.raw_os_error(), STEP_WRITE))?;
        }
        Ok(())
    }

    fn rename(&mut self, record: &Record) -> Result<(), Broken> {
        let failed = |errno: Errno| Broken(errno.raw_os_error(), STEP_RENAME);
        let from = self.locator.locate(record.temporary).map_err(failed)?;
        let to = self.locator.locate(record.path).map_err(failed)?;
        if record.flags & FLAG_HOLD_THERE == 0 {
            return renameat(&from.parent, from.name, &to.parent, to.name).map_err(failed);
        }
        let alone = RenameFlags::NOREPLACE;
        match renameat_with(&from.parent, from.name, &to.parent, to.name, alone) {
            // Not every file system knows how to look and rename at once.
            Err(Errno::EXIST | Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => Err(Broken(HELD, 0)),
            done => done.map_err(failed),
        }
    }
}

fn broken(error: SysError) -> Broken {
    let step = if error.syscall == Syscall::Read {
        STEP_READ
    } else {
        STEP_WRITE
    };
    Broken(status(error), step)
}

/// Whether somebody else gives the file its attributes and its name: always, or because the system gave it some that
/// are not ours to judge.
fn is_held(record: &Record, file: &OwnedFd) -> bool {
    let has = |flag| record.flags & flag != 0;
    has(FLAG_HOLD)
        || has(FLAG_HOLD_ACL) && !is_none(fgetxattr_query(file, ACCESS_ACL))
        || has(FLAG_HOLD_XATTRS) && !is_none(flistxattr_query(file))
}

/// The mode to create a file with: the one it shall have where nobody may read it who may not in the end,
/// also while its group is not set; else none but its owner's.
fn first_mode(record: &Record) -> Mode {
    let mode = record.mode & 0o7777;
    let (group, other) = (mode >> 3 & 7, mode & 7);
    let open = record.flags & (FLAG_MODE | FLAG_HOLD) == FLAG_MODE
        && mode & 0o7022 == 0
        && group & !other == 0;
    let mode = if open { mode } else { 0o600 };
    Mode::from_raw_mode(mode as RawMode)
}

/// Owner and group, times, mode, up to the first that fails: the mode is not for a file whose owner could not be set,
/// which stays its writer's alone then. A look is cheaper than a change, and mostly enough.
fn dress(record: &Record, file: &OwnedFd, own: Option<Own>) -> Result<(), Broken> {
    let has = |flag| record.flags & flag != 0;
    let mode = record.mode & 0o7777;
    let writers = if has(FLAG_IN_PLACE) {
        0o600
    } else {
        mode & 0o700 | 0o200
    };
    let failed = |step| {
        move |errno: Errno| {
            // It may have been created with its mode. That this fails, too, is told by the first failure.
            let _ = fchmod(file.as_fd(), writers);
            Broken(errno.raw_os_error(), step)
        }
    };
    let uid = (has(FLAG_UID) && own.is_none_or(|own| own.uid != record.uid)).then_some(record.uid);
    let gid = (has(FLAG_GID) && own.is_none_or(|own| own.gid != record.gid)).then_some(record.gid);
    if uid.is_some() || gid.is_some() {
        fchown(file.as_fd(), uid, gid).map_err(failed(STEP_CHOWN))?;
    }
    let meta = Meta {
        mtime: has(FLAG_MTIME).then_some(record.mtime),
        atime: has(FLAG_ATIME).then_some((record.atime, 0)),
        ..Meta::default()
    };
    if let Some(times) = meta.times() {
        futimens(file, &times).map_err(failed(STEP_UTIMES))?;
    }
    if has(FLAG_MODE) && own.is_none_or(|own| own.mode != mode) {
        fchmod(file.as_fd(), mode).map_err(|errno| Broken(errno.raw_os_error(), STEP_CHMOD))?;
    }
    Ok(())
}
