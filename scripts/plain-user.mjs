/**
 * A user without rights, for the lane of `npm test` that runs as one although root started it.
 *
 * The user is made for the run and removed after it. Its home, its temporary folder and the report lie in one
 * folder that it owns. A clone that it cannot read (below /root, say, or made under a strict umask) is copied into
 * that folder: a bind mount would be quicker, but is not allowed in most containers.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

const name = 'oc-rsync-test';
const nobody = 65534;

const quiet = (command, args, options = {}) =>
  spawnSync(command, args, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8', ...options });

/** Its ids; those of `nobody` where no user can be made. */
const makeUser = (home) => {
  const with_ = ['--home-dir', home, '--shell', '/bin/sh'];
  const added =
    quiet('useradd', ['--system', '--user-group', '--no-create-home', ...with_, name]).status === 0 ||
    quiet('usermod', ['--home', home, '--shell', '/bin/sh', name]).status === 0;
  const [uid, gid] = ['-u', '-g'].map((flag) => Number(quiet('id', [flag, name]).stdout || Number.NaN));
  return added && uid > 0 && gid > 0 ? { uid, gid } : { uid: nobody, gid: nobody };
};

const removeUser = ({ uid }) => {
  if (uid !== nobody) quiet('userdel', [name]);
};

const commandAs = ({ uid, gid }) => [
  'setpriv',
  `--reuid=${uid}`,
  `--regid=${gid}`,
  '--clear-groups',
  '--inh-caps=-all',
  '--',
];

/** What of the clone the tests need. */
const needed = ['dist', 'native', 'node_modules', 'package.json', 'scripts', 'tests', 'ts', 'tsconfig.json'];

const copyClone = (root, to) => {
  mkdirSync(to);
  for (const part of [...needed, 'vitest.config.ts', '.test-peers'])
    cpSync(join(root, part), join(to, part), { recursive: true, verbatimSymlinks: true });
  const peers = join(to, '.test-peers', 'peers.json');
  const text = readFileSync(peers, 'utf8');
  writeFileSync(
    peers,
    text.replaceAll(`${JSON.stringify(root).slice(1, -1)}/`, `${JSON.stringify(to).slice(1, -1)}/`),
  );
  quiet('chmod', ['-R', 'a+rX', to]);
  return to;
};

/**
 * Runs `body` with how to do it as the user: `uid` and `gid`, `before` (words before a command), `env`, `scratch` (a
 * folder of the user's), `root` (the clone, where the user can read it) and `node`. Gives why not, or null when it ran.
 */
export const asPlainUser = async (root, body) => {
  if (quiet('setpriv', ['--version']).status !== 0) return 'there is no setpriv';
  const scratch = mkdtempSync(join(process.env.OC_RSYNC_TMP ?? tmpdir(), 'oc-rsync-plain-'));
  const user = makeUser(scratch);
  try {
    chmodSync(scratch, 0o755);
    chownSync(scratch, user.uid, user.gid);
    const before = commandAs(user);
    const may = (...command) => quiet(before[0], [...before.slice(1), ...command], { cwd: '/' }).status === 0;
    if (!may('test', '-w', scratch))
      return `${name} cannot reach ${scratch} (OC_RSYNC_TMP names another place)`;
    // One file that was made by npm, one by the build, one by git, one by the set-up.
    const probes = [
      'node_modules/vitest/vitest.mjs',
      'dist/oc-rsync.mjs',
      'tests/support/run.ts',
      '.test-peers/peers.json',
    ];
    const readable = probes.every((path) => may('test', '-r', join(root, path)));
    const place = readable ? root : copyClone(root, join(scratch, 'clone'));
    let node = process.execPath;
    if (!may(node, '--version')) {
      node = join(scratch, basename(process.execPath));
      cpSync(process.execPath, node);
      chmodSync(node, 0o755);
    }
    const env = { HOME: scratch, TMPDIR: scratch, OC_RSYNC_TMP: scratch, USER: name, LOGNAME: name };
    for (const key of Object.keys(process.env)) if (key.startsWith('XDG_')) env[key] = undefined;
    await body({ ...user, before, env, scratch, root: place, node });
    return null;
  } finally {
    removeUser(user);
    rmSync(scratch, { recursive: true, force: true });
  }
};
