/**
 * What is measured here: the product's scenarios, with the ratio to rsync's wall time that the project aims at, and those
 * that need more than a shell: `ssh` (the tool is on both sides of a real sshd), `serve` (the tool is the daemon, and
 * `serve` says what is asked of it), and what the system or a patient reader has data for.
 */
import { chosen as chosenOf, standardScenarios } from './shared.mjs';

const goals = {
  'local-big': 0.4,
  'local-small': 0.6,
  'local-usr': 0.55,
  'local-small-noop': 0.75,
  'local-small-dry': 0.85,
  'local-small-checksum-noop': 0.6,
  'local-big-checksum-noop': 0.45,
  'local-big-delta': 0.6,
  'local-usr-delete-noop': 0.7,
  tiny: 1.25,
  'ssh-push-big': 0.75,
  'ssh-push-small': 0.85,
  'ssh-push-big-delta': 0.85,
  'ssh-pull-small': 0.9,
  'ssh-push-text-z': 0.9,
  'daemon-pull-big': 0.45,
  'daemon-push-big': 0.45,
  'daemon-pull-small': 0.75,
  'daemon-pull-small-noop': 0.75,
  'daemon-pull-text-zstd': 0.75,
  'own-daemon-pull-big': 0.6,
  'own-daemon-push-big': 0.6,
  'own-daemon-pull-small': 0.6,
  'own-daemon-push-small': 0.6,
  'own-daemon-pull-text-zstd': 0.6,
};

const zstd = { pull: true, from: 'text', args: ['-az', '--zc=zstd'] };

const projectScenarios = [
  { name: 'local-usr', wire: 'local', from: 'usr', args: ['-a'] },
  {
    name: 'local-usr-delete-noop',
    wire: 'local',
    from: 'usr',
    to: 'usr',
    keep: true,
    args: ['-a', '--delete'],
  },
  // Files that come one by one.
  { name: 'local-small-extras', wire: 'local', from: 'small', args: ['-aHAX'] },
  { name: 'local-small-partial-dir', wire: 'local', from: 'small', args: ['-a', '--partial-dir=.p'] },
  // What few directories have, if any: -H, -x, merge files, rules.
  {
    name: 'local-usr-rules-noop',
    wire: 'local',
    from: 'usr',
    to: 'usr',
    keep: true,
    args: ['-aHxF', '--exclude=*.o'],
  },
  { name: 'local-usr-verbose-noop', wire: 'local', from: 'usr', to: 'usr', keep: true, args: ['-av'] },
  { name: 'local-usr-extras-noop', wire: 'local', from: 'usr', to: 'usr', keep: true, args: ['-aHAX'] },
  { name: 'ssh-push-big', wire: 'ssh', from: 'big', args: ['-a'] },
  { name: 'ssh-push-small', wire: 'ssh', from: 'small', args: ['-a'] },
  { name: 'ssh-push-big-delta', wire: 'ssh', from: 'bigChanged', to: 'big', args: ['-a', '-I'] },
  { name: 'ssh-pull-small', wire: 'ssh', pull: true, from: 'small', args: ['-a'] },
  { name: 'ssh-push-text-z', wire: 'ssh', from: 'text', args: ['-az'] },
  { name: 'daemon-pull-text-zstd', wire: 'daemon', ...zstd },
  { name: 'own-daemon-pull-text-zstd', wire: 'own-daemon', ...zstd },
  { name: 'serve-greeting', wire: 'serve', serve: 'greeting', args: [] },
  { name: 'serve-connections', wire: 'serve', serve: 'connections', args: [] },
  { name: 'serve-pulls', wire: 'serve', serve: 'pulls', args: [] },
  { name: 'serve-pushes', wire: 'serve', serve: 'pushes', args: [] },
  // Only when asked for: a million files take a while to make.
  { name: 'million-dry', wire: 'local', from: 'million', args: ['-an'], dry: true, optional: true },
];

/** By what they are alike in; ssh is what people use, and the bare pipes beside it are for who asks for them. */
const wires = ['local', 'ssh', 'daemon', 'own-daemon', 'serve', 'pipe'];

export const scenarios = [...standardScenarios, ...projectScenarios]
  .map((one) => ({ ...one, goal: goals[one.name], optional: one.optional || one.wire === 'pipe' }))
  .sort((a, b) => wires.indexOf(a.wire) - wires.indexOf(b.wire));

/** Those in which a wire is lent for a large file, for the table of the I/O paths. */
export const wireScenarios = 'pipe-push-big,pipe-pull-big,ssh-push-big,daemon-push-big,daemon-pull-big';

/** The scenarios that `--only` names, or, without it or with `all`, all that are not optional. */
export const chosen = (only) => chosenOf(scenarios, only === undefined ? undefined : String(only));
