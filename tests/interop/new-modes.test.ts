/**
 * The modes of what is made where permissions are not preserved: the umask, the set-group-id bit and the default ACL
 * of the directory that it is made in, and the mode of the basis.
 */
import { spawnSync } from 'node:child_process';
import { lstatSync, mkdirSync, mkdtempSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { kernelName, ours, referencePeer } from '../support/peers.ts';
import { fewer } from '../support/property.ts';
import { run } from '../support/run.ts';
import { expectSameScript, ways } from '../support/script.ts';
import { removeTree, withWorkspace } from '../support/workspace.ts';

const reference = referencePeer();

const source = `mkdir -p s/dir/sub s/open; touch s/dir/f s/dir/sub/x s/top; chmod 775 s/dir; chmod 777 s/open
  chmod 4755 s/dir/f; chmod 666 s/top; ln -s top s/link`;
const modes = `find . -path ./s -prune -o -printf '%M %p\\n' | sort -k2`;

const optionSets = [
  '-r',
  '-rl',
  '-d',
  '-dl',
  '-rlt',
  '-a --no-p',
  '-a',
  '-rE',
  '-rl --no-i-r',
  '-rlt --protocol=29',
];

const setGid = optionSets.map((options) => ({
  what: `set-group-id is inherited, ${options}`,
  script: `${source}; mkdir d; chmod 2775 d; umask 077; sync ${options}; ${modes}; sync ${options}; ${modes}`,
}));

const more = [
  {
    what: 'set-group-id of a destination that is made',
    script: `${source}; chmod g+s .; umask 027; sync -rl; ${modes}`,
  },
  {
    what: 'set-group-id below directories on the way',
    script: `${source}; mkdir d; chmod g+s d; umask 027; $R -rR s/./dir/sub d/; $R -rR --no-implied-dirs s/./open d/; ${modes}`,
  },
];

/** What is similar, begun or in an alternate directory lends a new file its mode, whether anything of it is used. */
const ofBasis = ['', '--no-W', '--protocol=28'].map((options) => ({
  what: `a new file has the mode of its basis ${options}`,
  script: `umask 022; for o in -r -rtE; do for basis in -y --partial-dir=.p --copy-dest=../alt '-yy --link-dest=../alt' --compare-dest=../alt; do
      mkdir -p s d/.p alt; for size in 5 100000; do head -c $size /dev/zero >s/$size.c; head -c $((size + 3)) /dev/zero >b
        chmod $((size == 5 ? 751 : 640)) s/$size.c; chmod 604 b; touch -d @9 b
        case $basis in -y) cp -p b d/$size.d;; -yy*) cp -p b alt/$size.d;; --p*) cp -p b d/.p/$size.c;; *) cp -p b alt/$size.c;; esac; done
      echo $o $basis; sync $o $basis ${options} 2>/dev/null; (cd d; find . -type f -printf '%m %P\\n' | sort); rm -r s d alt; done; done`,
}));

const acls = [
  ...optionSets.map((options) => ({
    what: `a default ACL stands in for the umask, ${options}`,
    script: `${source}; mkdir d; setfacl -dm u::7,g::5,o:5 d; umask 077; sync ${options}; ${modes}; sync ${options}; ${modes}`,
  })),
  {
    what: 'a default ACL with a mask',
    script: `${source}; mkdir d; setfacl -dm u::7,g::7,o:4,u:1:7,m::5 d; umask 077; sync -rl; ${modes}`,
  },
  {
    what: 'a default ACL above a destination that is made',
    script: `${source}; setfacl -dm u::7,g::5,o:5 .; umask 077; sync -rl; $R s/top single; $R s/top d/other; ${modes}`,
  },
  {
    what: 'default ACLs that differ from directory to directory',
    script: `${source}; mkdir -p d/dir d/open; setfacl -dm u::7,g::0,o:1 d/dir; setfacl -dm u::7,g::7,o:7 d; umask 022
      touch s/open/y; $R -r s/ d/; ${modes}; $R -rn --delete s/ d/none/; ${modes}`,
  },
  {
    what: 'a file that is made in its place, and then given attributes, is no basis of its own',
    script: `umask 022; mkdir s d; echo a >s/f; echo b >s/g; chmod 751 s/f; touch -d @9 s/f s/g; setfattr -n user.a -v b s/f
      sync -rX --inplace; (cd d; find . -type f -printf '%m %P\\n' | sort; getfattr -d f)`,
  },
];

const canAcl = (() => {
  const dir = mkdtempSync(join(process.env.OC_RSYNC_TMP ?? tmpdir(), 'oc-rsync-acl-'));
  try {
    return spawnSync('setfacl', ['-dm', 'u::7,g::5,o:5', dir]).status === 0;
  } finally {
    removeTree(dir);
  }
})();

const rows = (cases: readonly { what: string; script: string }[]) =>
  cases.flatMap((row, r) =>
    ways.filter((way, w) => way === 'local' || (r + w) % 2 === 0).map((way) => ({ ...row, way })),
  );

// rsync gives it the link's, with which everybody may write to it (docs/compatibility.md).
test('a file from --copy-dest has its own mode where a link was', () =>
  withWorkspace(async (dir) => {
    for (const name of ['src', 'dst', 'alt']) mkdirSync(join(dir, name));
    for (const name of ['src', 'alt']) {
      writeFileSync(join(dir, name, 'f'), 'content', { mode: 0o600 });
      utimesSync(join(dir, name, 'f'), 1e9, 1e9);
    }
    symlinkSync('elsewhere', join(dir, 'dst', 'f'));
    const { code } = await run([
      ...ours().command,
      '-rt',
      '--copy-dest=../alt',
      `${dir}/src/`,
      `${dir}/dst/`,
    ]);
    const { mode } = lstatSync(join(dir, 'dst', 'f'));
    expect({ code, mode: mode.toString(8) }).toEqual({ code: 0, mode: '100600' });
  }));

describe.skipIf(reference === null)('new modes', () => {
  test.each(fewer(rows([...setGid, ...more, ...ofBasis])))('$what: $way', ({ script, way }) =>
    expectSameScript({ script, way, sorted: true }, reference!),
  );

  // The portable kernel does not see ACLs.
  test.skipIf(!canAcl || kernelName === 'portable').each(rows(acls))('$what: $way', ({ script, way }) =>
    expectSameScript({ script, way, sorted: true }, reference!),
  );
});
