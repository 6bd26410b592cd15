# One job for each program that calls rsync: `jobs.sh NAME`, in an empty folder, with the rsync to be called as the first of
# PATH. Each does its ordinary work, changes the source, and does it again; what it leaves below out/ is what counts.
set -u
here=$PWD

tree() {
  mkdir -p src/docs/deep src/empty "src/a b" out
  echo one >src/one; echo two >src/docs/two; echo three >"src/a b/th ree"; head -c 300000 /dev/zero >src/docs/zero
  seq 20000 >src/docs/deep/numbers; ln -s ../one src/docs/link; ln src/one src/hard; echo '#!/bin/sh' >src/run; chmod 755 src/run
  chmod 700 src/docs/deep; printf 'x' >"src/ümlaut"; echo skip >src/core.tmp
  find src -exec touch -hd 2022-03-04T05:06:07 {} +
}
change() {
  echo more >>src/one; rm src/docs/two; mkdir src/new; echo new >src/new/file; seq 20001 >src/docs/deep/numbers; chmod 640 src/run
  mv "src/a b" src/c; find src -newermt 2023-01-01 -exec touch -hd 2022-04-05T06:07:08 {} +
}
# What is done twice, with a change between.
twice() { "$@"; echo "first: $?"; change; "$@"; echo "second: $?"; }
tree

case $1 in
rsnapshot)
  printf '%s\t%s\n' config_version 1.2 snapshot_root $here/out/ cmd_rsync "$(command -v rsync)" cmd_rm /bin/rm \
    retain "alpha	4" verbose 2 loglevel 1 lockfile $here/lock exclude '*.tmp' link_dest 1 backup "$here/src/	localhost/" >conf
  twice rsnapshot -c conf alpha
  ls out; [ out/alpha.0/localhost$here/src/run -ef out/alpha.1/localhost$here/src/run ] || echo "not linked: run"
  [ out/alpha.0/localhost$here/src/docs/zero -ef out/alpha.1/localhost$here/src/docs/zero ] && echo "linked: zero"
  mv out/alpha.0/localhost$here/src out/now; mv out/alpha.1/localhost$here/src out/before; rm -rf out/alpha.*
  ;;
lsyncd)
  # It watches: what is changed while it runs has to arrive.
  cat >conf <<CONF
settings { nodaemon = true, logfile = "$here/log", insist = true }
sync { default.rsync, source = "$here/src", target = "$here/out/dst", delay = 1,
  exclude = { "*.tmp" }, rsync = { binary = "$(command -v rsync)", archive = true, hard_links = true, compress = false } }
CONF
  lsyncd conf >/dev/null 2>&1 & pid=$!
  same() { diff -r --no-dereference -x '*.tmp' src out/dst >/dev/null 2>&1; }
  until_same() { for n in $(seq 150); do same && return 0; kill -0 $pid 2>/dev/null || return 1; sleep 0.2; done; return 1; }
  until_same; echo "first: $?"; change; until_same; echo "second: $?"
  kill $pid; wait $pid 2>/dev/null; true
  ;;
fpsync)
  mkdir tmp
  job() { fpsync -n 2 -f 3 -t $here/tmp -o "-lptgoD --numeric-ids" $here/src/ $here/out/ >log 2>&1; }
  twice job
  ;;
fpsync-dirs)
  mkdir tmp
  job() { fpsync -n 2 -f 3 -E -t $here/tmp -o "-lptgoD --numeric-ids" $here/src/ $here/out/ >log 2>&1; }
  twice job
  ;;
dirvish)
  mkdir -p etc bank/vault/dirvish
  printf 'bank:\n\t%s\nexclude:\n\t*.tmp\nRunall:\n\tvault\nexpire-default: +15 days\nrsync: %s\n' $here/bank "$(command -v rsync)" >etc/master.conf
  printf 'client: %s\ntree: %s\nxdev: 0\nindex: none\nimage-default: %%s\nnumeric-ids: 1\n' "$(hostname)" $here/src >bank/vault/dirvish/default.conf
  mkdir -p /etc/dirvish
  mount --bind etc /etc/dirvish || exit 1
  dirvish --vault vault --init --image before; echo "first: $?"; change; dirvish --vault vault --image now; echo "second: $?"
  [ bank/vault/before/tree/docs/zero -ef bank/vault/now/tree/docs/zero ] && echo "linked: zero"
  mv bank/vault/before/tree out/before; mv bank/vault/now/tree out/now; umount /etc/dirvish; rm -rf bank etc
  ;;
backintime)
  PATH=$(dirname "$(command -v rsync)"):/usr/bin:/bin:/usr/sbin:/sbin
  export HOME=$here/home XDG_CONFIG_HOME=$here/home/.config XDG_DATA_HOME=$here/home/.local/share LC_ALL=C.UTF-8; mkdir -p $XDG_CONFIG_HOME/backintime
  mkdir -p out/bit/backintime/host/user/1
  cat >conf <<CONF
config.version=6
profile1.snapshots.path=$here/out/bit
profile1.snapshots.mode=local
profile1.snapshots.path.host=host
profile1.snapshots.path.user=user
profile1.snapshots.path.profile=1
profile1.snapshots.include.1.value=$here/src
profile1.snapshots.include.1.type=0
profile1.snapshots.include.size=1
profile1.snapshots.exclude.1.value=*.tmp
profile1.snapshots.exclude.size=1
profile1.snapshots.no_on_battery=false
profile1.snapshots.preserve_acl=false
profile1.snapshots.cron.nice=false
profile1.snapshots.smart_remove=false
profile1.snapshots.take_snapshot_regardless_of_changes=false
profiles.version=1
CONF
  job() { backintime --config conf backup >>log 2>&1; sleep 1.1; }
  twice job
  n=0; for d in out/bit/backintime/host/user/1/20*; do n=$((n + 1)); mv $d/backup$here/src out/$n; done; echo "$n snapshots"
  [ out/1/docs/zero -ef out/2/docs/zero ] && echo "linked: zero"
  rm -rf out/bit home
  ;;
ansible)
  export ANSIBLE_COLLECTIONS_PATH=$ANSIBLE_HERE ANSIBLE_LOCALHOST_WARNING=False ANSIBLE_HOME=$here/home ANSIBLE_NOCOLOR=1 LC_ALL=C.UTF-8
  job() { ansible localhost -c local -m ansible.posix.synchronize -a "src=$here/src/ dest=$here/out/ delete=yes recursive=yes archive=yes rsync_opts=--exclude=*.tmp" 2>&1 | sed '/"cmd"/d;s/ *"msg".*//' ; }
  twice job
  rm -rf home
  ;;
rsyncwrapper)
  cat >job.mjs <<'JOB'
import { createRequire } from 'node:module';
const rsync = createRequire(process.env.NPM_HERE + '/')('rsyncwrapper');
rsync({ src: 'src/', dest: 'out/', recursive: true, deleteAll: true, exclude: ['*.tmp'], args: ['--times', '--links', '--perms'] }, (error, stdout, stderr) => {
  process.stdout.write(String(error ?? 'no error') + stdout + stderr);
});
JOB
  twice node job.mjs
  ;;
node-rsync)
  cat >job.mjs <<'JOB'
import { createRequire } from 'node:module';
const Rsync = createRequire(process.env.NPM_HERE + '/')('rsync');
const lines = [];
new Rsync().flags('ai').set('delete').exclude('*.tmp').source('src/').destination('out/').execute(
  // What is deleted and what is sent are told of side by side.
  (error, code, command) => console.log(String(error), code, command.replace(/^.*rsync /, ''), lines.join('').split('\n').sort().join('\n')),
  (data) => lines.push(String(data)), (data) => lines.push(String(data)));
JOB
  twice node job.mjs
  ;;
grsync) # The command line that its window makes with its usual boxes ticked, and as many more as there are.
  twice rsync -r -t -p -o -g -v --progress --delete -l -D -s src/ out/ >log
  twice2() { rsync -r -t -x -p -o -g -v --progress -u -c -H -z --backup --ignore-existing -l src/ out/more/; }
  twice2 >>log; echo "third: $?"
  ;;
deployer) # rsync recipe: flags and the options of its default configuration, then a release beside the last one.
  job() { rsync -azP --delete --delete-after --force --exclude=.git --exclude='*.tmp' --include=/docs/ --filter='- /run' src/ out/release >log; }
  twice job
  rsync -rz --stats --copy-dest=$here/out/release src/ out/next | grep -c transferred; echo "third: $?"
  ;;
ftpsync) # A Debian mirror in two stages: packages first, then the lists that name them.
  mkdir -p src/dists/stable src/pool/main; for n in 1 2 3; do echo package $n >src/pool/main/p_$n.deb; done
  echo list >src/dists/stable/Release; echo list >src/dists/stable/Packages.gz; find src -exec touch -hd 2022-03-04T05:06:07 {} +
  common="-prltvHSB8192 --safe-links --chmod=D755,F644 --timeout 120 --stats --no-human-readable --no-inc-recursive"
  stage1="--exclude=Packages* --exclude=Sources* --exclude=Release* --exclude=InRelease --include=i18n/by-hash/** --exclude=i18n/* --exclude=ls-lR*"
  stage2="--max-delete=40000 --delay-updates --delete --delete-delay --delete-excluded"
  job() { rsync $common $stage1 --exclude=.~tmp~/ src/ out/ >>log && rsync $common $stage2 --exclude=.~tmp~/ --filter=protect_trace/ src/ out/ >>log; }
  job; echo "first: $?"; rm src/pool/main/p_1.deb; echo 'package 2, changed' >src/pool/main/p_2.deb; change; job; echo "second: $?"
  ;;
debmirror) # What it calls: a list of names on standard input, partial files kept.
  find src -type f -printf '%P\n' | sort >list
  job() { rsync --partial -aIL --no-motd --timeout=300 --files-from=- src/ out/ <list >>log; }
  job; echo "first: $?"; change; find src -type f -printf '%P\n' | sort >list; job; echo "second: $?"; rm list
  ;;
*) echo "no job $1"; exit 2 ;;
esac
