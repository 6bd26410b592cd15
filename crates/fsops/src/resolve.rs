//! Paths of a tree, resolved below a directory that is held open.
//!
//! A relative path may not leave the tree, whatever happens to it meanwhile: its parent is opened with
//! `openat2(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS)`, or one component after the other with `O_NOFOLLOW`
//! where the kernel has no openat2. The last component is never followed here. A path that starts with
//! `/` was chosen by the user: it is taken as it stands, or with `trusted_links` through links of root and of
//! ours alone.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::fs::{fstat, openat, FileType, Mode, OFlags, RawMode, CWD};
use rustix::io::Errno;

use crate::interrupt::Interrupt;
use crate::libc_calls::type_and_size;
use crate::syscall::{During, SysError, Syscall};
use crate::system::{openat2, place_of, ResolveFlags, KEEP_ACCESS_TIME};
use crate::walk::{open_named, walk, Links, HOLD};

/// A fifo that took a file's place must not block.
const READ: OFlags = OFlags::RDONLY.union(OFlags::NONBLOCK);

/// A file that is open for reading.
pub struct OpenFile {
    pub file: OwnedFd,
    pub size: u64,
    pub regular: bool,
}

impl OpenFile {
    fn look_at(file: OwnedFd) -> Result<Self, SysError> {
        let (mode, size) = type_and_size(file.as_fd()).during(Syscall::Stat)?;
        let kind = FileType::from_raw_mode(mode as RawMode);
        if kind == FileType::Directory {
            return Err(SysError::new(Errno::ISDIR, Syscall::Open));
        }
        Ok(OpenFile {
            file,
            size: size.max(0) as u64,
            regular: kind == FileType::RegularFile,
        })
    }
}

/// Which symbolic links in the directory part of a path are followed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Parents {
    #[default]
    Plain,
    /// Those that lead to something below the tree.
    Below,
    /// All, wherever they lead, also where the path is that of a directory to be read.
    Anywhere,
}

/// A held directory.
pub struct TreeRoot {
    root: OwnedFd,
    /// As it was named.
    path: Vec<u8>,
    confined: bool,
    trusted_links: bool,
    /// Absolute paths may not end up outside of it.
    confine_root: Option<Vec<u8>>,
    /// What no path leads out of.
    beneath: Option<Beneath>,
    parents: Parents,
    follow_files: bool,
    read: OFlags,
    /// Directories that were admitted, with the paths that lead to them.
    admitted: Mutex<Vec<(Vec<u8>, Arc<OwnedFd>)>>,
    no_openat2: AtomicBool,
    last_parent: Kept,
    /// The last parent of an absolute path.
    last_named: Kept,
    interrupt: Interrupt,
}

/// A directory around a tree that nothing may be reached beside: a daemon's module.
struct Beneath {
    root: OwnedFd,
    /// As it was named.
    path: Vec<u8>,
    /// From there to the tree.
    way: Vec<u8>,
}

/// The directory that a path's last component is in.
#[derive(Clone)]
pub enum Parent<'t> {
    Root(BorrowedFd<'t>),
    Below(Arc<OwnedFd>),
    /// The path is absolute, and the name holds all of it.
    Working,
}

impl AsFd for Parent<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Parent::Root(fd) => *fd,
            Parent::Below(fd) => fd.as_fd(),
            Parent::Working => CWD,
        }
    }
}

/// A parent directory, and the name to use there.
pub struct Located<'t, 'p> {
    pub parent: Parent<'t>,
    pub name: &'p [u8],
}

impl TreeRoot {
    /// Holds the directory `path`. With `confined`, absolute paths and links out of the tree are errors.
    pub fn open(path: &[u8], confined: bool) -> Result<Self, SysError> {
        let path = if path.is_empty() { b"." } else { path };
        let root = openat(CWD, path, HOLD, Mode::empty()).during(Syscall::Open)?;
        Self::hold(root, path, confined)
    }

    /// As `open`, where a symbolic link on the way to the directory, or in the directory part of an absolute path
    /// later, is gone through only if it is root's or ours: others may have planted it.
    pub fn open_trusted(path: &[u8], confined: bool) -> Result<Self, SysError> {
        let path = if path.is_empty() { b"." } else { path };
        let root = open_named(CWD, path).during(Syscall::Open)?;
        let mut tree = Self::hold(root, path, confined)?;
        tree.trusted_links = true;
        Ok(tree)
    }

    /// Holds the directory `path`, which lies in `outer`. Whatever path is named later, nothing outside of `outer` is
    /// reached; symbolic links that stay in it are gone through on the way to the tree and in absolute paths.
    pub fn open_beneath(outer: &[u8], path: &[u8]) -> Result<Self, SysError> {
        let root = openat(CWD, outer, HOLD, Mode::empty()).during(Syscall::Open)?;
        let way = inside(outer, path)
            .ok_or(Errno::XDEV)
            .during(Syscall::Open)?
            .to_vec();
        let start = reach(root.as_fd(), &way, HOLD).during(Syscall::Open)?;
        let mut tree = Self::hold(start, path, false)?;
        let path = trim_slashes(outer).to_vec();
        tree.beneath = Some(Beneath { root, path, way });
        Ok(tree)
    }

    fn hold(root: OwnedFd, path: &[u8], confined: bool) -> Result<Self, SysError> {
        // O_PATH asks for no rights; looking at "." needs the right to search the directory.
        rustix::fs::statat(&root, c".", rustix::fs::AtFlags::SYMLINK_NOFOLLOW)
            .during(Syscall::Open)?;
        Ok(TreeRoot {
            root,
            path: trim_slashes(path).to_vec(),
            confined,
            trusted_links: false,
            confine_root: None,
            beneath: None,
            parents: Parents::Plain,
            follow_files: false,
            read: READ,
            admitted: Mutex::default(),
            no_openat2: AtomicBool::new(false),
            last_parent: Mutex::new(None),
            last_named: Mutex::new(None),
            interrupt: Interrupt::default(),
        })
    }

    /// Follows links in directory parts.
    pub fn following_parents(mut self, parents: Parents) -> Self {
        self.parents = parents;
        self
    }

    /// Reads files through a symbolic link at the end of their path.
    pub fn following_files(mut self, follow: bool) -> Self {
        self.follow_files = follow;
        self
    }

    /// Refuses absolute paths that end up outside of `root`, whoever's links led there (with `open_trusted`).
    pub fn confining(mut self, root: Option<&[u8]>) -> Self {
        self.confine_root = root.map(<[u8]>::to_vec);
        self
    }

    /// Links in directory parts are followed wherever they lead.
    pub fn follows_anywhere(&self) -> bool {
        self.parents == Parents::Anywhere
    }

    /// Flags that keep a file from being read through a link.
    pub(crate) fn read_no_follow(&self) -> OFlags {
        if self.follow_files {
            OFlags::empty()
        } else {
            OFlags::NOFOLLOW
        }
    }

    /// Reading a file leaves its access time alone.
    pub fn keeping_access_times(mut self, keep: bool) -> Self {
        if keep {
            self.read |= KEEP_ACCESS_TIME;
        }
        self
    }

    /// How files are opened to be read.
    pub fn read_flags(&self) -> OFlags {
        self.read
    }

    /// Holds the directory that `path` leads to now: paths at and below `path` go on from there. For what the user
    /// named; a link that takes a place later gains nothing. A relative path is gone through whatever links, an
    /// absolute one through those that its like are, and there is none below it; held anew where it was removed.
    /// `way` leads to what is held in place of that: the caller has looked what it may be.
    pub fn admit(&self, path: &[u8], way: Option<&[u8]>) -> Result<(), SysError> {
        let path = trim_slashes(path);
        let named = path.first() == Some(&b'/');
        let gone = |fd: &OwnedFd| named && fstat(fd).is_ok_and(|stat| stat.st_nlink == 0);
        let known = self
            .admitted()
            .iter()
            .any(|(known, fd)| known == path && !gone(fd));
        if known || (named && self.confined) {
            return Ok(());
        }
        let fd = if let Some(way) = way {
            openat(CWD, way, HOLD, Mode::empty())
        } else if named && self.beneath.is_none() {
            self.open_absolute(path)
        } else {
            match self.start_of(path) {
                Some((from, rest)) if !self.is_bounded() => {
                    openat(&from, rest, HOLD, Mode::empty())
                }
                _ => self.open_following(path, HOLD),
            }
        };
        let fd = Arc::new(fd.during(Syscall::Open)?);
        let mut admitted = self.admitted();
        admitted.retain(|(known, _)| known != path);
        admitted.push((path.to_vec(), fd));
        *kept(&self.last_parent) = None;
        *kept(&self.last_named) = None;
        Ok(())
    }

    /// The innermost admitted directory on the way to `dir`, and the rest of the way.
    fn start_of<'p>(&self, dir: &'p [u8]) -> Option<(Arc<OwnedFd>, &'p [u8])> {
        let admitted = self.admitted();
        let (path, fd) = admitted
            .iter()
            .filter(|(path, _)| {
                let alike = (path.first() == Some(&b'/')) == (dir.first() == Some(&b'/'));
                alike && dir.starts_with(path) && matches!(dir.get(path.len()), None | Some(b'/'))
            })
            .max_by_key(|(path, _)| path.len())?;
        let rest = dir.get(path.len() + 1..).filter(|rest| !rest.is_empty());
        Some((fd.clone(), rest.unwrap_or(b".")))
    }

    fn admitted(&self) -> std::sync::MutexGuard<'_, Vec<(Vec<u8>, Arc<OwnedFd>)>> {
        self.admitted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Links that lead out of the tree, or of what it is beneath, are errors.
    pub fn is_bounded(&self) -> bool {
        self.confined || self.beneath.is_some()
    }

    /// Stops the long work of this tree when it is raised.
    pub fn interrupt(&self) -> &Interrupt {
        &self.interrupt
    }

    /// The tree's own directory.
    pub fn root(&self) -> BorrowedFd<'_> {
        self.root.as_fd()
    }

    /// Finds the directory of the last component of `path`.
    pub fn locate<'p>(&self, path: &'p [u8]) -> Result<Located<'_, 'p>, Errno> {
        if path.first() == Some(&b'/') {
            if self.confined {
                return Err(Errno::XDEV);
            }
            if let Some((parent, name)) = self.below_admitted(path)? {
                return Ok(Located { parent, name });
            }
            if let Some(outer) = &self.beneath {
                let (dir, name) = split(inside(&outer.path, path).ok_or(Errno::XDEV)?)?;
                let parent = once(&self.last_named, dir, || {
                    reach(outer.root.as_fd(), dir, HOLD)
                })?;
                return Ok(Located {
                    parent: Parent::Below(parent),
                    name,
                });
            }
            if !self.trusted_links {
                return Ok(Located {
                    parent: Parent::Working,
                    name: path,
                });
            }
            let (dir, name) = split(path)?;
            return Ok(Located {
                parent: self.named_parent(dir)?,
                name,
            });
        }
        let (dir, name) = split(path)?;
        Ok(Located {
            parent: self.parent(dir)?,
            name,
        })
    }

    /// Opens the directory `dir` below the tree, to be used as a parent. The last one is kept.
    fn parent(&self, dir: &[u8]) -> Result<Parent<'_>, Errno> {
        if dir.is_empty() || dir == b"." {
            return Ok(Parent::Root(self.root()));
        }
        once(&self.last_parent, dir, || self.open_below(dir)).map(Parent::Below)
    }

    fn named_parent(&self, dir: &[u8]) -> Result<Parent<'_>, Errno> {
        once(&self.last_named, dir, || self.open_absolute(dir)).map(Parent::Below)
    }

    /// Opens the absolute directory `dir`. One below the tree is found from the tree, wherever that is now.
    fn open_absolute(&self, dir: &[u8]) -> Result<OwnedFd, Errno> {
        if !self.trusted_links {
            return openat(CWD, dir, HOLD, Mode::empty());
        }
        let found = match dir.strip_prefix(&self.path[..]) {
            Some([]) => openat(&self.root, c".", HOLD, Mode::empty()),
            Some([b'/', rest @ ..]) => open_named(self.root(), rest),
            _ if dir.is_empty() => open_named(CWD, b"/"),
            _ => open_named(CWD, dir),
        }?;
        match &self.confine_root {
            Some(root) if !is_within(&found, root) => Err(Errno::LOOP),
            _ => Ok(found),
        }
    }

    /// Finds an absolute path from the admitted directory that it lies in, through no link.
    fn below_admitted<'p>(&self, path: &'p [u8]) -> Result<Option<(Parent<'_>, &'p [u8])>, Errno> {
        let (dir, name) = split(path)?;
        let Some((from, rest)) = self.start_of(dir) else {
            return Ok(None);
        };
        let parent = once(&self.last_named, dir, || {
            self.open_plainly(from.as_fd(), rest)
        })?;
        Ok(Some((Parent::Below(parent), name)))
    }

    /// Opens a directory below `from`, without following a symbolic link.
    fn open_plainly(&self, from: BorrowedFd, dir: &[u8]) -> Result<OwnedFd, Errno> {
        self.open_by(from, dir, Links::No, ResolveFlags::NO_SYMLINKS)
    }

    /// Opens a directory below the tree, without following a symbolic link unless parents may be.
    fn open_below(&self, dir: &[u8]) -> Result<OwnedFd, Errno> {
        let start = self.start_of(dir);
        let (from, dir) = match &start {
            Some((fd, rest)) => (fd.as_fd(), *rest),
            None => (self.root(), dir),
        };
        if dir == b"." {
            return openat(from, dir, HOLD, Mode::empty());
        }
        if let (Some(outer), Parents::Below, None) = (&self.beneath, self.parents, &start) {
            let way = [&outer.way[..], dir].join(&b'/');
            return reach(outer.root.as_fd(), &way, HOLD);
        }
        match self.parents {
            Parents::Plain => self.open_plainly(from, dir),
            Parents::Below => self.open_by(from, dir, Links::Below, ResolveFlags::NO_MAGICLINKS),
            Parents::Anywhere => openat(from, dir, HOLD, Mode::empty()),
        }
    }

    fn open_by(
        &self,
        from: BorrowedFd,
        dir: &[u8],
        links: Links,
        resolve: ResolveFlags,
    ) -> Result<OwnedFd, Errno> {
        if dir == b"." {
            return openat(from, dir, HOLD, Mode::empty());
        }
        if !self.no_openat2.load(Ordering::Relaxed) {
            let resolve = ResolveFlags::BENEATH | resolve;
            match retry(|| openat2(from, dir, HOLD, Mode::empty(), resolve)) {
                Err(Errno::NOSYS) => self.no_openat2.store(true, Ordering::Relaxed),
                // A sandbox that does not know the call says so, as may a file system: the walk finds out.
                Err(Errno::PERM) => {}
                other => return other.map_err(|errno| self.refusal(errno)),
            }
        }
        walk(from, dir, links).map_err(|errno| self.refusal(errno))
    }

    /// A link that leads out of the tree is one that is not followed.
    fn refusal(&self, errno: Errno) -> Errno {
        if self.parents == Parents::Below && errno == Errno::XDEV {
            Errno::LOOP
        } else {
            errno
        }
    }

    /// Walks from here on, also where the kernel has openat2.
    pub fn without_openat2(self) -> Self {
        self.no_openat2.store(true, Ordering::Relaxed);
        self
    }

    /// Opens a directory to read it; `''` is the tree itself. `follow` admits symbolic links.
    pub fn open_dir(&self, dir: &[u8], follow: bool) -> Result<OwnedFd, Errno> {
        let read = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        if dir.is_empty() {
            return openat(&self.root, c".", read, Mode::empty());
        }
        let links = match self.parents {
            Parents::Plain => false,
            Parents::Below => self.beneath.is_some() && self.start_of(trim_slashes(dir)).is_none(),
            Parents::Anywhere => true,
        };
        if follow || links {
            return self.open_following(dir, read);
        }
        if let Some((fd, b".")) = self.start_of(trim_slashes(dir)) {
            return openat(&fd, c".", read, Mode::empty());
        }
        let at = self.locate(dir)?;
        let flags = if matches!(at.parent, Parent::Working) {
            read
        } else {
            read | OFlags::NOFOLLOW
        };
        openat(&at.parent, at.name, flags, Mode::empty())
            .map_err(|errno| as_loop(at.parent.as_fd(), at.name, errno))
    }

    /// Opens what `path` leads to, through symbolic links; in a confined tree they must not leave it.
    pub fn open_following(&self, path: &[u8], flags: OFlags) -> Result<OwnedFd, Errno> {
        let flags = flags | OFlags::CLOEXEC;
        if let Some(outer) = &self.beneath {
            let path = match path.first() {
                Some(b'/') => inside(&outer.path, path).ok_or(Errno::XDEV)?.to_vec(),
                _ => [&outer.way[..], path].join(&b'/'),
            };
            return reach(outer.root.as_fd(), &path, flags);
        }
        if !self.confined {
            return openat(&self.root, path, flags, Mode::empty());
        }
        match retry(|| {
            openat2(
                &self.root,
                path,
                flags,
                Mode::empty(),
                ResolveFlags::BENEATH,
            )
        }) {
            Err(Errno::NOSYS | Errno::PERM) => self.open_file(path, flags, Mode::empty()),
            other => other,
        }
    }

    /// Opens a file without following a symbolic link at its end.
    pub fn open_file(&self, path: &[u8], flags: OFlags, mode: Mode) -> Result<OwnedFd, Errno> {
        self.with(path, |dir, name| {
            openat(dir, name, flags | OFlags::NOFOLLOW | OFlags::CLOEXEC, mode)
        })
    }

    /// Opens a file to read it.
    pub fn open_read(&self, path: &[u8]) -> Result<OpenFile, SysError> {
        let file = if self.follow_files {
            self.open_following(path, self.read)
        } else {
            self.open_file(path, self.read, Mode::empty())
        };
        OpenFile::look_at(file.during(Syscall::Open)?)
    }

    /// Does `work` with the parent directory of `path` and the name there. When the parent that was kept
    /// was removed meanwhile, it is looked up again.
    pub fn with<T>(
        &self,
        path: &[u8],
        work: impl Fn(BorrowedFd<'_>, &[u8]) -> Result<T, Errno>,
    ) -> Result<T, Errno> {
        let at = self.locate(path)?;
        match work(at.parent.as_fd(), at.name) {
            Err(Errno::NOENT) if self.forget_removed(&at.parent) => {
                let again = self.locate(path)?;
                work(again.parent.as_fd(), again.name)
            }
            other => other,
        }
    }

    /// Drops the kept parent if its directory is gone; tells whether it was.
    pub fn forget_removed(&self, parent: &Parent) -> bool {
        let Parent::Below(fd) = parent else {
            return false;
        };
        let removed = fstat(fd).is_ok_and(|stat| stat.st_nlink == 0);
        if removed {
            *kept(&self.last_parent) = None;
            *kept(&self.last_named) = None;
        }
        removed
    }

    /// A directory was renamed or removed: paths through it lead elsewhere now.
    pub fn forget(&self, path: &[u8]) {
        let path = trim_slashes(path);
        for last in [&self.last_parent, &self.last_named] {
            let mut last = kept(last);
            let through = last.as_ref().is_some_and(|(dir, _)| {
                dir.starts_with(path) && matches!(dir.get(path.len()), None | Some(b'/'))
            });
            if through {
                *last = None;
            }
        }
    }
}

/// What of `path` lies below `outer`; `None` where it is beside it.
fn inside<'p>(outer: &[u8], path: &'p [u8]) -> Option<&'p [u8]> {
    match trim_slashes(path).strip_prefix(trim_slashes(outer))? {
        [] => Some(&[]),
        [b'/', rest @ ..] => Some(rest),
        _ => None,
    }
}

/// Opens what `path` leads to below `from`, through symbolic links that do not leave it.
fn reach(from: BorrowedFd, path: &[u8], flags: OFlags) -> Result<OwnedFd, Errno> {
    // A path that begins with slashes here is one that was joined to nothing.
    let start = path.iter().position(|&b| b != b'/').unwrap_or(path.len());
    let path = match &path[start..] {
        [] => &b"."[..],
        path => path,
    };
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    match retry(|| openat2(from, path, flags, Mode::empty(), resolve)) {
        Err(Errno::NOSYS | Errno::PERM) => {}
        Err(Errno::XDEV) => return Err(Errno::LOOP),
        other => return other,
    }
    if flags.contains(HOLD) {
        return walk(from, path, Links::Below);
    }
    // What a link at the end leads to is not looked at here: it is refused.
    let (dir, name) = split(path)?;
    let parent = walk(from, dir, Links::Below)?;
    openat(&parent, name, flags | OFlags::NOFOLLOW, Mode::empty())
}

/// Where a directory is now tells whether it lies in `root`; one that does not say is taken to be outside.
fn is_within(dir: &OwnedFd, root: &[u8]) -> bool {
    place_of(dir).is_ok_and(|path| {
        let rest = path.to_bytes().strip_prefix(root);
        matches!(rest, Some([] | [b'/', ..]))
    })
}

type Kept = Mutex<Option<(Vec<u8>, Arc<OwnedFd>)>>;

fn kept(last: &Kept) -> std::sync::MutexGuard<'_, Option<(Vec<u8>, Arc<OwnedFd>)>> {
    last.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The directory `dir`, opened unless it is the one that is kept.
fn once(
    last: &Kept,
    dir: &[u8],
    open: impl FnOnce() -> Result<OwnedFd, Errno>,
) -> Result<Arc<OwnedFd>, Errno> {
    let mut last = kept(last);
    if let Some((name, fd)) = &*last {
        if name == dir {
            return Ok(fd.clone());
        }
    }
    let fd = Arc::new(open()?);
    *last = Some((dir.to_vec(), fd.clone()));
    Ok(fd)
}

/// Finds one path after the other for one thread of a batch, without asking for the tree's lock as long as
/// they are in one directory.
pub(crate) struct Locator<'t> {
    tree: &'t TreeRoot,
    last: Option<(Vec<u8>, Parent<'t>)>,
}

impl<'t> Locator<'t> {
    pub fn new(tree: &'t TreeRoot) -> Self {
        Locator { tree, last: None }
    }

    /// As `TreeRoot::locate`.
    pub fn locate<'p>(&mut self, path: &'p [u8]) -> Result<Located<'t, 'p>, Errno> {
        if path.first() == Some(&b'/') {
            return self.tree.locate(path);
        }
        let (dir, name) = split(path)?;
        if let Some((last, parent)) = &self.last {
            if last == dir {
                let parent = parent.clone();
                return Ok(Located { parent, name });
            }
        }
        let parent = self.tree.parent(dir)?;
        self.last = Some((dir.to_vec(), parent.clone()));
        Ok(Located { parent, name })
    }

    /// Opens a file as `TreeRoot::open_file` does.
    pub fn open_file(&mut self, path: &[u8], flags: OFlags, mode: Mode) -> Result<OwnedFd, Errno> {
        self.open(path, flags | OFlags::NOFOLLOW, mode)
    }

    fn open(&mut self, path: &[u8], flags: OFlags, mode: Mode) -> Result<OwnedFd, Errno> {
        let flags = flags | OFlags::CLOEXEC;
        let at = self.locate(path)?;
        match openat(&at.parent, at.name, flags, mode) {
            Err(Errno::NOENT) if self.tree.forget_removed(&at.parent) => {
                self.last = None;
                let again = self.locate(path)?;
                openat(&again.parent, again.name, flags, mode)
            }
            other => other,
        }
    }

    /// Opens a file as `TreeRoot::open_read` does.
    pub fn open_read(&mut self, path: &[u8]) -> Result<OpenFile, SysError> {
        if self.tree.follow_files && self.tree.is_bounded() {
            return self.tree.open_read(path);
        }
        let flags = self.tree.read | self.tree.read_no_follow();
        let file = self.open(path, flags, Mode::empty());
        OpenFile::look_at(file.during(Syscall::Open)?)
    }
}

/// The directory and the name of a relative path.
fn split(path: &[u8]) -> Result<(&[u8], &[u8]), Errno> {
    let path = trim_slashes(path);
    let (dir, name) = match path.iter().rposition(|&b| b == b'/') {
        Some(slash) => (trim_slashes(&path[..slash]), &path[slash + 1..]),
        None => (&path[..0], path),
    };
    if name == b".." {
        return Err(Errno::XDEV);
    }
    Ok((dir, if name.is_empty() { b"." } else { name }))
}

fn trim_slashes(path: &[u8]) -> &[u8] {
    let end = path.iter().rposition(|&b| b != b'/').map_or(0, |at| at + 1);
    &path[..end]
}

/// With O_DIRECTORY a symbolic link gives ENOTDIR, where openat2 says ELOOP.
fn as_loop(dir: BorrowedFd, name: &[u8], errno: Errno) -> Errno {
    let is_link = || {
        rustix::fs::statat(dir, name, rustix::fs::AtFlags::SYMLINK_NOFOLLOW)
            .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Symlink)
    };
    if errno == Errno::NOTDIR && is_link() {
        return Errno::LOOP;
    }
    errno
}

/// openat2 gives EAGAIN when a rename raced with a walk through `..`; a slow file system may be interrupted.
fn retry<T>(work: impl Fn() -> Result<T, Errno>) -> Result<T, Errno> {
    for _ in 0..8 {
        match work() {
            Err(Errno::AGAIN | Errno::INTR) => {}
            other => return other,
        }
    }
    work()
}
