/** Says so where too few files may be open for a run. (Below about 18 Node does not even get here.) */
import { checkRoom } from '../room.ts';

try {
  checkRoom(process.getBuiltinModule('node:fs'));
} catch (error) {
  if ((error as NodeJS.ErrnoException).code === 'EMFILE') {
    process.stderr.write('oc-rsync needs at least 32 open files; the limit here (ulimit -n) is lower\n');
    process.exit(1);
  }
}
