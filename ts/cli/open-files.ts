/**
 * Says so where too few files may be open for a run: later each of them would fail with a name of its own. (Below
 * about 18 Node does not even get here.)
 */
const { openSync, closeSync } = process.getBuiltinModule('node:fs');

/** What a run needs beside what Node has open: folders on both sides, files, a wire. */
const needed = 12;

const held: number[] = [];
try {
  while (held.length < needed) held.push(openSync('/', 'r'));
} catch (error) {
  if ((error as NodeJS.ErrnoException).code === 'EMFILE') {
    process.stderr.write('oc-rsync needs at least 32 open files; the limit here (ulimit -n) is lower\n');
    process.exit(1);
  }
} finally {
  for (const fd of held) closeSync(fd);
}
