/**
 * What a user without rights meets that root never does: directories that are closed to their owner, files that
 * their owner may not read or write. All of it belongs to that user.
 */
import { describe, test } from 'vitest';
import { kernelName, referencePeer } from '../support/peers.ts';
import { fewer } from '../support/property.ts';
import { canBePlainUser, expectSameScript, ways } from '../support/script.ts';

const reference = referencePeer();

const old = 'touch -d 2020-01-01';

const cases = [
  {
    what: 'an old file that cannot be read is told of, be it empty',
    script: `mkdir s; echo new >s/empty; : >s/both; echo new >s/full; ${old} s/*
      again() { mkdir d; : >d/empty; : >d/both; echo old >d/full; touch -d 2019-01-01 d/* d s; chmod 0 d/*; }
      for o in -ai '-rtiH --no-W' '-rtin --no-W'; do
        again; sync $o; chmod -R u+rwx d; cat d/full; rm -r d; done`,
  },
  {
    what: 'a read-only directory keeps its mode when all is up to date',
    script: `mkdir -p s/ro s/ro/in s/rx; touch s/ro/x s/ro/in/y; chmod 555 s/ro/in s/ro; chmod 500 s/rx
      sync -ai; sync -ai; sync -ai --delete; stat -c %a d/ro d/ro/in d/rx`,
  },
  {
    what: 'a read-only directory keeps its mode when something in it is deleted',
    script: `mkdir -p s/ro d/ro; touch s/ro/x d/ro/x d/ro/gone; ${old} s/ro/x d/ro/x; chmod 555 s/ro d/ro
      sync -a --delete; sync -a --delete-delay; sync -ai; stat -c %a d/ro`,
  },
  {
    what: 'a read-only directory that is to be deleted goes with its content',
    script: `mkdir s; touch s/a; touch -d 2020-01-01 s
      again() { mkdir -p d/x/y; touch d/x/f d/x/y/g d/h; chmod 444 d/h d/x/f; chmod 555 d/x/y d/x; touch -d 2020-01-01 d; }
      for o in --delete --delete-before --delete-delay --delete-after '--delete -n' '--delete -b' \
        '--delete -b --backup-dir=../bk' '--delete --filter=P_g'; do again; sync -aiO $o; find . -printf '%m %P\n' | sort
        chmod -R u+rwx d; rm -rf d bk; done
      mkdir -p d/a d/l/in; touch d/l/in/f; chmod 555 d/l/in d/l d/a; ln -s x s/l; sync -aiO --force; chmod -R u+rwx d
      rm s/l; echo new >s/l; touch d/l/in/f; chmod 555 d/l/in d/l; sync -aiO --force; chmod -R u+rwx d`,
  },
  {
    what: 'a directory that cannot be read and is to be deleted stays, and the generator says so',
    script: `mkdir -p s d/b/c; touch s/f d/b/c/x d/gone; chmod 0 d/b; for o in --delete --delete-after --delete-excluded; do
      sync -ai $o; sync -ai $o -n; done; chmod 700 d/b`,
  },
  {
    what: 'directories with nothing in them get their mode',
    script: `mkdir -p s/a s/b s/c; touch s/c/no; chmod 555 s/a s/c; chmod 500 s/b
      sync -ai --exclude=no; sync -rpi --exclude=no; sync -ai --no-i-r --exclude=no; stat -c %a d/a d/b d/c`,
  },
  {
    what: 'directories that cannot be listed get their mode',
    script: `mkdir -p s/c s/d s/e; chmod 444 s/c; chmod 111 s/d; chmod 0 s/e; sync -ai; sync -ai; chmod u+rwx s/* d/*`,
  },
  {
    what: 'a directory that can be read but not searched is an error',
    script: `mkdir -p s/c s/ok; touch s/c/x s/ok/y; chmod 444 s/c
      sync -ai; sync -ai --no-i-r; sync -ai --delete; chmod 755 s/c`,
  },
  {
    what: 'closed directories at the destination are opened and filled',
    script: `for i in x y z x/q y/q z/q; do mkdir -p s/$i d/$i; echo new >s/$i/f; echo o >d/$i/f; echo e >d/$i/g; done
      chmod 0 d/x d/y; sync -a --delete; find d | sort
      echo more >s/x/f; echo more >s/z/f; chmod 0 d/x d/z; sync -a
      echo the most >s/x/f; chmod 0 d/x; sync -a --no-i-r --delete; chmod -R u+rwx d`,
  },
  {
    what: 'a destination file that cannot be read is replaced',
    script: `mkdir s d; echo new >s/f
      again() { rm -rf d/f; echo o >d/f; ${old} d/f; chmod 0 d/f; }
      again; sync -Oai --no-W; again; sync -OaiW; again; sync -Oaib --no-W; again; sync -Oai --partial-dir=.p --no-W
      again; sync -Oai --inplace --no-W; again; sync -Oai --append --no-W; again; sync -OaiI --append-verify --no-W
      chmod 600 d/*`,
  },
  {
    what: 'a destination file that cannot be read has no say in the mode of its successor',
    script: `mkdir -p s d alt; for m in 000 044 100 200 400 644; do echo new >s/$m; chmod 664 s/$m; done; chmod 640 s/000
      again() { rm -rf d/.p; for m in 000 044 100 200 400 644; do chmod -f 600 d/$m; echo o >d/$m; ${old} d/$m; chmod $m d/$m; done; }
      for o in '' --no-W -b '-b --suffix=.o' --inplace '--inplace -b' --partial-dir=.p -E '-E --no-W' -c --append -n; do
        again; sync -Orti $o; stat -c '%a %n' d/*; rm -f d/*~ d/*.o
      done
      again; for m in 000 044 644; do echo o >alt/$m; ${old} alt/$m; chmod $m alt/$m; done; umask 027; rm d/044 d/644
      sync -Orti --no-W --copy-dest=$PWD/alt; stat -c '%a %n' d/*`,
  },
  {
    what: 'no line tells of a file that cannot be made',
    script: `mkdir -p s/in s/ro d/in d/ro; seq 30000 >s/large; for f in in/a large ro/b in/c z; do echo $f >>s/$f; done
      touch -d 2020-01-01 s/* s/*/*
      printf '%s\n' in/a large ro/b in/c z >list; chmod 555 d d/ro
      for o in -i -v '-v --out-format=%n' '-i --no-i-r' '-i --log-format=%i_%b'; do
        sync -t --no-implied-dirs --files-from=list $o 2>&1 | sed 's/[.].\\{6\\}" fail/" fail/' |
          grep -v -e sent -e speed -e % -e file -e error:; rm d/in/*; done; chmod 755 d d/ro`,
  },
  {
    what: 'a file that cannot be made has the name of its temporary',
    script: `mkdir -p s/in d/in t; for f in .hidden in/.more in/b trail. $(printf %0250d 1); do echo $f >s/$f; echo $f; done >list
      seq 30000 >s/.large; echo .large >>list; chmod 555 d d/in t
      for o in '' --no-W -z "-T $PWD/t"; do sync -t --no-implied-dirs --files-from=list $o 2>&1 |
        sed 's/[.][A-Za-z0-9]\\{6\\}" fail/.XXXXXX" fail/' | grep -v error:; done
      for o in --no-W -z; do sync -t --stats --no-implied-dirs --files-from=list $o 2>&1 | grep ' data: '; done; chmod 755 d d/in t`,
  },
  {
    what: 'at protocol 30 nothing is deleted where a directory ahead could not be listed',
    script: `mkdir -p s/equal/sub s/fresh/sub s/half/closed d/half; for d in equal equal/sub fresh fresh/sub half; do
        for f in 1 2 3; do echo $f >s/$d/$f; done; done; touch d/half/x d/half/y; chmod 0 s/half/closed
      sync -a -K --delete --protocol=30 | grep exit; ls d/half; chmod 700 s/half/closed d/half/closed`,
  },
  {
    what: 'with -H nothing is deleted where a directory below could not be listed',
    script: `mkdir -p s/a s/z; echo new >s/a/f; again() { rm -rf d; mkdir -p d/old; : >d/old/x; : >d/gone; }; chmod 0 s/z
      for o in --delete --delete-delay --delete-after '--delete --ignore-errors'; do again; sync -aiHO $o; ls d d/old; done`,
  },
  {
    what: 'a large destination file that cannot be read is replaced',
    script: `mkdir s d; head -c 900000 /dev/zero >s/f; again() { rm -rf d/f; echo o >d/f; ${old} d/f; chmod 0 d/f; }
      again; sync -OaiW; again; sync -Oai --no-W; again; sync -Oaiz; chmod 600 d/f`,
  },
  {
    what: 'a read-only file is written in place and stays read-only',
    script: `mkdir s d; echo newer >s/f; echo o >d/f; ${old} d/f; chmod 444 s/f d/f; sync -Oai --inplace; cat d/f
      chmod 644 s/f; echo more >>s/f; touch -d 2021-01-01 s/f; chmod 444 s/f; sync -Oai --append; cat d/f
      chmod 644 s/f; echo more >>s/f; touch -d 2022-01-01 s/f; sync -Orti --inplace; stat -c %a d/f; cat d/f`,
  },
];

/** What is kept in attributes, which plain Node has none of. */
const noted = [
  {
    what: 'a link that --fake-super keeps as a file has the mode of a new one',
    script: `mkdir s d; ln -s x s/l; umask 027; for o in -rlt -rltp -rltE; do sync $o --fake-super; stat -c '%a %F' d/l; rm d/l; done`,
  },
];

describe.skipIf(reference === null || !canBePlainUser)('without rights', () => {
  const all = kernelName === 'portable' ? cases : [...cases, ...noted];
  const table = all.flatMap((row) => ways.map((way) => ({ ...row, way })));
  test.each(fewer(table))('$what: $way', ({ script, way }) =>
    expectSameScript({ script, way, plainUser: true, sorted: true }, reference!),
  );
});
