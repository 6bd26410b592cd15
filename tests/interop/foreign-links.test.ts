/**
 * Symbolic links on the way to what the user named: root's and our own are gone through, those that somebody else
 * planted are refused, and `--insecure-links` lets them pass. Only root can make links of others.
 */
import { describe, test } from 'vitest';
import { isRoot, kernelName, referencePeer } from '../support/peers.ts';
import { fewer } from '../support/property.ts';
import { expectSameScript, ways } from '../support/script.ts';

const reference = referencePeer();

/** `$L` is a link to `out/` that belongs to `$1`. */
const prepared = `mkdir -p s/sub d out/p; echo new >s/f; echo more >s/sub/g; echo o >d/f; touch -d 2001-01-01 s/f s/sub/g
  echo f >out/list; echo '- f' >out/rules; L=$PWD/L; ln -s out L; chown -h \${owner} L
  look() { find d out | sort; cat d/f; }
  # Where a run ends early, how far other directories are is by chance.
  back() { rm -r s/sub; sync -rtb $more "$@" 2>/dev/null; }
  go() { $R "$@" 2>&1 | grep -v -e 'rsync error' -e 'portable kernel'; echo "exit \${PIPESTATUS[0]}"; }
`;

const places = [
  { what: 'an absolute destination', script: 'go -r $more s/ $L/; go -r $more s/ $L/p' },
  { what: 'a relative destination', script: 'go -r $more s/ L/; go -r $more s/ L/p/' },
  { what: 'a single file in a destination', script: 'go -r $more s/f $L/x; go -r $more s/f L/p/x' },
  { what: 'an absolute --backup-dir', script: 'back --backup-dir=$L/bk' },
  { what: 'a --backup-dir that is the link', script: 'back --backup-dir=$L' },
  { what: 'a --backup-dir with ..', script: 'back --backup-dir=../L/bk' },
  {
    what: 'a relative --backup-dir',
    script: 'ln -s ../out d/R; chown -h $owner d/R; back --backup-dir=R',
  },
  {
    what: 'a --backup-dir for what is deleted',
    script: 'rm s/f; back --delete --backup-dir=$L/bk',
  },
  ...['compare', 'copy', 'link'].flatMap((kind) =>
    ['$L', '../L', '$L/p'].map((dir) => ({
      what: `--${kind}-dest=${dir}`,
      script: `cp -p s/f out; cp -a s/. out/p; touch -d @1000 s d; sync -rtii $more --${kind}-dest=${dir} 2>/dev/null; stat -c %h d/f d/sub/g`,
    })),
  ),
  { what: 'an absolute --partial-dir', script: 'sync -rt $more --partial-dir=$L/part 2>/dev/null' },
  { what: '--files-from', script: 'go -r $more --files-from=L/list s/ d/' },
  { what: '--exclude-from', script: 'go -r $more --exclude-from=L/list s/ d/' },
  { what: 'a merged rule file', script: 'go -r $more -f ". L/rules" s/ d/' },
];

const refusals = [
  'rm -r s/sub; go -rt s/ d/ -b --backup-dir=$L',
  'rm -r s/sub; go -rt s/ d/ -b --backup-dir=$L --no-W -I',
  // Files behind the one that ends the run may have come already.
  'cp d/f d/x; rm -r s/sub; cp s/f s/y; cp s/f s/z; go -rt s/ d/ -b --delete --backup-dir=$L; rm -f d/y d/z',
  'ln -s ../out d/R; chown -h $owner d/R; go -rt --inplace -b --backup-dir=R s/ d/',
  'go -rt --inplace -b --backup-dir=$L s/f d/',
  'go -rt --inplace -b --backup-dir=$PWD/out/p s/f d/; go -rt --inplace -b --backup-dir=s/f/g s/f d/',
  'cp s/f s/y; go -rt --link-dest=$L s/ d/',
  'cp s/f s/y; go -rt --link-dest=$L --compare-dest=../L s/ d/; go -rt --copy-dest=$L/p s/ d/',
  'ln -s x s/l; go -rlt --link-dest=$L s/ d/',
  'go -r --log-file=L/p/log s/ d/',
  'cp -P L s/.rsync-filter; chown -h $owner s/.rsync-filter; go -rF s/ d/',
  'echo host | $R --password-file=$L/list rsync://localhost:1/x/ d/ 2>&1 | grep -c refusing',
];

describe.skipIf(reference === null)('links that lead to each other are refused by nobody', () => {
  test.each([
    'go -r --exclude-from=$L s/ d/',
    'go -r --files-from=$L s/ d/',
    'go -rt --link-dest=$L s/ d/',
    'rm -r s/sub; go -rt -b --backup-dir=$L s/ d/',
    'go -r --log-file=$L/log s/ d/',
    'go -r --write-batch=$L s/ d/',
    'go -r s/ $L/to',
    // The rules of the directory behind the last of forty links; the portable kernel goes through one of its own.
    ...(kernelName === 'portable' ? [] : ['ln -s .. s/sub/up; go -rLC s/ to/ | cut -c1-80']),
  ])('%s', (script) =>
    expectSameScript(
      { script: `owner=$(id -u); ${prepared}rm L; ln -s L L; ${script}; look`, sorted: true },
      reference!,
    ),
  );
});

describe.skipIf(reference === null || !isRoot)('what keeps a way from being gone', () => {
  test.each(refusals)('is told: %s', (script) =>
    expectSameScript({ script: `owner=65534; ${prepared}${script}; look`, sorted: true }, reference!),
  );
});

describe.skipIf(reference === null || !isRoot)('a symbolic link', () => {
  const table = places.flatMap(({ what, script }) =>
    [
      ['of ours', 0, ''],
      ['of another user', 65534, ''],
      ['of another user with --insecure-links', 65534, '--insecure-links'],
    ].map(([whose, owner, more]) => ({
      what,
      whose,
      script: `owner=${owner}; more=${more}; ${prepared}${script}; look`,
    })),
  );
  test.each(fewer(table))('$whose in $what', ({ script }) =>
    expectSameScript({ script, sorted: true }, reference!),
  );

  test.for(ways)('%s: in the way to backups', (way) =>
    expectSameScript(
      { way, script: `owner=65534; ${prepared}back --backup-dir=$L/bk; look`, sorted: true },
      reference!,
    ),
  );

  test.for(ways)('%s: in a relative --backup-dir of ours is gone through, and named as given', (way) =>
    expectSameScript(
      {
        way,
        sorted: true,
        script: `mkdir s d out; echo new >s/f; echo o >d/f; ln -s ../out d/bk; sync -rb --backup-dir=bk --info=backup; cat out/f`,
      },
      reference!,
    ),
  );

  // rsync keeps mode and time there without --inplace alone (docs/compatibility.md): that is what ours is held to.
  test.for(ways)('%s: in a relative --backup-dir of ours, and files are written in place', (way) =>
    expectSameScript(
      {
        way,
        sorted: true,
        script: `mkdir -p s/sub d/sub out; for f in f sub/g; do echo new >s/$f; echo o >d/$f; chmod 604 d/$f; touch -d @1000 d/$f; done
          ln -s $PWD/out d/bk; ln -s ../out d/near; [[ $R != *oc-rsync* ]] || how=--inplace
          sync -rtb $how -I --backup-dir=bk --info=backup
          find out d -type f -printf '%p %m ' -exec cat {} \\;; find out/f out/sub/g -printf '%p %t\\n'; sync -rtb $how -I --backup-dir=near/x; rm d/bk`,
      },
      reference!,
    ),
  );
});

/** `s/` with links to directories and files inside and outside; `$owner` has those in `s`, and `to FOLDER` copies what `names` has. */
const listed = `mkdir -p s/d/e out/dd; echo f >s/f; echo g >s/d/g; echo k >s/d/e/k; echo x >out/x; echo z >out/dd/z; touch -d 2001-01-01 s/f
  ln -s d s/in; ln -s ../out s/away; ln -s away s/twice; ln -s $PWD/out s/abs; ln -s nowhere s/gone; ln -s round s/round; ln -s ../out/x s/file
  ln -s e s/d/below; ln -s s L; find s L -type l -exec chown -h $owner {} +
  names() { printf '%s\\n' "$@" >names; }
  to() { local from=$1; shift; from_to $from d/ -r --files-from=names $more "$@" 2>&1 | grep -v -e 'rsync error' -e 'portable kernel'; find d | sort; rm -rf d; }
`;

describe.skipIf(reference === null)('what the names of a list lead through', () => {
  const lists = [
    'in/g',
    'in/e/k in/below/k f',
    'away/x abs/dd/ away/dd',
    'twice/x',
    'in/ away/',
    'in/. d/below/ d/below',
    'file file/ round round/ round/x gone gone/ gone/x',
    'away/none d/../away/x /away/x ../s/away/x',
    'in/./g away/./x',
    'f .',
  ];
  const table = ways.flatMap((way) =>
    lists.flatMap((names) =>
      (isRoot ? [0, 65534] : [0]).map((owner) => ({
        way,
        names,
        whose: owner === 0 ? 'ours' : 'links of others',
        owner: owner === 0 ? '$(id -u)' : owner,
      })),
    ),
  );
  test.each(fewer(table))('$way: $names, $whose', ({ way, names, owner }) =>
    expectSameScript(
      {
        way,
        sorted: true,
        script: `owner=${owner}; ${listed}names d/e/k ${names}; to s/; to L; to s --no-R -l; rm s/abs`,
      },
      reference!,
    ),
  );

  test.each([
    '-l',
    '-L --exclude=round --exclude=gone',
    '-k',
    '--copy-unsafe-links',
    '--no-implied-dirs',
    '--insecure-links',
    '--no-inc-recursive --delete-missing-args',
    '--protocol=29 --ignore-missing-args',
    '--list-only',
  ])('%s', (more) =>
    expectSameScript(
      {
        way: 'pull',
        sorted: true,
        script: `owner=${isRoot ? 65534 : '$(id -u)'}; more='${more}'; ${listed}names in/g away/x away/none abs/dd/ f; to s/; rm s/abs`,
      },
      reference!,
    ),
  );

  test.for(ways)('%s: --confine-root', (way) =>
    expectSameScript(
      {
        way,
        sorted: true,
        script: `owner=$(id -u); more=${way === 'pull' ? '-M' : ''}--confine-root=$PWD/s; ${listed}names f in/g in/below/k away/x abs/dd/ twice/none away/ in/ file/
          to s/; to L; to s --no-R; to s -L --exclude=round --exclude=gone; to s -l --no-inc-recursive; ${way === 'pull' ? '' : 'names x dd; to out/; to out/ --no-R;'} names away/./x in/./g .; to s; to s/d/..; rm s/abs`,
      },
      reference!,
    ),
  );
});
