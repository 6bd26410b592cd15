/** Which shortcuts a run takes, and that no option is forgotten when that is decided. */
import { describe, expect, it } from 'vitest';
import { type Definition, flag } from '../../../ts/options/definition.ts';
import {
  apart,
  type Ends,
  endConcerns,
  type FastPaths,
  fastPaths,
  pathsBeforeHandshake,
  sharedPaths,
} from '../../../ts/options/fast-paths.ts';
import type { Draft, Options } from '../../../ts/options/options.ts';
import { parseClientArgs } from '../../../ts/options/parse.ts';
import { type Concerns, type FastPath, none, where } from '../../../ts/options/paths.ts';

const remote: Ends = {
  server: false,
  shared: apart,
  protocol: 32,
  incRecurse: true,
  codec: 'none',
  chosen: false,
};

/** Options as a local run settles them. */
function options(...argv: string[]): Options {
  const parsed = parseClientArgs([...argv, 'src', 'dest'], { env: {}, now: Date.now });
  if (parsed.kind !== 'run') throw new Error(parsed.kind);
  const given = parsed.options;
  return { ...given, wholeFile: given.wholeFile ?? given.append === 'no' };
}

function local(...argv: string[]): FastPaths {
  const of = options(...argv);
  return fastPaths(of, { ...remote, shared: sharedPaths(of) });
}

function over(ends: Partial<Ends>, ...argv: string[]): FastPaths {
  return fastPaths(options(...argv), { ...remote, ...ends });
}

/** What is closed with `argv` and open without, of an archive of trees. */
function closedBy(at: (...argv: string[]) => FastPaths, ...argv: string[]): FastPath[] {
  const before = at('-a');
  const after = at('-a', ...argv);
  return (Object.keys(before) as FastPath[]).filter((path) => before[path] && !after[path]).sort();
}

describe('every option and every fact of the ends', () => {
  it('is classified, or nothing compiles', () => {
    // @ts-expect-error: its definition does not say what it closes
    const forgotten = flag('--a-new-option', 'does something', {});
    const thoughtOf = flag('--a-new-option', 'does something', { closes: none });
    // @ts-expect-error: nothing is said of a new fact
    const fact: Concerns<Ends & { readonly aNewFact: boolean }, Options> = endConcerns;
    expect([forgotten, thoughtOf, fact]).toHaveLength(3);
    expect(Object.keys(endConcerns).sort()).toEqual(Object.keys(remote).sort());
  });

  it('goes by what there is', () => {
    const seeing = flag('--a-new-option', 'does something', {
      closes: [
        where((_: boolean, { options }: { options: { noSuchOption: boolean } }) => options.noSuchOption),
      ],
    });
    // @ts-expect-error: it looks at an option that does not exist
    const added: Definition<boolean, boolean, Draft, Options> = seeing;
    expect(added).toBe(seeing);
  });

  it('only closes paths', () => {
    const open = local('-a');
    for (const argv of [['-b'], ['-c'], ['-H'], ['-z'], ['--del'], ['-X'], ['--bwlimit=1'], ['--partial']])
      for (const [path, taken] of Object.entries(local('-a', ...argv)))
        if (!['scansAhead', 'scansKept', 'extrasLookedUp', 'sumsWhereCompared'].includes(path))
          expect([argv, path, taken && !open[path as FastPath]]).toEqual([argv, path, false]);
  });
});

describe('an archive', () => {
  it('is watched on the same paths', () => {
    expect(closedBy(local, '--info=progress3,failures')).toEqual([]);
    expect(closedBy((...argv) => over({}, ...argv), '--info=progress3,failures')).toEqual([]);
  });

  it('of one process takes all paths but those of deletions and checksums', () => {
    const taken = local('-a');
    const left = (Object.keys(taken) as FastPath[]).filter((path) => !taken[path]).sort();
    expect(left).toEqual(['extrasLookedUp', 'listShared', 'scansAhead', 'scansKept', 'sumsWhereCompared']);
    const whole = fastPaths(options('-a'), {
      ...remote,
      shared: sharedPaths(options('-a')),
      incRecurse: false,
    });
    expect(whole.listShared).toBe(true);
  });

  it('to another process shares nothing with it', () => {
    expect(closedBy((...argv) => local(...argv))).toEqual([]);
    expect(over({}, '-a')).toEqual({
      ...local('-a'),
      filesByName: false,
      listsAsTheyAre: false,
      listsUncoded: false,
    });
  });

  it('with deletions on the way reads directories ahead instead of entries', () => {
    expect(local('-a', '--del')).toMatchObject({
      scansAhead: true,
      scansKept: true,
      extrasLookedUp: true,
      looksAhead: false,
    });
    expect(over({ incRecurse: false }, '-a', '--del')).toMatchObject({ scansAhead: false, looksAhead: true });
    expect(local('-a', '--delete-after')).toMatchObject({ scansAhead: false, looksAhead: true });
    expect(local('-ab', '--del')).toMatchObject({
      scansAhead: true,
      scansKept: false,
      extrasLookedUp: false,
    });
  });

  it('with checksums makes them where they are compared, if that is here', () => {
    const here = local('-ac');
    expect(here).toMatchObject({ sumsWhereCompared: true, sourceRecords: true, passesOver: true });
    for (const [where, argv] of [
      [over({}, '-ac'), 'another process'],
      [local('-ac', '--link-dest=/x'), 'alternate directories'],
      [local('-ac', '--out-format=%C'), 'told'],
      [local('-acA'), 'encoded lists'],
      [local('-acR'), 'names without their slash'],
    ] as const)
      expect([argv, where]).toEqual([
        argv,
        expect.objectContaining({ sumsWhereCompared: false, sourceRecords: false, passesOver: false }),
      ]);
  });
});

const ofPlainEntries: FastPath[] = [
  'listsAsTheyAre',
  'listsUncoded',
  'passesOver',
  'plainEntriesIn',
  'plainEntriesOut',
  'sourceAhead',
  'sourceRecords',
];

describe('what an option closes', () => {
  const rows: [string[], FastPath[]][] = [
    [['-L'], ['answersTogether', 'filesByName', 'sourceAhead', 'sourceRecords']],
    [['-H', '-x', '-F', '-C', '--exclude=a'], []],
    [
      ['--no-r', '-d'],
      ['sourceAhead', 'sourceRecords'],
    ],
    [['-U'], ['passesOver', 'plainEntriesIn', 'plainEntriesOut', 'sourceAhead', 'sourceRecords']],
    [['-A'], ofPlainEntries],
    [['-X'], ofPlainEntries],
    [['--chmod=F640'], ['plainEntriesIn', 'sourceAhead', 'sourceRecords']],
    [['-R'], ['plainEntriesIn']],
    [
      ['-R', '--no-implied-dirs'],
      ['looksAhead', 'plainEntriesIn'],
    ],
    [['--no-p'], ['passesOver']],
    [['--no-t'], ['passesOver']],
    [['-@1'], ['passesOver']],
    [['-u'], ['passesOver']],
    [['-I'], ['passesOver']],
    [['--max-size=0'], ['passesOver']],
    [['--debug=genr'], ['passesOver']],
    [['-ii'], ['passesOver']],
    [['-i'], []],
    [['-v'], ['listsUncoded']],
    [['-vv'], ['listsUncoded', 'passesOver']],
    [['--progress', '-S', '--fsync', '--numeric-ids', '--no-o', '-n'], []],
    [['--no-W'], ['filesByName']],
    [['--inplace'], ['filesByName', 'waitsForTheRest']],
    [['--append'], ['answersTogether', 'filesByName', 'passesOver', 'waitsForTheRest', 'writesTogether']],
    [['--partial'], ['waitsForTheRest']],
    [['--partial-dir=p'], ['looksAhead', 'passesOver', 'waitsForTheRest']],
    [['--delay-updates'], ['looksAhead', 'passesOver', 'waitsForTheRest']],
    [['-b'], ['looksAhead', 'passesOver']],
    [['-z'], ['filesByName']],
    [['--bwlimit=1m'], ['filesByName', 'listsAsTheyAre', 'listsUncoded']],
    [['--out-format=%n'], []],
    [
      ['--out-format=%b'],
      [
        'answersTogether',
        'filesByName',
        'listsAsTheyAre',
        'listsUncoded',
        'waitsForTheRest',
        'wireLent',
        'writesTogether',
      ],
    ],
  ];
  it.each(rows)('%j', (argv, closed) => {
    expect(closedBy(local, ...argv)).toEqual(closed);
  });

  it('a server is not told what the lines of its client show', () => {
    const server = (...argv: string[]) => over({ server: true }, ...argv);
    expect(closedBy(server, '--out-format=%b')).toEqual([]);
    expect(closedBy(server, '--out-format=%i%I')).toEqual(['passesOver']);
  });

  it('the first source waits for nobody, where it can be had as records', () => {
    const early = (...argv: string[]) => pathsBeforeHandshake(options(...argv), false).sourceAhead;
    expect(early('-a')).toBe(true);
    for (const more of ['-c', '--chmod=F640', '-L', '--files-from=x', '--protocol=30'])
      expect([more, early('-a', more)]).toEqual([more, false]);
    expect(pathsBeforeHandshake(options('-a'), true).sourceAhead).toBe(false);
  });
});

describe('what the ends close', () => {
  it('a function that chooses entries', () => {
    const shared = sharedPaths(options('-a', '--del'));
    const open = over({ shared }, '-a', '--del');
    expect(over({ shared, chosen: true }, '-a', '--del')).toEqual({
      ...open,
      sourceRecords: false,
      sourceAhead: false,
      extrasLookedUp: false,
    });
  });

  it('old protocols', () => {
    expect(over({ protocol: 29 }, '-a')).toMatchObject({
      plainEntriesIn: false,
      plainEntriesOut: false,
      sourceRecords: true,
    });
    expect(over({ protocol: 28 }, '-a').sourceRecords).toBe(false);
    expect(sharedPaths(options('-a', '--protocol=29'))).toMatchObject({
      filesByName: true,
      listsAsTheyAre: false,
    });
  });

  it('compression', () => {
    const zipped = (...argv: string[]) => over({ codec: 'zstd' }, ...argv);
    const before = over({}, '-a');
    const closed = (Object.keys(before) as FastPath[]).filter((path) => before[path] && !zipped('-a')[path]);
    expect(closed.sort()).toEqual(['answersTogether', 'waitsForTheRest', 'writesTogether']);
  });
});
