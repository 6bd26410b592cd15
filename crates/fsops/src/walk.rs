//! Directories found part by part, each opened where the one before it is held: what was looked at is what is
//! entered, whoever exchanges a directory for a symbolic link meanwhile.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{openat, FileType, Mode, OFlags, CWD};
use rustix::io::Errno;
use rustix::process::geteuid;

use crate::system::{openat2, Link, ResolveFlags, LOOK};

/// How a directory is held: to look names up in it, without the right to read it.
pub(crate) const HOLD: OFlags = LOOK.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

const MOST_LINKS: u32 = 40;

/// Which symbolic links a walk goes through.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Links {
    No,
    /// Those that lead to something below the start.
    Below,
    /// Those of root and of the effective user, wherever they lead.
    Trusted,
}

/// Holds a directory that the user named, through links of root and of ours alone. A relative path starts at
/// `from`.
pub(crate) fn open_named(from: BorrowedFd, path: &[u8]) -> Result<OwnedFd, Errno> {
    // Mostly there is no link at all, and one call says so.
    let straight = openat2(from, path, HOLD, Mode::empty(), ResolveFlags::NO_SYMLINKS);
    straight.or_else(|_| walk(from, path, Links::Trusted))
}

/// Holds the directory `path`, `from` itself where it has no parts.
pub(crate) fn walk(from: BorrowedFd, path: &[u8], links: Links) -> Result<OwnedFd, Errno> {
    // Directories on the way, so that `..` of a link leads back and no further. Only `Below` keeps them all.
    let mut held: Vec<OwnedFd> = Vec::new();
    let mut left = Vec::new();
    push_parts(&mut left, path);
    if path.first() == Some(&b'/') {
        held.push(root_directory()?);
    }
    let mut followed = 0;
    while let Some(part) = left.pop() {
        let at = held.last().map_or(from, AsFd::as_fd);
        if part == b".." && links != Links::Trusted {
            if followed == 0 || held.pop().is_none() {
                return Err(Errno::XDEV);
            }
            continue;
        }
        match openat(at, &part[..], HOLD | OFlags::NOFOLLOW, Mode::empty()) {
            Ok(next) => {
                if links != Links::Below {
                    held.clear();
                }
                held.push(next);
            }
            // With O_DIRECTORY a symbolic link gives ENOTDIR.
            Err(errno @ (Errno::NOTDIR | Errno::LOOP)) => {
                let target = target_of(at, &part, links, errno)?;
                followed += 1;
                if followed > MOST_LINKS {
                    return Err(Errno::LOOP);
                }
                push_parts(&mut left, &target);
                if target.first() == Some(&b'/') {
                    if links == Links::Below {
                        return Err(Errno::XDEV);
                    }
                    held = vec![root_directory()?];
                }
            }
            Err(errno) => return Err(errno),
        }
    }
    held.pop()
        .map_or_else(|| openat(from, c".", HOLD, Mode::empty()), Ok)
}

/// Where the link `name` leads, read from the link whose owner was looked at; `errno` where it is none.
fn target_of(dir: BorrowedFd, name: &[u8], links: Links, errno: Errno) -> Result<Vec<u8>, Errno> {
    let link = Link::hold(dir, name)?;
    let stat = link.stat()?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::Symlink {
        return Err(errno);
    }
    let trusted = stat.st_uid == 0 || stat.st_uid == geteuid().as_raw();
    if links == Links::No || (links == Links::Trusted && !trusted) {
        return Err(Errno::LOOP);
    }
    link.target()
}

/// Puts the parts of `path` before what is left of the way; the next one is the last.
fn push_parts(left: &mut Vec<Vec<u8>>, path: &[u8]) {
    let parts = path.split(|&b| b == b'/');
    let parts = parts.filter(|part| !part.is_empty() && *part != b".");
    left.extend(parts.rev().map(<[u8]>::to_vec));
}

fn root_directory() -> Result<OwnedFd, Errno> {
    openat(CWD, c"/", HOLD, Mode::empty())
}
