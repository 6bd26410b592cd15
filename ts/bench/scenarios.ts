/** What is measured wherever there is a shell: without rights, without an sshd, and with data that is made for it. */
import type { StandardSet } from './data.ts';

/** How the tool is called. */
export type StandardWire =
  /** Both ends in one run. */
  | 'local'
  /** The tool at both ends, joined by a remote shell that starts the other one on this machine. */
  | 'pipe'
  /** Against the real rsync's daemon. */
  | 'daemon'
  /** Against the tool's own. */
  | 'own-daemon';

/** A scenario of any bench: who brings other data sets and wires names them. */
export interface Scenario<Set extends string = string, Way extends string = string> {
  readonly name: string;
  /** For a reader who does not know its name. */
  readonly title?: string;
  readonly wire: Way;
  readonly pull?: boolean;
  /** The data set that is copied. */
  readonly from: Set;
  /** What lies at the destination before each run: nothing, or a copy of a data set; with `keep` one that every run leaves as it is. */
  readonly to?: Set;
  readonly keep?: boolean;
  readonly args: readonly string[];
  /** It leaves nothing to compare. */
  readonly dry?: boolean;
  /** Measured only where it is asked for by its whole name. */
  readonly optional?: boolean;
  /** The ratio to rsync's wall time that is aimed at. */
  readonly goal?: number;
}

export type StandardScenario = Scenario<StandardSet, StandardWire> & { readonly title: string };

const kept = { to: 'small', keep: true } as const;

/** In the order in which they are measured. */
export const standardScenarios: readonly StandardScenario[] = [
  { name: 'local-big', title: 'First copy of one large file', wire: 'local', from: 'big', args: ['-a'] },
  {
    name: 'local-small',
    title: 'First copy of many small files',
    wire: 'local',
    from: 'small',
    args: ['-a'],
  },
  {
    name: 'local-small-noop',
    title: 'Many small files, nothing to do',
    wire: 'local',
    from: 'small',
    ...kept,
    args: ['-a'],
  },
  {
    name: 'local-small-dry',
    title: 'Many small files, listed without a copy',
    wire: 'local',
    from: 'small',
    args: ['-ani'],
    dry: true,
  },
  {
    name: 'local-small-delete',
    title: 'Mirror: one file in six has to go',
    wire: 'local',
    from: 'small',
    to: 'smallExtra',
    args: ['-a', '--delete'],
  },
  {
    name: 'local-small-checksum-noop',
    title: 'Many small files, compared by checksum',
    wire: 'local',
    from: 'small',
    ...kept,
    args: ['-ac'],
  },
  {
    name: 'local-big-checksum-noop',
    title: 'One large file, compared by checksum',
    wire: 'local',
    from: 'big',
    to: 'big',
    keep: true,
    args: ['-ac'],
  },
  {
    name: 'local-big-delta',
    title: 'A large file of which 1 % has changed',
    wire: 'local',
    from: 'bigChanged',
    to: 'big',
    args: ['-a', '--no-whole-file', '-I'],
  },
  { name: 'tiny', title: 'One tiny file', wire: 'local', from: 'tiny', args: ['-a'] },
  { name: 'pipe-push-big', title: 'Push one large file', wire: 'pipe', from: 'big', args: ['-a'] },
  {
    name: 'pipe-pull-big',
    title: 'Pull one large file',
    wire: 'pipe',
    pull: true,
    from: 'big',
    args: ['-a'],
  },
  { name: 'pipe-push-small', title: 'Push many small files', wire: 'pipe', from: 'small', args: ['-a'] },
  {
    name: 'pipe-pull-small',
    title: 'Pull many small files',
    wire: 'pipe',
    pull: true,
    from: 'small',
    args: ['-a'],
  },
  {
    name: 'pipe-push-big-delta',
    title: 'Push what has changed of a large file',
    wire: 'pipe',
    from: 'bigChanged',
    to: 'big',
    args: ['-a', '-I'],
  },
  { name: 'pipe-push-text-z', title: 'Push text, compressed', wire: 'pipe', from: 'text', args: ['-az'] },
  {
    name: 'daemon-pull-big',
    title: 'Pull one large file',
    wire: 'daemon',
    pull: true,
    from: 'big',
    args: ['-a'],
  },
  { name: 'daemon-push-big', title: 'Push one large file', wire: 'daemon', from: 'big', args: ['-a'] },
  {
    name: 'daemon-pull-small',
    title: 'Pull many small files',
    wire: 'daemon',
    pull: true,
    from: 'small',
    args: ['-a'],
  },
  {
    name: 'daemon-pull-small-noop',
    title: 'Pull many small files, nothing to do',
    wire: 'daemon',
    pull: true,
    from: 'small',
    ...kept,
    args: ['-a'],
  },
  {
    name: 'own-daemon-pull-big',
    title: 'Pull one large file',
    wire: 'own-daemon',
    pull: true,
    from: 'big',
    args: ['-a'],
  },
  {
    name: 'own-daemon-push-big',
    title: 'Push one large file',
    wire: 'own-daemon',
    from: 'big',
    args: ['-a'],
  },
  {
    name: 'own-daemon-pull-small',
    title: 'Pull many small files',
    wire: 'own-daemon',
    pull: true,
    from: 'small',
    args: ['-a'],
  },
  {
    name: 'own-daemon-push-small',
    title: 'Push many small files',
    wire: 'own-daemon',
    from: 'small',
    args: ['-a'],
  },
];

/** What the wires are called. */
export const wireTitles: Readonly<Record<StandardWire, string>> = {
  local: 'On one machine',
  pipe: 'Through a remote shell',
  daemon: "With rsync's daemon",
  'own-daemon': 'Each with its own daemon',
};

/**
 * The scenarios of `all` that `names` names (whole names, or beginnings of several; commas between), or, without it or with
 * `all`, all that are not optional. Throws an Error for a name that none begins with.
 */
export function chosen<One extends Scenario>(all: readonly One[], names: string | undefined): One[] {
  if (names === undefined || names === 'all') return all.filter(({ optional }) => !optional);
  const wanted = names.split(',');
  for (const name of wanted)
    if (name === '' || !all.some((one) => one.name.startsWith(name)))
      throw new Error(`no scenario '${name}'; there are: ${all.map((one) => one.name).join(' ')}`);
  const exact = new Set(wanted.filter((name) => all.some((one) => one.name === name)));
  return all.filter(
    ({ name, optional }) =>
      exact.has(name) || (!optional && wanted.some((want) => !exact.has(want) && name.startsWith(want))),
  );
}
