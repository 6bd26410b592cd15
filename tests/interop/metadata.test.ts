/** Owners, permissions and times that options choose, in every direction beside real rsync. */

import { canExtras } from '../support/extras.ts';
import { type OptionSet, regular, testOptionSets } from '../support/option-sets.ts';
import { isRoot, kernelName } from '../support/peers.ts';

const owners: readonly OptionSet[] = [
  { options: ['-ai', '--usermap=0:12,*:nobody'] },
  { options: ['-ai', '--usermap=1-70000:bin,root:games', '--groupmap=[a-r]*:sys,0-5:99'] },
  { options: ['-ai', '--usermap=:4711,1000:root', '--groupmap=:daemon,65534:4712'] },
  { options: ['-ai', '--numeric-ids', '--usermap=0:5,*:7', '--groupmap=0:9'] },
  { options: ['-ai', '--chown=daemon:games'] },
  { options: ['-ai', '--chown=:4711', '-H'] },
  {
    options: ['-ai', '--chown=nobody', '--link-dest=../prev'],
    beside: (pair) => ({ prev: pair.destination }),
  },
];

const preallocating: readonly OptionSet[] = [
  { options: ['-ai', '--preallocate', '--no-whole-file', '-I'] },
  { options: ['-aiS', '--preallocate'], holes: true },
  { options: ['-ai', '--preallocate', '--inplace'] },
];

const others: readonly OptionSet[] = [
  { options: ['-aiU'], atimes: true },
  { options: ['-aiUH', '--delete'], atimes: true },
  { options: ['-aiUU', '-c'], atimes: true },
  { options: ['-rlUi', '--no-times'], atimes: true },
  { options: ['-aiUU', '--no-whole-file', '-I'], atimes: true },
  { options: ['-aiU', '--open-noatime', '--inplace'], atimes: true },
  { options: ['-aiUJ', '--link-dest=../prev'], atimes: true, beside: (pair) => ({ prev: pair.destination }) },
  { options: ['-ai', '--fsync'] },
  // Plain Node warns that it cannot, and at protocol 28 as an ordinary line.
  ...(kernelName === 'portable' ? [] : preallocating),
  // 3.2.7 does not know it.
  { options: ['-ai', '--drop-D'], newest: true },
  { options: ['-ai', '--drop-D', '-M--drop-D', '--delete'], newest: true },
  { options: ['-rltiE'], only: regular },
  { options: ['-rltiE', '--chmod=F+x'], only: regular },
  { options: ['-aiO', '--no-whole-file'] },
  { options: ['-aiOJ', '--delete'] },
  { options: ['-aiJ', '-b', '--copy-dest=../prev'], beside: (pair) => ({ prev: pair.destination }) },
];

const unlinked = ['file', 'dir', 'symlink', 'fifo', 'socket', 'char', 'block'] as const;

/** ACLs and attributes have a place in lists from protocol 30 on. */
const withExtras = (options: readonly string[], more: Partial<OptionSet> = {}): OptionSet => ({
  options,
  extras: true,
  // Without -H, names of one inode would be compared while the attributes of another are set.
  only: isRoot && !options[0]!.includes('H') ? unlinked : undefined,
  protocols: [32, 31, 30],
  ...more,
});
const extras: readonly OptionSet[] = [
  withExtras(['-aXi']),
  withExtras(['-aAi']),
  withExtras(['-aAXiH', '--delete']),
  withExtras(['-aXXi', '-b', '--backup-dir=../bak']),
  withExtras(['-aAXi', '--no-whole-file', '-I']),
  withExtras(['-rpXi', '--inplace']),
  withExtras(['-aAXic', '--numeric-ids']),
  withExtras(['-aAXiU', '--link-dest=../prev'], {
    beside: (pair) => ({ prev: pair.destination }),
    atimes: true,
  }),
  withExtras(['-aAXi', '--copy-dest=../prev'], { beside: (pair) => ({ prev: pair.destination }) }),
  withExtras(['-aXi', '-f-x_user.l*']),
  withExtras(['-ai', '--fake-super', '-M--fake-super'], { only: regular }),
  // With -X as well rsync 3.5.0 takes away the ACLs that it has noted.
  withExtras(['-aAi', '-M--fake-super'], { not: ['local'] }),
];
testOptionSets('ACLs and attributes', canExtras && kernelName !== 'portable' ? extras : []);

testOptionSets('metadata', isRoot ? [...owners, ...others] : others);
