#!/usr/bin/env node
/**
 * Brings what the tests run against: real rsync (3.5.0 from Debian's security suite, and 3.2.7 unpacked
 * beside it), OpenSSH, Node 24, what makes file systems with reflinks,
 * shells to complete in, and mandoc. Everything that is not installed by the system's packages lies below
 * `.test-peers/`; `.test-peers/peers.json` says what there is and, for what there is not, why.
 *
 * Quick when all is present. Nothing here is an error: a missing peer makes tests skip, and says so.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { $, which } from 'zx';
import { optionsOf } from './options.mjs';

optionsOf(import.meta.filename);
$.quiet = true;
$.nothrow = true;

const oldVersion = '3.2.7-1+deb12u6';
const root = join(import.meta.dirname, '..');
const cache = join(root, '.test-peers');
const isRoot = process.getuid?.() === 0;
const skipped = [];

const skip = (what, why) => {
  skipped.push({ what, why });
  return null;
};

/** First line of what went wrong, for the list of skipped parts. */
const reasonOf = (result) => {
  const lines = `${result.stderr}\n${result.stdout}`.split('\n').map((line) => line.trim());
  return (
    lines.find((line) => /^E:|npm error|error/i.test(line)) ??
    lines.find((line) => line !== '') ??
    'it failed'
  );
};

const find = async (program) => {
  const path = await which(program, { nothrow: true });
  if (path) return path;
  return (
    ['/usr/sbin', '/usr/local/sbin'].map((dir) => join(dir, program)).find((file) => existsSync(file)) ?? null
  );
};

let updated;
/** `apt-get update`, once a run, and only when something must be fetched. */
const updateLists = () => {
  updated ??= isRoot ? $`apt-get -o APT::Sandbox::User=root update` : Promise.resolve();
  return updated;
};

const install = async (...names) => {
  if (!isRoot) return 'installing needs root';
  if (!(await find('apt-get'))) return 'there is no apt-get';
  const get = () =>
    $`DEBIAN_FRONTEND=noninteractive apt-get -o APT::Sandbox::User=root install -y --no-install-recommends ${names}`;
  await updateLists();
  const done = await get();
  return done.exitCode === 0 ? null : reasonOf(done);
};

/** Unpacks a Debian package, in one exact version where that is given, below the cache, without installing it. */
const unpack = async (name, version, target) => {
  if (!(await find('apt-get')) || !(await find('dpkg'))) return 'there is no apt-get';
  const work = mkdtempSync(join(tmpdir(), 'oc-rsync-peers-'));
  try {
    const download = () =>
      $({
        cwd: work,
      })`apt-get -o APT::Sandbox::User=root download ${version === undefined ? name : `${name}=${version}`}`;
    let done = await download();
    if (done.exitCode !== 0) {
      await updateLists();
      done = await download();
    }
    const file = readdirSync(work).find((entry) => entry.endsWith('.deb'));
    if (done.exitCode !== 0 || file === undefined) return reasonOf(done);
    mkdirSync(target, { recursive: true });
    done = await $`dpkg -x ${join(work, file)} ${target}`;
    return done.exitCode === 0 ? null : reasonOf(done);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
};

/** True when a binary starts here and says that it is this version. */
const isVersion = async (path, version) => {
  if (!existsSync(path)) return false;
  const said = await $`${path} --version`;
  return said.exitCode === 0 && said.stdout.includes(version);
};

const setUpRsync = async () => {
  const present = await find('rsync');
  if (present) return present;
  const why = await install('rsync');
  return why === null ? find('rsync') : skip('rsync', why);
};

const setUpOldRsync = async () => {
  const target = join(cache, 'rsync-3.2.7');
  const binary = join(target, 'usr', 'bin', 'rsync');
  if (await isVersion(binary, '3.2.7')) return binary;
  const why = await unpack('rsync', oldVersion, target);
  if (why !== null) return skip('rsync 3.2.7', why);
  return (await isVersion(binary, '3.2.7')) ? binary : skip('rsync 3.2.7', 'its program does not start here');
};

const setUpNode24 = async () => {
  const target = join(cache, 'node24');
  const binary = join(target, 'node_modules', 'node', 'bin', 'node');
  if (await isVersion(binary, 'v24.')) return binary;
  mkdirSync(target, { recursive: true });
  const done =
    await $`npm install --loglevel=error --no-audit --no-fund --no-package-lock --prefix ${target} node@24`;
  if (done.exitCode !== 0) return skip('node 24', reasonOf(done));
  return (await isVersion(binary, 'v24.')) ? binary : skip('node 24', 'its program does not start here');
};

const setUpSsh = async () => {
  let [ssh, sshd] = [await find('ssh'), await find('sshd')];
  if (!ssh || !sshd) {
    const why = await install('openssh-server');
    if (why !== null) return [skip('openssh', why), null];
    [ssh, sshd] = [await find('ssh'), await find('sshd')];
  }
  return [ssh, sshd];
};

/** A program of the system, brought with its package where it is not there. */
const setUpProgram = async (program, name) => {
  const present = await find(program);
  if (present) return present;
  const why = await install(name);
  return why === null ? find(program) : skip(program, why);
};

/** Programs that call rsync, and their packages. */
const callers = {
  rsnapshot: ['rsnapshot'],
  lsyncd: ['lsyncd'],
  fpsync: ['fpart'],
  dirvish: ['dirvish'],
  backintime: ['backintime-common', 'python3-dbus'],
  ansible: ['ansible-core'],
};

/** Installs in one go those that are not there; tests look for each on PATH. */
const setUpCallers = async () => {
  const missing = [];
  for (const [program, packages] of Object.entries(callers))
    if (!(await find(program))) missing.push(...packages);
  if (missing.length === 0) return;
  const why = await install(...missing);
  if (why !== null) skip(missing.join(', '), why);
};

/** Ansible's module that calls rsync comes in a package of many others: it alone is taken out. */
const setUpAnsibleModule = async () => {
  const target = join(cache, 'ansible');
  const wanted = join('ansible_collections', 'ansible');
  if (existsSync(join(target, wanted))) return target;
  const work = mkdtempSync(join(tmpdir(), 'oc-rsync-peers-'));
  try {
    const why = await unpack('ansible', undefined, work);
    if (why !== null) return skip("ansible's synchronize", why);
    mkdirSync(join(target, wanted), { recursive: true });
    const from = join(work, 'usr', 'lib', 'python3', 'dist-packages', wanted);
    const done = await $`cp -R ${join(from, 'posix')} ${join(from, 'utils')} ${join(target, wanted)}`;
    return done.exitCode === 0 ? target : skip("ansible's synchronize", reasonOf(done));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
};

/** Wrappers from npm. */
const setUpWrappers = async () => {
  const target = join(cache, 'wrappers');
  const names = ['rsyncwrapper@3.1.0', 'rsync@0.6.1'];
  if (existsSync(join(target, 'node_modules', 'rsync'))) return target;
  mkdirSync(target, { recursive: true });
  const done =
    await $`npm install --loglevel=error --no-audit --no-fund --no-package-lock --prefix ${target} ${names}`;
  return done.exitCode === 0 ? target : skip('rsyncwrapper and rsync from npm', reasonOf(done));
};

mkdirSync(cache, { recursive: true });
const rsync = await setUpRsync();
const rsync327 = await setUpOldRsync();
const node24 = await setUpNode24();
const [ssh, sshd] = await setUpSsh();
const mkfsBtrfs = await setUpProgram('mkfs.btrfs', 'btrfs-progs');
const mkfsXfs = await setUpProgram('mkfs.xfs', 'xfsprogs');
const filefrag = await setUpProgram('filefrag', 'e2fsprogs');
// Tests call these by name.
await setUpProgram('getfacl', 'acl');
await setUpProgram('getfattr', 'attr');
await setUpProgram('fakeroot', 'fakeroot');
await setUpProgram('stunnel4', 'stunnel4');
for (const name of ['mandoc', 'zsh', 'fish']) await setUpProgram(name, name);
await setUpCallers();
const ansible = await setUpAnsibleModule();
const wrappers = await setUpWrappers();

writeFileSync(
  join(cache, 'peers.json'),
  `${JSON.stringify({ rsync, rsync327, node24, ssh, sshd, mkfsBtrfs, mkfsXfs, filefrag, ansible, wrappers, skipped }, null, 2)}\n`,
);
for (const { what, why } of skipped) console.log(`set-up: no ${what}, its tests are skipped: ${why}`);
if (rsync !== null && !(await isVersion(rsync, '3.5.0'))) {
  console.log('set-up: the rsync on PATH is not 3.5.0; the tests take it as the reference all the same');
}
