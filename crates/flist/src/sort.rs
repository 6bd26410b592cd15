//! The order that both ends of the wire give the entries of a directory.

use std::cmp::Ordering;

use rustix::fs::{FileType, RawMode};

use crate::entries::{Entry, ENTRY_BYTES};

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    /// The directory's own `.`.
    Dot,
    Item,
    Directory,
}

struct Key<'n> {
    class: Class,
    name: &'n [u8],
}

/// Sorts the entries of one directory as protocols from 29 on do: `.`, then what is no directory, then
/// directories, whose names count as ending in a slash; equal names keep their order. Gives the index that each
/// had before, nothing where all stay; `None` where a name is out of bounds.
pub fn sort_entries(records: &mut [u8], names: &[u8]) -> Option<Option<Vec<u32>>> {
    let count = records.len() / ENTRY_BYTES;
    let mut keys = Vec::with_capacity(count);
    for record in records.chunks_exact(ENTRY_BYTES) {
        let entry = Entry::new(record);
        let name = entry.name(names)?;
        let class = if FileType::from_raw_mode(entry.mode() as RawMode) != FileType::Directory {
            Class::Item
        } else if name == b"." {
            Class::Dot
        } else {
            Class::Directory
        };
        keys.push(Key { class, name });
    }
    if keys
        .windows(2)
        .all(|pair| compare(&pair[0], &pair[1]) != Ordering::Greater)
    {
        return Some(None);
    }
    let mut order: Vec<u32> = (0..count as u32).collect();
    order.sort_by(|&a, &b| compare(&keys[a as usize], &keys[b as usize]));
    drop(keys);
    let before = records.to_vec();
    for (record, &from) in records.chunks_exact_mut(ENTRY_BYTES).zip(&order) {
        let at = from as usize * ENTRY_BYTES;
        record.copy_from_slice(&before[at..at + ENTRY_BYTES]);
    }
    Some(Some(order))
}

fn compare(a: &Key, b: &Key) -> Ordering {
    a.class.cmp(&b.class).then_with(|| match a.class {
        Class::Directory => a.name.iter().chain(b"/").cmp(b.name.iter().chain(b"/")),
        _ => a.name.cmp(b.name),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(entries: &[(&str, u32)]) -> (Vec<u8>, Vec<u8>) {
        let (mut records, mut names) = (Vec::new(), Vec::new());
        for (name, mode) in entries {
            let at = names.len() as u32;
            names.extend_from_slice(name.as_bytes());
            let mut record = [0; ENTRY_BYTES];
            record[28..32].copy_from_slice(&at.to_ne_bytes());
            record[44..46].copy_from_slice(&(*mode as u16).to_ne_bytes());
            record[46..48].copy_from_slice(&(name.len() as u16).to_ne_bytes());
            records.extend_from_slice(&record);
        }
        (records, names)
    }

    fn names_of(records: &[u8], names: &[u8]) -> Vec<String> {
        records
            .chunks_exact(ENTRY_BYTES)
            .map(|record| {
                String::from_utf8_lossy(Entry::new(record).name(names).unwrap_or(b"?")).into_owned()
            })
            .collect()
    }

    #[test]
    fn directories_come_last_and_end_in_a_slash() {
        let (file, dir) = (0o100_644, 0o040_755);
        let (mut records, names) = list(&[
            ("a", dir),
            ("a-", dir),
            ("b", file),
            ("a", file),
            (".", dir),
            ("a-", file),
        ]);
        let order = sort_entries(&mut records, &names);
        assert_eq!(order, Some(Some(vec![4, 3, 5, 2, 1, 0])));
        assert_eq!(names_of(&records, &names), [".", "a", "a-", "b", "a-", "a"]);
        assert_eq!(sort_entries(&mut records, &names), Some(None));
    }

    #[test]
    fn a_name_out_of_bounds_is_refused() {
        let (mut records, names) = list(&[("name", 0o100_644)]);
        assert_eq!(sort_entries(&mut records, &names[1..]), None);
    }
}
