/** Options about symbolic links beside real rsync: what is sent in their place, kept, followed or left out. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { ours, referencePeer } from '../support/peers.ts';
import { canBePlainUser, expectSameScript, type Script, ways } from '../support/script.ts';
import { test } from '../support/tables.ts';
import { withWorkspace } from '../support/workspace.ts';

const reference = referencePeer();
const same = ({ script, ...test }: Script) =>
  expectSameScript({ sorted: true, ...test, script: `${said}${script}` }, reference!);

/** `said COMMAND`: without the lines that name programs or count the bytes of their wire. */
const said = `said() { "$@" | grep -v -e '^sent ' -e '^total' -e '^opening' -e '^$'; }
`;

/** The portable kernel counts one more link in each path than the system does, and ends one folder before rsync. */
const shallow = process.env.OC_RSYNC_KERNEL === 'portable' ? 'rm s/sub/dots; touch -d 2002-01-01 s/sub;' : '';

/** Links to files and directories, inside and outside, that lead nowhere, round, or up. */
const links = `mkdir -p s/sub/deep out/od; echo real >s/real; echo z >s/sub/z; echo deep >s/sub/deep/d; echo of >out/f
  echo odf >out/od/f; touch -d 2001-01-01 s/real s/sub/z s/sub/deep/d out/f out/od/f
  ln -s real s/l; ln -s sub s/dl; ln -s ../sub/deep s/sub/up; ln -s ../out/f s/of; ln -s ../out/od s/od; ln -s /etc/debian_version s/abs
  ln -s nowhere s/dang; ln -s round s/round; ln -s dang s/twice; ln -s sub/../real s/mid; ln -s deep/.. s/sub/dots
  ln -s sub/./deep/../../real s/sub/inner; ln -s .. s/sub/parent; ln -s od/f s/through; chmod 640 out/f
  find s -type l -exec touch -hd 2001-01-01 {} +; touch -d 2002-01-01 s/sub/deep s/sub s out/od
`;

describe.skipIf(reference === null).each(ways)('%s', (way) => {
  describe('links in the source', () => {
    test.each([
      '-rtLv',
      '-rtLi --checksum',
      '-rtlkv --exclude=parent',
      '-rtki --exclude=parent',
      '-rtlv --copy-unsafe-links',
      '-rtv --copy-unsafe-links',
      '-rtlkv --copy-unsafe-links --exclude=parent --exclude=dots',
      '-rtlvv --safe-links',
      '-rtlv --safe-links --copy-unsafe-links',
      '-rtlLv --safe-links --exclude=parent --exclude=dots',
      '-rtlv --copy-unsafe-links --info=symsafe0',
      '-rtlv --safe-links --info=name0',
      '-rtlci --copy-unsafe-links --delete',
      '-rtLi --no-inc-recursive --exclude=parent --exclude=dots',
      '-rtLi --delete --exclude=parent --exclude=dots',
      '-rtLHi --exclude=parent --exclude=dots',
      '-rtlki --no-inc-recursive --exclude=parent -c',
      '-dLv',
      '-dlkv',
      '-rtLi --exclude=parent --exclude=dots --protocol=29',
      '-rtlki --exclude=parent --protocol=30',
      '-rtli --safe-links --protocol=28',
      '-rtLxi --exclude=parent --exclude=dots',
      '-rLti --exclude=parent --exclude=dots --max-size=4',
      '-rtlni --copy-unsafe-links',
    ])('%s', (options) =>
      same({
        way,
        script: `${links}mkdir d; echo old >d/dang; echo more >d/extra; touch -d 2003-01-01 d
          ${options.includes('parent') ? shallow : 'rm s/sub/parent s/sub/dots; touch -d 2002-01-01 s/sub;'} said sync ${options}; said sync ${options}`,
      }),
    );
  });
});

describe.skipIf(reference === null)('links as sources', () => {
  test.each([
    '-v s/l s/dl s/dang s/of s/od s/abs',
    '-lv s/l s/dl s/dang s/of s/od s/abs',
    '-Lv s/l s/dl s/dang s/of s/od s/abs',
    '-rLv --exclude=parent --exclude=dots s/l s/dl s/dang s/round s/of s/od s/abs',
    '-rlkv --exclude=parent s/l s/dl s/dang s/of s/od',
    '-rlv --copy-unsafe-links s/l s/dl s/dang s/of s/od s/abs',
    '-rlv --safe-links s/l s/dl s/dang s/of s/od s/abs',
    '-rlv s/dl/ s/od/ s/sub/up/',
    '-rlRv s/dl/z s/od/f s/dl/up/d',
    '-rlRv --no-inc-recursive s/dl/z s/od/f s/dl/up/d',
    '-rLRv --exclude=parent --exclude=dots s/dl/z s/od/f s/dl/up',
    '-rlkRv --exclude=parent s/./dl/z s/./od',
    '-rlRv --copy-unsafe-links s/./dl/z s/./od s/./of',
    '-lv --safe-links s/of d/name',
    '-Lv s/of d/name',
    '-dLv s/od s/dl s/od/',
    '-rlkRv --no-implied-dirs s/./dl/z s/./od/f',
    '-rlvx --copy-unsafe-links s/od s/of',
  ])('%s', (args) =>
    same({
      script: `${links}${shallow}mkdir d; go() { $R "$@"; echo "exit $?"; }; said go ${args}${args.endsWith('d/name') ? '' : ' d/'}`,
    }),
  );

  test('backups of unsafe links are not made with --safe-links', () =>
    same({
      script: `mkdir s d; for n in a b c e; do ln -s in s/$n; done; ln -s ../../x d/a; ln -s /abs d/b; ln -s ok d/c; ln -s ../y d/gone
        rm s/e; echo f >d/e
        said sync -rlvvb --safe-links --delete --backup-dir=bk; said sync -rlvb --safe-links --delete --backup-dir=$PWD/bk`,
    }));

  test.skipIf(!canBePlainUser)('one that leads to what may not be looked at', () =>
    same({
      plainUser: true,
      script: `mkdir -p s shut/in; echo x >shut/f; ln -s ../shut/f s/l; ln -s ../shut/in s/d; chmod 0 shut
        said sync -rLv; said sync -rlv --copy-unsafe-links; said sync -rlkv; chmod 700 shut`,
    }),
  );
});

/** Directories of the source that the destination has as links: to a directory in the transfer, and to one beside it. */
const kept = `mkdir -p s/dir/e s/dir2 s/dir3 out d/tgt/old d/tgt2; echo f>s/dir/f; echo e>s/dir/e/x; echo g>s/dir2/g; echo k>out/k
  echo o>d/tgt/old/o; echo z>d/tgt/z; ln -s tgt d/dir; ln -s ./tgt2/../tgt2/. d/dir2; ln -s nowhere d/dir3; ln -s x d/gone
  touch -d 2001-01-01 s/dir/f s/dir/e/x s/dir/e s/dir2/g s/dir2 s/dir s; touch -d 2005-01-01 d/tgt/old/o d/tgt/old d/tgt/z d/tgt d/tgt2 d`;

describe.skipIf(reference === null)('--keep-dirlinks', () => {
  test.each([
    ['local', '-rlti'],
    ['local', '-rltiK'],
    ['local', '-rltiK --delete'],
    ['push', '-rltiK --delete-before'],
    ['pull', '-rltiK --delete-delay --protocol=30'],
    ['local', '-rltinK --delete'],
    ['push', '-rltiK --no-inc-recursive -c'],
    ['pull', '-rltiKb --backup-dir=bk --delete'],
    ['local', '-rltciK --protocol=29'],
    ['local', '-rltiK --existing'],
    ['push', '-rltiKu --inplace'],
    ['local', '-rltRiK --no-implied-dirs'],
  ] as const)('%s: %s', (way, options) =>
    same({
      way,
      script: `${kept}; said sync ${options}; echo new >s/dir/f; touch -d 2002-01-01 s/dir/f; said sync ${options}; cat d/dir/f`,
    }),
  );

  test.each([
    ['../out', ''],
    ['../out', '--insecure-links'],
    ['$PWD/d/tgt2', ''],
    ['dir', ''],
    ['tgt2/file', ''],
  ])('of a link to %s, with other permissions %s', (target, more) =>
    same({
      script: `mkdir -p s/dir/e out d/tgt2; echo f>s/dir/f; echo e >s/dir/e/x; echo k >d/tgt2/file; chmod 750 s/dir; chmod 700 out d/tgt2
        touch -d 2001-01-01 s/dir/f s/dir/e/x s/dir/e s/dir s; ln -s ${target} d/dir; touch -d 2005-01-01 d/tgt2 d
        said sync -rlptinK ${more}; said sync -rlptiK ${more}; said sync -rlptiK ${more}; readlink d/dir | grep -c d/tgt2; rm -r d/dir`,
    }),
  );

  test.skipIf(!canBePlainUser)('of a directory that may not be written', () =>
    same({
      plainUser: true,
      script: `mkdir -p s/dir d/tgt; echo f>s/dir/f; chmod 555 s/dir d/tgt; ln -s tgt d/dir; said sync -rlpiK; chmod -R u+w s d`,
    }),
  );
});

describe.skipIf(reference === null)('--munge-links', () => {
  const source = `mkdir s; ln -s real s/a; ln -s /rsyncd-munged/x s/b; ln -s /rsyncd-munged/ s/c; ln -s ../up s/e; echo r >s/real; ln s/real s/hard; touch -hd 2001-01-01 s/*; touch -d 2002-01-01 s`;
  test.each(ways)('%s: on either side', (way) =>
    same({
      way,
      script: `${source}; said sync -rltHi --munge-links; said sync -rltHi --munge-links; said sync -rltHi -M--munge-links
        said sync -rlti --munge-links -M--munge-links; said sync -rltvv --safe-links -M--munge-links; said sync -rltvv --safe-links --munge-links
        said sync -rltH --munge-links --protocol=29; said sync -rltb --munge-links; said sync -rltb`,
    }),
  );
});

/** A folder that paths may not lead out of, and one beside it; `go` shows what a run said and left in `in/d`. */
const confined = `mkdir -p in/s/sub in/rules out in/ref; echo 1 >in/s/f; echo 2 >in/s/g; echo 3 >in/s/sub/h; echo '- g' >in/rules/r; cp in/rules/r out/r
  echo g >in/list; cp in/list out; touch -d 2001-01-01 in/s/f in/s/g in/s/sub/h in/s/sub in/s; cp -a in/s/. in/ref; ln -s ../out in/lout; ln -s rules in/lin
  I=$PWD; go() { rm -rf $I/in/d $I/in/bk; mkdir $I/in/d; touch -d 2003-01-01 $I/in/d; $R -rti --confine-root=$I/in "$@"; echo "exit $?"; find $I/in/d $I/in/bk -printf '%P %n\\n' | sort; }; cd in`;

describe.skipIf(reference === null)('--confine-root', () => {
  test.each([
    'for r in ../in/rules/r rules/r $PWD/rules/r lin/r nosuch; do go --exclude-from=$r s/ d/; done',
    'for l in list ../in/list ../out/list lout/list lin/../list nosuch; do go --files-from=$l s d/; done',
    'ln -s $I/out/r s/sub/.in; ln -s $I/in/rules/r s/.in; ln -s ../lin/r s/sub/.too; touch -d 2001-01-01 s/sub s; for m in .in .too /$I/out/r; do go -f ": $m" s/ d/; done; rm s/.in s/sub/.in',
    'for l in $PWD/../out $PWD/lout $PWD/ref; do go --partial-dir=$l/p s/ d/; done; go --link-dest=$PWD/ref s/ d/; go s/ ../out/dd/',
    'for l in bk $PWD/bk ../bk; do go -b --backup-dir=$l s/ d/; echo new >d/f; $R -rtib --confine-root=$I/in --backup-dir=$l s/ d/; find . -name f; done',
    'go --confine-root=/ -f ". ../out/r" s/ d/; go --confine-root=in s/ d/; go --insecure-links s/ d/; go --confine-root=$I/in/../in/./ -f ". rules/r" s/ d/',
  ])('%s', (script) => same({ script: `${confined}; ${script}` }));

  // As the manual has it; the packaged 3.5.0 does not.
  test.each([
    ['--exclude-from=../out/r', 11],
    ['--exclude-from=lout/r', 11],
    ['--filter=. lout/r', 11],
  ] as const)('refuses %s', (option, code) =>
    withWorkspace(async (dir) => {
      mkdirSync(join(dir, 'in/s'), { recursive: true });
      mkdirSync(join(dir, 'out'));
      for (const name of ['in/s/f', 'out/list', 'out/r']) writeFileSync(join(dir, name), 'f\n');
      symlinkSync('../out', join(dir, 'in/lout'));
      const [program, ...first] = ours().command;
      const args = [...first, '-r', `--confine-root=${dir}/in`, option, 's/', 'd/'];
      const { status, stderr } = spawnSync(program!, args, { cwd: join(dir, 'in'), encoding: 'utf8' });
      expect(stderr).toContain('Too many levels of symbolic links');
      expect(status).toBe(code);
      expect(existsSync(join(dir, 'in/d'))).toBe(false);
    }),
  );
});
