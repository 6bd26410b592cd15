//! Work on many small files, and the copy of a large one, beside the bare system calls.

use std::ffi::CString;
use std::fs;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use criterion::{criterion_group, criterion_main, Criterion, Throughput};
use oc_checksum::{digest, DigestName, DigestSpec, MAX_DIGEST};
use oc_fsops::{
    copy_file, file_sums, receive_many, scan, send_many, Names, ReceiveBatch, ScanOptions, TreeRoot,
};
use rustix::fs::{
    futimens, open, openat, renameat, statat, AtFlags, Mode, OFlags, RawDir, Timespec, Timestamps,
};
use rustix::io::{pread, pwrite};

const COUNT: usize = 512;
const SIZE: usize = 2000;
const LARGE: usize = 64 * 1024 * 1024;
const SPEC: DigestSpec = DigestSpec {
    name: DigestName::Xxh128,
    seed: 7,
    seed_first: true,
};
/// Mode, time and digest are given.
const FLAGS: u32 = 1 | 8 | 64;

/// On tmpfs, where no disk hides what a call costs.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let fast = Path::new("/dev/shm");
        let parent = if fast.is_dir() {
            fast.to_path_buf()
        } else {
            std::env::temp_dir()
        };
        let path = parent.join(format!("oc-rsync-files-{}", std::process::id()));
        for name in ["from", "to"] {
            fs::create_dir_all(path.join(name)).expect("a folder can be made");
        }
        for name in names() {
            fs::write(path.join("from").join(name), [7; SIZE]).expect("a file can be written");
        }
        fs::write(path.join("large"), vec![7; LARGE]).expect("a file can be written");
        Folder(path)
    }
    fn tree(&self, name: &str) -> TreeRoot {
        let path = self.0.join(name);
        TreeRoot::open(path.as_os_str().as_encoded_bytes(), false).expect("it is a folder")
    }
    fn open(&self, name: &str) -> OwnedFd {
        open(self.0.join(name), OFlags::DIRECTORY, Mode::empty()).expect("it is a folder")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn names() -> impl Iterator<Item = String> {
    (0..COUNT).map(|i| format!("file-{i:05}"))
}

fn c_names(before: &str) -> Vec<CString> {
    names()
        .map(|name| CString::new(format!("{before}{name}")).expect("no zero in it"))
        .collect()
}

/// One batch of all files, as `ts/kernel/receive-batch.ts` packs it: with content, or as copies of files.
fn pack(copies: bool) -> (Vec<u8>, Vec<u8>) {
    let (mut records, mut data) = (Vec::new(), vec![7; SIZE]);
    let mut sum = [0; MAX_DIGEST];
    let n = digest(&SPEC, true, &data, &mut sum);
    data.extend_from_slice(&sum[..n]);
    for name in names() {
        let temporary = format!(".{name}");
        let source = if copies { &name[..] } else { "" };
        for value in [FLAGS, 0o644, 0, 0] {
            records.extend_from_slice(&value.to_le_bytes());
        }
        records.extend_from_slice(&1e9f64.to_le_bytes());
        for value in [0, 0, SIZE as u32, SIZE as u32] {
            records.extend_from_slice(&value.to_le_bytes());
        }
        for text in [&name[..], &temporary, source] {
            records.extend_from_slice(&(text.len() as u16).to_le_bytes());
        }
        records.extend_from_slice(&[0; 2]);
        for text in [&name[..], &temporary, source] {
            records.extend_from_slice(text.as_bytes());
        }
        records.resize(records.len().next_multiple_of(8), 0);
    }
    (records, data)
}

/// Where each name lies in all of them joined: directory, offset, length.
fn runs(names: &[String]) -> Vec<u32> {
    let mut at = 0;
    names
        .iter()
        .flat_map(|name| {
            let run = [0, at, name.len() as u32];
            at += name.len() as u32;
            run
        })
        .collect()
}

fn small_files(c: &mut Criterion) {
    let folder = Folder::new();
    let (from, to) = (folder.tree("from"), folder.tree("to"));
    let all: Vec<String> = names().collect();
    let paths: Vec<&[u8]> = all.iter().map(|name| name.as_bytes()).collect();
    let mut group = c.benchmark_group("512 small files");
    group.throughput(Throughput::Elements(COUNT as u64));
    group.bench_function("scan", |b| {
        b.iter(|| scan(&from, b"", ScanOptions::default()).expect("it can be read"));
    });
    group.bench_function("limit: getdents, statat", |b| {
        b.iter(|| bare_scan(&folder));
    });
    let packed = all.concat();
    let runs = runs(&all);
    let names = Names {
        dirs: vec![b""],
        names: packed.as_bytes(),
        runs: &runs,
    };
    let sizes = [SIZE as f64; COUNT];
    group.bench_function("sums", |b| {
        b.iter(|| file_sums(&from, &names, &sizes, &SPEC));
    });
    group.bench_function("send", |b| {
        let mut into = vec![0; COUNT * (SIZE + 64)];
        b.iter(|| send_many(&from, &paths, &mut into, &SPEC));
    });
    group.bench_function("limit: openat, pread, close", |b| {
        let dir = folder.open("from");
        let names = c_names("");
        b.iter(|| bare_read(&dir, &names));
    });
    for (title, copies) in [("receive, content given", false), ("receive, copies", true)] {
        let (records, data) = pack(copies);
        let sources = [&from];
        let batch = ReceiveBatch {
            spec: &SPEC,
            records: &records,
            data: &data,
            sources: &sources,
            count: COUNT,
        };
        group.bench_function(title, |b| {
            b.iter(|| {
                let done = receive_many(&to, &batch).expect("it is well formed");
                assert!(done.status.iter().all(|&status| status == 0));
            });
        });
    }
    group.bench_function("limit: openat, pwrite, futimens, renameat, close", |b| {
        let dir = folder.open("to");
        let (temporaries, names) = (c_names("."), c_names(""));
        b.iter(|| bare_write(&dir, &temporaries, &names));
    });
}

fn bare_scan(folder: &Folder) -> u64 {
    let dir = folder.open("from");
    let mut buffer = vec![MaybeUninit::uninit(); 32 * 1024];
    let mut entries = RawDir::new(&dir, &mut buffer);
    let mut total = 0;
    while let Some(entry) = entries.next() {
        let entry = entry.expect("it can be read");
        let stat = statat(&dir, entry.file_name(), AtFlags::SYMLINK_NOFOLLOW);
        total += stat.expect("it is there").st_size as u64;
    }
    total
}

fn bare_read(dir: &OwnedFd, names: &[CString]) -> usize {
    let mut buffer = [0; SIZE + 1];
    names
        .iter()
        .map(|name| {
            let file = openat(dir, name, OFlags::RDONLY, Mode::empty()).expect("it is there");
            pread(&file, &mut buffer, 0).expect("it can be read")
        })
        .sum()
}

fn bare_write(dir: &OwnedFd, temporaries: &[CString], names: &[CString]) {
    let time = Timespec {
        tv_sec: 1_000_000_000,
        tv_nsec: 0,
    };
    let times = Timestamps {
        last_access: time,
        last_modification: time,
    };
    let content = [7; SIZE];
    let create = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL;
    for (temporary, name) in temporaries.iter().zip(names) {
        let file =
            openat(dir, temporary, create, Mode::from_raw_mode(0o644)).expect("it can be made");
        pwrite(&file, &content, 0).expect("there is room");
        futimens(&file, &times).expect("it is ours");
        renameat(dir, temporary, dir, name).expect("it can be renamed");
    }
}

fn large_file(c: &mut Criterion) {
    let folder = Folder::new();
    let tree = folder.tree("");
    let mut group = c.benchmark_group("a file of 64 MiB");
    group.throughput(Throughput::Bytes(LARGE as u64));
    group.bench_function("copy", |b| {
        b.iter(|| copy_file(&tree, b"large", b"copy", 0o644).expect("it can be copied"));
    });
    group.bench_function("limit: copy by the standard library", |b| {
        let (from, to) = (folder.0.join("large"), folder.0.join("copy"));
        b.iter(|| {
            let _ = fs::remove_file(&to);
            fs::copy(&from, &to).expect("it can be copied")
        });
    });
    let names = Names {
        dirs: vec![b""],
        names: b"large",
        runs: &[0, 0, 5],
    };
    group.bench_function("sum", |b| {
        b.iter(|| file_sums(&tree, &names, &[LARGE as f64], &SPEC));
    });
}

criterion_group! {
    name = files;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1));
    targets = small_files, large_file
}
criterion_main!(files);
