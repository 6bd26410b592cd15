/** Owners, permissions and times that options choose, in every direction beside real rsync. */
import { type OptionSet, regular, testOptionSets } from '../support/option-sets.ts';
import { isRoot } from '../support/peers.ts';

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

const others: readonly OptionSet[] = [
  { options: ['-aiU'], atimes: true },
  { options: ['-aiUH', '--delete'], atimes: true },
  { options: ['-aiUU', '-c'], atimes: true },
  { options: ['-rlUi', '--no-times'], atimes: true },
  { options: ['-aiUU', '--no-whole-file', '-I'], atimes: true },
  { options: ['-aiU', '--open-noatime', '--inplace'], atimes: true },
  { options: ['-aiUJ', '--link-dest=../prev'], atimes: true, beside: (pair) => ({ prev: pair.destination }) },
  { options: ['-ai', '--fsync'] },
  { options: ['-ai', '--preallocate', '--no-whole-file', '-I'] },
  { options: ['-aiS', '--preallocate'], holes: true },
  { options: ['-ai', '--preallocate', '--inplace'] },
  // 3.2.7 does not know it.
  { options: ['-ai', '--drop-D'], newest: true },
  { options: ['-ai', '--drop-D', '-M--drop-D', '--delete'], newest: true },
  { options: ['-rltiE'], only: regular },
  { options: ['-rltiE', '--chmod=F+x'], only: regular },
  { options: ['-aiO', '--no-whole-file'] },
  { options: ['-aiOJ', '--delete'] },
  { options: ['-aiJ', '-b', '--copy-dest=../prev'], beside: (pair) => ({ prev: pair.destination }) },
];

testOptionSets('metadata', isRoot ? [...owners, ...others] : others);
