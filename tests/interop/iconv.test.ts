/** --iconv: names, targets and messages in another charset on each side, beside real rsync. */
import { describe, expect } from 'vitest';
import { kernelName, ours, referencePeer } from '../support/peers.ts';
import { run } from '../support/run.ts';
import { expectSameScript, prelude, type Script, ways } from '../support/script.ts';
import { test } from '../support/tables.ts';
import { withWorkspace } from '../support/workspace.ts';

const reference = referencePeer();

/** A script with its names in UTF-8. */
const inUtf8 = (script: string) => Buffer.from(script, 'utf8').toString('latin1');

/** Names in UTF-8 and ISO 8859-1, which sort otherwise: their directories and files change places. */
const utf8 = inUtf8(`
mkdir -p s/dà/éß s/d¿ s/dz s/plain/ÿ s/empty; echo 1 >s/à; echo 2 >s/ÿ; echo 3 >s/z; echo 4 >'s/¡ y'
echo 5 >s/dà/éß/ü; echo 6 >s/d¿/ñ; echo 7 >s/dz/f; echo 8 >s/plain/ÿ/ö
for n in à é z ÿ À; do echo $n >"s/dà/$n"; done
ln -s dà/é s/lînk; ln s/à s/dz/hàrd; ln s/à s/hàrd; find s -exec touch -hd 2021-06-07 {} +`);
const latin1 = String.raw`
mkdir -p s/$'d\xe0/\xe9\xdf' s/$'d\xbf' s/dz s/$'plain/\xff' s/empty; echo 1 >s/$'\xe0'; echo 2 >s/$'\xff'; echo 3 >s/z
echo 5 >s/$'d\xe0/\xe9\xdf/\xfc'; echo 6 >s/$'d\xbf/\xf1'; echo 7 >s/dz/f; echo 8 >s/$'plain/\xff/\xf6'
for n in $'\xe0' $'\xe9' z $'\xff' $'\xc0'; do echo $n >"s/"$'d\xe0/'"$n"; done
ln -s $'d\xe0/\xe9' s/$'l\xeenk'; ln s/$'\xe0' s/dz/$'h\xe0rd'; find s -exec touch -hd 2021-06-07 {} +`;
/** What one charset has and the other has not; and what is no name in either. */
const odd = inUtf8(String.raw`mkdir -p s/dd; echo 1 >s/€uro; echo 3 >s/fine; echo 4 >s/dd/é
ln -s €uro s/link; : >s/$'broken\xff'; : >s/$'short\xc3'; find s -exec touch -hd 2021-06-07 {} +`);

const same = (script: string, more: Partial<Script> = {}) =>
  expectSameScript({ ...more, script }, reference!);

describe.skipIf(reference === null).each(ways)('%s', (way) => {
  const options = [
    '-ai',
    '-aiH',
    '-aiH --no-i-r',
    '-aic --debug=iconv --delete',
    '-ai --delete-after',
    '-ai --protocol=30',
    '-aiH --protocol=29',
    '-aiH --protocol=28',
    '-ai --progress',
    ...(kernelName === 'portable' ? [] : ['-aAXi']),
    '-ain',
  ];
  test.each(options)('utf8 to latin1: %s', (option) =>
    same(
      `export LC_ALL=C.UTF-8; ${utf8}; mkdir -p d; sync ${option} --iconv=utf8,iso88591 | sed '/bytes/d;s/[0-9.]*.B\\/s.*xfr/xfr/'; rm -rf s/dz; touch -d 2021-06-08 s; sync ${option} --iconv=utf8,iso88591 | sed '/bytes/d;s/[0-9.]*.B\\/s.*xfr/xfr/;s/^opening.*--server/opening/;s/speedup.*//'`,
      { way },
    ),
  );
  test.each(options)('latin1 to utf8: %s', (option) =>
    same(
      `${latin1}; mkdir -p d; sync ${option} --iconv=iso88591,utf8 | sed '/bytes/d;s/[0-9.]*.B\\/s.*xfr/xfr/'; rm -rf s/dz; touch -d 2021-06-08 s; sync ${option} --iconv=iso88591,utf8 | sed '/^.deleting/d;/bytes/d;s/[0-9.]*.B\\/s.*xfr/xfr/;s/^opening.*--server/opening/;s/speedup.*//'`,
      { way },
    ),
  );
  // Where the receiver has no name, rsync ends a pull, and other runs with incremental recursion: see below.
  const here =
    way === 'pull'
      ? []
      : [
          'utf8,ascii C',
          'utf8,koi8-r C.UTF-8',
          'utf8,iso88591 C',
          '.,iso88591 C.UTF-8',
          'koi8-r,utf8 C.UTF-8',
        ];
  test.each([...here, 'ascii,utf8 C', '. C', '. C.UTF-8', 'utf8 C'])(
    'names without a counterpart: %s',
    (spec) => {
      const [charsets, locale] = spec.split(' ');
      const names = way === 'pull' ? odd.replaceAll(inUtf8('€'), 'e').replaceAll(inUtf8('é'), 'e') : odd;
      const twice = `for n in 1 2; do sync -ai --no-i-r --iconv=${charsets} 2>&1 | sed '/^rsync error/d'; done`;
      return same(`export LC_ALL=${locale}; ${names}; mkdir d; ${twice}`, { way, sorted: true });
    },
  );
  test('what is only on one side is deleted by its own name', () =>
    same(
      String.raw`${utf8}; mkdir d; : >d/$'\xe8'; mkdir d/$'\xe9d'; sync -ai --delete --iconv=utf8,iso88591; ls d | sort`,
      { way },
    ));
  test.skipIf(way === 'local').each(['near', `lh:$PWD/far`])('--files-from=%s, with -s', (list) => {
    const [names, from, to] = way === 'pull' ? [latin1, 'far', 'near'] : [utf8, 'near', 'far'];
    const convert = way === 'pull' ? 'iconv -f latin1 -t utf8' : 'iconv -f utf8 -t latin1';
    return same(
      `${names}; mkdir d; (cd s; find . -type f -printf '%P\\n' | sort >../${from}); ${convert} ${from} >${to}
      sync -ai -s --iconv=utf8,iso88591 --files-from=${list} 2>&1; find d | sort`,
      { way, sorted: true },
    );
  });
  test.skipIf(way === 'local')('arguments, with -s', () =>
    same(
      way === 'pull'
        ? `${latin1}; mkdir d; $R -ai -s --rsh=$LSH --rsync-path="$R" --iconv=utf8,iso88591 lh:$PWD/s/${inUtf8('dà')} lh:$PWD/s/${inUtf8('ÿ')} d; find d`
        : `${utf8}; $R -ai -s --rsh=$LSH --rsync-path="$R" --iconv=utf8,iso88591 s/z lh:$PWD/${inUtf8('dà')}; ls`,
      { way, sorted: true },
    ),
  );
  test('RSYNC_ICONV, and options against it', () =>
    same(
      `${utf8}; export RSYNC_ICONV=utf8,iso88591; sync -a; ls d; rm -r d; sync -a --no-iconv; ls d; rm -r d; sync -a --iconv=-; ls d`,
      { way },
    ));
  test('messages of the other side', () =>
    same(
      `${utf8}; mkdir -p d/$'\\xe0/sub'; sync -rlt --iconv=utf8,iso88591 2>&1 | sed 's/^rsync: .generator. //;s/ at .*//'`,
      {
        way,
        sorted: true,
      },
    ));
  test('a charset that is not there', () =>
    same('mkdir s; sync -r --iconv=nowhere,utf8 2>&1 | grep -e iconv_open -e exit | sort -u', {
      way,
    }));
  test.skipIf(way === 'local')('a charset that the other side has not', () =>
    same("mkdir s; sync -r --iconv=utf8,nowhere 2>&1 | sed 's/ at .*//'", { way, sorted: true }),
  );
});

/** Ours leaves out what has no name here, and says so; rsync 3.5.0 ends with 2 or 4 (docs/compatibility.md). */
describe.each(ways)('%s, a receiver without a name', (way) => {
  test.each(['--i-r', '--no-i-r'])('%s', (option) =>
    withWorkspace(async (dir) => {
      const script = inUtf8(
        `mkdir -p s/€dir/sub s/zö; echo 1 >s/€dir/sub/f; echo 2 >s/zö/f; echo 3 >s/zö/€; ln -s € s/link
        sync -rl ${option} --iconv=${way === 'pull' ? 'iso88591,utf8' : 'utf8,iso88591'} 2>&1 | tail -1; cd d; find . | sort`,
      );
      const env = { R: ours().command.join(' ') };
      const { stdout } = await run(['bash', '-c', prelude(way) + script], { cwd: dir, env });
      expect(stdout.split('\n')).toEqual(['exit 23', '.', './z\xf6', './z\xf6/f', '']);
    }),
  );
});
