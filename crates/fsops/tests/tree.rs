//! A tree keeps to itself, whichever way its paths are resolved, and its files come out whole.

use std::fs;
use std::os::unix::fs::{symlink, MetadataExt, PermissionsExt};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::Arc;

use oc_checksum::{digest, DigestName, DigestSpec, MAX_DIGEST};
use oc_delta::{BlockSums, CodecName, CodecSpec, Decoder, Encoder, Input, CHUNK};
use oc_fsops::{
    copy_file, lstat, make_dir, receive_many, remove_dir, rename, scan, send_many, set_meta,
    BlockSumJob, Failure, Meta, Parents, ReceiveBatch, ReceiveJob, ReceiveMany, ReceiveRequest,
    ScanOptions, SendJob, SendRequest, TreeRoot, ROW_BYTES,
};

const ELOOP: i32 = 40;
const ENOENT: i32 = 2;
const ENOSPC: i32 = 28;
const EXDEV: i32 = 18;

const SPEC: DigestSpec = DigestSpec {
    name: DigestName::Xxh128,
    seed: 7,
    seed_first: true,
};
const PLAIN: CodecSpec = CodecSpec {
    name: CodecName::None,
    level: 0,
    threads: 0,
};

struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("oc-rsync-tree-{}-{n}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Folder(path)
    }
    fn tree(&self) -> TreeRoot {
        TreeRoot::open(self.0.as_os_str().as_encoded_bytes(), false).unwrap()
    }
    fn at(&self, path: &str) -> PathBuf {
        self.0.join(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn errno_of(tree: &TreeRoot, path: &[u8]) -> i32 {
    lstat(tree, path, &mut [0; ROW_BYTES]).map_or_else(|error| error.errno, |()| 0)
}

#[test]
fn paths_stay_below_the_tree() {
    let outside = Folder::new();
    fs::write(outside.at("secret"), "x").unwrap();
    let inside = Folder::new();
    fs::create_dir_all(inside.at("a/b")).unwrap();
    fs::write(inside.at("a/b/file"), "x").unwrap();
    symlink(&outside.0, inside.at("a/out")).unwrap();
    symlink("b", inside.at("a/in")).unwrap();
    for tree in [inside.tree(), inside.tree().without_openat2()] {
        assert_eq!(errno_of(&tree, b"a/b/file"), 0);
        assert_eq!(errno_of(&tree, b"a//b/./file"), 0);
        assert_eq!(errno_of(&tree, b"a/out"), 0);
        assert_eq!(errno_of(&tree, b"a/out/secret"), ELOOP);
        assert_eq!(errno_of(&tree, b"a/in/file"), ELOOP);
        assert_eq!(errno_of(&tree, b"../x"), EXDEV);
        assert_eq!(errno_of(&tree, b".."), EXDEV);
        assert_eq!(errno_of(&tree, b"a/none/file"), ENOENT);
        assert_eq!(
            make_dir(&tree, b"a/out/new", 0o755).unwrap_err().errno,
            ELOOP
        );
        let options = ScanOptions::default();
        assert_eq!(scan(&tree, b"a/out", options).err().unwrap().errno, ELOOP);
        assert_eq!(scan(&tree, b"a", options).unwrap().count(), 3);
    }
    let confined = TreeRoot::open(inside.0.as_os_str().as_encoded_bytes(), true).unwrap();
    assert_eq!(errno_of(&confined, b"/"), EXDEV);
}

#[test]
fn followed_links_stay_below_the_tree() {
    let outside = Folder::new();
    fs::write(outside.at("secret"), "x").unwrap();
    let inside = Folder::new();
    fs::create_dir_all(inside.at("a/b")).unwrap();
    fs::create_dir_all(inside.at("c/d")).unwrap();
    fs::write(inside.at("a/b/file"), "x").unwrap();
    symlink("../../a/./b", inside.at("c/d/in")).unwrap();
    symlink("d/in/..//b", inside.at("c/twice")).unwrap();
    symlink("../..", inside.at("c/up")).unwrap();
    symlink(&outside.0, inside.at("a/out")).unwrap();
    symlink("loop", inside.at("a/loop")).unwrap();
    let follow = || inside.tree().following_parents(Parents::Below);
    for tree in [follow(), follow().without_openat2()] {
        assert_eq!(errno_of(&tree, b"c/d/in/file"), 0);
        assert_eq!(errno_of(&tree, b"c/twice/file"), 0);
        assert_eq!(errno_of(&tree, b"c/up/x"), ELOOP);
        assert_eq!(errno_of(&tree, b"a/out/secret"), ELOOP);
        assert_eq!(errno_of(&tree, b"a/loop/x"), ELOOP);
    }
    let anywhere = inside.tree().following_parents(Parents::Anywhere);
    assert_eq!(errno_of(&anywhere, b"a/out/secret"), 0);
    assert_eq!(errno_of(&anywhere, b"c/d/in/file"), 0);
}

/// Whoever exchanges a directory for a link out of the tree, over and over, gets nothing from beyond it.
#[test]
fn a_directory_that_is_exchanged_for_a_link_leads_nowhere_else() {
    let outside = Folder::new();
    fs::write(outside.at("secret"), "x").unwrap();
    let inside = Folder::new();
    fs::create_dir_all(inside.at("a")).unwrap();
    fs::create_dir_all(inside.at("real/b")).unwrap();
    symlink(&outside.0, inside.at("link")).unwrap();
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                for place in ["real/b", "link"] {
                    let _ = fs::rename(inside.at(place), inside.at("a/b"));
                    let _ = fs::rename(inside.at("a/b"), inside.at(place));
                }
            }
        });
        let until = std::time::Instant::now() + race_time();
        let mut n = 0u32;
        while std::time::Instant::now() < until {
            n += 1;
            let tree = inside.tree().following_parents(if n.is_multiple_of(2) {
                Parents::Below
            } else {
                Parents::Plain
            });
            let tree = if n % 4 < 2 {
                tree.without_openat2()
            } else {
                tree
            };
            let errno = errno_of(&tree, b"a/b/secret");
            if errno == 0 {
                stop.store(true, Ordering::Relaxed);
            }
            assert_ne!(errno, 0, "what lies outside was found");
        }
        stop.store(true, Ordering::Relaxed);
    });
}

/// `OC_RSYNC_RACE_SECONDS` makes races longer than their moment in a usual run.
fn race_time() -> std::time::Duration {
    let seconds = std::env::var("OC_RSYNC_RACE_SECONDS").ok();
    let seconds = seconds.and_then(|text| text.parse().ok()).unwrap_or(0.3);
    std::time::Duration::from_secs_f64(seconds)
}

#[test]
fn links_of_others_lead_a_trusting_tree_nowhere() {
    let folder = Folder::new();
    fs::create_dir_all(folder.at("real/sub")).unwrap();
    fs::create_dir_all(folder.at("dest")).unwrap();
    symlink("real", folder.at("own")).unwrap();
    symlink("real", folder.at("other")).unwrap();
    let open =
        |name: &str| TreeRoot::open_trusted(folder.at(name).as_os_str().as_encoded_bytes(), false);
    let absolute = |name: &str| folder.at(name).into_os_string().into_encoded_bytes();
    let tree = open("dest").unwrap();
    assert!(open("own").is_ok());
    make_dir(&tree, &absolute("own/new"), 0o755).unwrap();
    make_dir(&tree, &absolute("dest/../own/./sub/deep"), 0o755).unwrap();
    assert_eq!(errno_of(&tree, b"/"), 0);
    assert_eq!(errno_of(&tree, &absolute("real/sub/deep")), 0);
    assert_eq!(errno_of(&tree, b"../own/sub"), EXDEV);
    // Only root can give a link away.
    if std::os::unix::fs::lchown(folder.at("other"), Some(65534), None).is_err() {
        return;
    }
    assert_eq!(open("other").err().unwrap().errno, ELOOP);
    assert_eq!(open("other/sub").err().unwrap().errno, ELOOP);
    assert_eq!(errno_of(&tree, &absolute("other")), 0);
    assert_eq!(errno_of(&tree, &absolute("other/sub")), ELOOP);
    // The directory is held: its name does not matter any more.
    fs::rename(folder.at("dest"), folder.at("moved")).unwrap();
    symlink("real", folder.at("dest")).unwrap();
    make_dir(&tree, &absolute("dest/inside"), 0o755).unwrap();
    assert!(folder.at("moved/inside").is_dir());
}

#[test]
fn a_tree_follows_its_directory() {
    let folder = Folder::new();
    fs::create_dir_all(folder.at("one/sub")).unwrap();
    let tree = TreeRoot::open(folder.at("one").as_os_str().as_encoded_bytes(), false).unwrap();
    fs::rename(folder.at("one"), folder.at("two")).unwrap();
    make_dir(&tree, b"sub/dir", 0o755).unwrap();
    assert!(folder.at("two/sub/dir").is_dir());
}

#[test]
fn a_parent_that_was_replaced_is_looked_up_again() {
    let folder = Folder::new();
    let tree = folder.tree();
    fs::create_dir_all(folder.at("d")).unwrap();
    assert_eq!(errno_of(&tree, b"d/x"), ENOENT);
    fs::remove_dir(folder.at("d")).unwrap();
    fs::create_dir(folder.at("d")).unwrap();
    make_dir(&tree, b"d/x", 0o755).unwrap();
    remove_dir(&tree, b"d/x").unwrap();
    rename(&tree, b"d", b"e").unwrap();
    assert_eq!(make_dir(&tree, b"d/x", 0o755).unwrap_err().errno, ENOENT);
    assert!(!folder.at("e/x").exists());
}

#[test]
fn metadata_is_not_set_through_links() {
    let folder = Folder::new();
    fs::write(folder.at("file"), "x").unwrap();
    symlink("file", folder.at("link")).unwrap();
    let before = fs::metadata(folder.at("file")).unwrap();
    let meta = Meta {
        mode: Some(0o4711),
        mtime: Some((-3, 5)),
        ..Meta::default()
    };
    assert_eq!(set_meta(&folder.tree(), b"link", &meta), 0);
    let after = fs::metadata(folder.at("file")).unwrap();
    assert_eq!(
        (before.mode(), before.mtime()),
        (after.mode(), after.mtime())
    );
    assert_eq!(fs::symlink_metadata(folder.at("link")).unwrap().mtime(), -3);
    assert_eq!(set_meta(&folder.tree(), b"file", &meta), 0);
    let file = fs::metadata(folder.at("file")).unwrap();
    assert_eq!(
        (file.mode() & 0o7777, file.mtime(), file.mtime_nsec()),
        (0o4711, -3, 5)
    );
}

struct Record<'a> {
    path: &'a str,
    temporary: &'a str,
    content: &'a [u8],
    flags: u32,
}

/// Packs records as the TypeScript side does; every digest is right.
fn pack(records: &[Record]) -> (Vec<u8>, Vec<u8>) {
    let (mut packed, mut data) = (Vec::new(), Vec::new());
    for record in records {
        let mut sum = [0; MAX_DIGEST];
        let n = digest(&SPEC, true, record.content, &mut sum);
        let data_at = data.len() as u32;
        data.extend_from_slice(record.content);
        let digest_at = data.len() as u32;
        data.extend_from_slice(&sum[..n]);
        packed.extend_from_slice(&record.flags.to_le_bytes());
        for value in [0o640u32, 0, 0] {
            packed.extend_from_slice(&value.to_le_bytes());
        }
        packed.extend_from_slice(&1000f64.to_le_bytes());
        packed.extend_from_slice(&9u32.to_le_bytes());
        packed.extend_from_slice(&data_at.to_le_bytes());
        packed.extend_from_slice(&digest_at.to_le_bytes());
        packed.extend_from_slice(&(record.content.len() as u32).to_le_bytes());
        packed.extend_from_slice(&(record.path.len() as u16).to_le_bytes());
        packed.extend_from_slice(&(record.temporary.len() as u16).to_le_bytes());
        packed.extend_from_slice(&[0; 12]);
        packed.extend_from_slice(record.path.as_bytes());
        packed.extend_from_slice(record.temporary.as_bytes());
        packed.resize(packed.len().next_multiple_of(8), 0);
    }
    (packed, data)
}

const VERIFIED: u32 = 1 | 8 | 64;

fn receive_batch(
    tree: &TreeRoot,
    records: &[u8],
    data: &[u8],
    count: usize,
) -> Option<ReceiveMany> {
    let batch = ReceiveBatch {
        spec: &SPEC,
        records,
        data,
        sources: &[],
        count,
    };
    receive_many(tree, &batch)
}

#[test]
fn a_batch_becomes_files() {
    let folder = Folder::new();
    fs::create_dir(folder.at("taken")).unwrap();
    let names: Vec<(String, String)> = (0..100)
        .map(|i| (format!("f{i}"), format!(".f{i}")))
        .collect();
    let mut records: Vec<Record> = names
        .iter()
        .map(|(path, temporary)| Record {
            path,
            temporary,
            content: path.as_bytes(),
            flags: VERIFIED,
        })
        .collect();
    records.push(Record {
        path: "taken",
        temporary: ".taken",
        content: b"",
        flags: 0,
    });
    let (packed, data) = pack(&records);
    let tree = folder.tree();
    let done = receive_batch(&tree, &packed, &data, records.len()).unwrap();
    assert!(
        done.status[..100].iter().all(|&status| status == 0),
        "{:?}",
        done.status
    );
    assert_eq!((done.status[100] > 0, done.step[100]), (true, 8));
    let file = fs::metadata(folder.at("f42")).unwrap();
    assert_eq!(fs::read(folder.at("f42")).unwrap(), b"f42");
    assert_eq!(
        (file.mode() & 0o7777, file.mtime(), file.mtime_nsec()),
        (0o640, 1000, 9)
    );
    assert_eq!(
        fs::read_dir(&folder.0).unwrap().count(),
        101,
        "a temporary file stays"
    );

    let mut wrong = data.clone();
    wrong[0] ^= 1;
    let done = receive_batch(&tree, &packed, &wrong, 1).unwrap();
    assert_eq!(done.status, [-2]);
    assert_eq!(fs::read(folder.at("f0")).unwrap(), b"f0");
    for end in [packed.len() - 6, 52, 47, 8] {
        assert!(receive_batch(&tree, &packed[..end], &data, records.len()).is_none());
    }
    assert!(receive_batch(&tree, &packed, &data[..10], 2).is_none());
}

#[test]
fn zeros_become_holes() {
    let folder = Folder::new();
    let mut content = vec![0; 1 << 20];
    content[500_000..500_100].fill(1);
    let records = [Record {
        path: "sparse",
        temporary: ".sparse",
        content: &content,
        flags: VERIFIED | 16,
    }];
    let (packed, data) = pack(&records);
    let done = receive_batch(&folder.tree(), &packed, &data, 1).unwrap();
    assert_eq!(done.status, [0]);
    assert_eq!(fs::read(folder.at("sparse")).unwrap(), content);
    let blocks = fs::metadata(folder.at("sparse")).unwrap().blocks();
    assert!(blocks * 512 <= 64 * 1024, "{blocks} blocks");
}

#[test]
fn many_files_are_sent_in_order() {
    let folder = Folder::new();
    let names: Vec<String> = (0..60).map(|i| format!("n{i}")).collect();
    for (i, name) in names.iter().enumerate() {
        fs::write(folder.at(name), vec![i as u8; i * 1000]).unwrap();
    }
    fs::remove_file(folder.at("n7")).unwrap();
    let paths: Vec<&[u8]> = names.iter().map(|name| name.as_bytes()).collect();
    // What comes before it, but not the one that is gone, and n51 but for a byte.
    let room: usize = (0..52).filter(|&i| i != 7).map(stream_length).sum();
    let mut data = vec![1; room - 1];
    let sent = send_many(&folder.tree(), &paths, &mut data, &SPEC);
    let mut start = 0;
    for (i, path) in paths.iter().enumerate() {
        let stream = &data[start..sent.ends[i] as usize];
        start = sent.ends[i] as usize;
        let expected = match i {
            7 => ENOENT,
            51.. => -1,
            _ => 0,
        };
        assert_eq!(sent.status[i], expected, "file {i}");
        if expected != 0 {
            assert!(stream.is_empty());
            continue;
        }
        assert_eq!(sent.sizes[i], (i * 1000) as f64);
        assert_eq!(stream, stream_of(&folder.tree(), path, None), "file {i}");
    }
}

/// Of a file of `i` thousand bytes.
fn stream_length(i: usize) -> usize {
    let pieces = (i * 1000).div_ceil(CHUNK);
    i * 1000 + pieces * 4 + 4 + SPEC.name.length()
}

fn request(path: &[u8], basis: Option<BlockSums>, in_place: bool) -> SendRequest<'_> {
    SendRequest {
        path,
        basis,
        in_place,
        append: None,
        digest: SPEC,
        level: None,
        device_bytes: None,
    }
}

fn stream_of(tree: &TreeRoot, path: &[u8], basis: Option<(BlockSums, bool)>) -> Vec<u8> {
    let (basis, in_place) = basis.map_or((None, false), |(sums, in_place)| (Some(sums), in_place));
    let mut encoder = Encoder::new(PLAIN).unwrap();
    let mut job = SendJob::open(tree, request(path, basis, in_place)).unwrap();
    let mut stream = Vec::new();
    let mut buffer = vec![0; 70_000];
    loop {
        let n = job.next(&mut encoder, &mut buffer).unwrap();
        if n == 0 {
            return stream;
        }
        stream.extend_from_slice(&buffer[..n]);
    }
}

fn sums_of(tree: &TreeRoot, path: &[u8], size: u64, block: u32) -> BlockSums {
    let mut sums = vec![0; 1 << 20];
    let mut job = BlockSumJob::open(tree, path, size, block, 8, SPEC).unwrap();
    let n = job.next(&mut sums);
    sums.truncate(n.unwrap());
    BlockSums {
        count: size.div_ceil(u64::from(block)) as u32,
        block_length: block,
        remainder: (size % u64::from(block)) as u32,
        strong_length: 8,
        sums,
    }
}

fn receive(path: &[u8]) -> ReceiveRequest<'_> {
    ReceiveRequest {
        path: Some(path),
        in_place: false,
        append_at: None,
        append_digest: false,
        basis: None,
        block_length: 0,
        block_count: 0,
        remainder: 0,
        digest: SPEC,
        sparse: false,
        preallocate: 0,
        fsync: false,
    }
}

fn push_all(job: &mut ReceiveJob, stream: &[u8]) -> Result<bool, Failure> {
    let mut decoder = Decoder::new(PLAIN).unwrap();
    let mut done = false;
    for (i, piece) in stream.chunks(1001).enumerate() {
        let ranges = [i as u32 * 1001, piece.len() as u32];
        let mut input = Input::new(stream, &ranges).unwrap();
        done = job.push(&mut decoder, &mut input)?.done;
    }
    Ok(done)
}

#[test]
fn a_basis_is_updated_in_place() {
    let folder = Folder::new();
    let tree = Arc::new(folder.tree());
    let old: Vec<u8> = (0..100_000u32)
        .map(|i| (i.wrapping_mul(i) >> 7) as u8)
        .collect();
    let mut new = old[..60_000].to_vec();
    new.splice(30_000..30_300, [9; 200]);
    fs::write(folder.at("old"), &old).unwrap();
    fs::write(folder.at("new"), &new).unwrap();
    let sums = sums_of(&tree, b"old", old.len() as u64, 1000);
    let stream = stream_of(&tree, b"new", Some((sums.clone(), true)));
    assert!(stream.len() < 20_000, "{} bytes", stream.len());
    let mut job = ReceiveJob::open(
        tree,
        ReceiveRequest {
            in_place: true,
            basis: Some(b"old"),
            block_length: 1000,
            block_count: sums.count,
            remainder: sums.remainder,
            ..receive(b"old")
        },
    )
    .unwrap();
    assert!(push_all(&mut job, &stream).unwrap());
    let result = job.result();
    assert!(result.verified);
    assert_eq!(result.size, new.len() as u64);
    assert_eq!(fs::read(folder.at("old")).unwrap(), new);
}

#[test]
fn failures_of_a_receiver() {
    let folder = Folder::new();
    let tree = Arc::new(folder.tree());
    fs::write(folder.at("file"), vec![3; 100_000]).unwrap();
    let stream = stream_of(&tree, b"file", None);

    let full = ReceiveRequest {
        in_place: true,
        ..receive(b"/dev/full")
    };
    let mut job = ReceiveJob::open(tree.clone(), full).unwrap();
    assert!(push_all(&mut job, &stream).unwrap());
    let result = job.result();
    assert_eq!(result.failure.map(|failure| failure.errno), Some(ENOSPC));
    assert!(!result.verified);
    assert_eq!(result.literal, 100_000);

    let mut job = ReceiveJob::open(tree.clone(), receive(b".tmp")).unwrap();
    let broken = push_all(&mut job, &(-8i32).to_le_bytes());
    let Err(Failure::Stream(error)) = broken else {
        panic!("a block without a basis passes");
    };
    assert_eq!(error.to_string(), "Invalid block index 7 (count=0)");
    assert_eq!(error.exit, 2);
    assert_eq!(
        ReceiveJob::open(tree.clone(), receive(b".tmp"))
            .err()
            .unwrap()
            .errno,
        17
    );
    job.abort();
    assert!(!folder.at(".tmp").exists());

    let mut spoiled = stream.clone();
    spoiled[50] ^= 1;
    let mut job = ReceiveJob::open(tree.clone(), receive(b".tmp")).unwrap();
    assert!(push_all(&mut job, &spoiled).unwrap());
    assert!(!job.result().verified);
    assert_eq!(
        fs::metadata(folder.at(".tmp"))
            .unwrap()
            .permissions()
            .mode()
            & 0o777,
        0o600
    );
}

#[test]
fn a_file_that_shrinks_gets_a_wrong_digest() {
    let folder = Folder::new();
    let tree = folder.tree();
    fs::write(folder.at("file"), vec![3; 200_000]).unwrap();
    let mut encoder = Encoder::new(PLAIN).unwrap();
    let mut job = SendJob::open(&tree, request(b"file", None, false)).unwrap();
    fs::write(folder.at("file"), vec![3; 100_000]).unwrap();
    let mut stream = vec![0; 300_000];
    let n = job.next(&mut encoder, &mut stream).unwrap();
    assert_eq!(n, 200_000 + 7 * 4 + 4 + 16);
    assert_eq!(stream[n - 16..n], [0; 16]);
    assert_ne!(job.stats().read_errno, 0);
}

#[test]
fn a_copy_replaces() {
    let folder = Folder::new();
    fs::write(folder.at("from"), vec![5; 300_000]).unwrap();
    fs::write(folder.at("to"), "before").unwrap();
    copy_file(&folder.tree(), b"from", b"to", 0o600).unwrap();
    assert_eq!(fs::read(folder.at("to")).unwrap(), vec![5; 300_000]);
}
