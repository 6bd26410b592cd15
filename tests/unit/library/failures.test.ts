/** Files and reasons in the words of both rsyncs, and of daemons. */
import { expect, test } from 'vitest';
import { gatherWords } from '../../../ts/library/messages.ts';
import { failureIn } from '../../../ts/report/failures.ts';
import * as text from '../../../ts/report/messages.ts';

const place = { path: '/at', module: undefined };
const denied = { reason: 'Permission denied', errno: 13 };

test.each([
  [text.linkStatFailed(place, 'a b', 13), '/at/a b'],
  [text.sendOpenFailed(place, 'a', 13), '/at/a'],
  [text.readErrors(place, 'a', 13), '/at/a'],
  [text.readlinkStatFailed(place, 'a', 13), '/at/a'],
  [text.mkdirFailed(place, 'a"b', 13), '/at/a"b'],
  [text.changeDirFailed(place, 'a', 13), '/at/a'],
  [text.renameFailed(place, '.a.XXXXXX', 'a', 13), '/at/a'],
  [text.unlinkFailed(place, 'a', 13, 'generator'), '/at/a'],
  [text.deleteFailed(place, 'dir/a', 'unlink', 13), 'dir/a'],
  [text.opendirFailed(place, 'a', 13, 'sender'), '/at/a'],
  ['rsync: [generator] symlink "/at/a" -> "/etc/x" failed: Permission denied (13)', '/at/a'],
  ['rsync: [receiver] rename "/at/.a.x" -> "/at/a": Permission denied (13)', '/at/a'],
  ['rsync: [receiver] rename failed for "/at/a" (from .a.x): Permission denied (13)', '/at/a'],
  ['rsync: send_files failed to open "a" (in mod): Permission denied (13)', 'a'],
  ['rsync: send_files failed to open "/x/a: b (1)": Permission denied (13)', '/x/a: b (1)'],
  ['rsync: [sender] get_acl: sys_acl_get_file(a b, ACL_TYPE_ACCESS): Permission denied (13)', 'a b'],
  ['rsync: link_stat "/at/a\\#012b" failed: Permission denied (13) at flist.c(1)', '/at/a\nb'],
])('%s', (line, path) => {
  expect(failureIn(line)).toEqual({ path, ...denied });
});

test.each([
  ['file has vanished: "/a/b"', '/a/b', 'vanished'],
  ['directory has vanished: "b" (in mod)', 'b', 'vanished'],
  ['symlink has no referent: "/a"', '/a', 'symlink has no referent'],
  ['could not make way for new regular: a: b', 'a: b', 'could not make way for new regular'],
  ['ERROR: a failed verification -- update discarded.', 'a', 'failed verification'],
  ['recv_files: "/a" is a directory', '/a', 'is a directory'],
])('%s', (line, path, reason) => {
  expect(failureIn(line)).toEqual({ path, reason });
});

test.each([
  'rsync error: some files/attrs were not transferred (see previous errors) (code 23) at main.c(1)',
  'WARNING: a failed verification -- update discarded (will try again).',
  'rsync: [sender] io timeout after 5 seconds -- exiting',
  'ssh: connect to host x port 22: Connection refused',
  'IO error encountered -- skipping file deletion',
])('%s: names no file', (line) => {
  expect(failureIn(line)).toBeUndefined();
});

test('lines are put together from pieces, and one without an end is not waited for', () => {
  const heard: string[] = [];
  const words = gatherWords({ message: (_, line) => heard.push(line), failure() {} });
  for (const piece of ['one\ntw', 'o\r\nth', 'ree']) words.stderr(Buffer.from(piece));
  expect(heard).toEqual(['one', 'two']);
  words.finish();
  expect(heard).toEqual(['one', 'two', 'three']);
  for (let k = 0; k < 100; k++) words.stderr(Buffer.alloc(10_000, 'x'));
  expect(heard.length).toBeGreaterThan(10);
  expect(words.tail().length).toBeLessThan(50_000);
});
