//! The calls of a tree that deal in records of a file list.

use napi::bindgen_prelude::{
    AsyncTask, ClassInstance, Float64Array, Uint16Array, Uint32Array, Uint8Array,
};
use napi::{Error, Result, Status, Task};
use napi_derive::napi;
use oc_flist::{EntryFields, ENTRY_BYTES};
use oc_fsops::{
    Aims, Entries, Listed, Listing, ListingOptions, LookedUp, NameRules, PackedRules, Sources,
    TreeListing, Unlisted, Wanted,
};

use crate::args::{Bytes, Paths};
use crate::digest::DigestSpec;
use crate::failure::code;
use crate::task::run;
use crate::tree::{wanted_extras, Tree};

/// Bytes of room behind the names, for those of the few entries that a list has before (`.`).
const NAME_ROOM: usize = 64;
/// The failure of a directory that holds more than records can tell.
const SPECIAL: u32 = u32::MAX;

/// What goes into records.
#[napi(object)]
pub struct RecordOptions {
    pub links: bool,
    pub single_names: bool,
    pub one_device: bool,
    pub owner: bool,
    pub group: bool,
    pub nanoseconds: bool,
    pub dir_flags: u32,
    pub twice: bool,
    pub rules: Option<RecordRules>,
}

/// Rules about names, as `ts/kernel/name-rules.ts` packs them.
#[napi(object)]
pub struct RecordRules {
    pub words: Uint32Array,
    pub texts: Uint8Array,
    pub code: Uint16Array,
    pub classes: Uint8Array,
    pub prefix: Uint8Array,
    pub marks: Uint8Array,
    pub mark_count: u32,
}

/// Records of several directories. Six `numbers` for each: entries, directories and links among them, where
/// its names start, their bytes, and a failure (the largest number: it has to be scanned). A user and a group
/// for each pair of `owners`. What has no numbers was not read.
#[napi(object)]
pub struct ListedDirectories {
    /// With `twice` followed by as many zeros.
    pub records: Uint8Array,
    pub count: u32,
    /// Followed by as many zeros as `name_room` says.
    pub names: Uint8Array,
    pub name_room: u32,
    pub numbers: Uint32Array,
    pub sizes: Float64Array,
    pub owners: Uint32Array,
}

/// The records of directories and those below them, their paths, and those that come next, joined by NUL.
#[napi(object)]
pub struct ListedTree {
    pub directories: ListedDirectories,
    pub paths: Uint8Array,
    pub left: Uint8Array,
}

/// What makes a present file one that needs nothing.
#[napi(object)]
pub struct WantedState {
    pub always: u32,
    pub targets: bool,
    pub owner: bool,
    pub group: bool,
    pub group_free: u32,
    pub dirs: bool,
}

/// Rows of entries, the indexes of those that need something, and a table of what else there is.
#[napi(object)]
pub struct LookedUpEntries {
    pub rows: Uint8Array,
    pub others: Uint32Array,
    /// For each entry 1 where its content is the source's, 2 where it is not; empty where none was compared.
    pub same: Uint8Array,
    pub extras: Uint8Array,
    pub extra_counts: Uint32Array,
    pub extra_failures: Uint32Array,
}

#[napi]
impl Tree {
    /// Records of what is in `dir`.
    #[napi(catch_unwind)]
    pub fn list(
        &self,
        #[napi(ts_arg_type = "string")] dir: Bytes,
        options: RecordOptions,
    ) -> Result<ListedDirectories> {
        let parsed = parse(&options)?;
        let listing = oc_fsops::list(&*self.root()?, &dir.0, &parsed);
        Ok(listed(with_room(listing, options.twice)))
    }

    /// As `list`, of several directories and those below them, on another thread, until there are `enough`
    /// entries and directories.
    #[napi(ts_return_type = "Promise<ListedTree>", catch_unwind)]
    pub fn list_tree(
        &self,
        #[napi(ts_arg_type = "string")] dirs: Bytes,
        count: u32,
        options: RecordOptions,
        enough: u32,
    ) -> Result<AsyncTask<impl Task>> {
        let root = self.root()?;
        let dirs = Paths::new(dirs, count)?;
        let parsed = parse(&options)?;
        let twice = options.twice;
        Ok(run(
            move || {
                let dirs: Vec<&[u8]> = dirs.iter().collect();
                let TreeListing {
                    listing,
                    paths,
                    left,
                } = oc_fsops::list_tree(&root, dirs.into_iter(), &parsed, enough as usize);
                Ok((with_room(listing, twice), paths, left))
            },
            |(listing, paths, left)| ListedTree {
                directories: listed(listing),
                paths: paths.join(&0).into(),
                left: left.join(&0).into(),
            },
        ))
    }

    /// Looks up entries, `counts[k]` of them in directory `k`, and with `extras` what else lies there.
    #[napi(catch_unwind)]
    #[allow(clippy::too_many_arguments)]
    pub fn look_up(
        &self,
        #[napi(ts_arg_type = "string")] dirs: Bytes,
        counts: Uint32Array,
        records: Uint8Array,
        names: Uint8Array,
        wanted: Option<WantedState>,
        look_for: u32,
        extras: bool,
    ) -> Result<LookedUpEntries> {
        let root = self.root()?;
        let dirs = Paths::new(dirs, counts.len() as u32)?;
        let dirs: Vec<&[u8]> = dirs.iter().collect();
        check(&records, &counts)?;
        let entries = Entries {
            dirs: &dirs,
            counts: &counts,
            records: &records,
            names: &names,
        };
        let aims = aims(wanted, look_for, extras);
        oc_fsops::look_up(&root, &entries, &aims, None)
            .map(looked_up)
            .ok_or_else(out_of_bounds)
    }

    /// As `look_up`, on another thread. `records` may change meanwhile, `names` may not. With `source` and
    /// `digest`, files of equal size are compared with those of that tree.
    #[napi(ts_return_type = "Promise<LookedUpEntries>", catch_unwind)]
    #[allow(clippy::too_many_arguments)]
    pub fn look_up_async(
        &self,
        #[napi(ts_arg_type = "string")] dirs: Bytes,
        counts: Uint32Array,
        records: Uint8Array,
        names: Uint8Array,
        wanted: Option<WantedState>,
        look_for: u32,
        extras: bool,
        source: Option<ClassInstance<Tree>>,
        digest: Option<DigestSpec>,
    ) -> Result<AsyncTask<impl Task>> {
        let root = self.root()?;
        let compared = match (source, digest) {
            (Some(source), Some(digest)) => Some((source.root()?, digest.parse()?)),
            _ => None,
        };
        let dirs = Paths::new(dirs, counts.len() as u32)?;
        check(&records, &counts)?;
        let records = records.to_vec();
        let aims = aims(wanted, look_for, extras);
        Ok(run(
            move || {
                let dirs: Vec<&[u8]> = dirs.iter().collect();
                let entries = Entries {
                    dirs: &dirs,
                    counts: &counts,
                    records: &records,
                    names: &names,
                };
                let sources = compared.as_ref().map(|(tree, digest)| Sources {
                    tree,
                    digest: *digest,
                });
                oc_fsops::look_up(&root, &entries, &aims, sources).ok_or_else(out_of_bounds)
            },
            looked_up,
        ))
    }
}

fn parse(options: &RecordOptions) -> Result<ListingOptions> {
    Ok(ListingOptions {
        rules: options.rules.as_ref().map(parse_rules).transpose()?,
        links: options.links,
        single_names: options.single_names,
        one_device: options.one_device,
        fields: EntryFields {
            owner: options.owner,
            group: options.group,
            nanoseconds: options.nanoseconds,
            dir_flags: options.dir_flags,
        },
    })
}

fn parse_rules(rules: &RecordRules) -> Result<NameRules> {
    let marks = match rules.mark_count {
        0 => Vec::new(),
        _ => rules
            .marks
            .split(|&byte| byte == 0)
            .map(<[u8]>::to_vec)
            .collect(),
    };
    let packed = PackedRules {
        words: &rules.words,
        texts: &rules.texts,
        code: &rules.code,
        classes: &rules.classes,
        prefix: &rules.prefix,
    };
    NameRules::new(&packed, marks)
        .ok_or_else(|| Error::new(Status::InvalidArg, "a rule is out of bounds"))
}

fn aims(wanted: Option<WantedState>, look_for: u32, directories: bool) -> Aims {
    Aims {
        wanted: wanted.map(|state| Wanted {
            always: state.always,
            targets: state.targets,
            owner: state.owner,
            group: state.group,
            group_free: state.group_free,
            dirs: state.dirs,
        }),
        look_for: wanted_extras(look_for),
        directories,
    }
}

/// Each directory's entries have their records.
fn check(records: &[u8], counts: &[u32]) -> Result<()> {
    let total: u64 = counts.iter().map(|&count| u64::from(count)).sum();
    if total.checked_mul(ENTRY_BYTES as u64) == Some(records.len() as u64) {
        return Ok(());
    }
    Err(out_of_bounds())
}

fn out_of_bounds() -> Error {
    Error::new(Status::InvalidArg, "an entry is out of bounds")
}

/// A listing and the number of its records, with room behind them for as many if that is wanted, and behind its names.
fn with_room(mut listing: Listing, twice: bool) -> (Listing, u32) {
    let bytes = listing.records.len();
    if twice {
        listing.records.resize(bytes * 2, 0);
    }
    // They stay for as long as a list has its part of them.
    listing.records.shrink_to_fit();
    listing.names.resize(listing.names.len() + NAME_ROOM, 0);
    listing.names.shrink_to_fit();
    (listing, (bytes / ENTRY_BYTES) as u32)
}

fn listed((listing, count): (Listing, u32)) -> ListedDirectories {
    let none = Listed {
        count: 0,
        dirs: 0,
        links: 0,
        names_at: 0,
        name_bytes: 0,
        size: 0.0,
    };
    let mut numbers = Vec::with_capacity(listing.directories.len() * 6);
    let mut sizes = Vec::with_capacity(listing.directories.len());
    for directory in listing.directories {
        let (of, failure) = match directory {
            Ok(listed) => (listed, 0),
            Err(Unlisted::Failed(error)) => (none, code(error)),
            Err(Unlisted::Special) => (none, SPECIAL),
        };
        numbers.extend([
            of.count,
            of.dirs,
            of.links,
            of.names_at,
            of.name_bytes,
            failure,
        ]);
        sizes.push(of.size);
    }
    ListedDirectories {
        records: listing.records.into(),
        count,
        names: listing.names.into(),
        name_room: NAME_ROOM as u32,
        numbers: numbers.into(),
        sizes: sizes.into(),
        owners: listing.owners.concat().into(),
    }
}

fn looked_up(found: LookedUp) -> LookedUpEntries {
    let mut counts = Vec::with_capacity(found.extra_counts.len());
    let mut failures = Vec::with_capacity(found.extra_counts.len());
    for count in found.extra_counts {
        counts.push(*count.as_ref().unwrap_or(&0));
        failures.push(count.err().map_or(0, code));
    }
    LookedUpEntries {
        rows: found.rows.into(),
        others: found.others.into(),
        same: found
            .same
            .iter()
            .map(|&same| same as u8)
            .collect::<Vec<u8>>()
            .into(),
        extras: found.extras.pack().into(),
        extra_counts: counts.into(),
        extra_failures: failures.into(),
    }
}
