/**
 * What is measured. `wire` says how the tool is called: `local`, `ssh` (the tool is on both sides), `pipe` (the
 * same without a cipher), `daemon` (against the real rsync's daemon), `own-daemon` (against the tool's own) or `serve` (the
 * tool is the daemon, and `serve` says what is asked of it). `from` is the data set that is copied;
 * `to` what lies at the destination before each run: nothing, a copy of a data set, or, with `keep`, one that every run leaves
 * as it is. `goal` is the ratio to rsync's wall time that the project aims at.
 */
export const scenarios = [
  { name: 'local-big', wire: 'local', from: 'big', args: ['-a'], goal: 0.4 },
  { name: 'local-small', wire: 'local', from: 'small', args: ['-a'], goal: 0.6 },
  { name: 'local-usr', wire: 'local', from: 'usr', args: ['-a'], goal: 0.55 },
  {
    name: 'local-small-noop',
    wire: 'local',
    from: 'small',
    to: 'small',
    keep: true,
    args: ['-a'],
    goal: 0.75,
  },
  { name: 'local-small-dry', wire: 'local', from: 'small', args: ['-ani'], dry: true, goal: 0.85 },
  {
    name: 'local-small-checksum-noop',
    wire: 'local',
    from: 'small',
    to: 'small',
    keep: true,
    args: ['-ac'],
    goal: 0.6,
  },
  {
    name: 'local-big-checksum-noop',
    wire: 'local',
    from: 'big',
    to: 'big',
    keep: true,
    args: ['-ac'],
    goal: 0.45,
  },
  {
    name: 'local-big-delta',
    wire: 'local',
    from: 'bigChanged',
    to: 'big',
    args: ['-a', '--no-whole-file', '-I'],
    goal: 0.6,
  },
  {
    name: 'local-usr-delete-noop',
    wire: 'local',
    from: 'usr',
    to: 'usr',
    keep: true,
    args: ['-a', '--delete'],
    goal: 0.7,
  },
  { name: 'tiny', wire: 'local', from: 'tiny', args: ['-a'], goal: 1.25 },
  { name: 'ssh-push-big', wire: 'ssh', from: 'big', args: ['-a'], goal: 0.75 },
  { name: 'ssh-push-small', wire: 'ssh', from: 'small', args: ['-a'], goal: 0.85 },
  { name: 'ssh-push-big-delta', wire: 'ssh', from: 'bigChanged', to: 'big', args: ['-a', '-I'], goal: 0.85 },
  { name: 'ssh-pull-small', wire: 'ssh', pull: true, from: 'small', args: ['-a'], goal: 0.9 },
  { name: 'ssh-push-text-z', wire: 'ssh', from: 'text', args: ['-az'], goal: 0.9 },
  { name: 'daemon-pull-big', wire: 'daemon', pull: true, from: 'big', args: ['-a'], goal: 0.45 },
  { name: 'daemon-push-big', wire: 'daemon', from: 'big', args: ['-a'], goal: 0.45 },
  { name: 'daemon-pull-small', wire: 'daemon', pull: true, from: 'small', args: ['-a'], goal: 0.75 },
  {
    name: 'daemon-pull-small-noop',
    wire: 'daemon',
    pull: true,
    from: 'small',
    to: 'small',
    keep: true,
    args: ['-a'],
    goal: 0.75,
  },
  {
    name: 'daemon-pull-text-zstd',
    wire: 'daemon',
    pull: true,
    from: 'text',
    args: ['-az', '--zc=zstd'],
    goal: 0.75,
  },
  { name: 'own-daemon-pull-big', wire: 'own-daemon', pull: true, from: 'big', args: ['-a'], goal: 0.6 },
  { name: 'own-daemon-push-big', wire: 'own-daemon', from: 'big', args: ['-a'], goal: 0.6 },
  { name: 'own-daemon-pull-small', wire: 'own-daemon', pull: true, from: 'small', args: ['-a'], goal: 0.6 },
  { name: 'own-daemon-push-small', wire: 'own-daemon', from: 'small', args: ['-a'], goal: 0.6 },
  {
    name: 'own-daemon-pull-text-zstd',
    wire: 'own-daemon',
    pull: true,
    from: 'text',
    args: ['-az', '--zc=zstd'],
    goal: 0.6,
  },
  { name: 'serve-greeting', wire: 'serve', serve: 'greeting', args: [] },
  { name: 'serve-connections', wire: 'serve', serve: 'connections', args: [] },
  { name: 'serve-pulls', wire: 'serve', serve: 'pulls', args: [] },
  { name: 'serve-pushes', wire: 'serve', serve: 'pushes', args: [] },
  // Only when asked for: a remote shell that is none, and a million files that take a while to make.
  { name: 'pipe-push-big', wire: 'pipe', from: 'big', args: ['-a'], optional: true },
  { name: 'pipe-pull-big', wire: 'pipe', pull: true, from: 'big', args: ['-a'], optional: true },
  { name: 'million-dry', wire: 'local', from: 'million', args: ['-an'], dry: true, optional: true },
];

/** Those in which a wire is lent for a large file, for the table of the I/O paths. */
export const wireScenarios = 'pipe-push-big,pipe-pull-big,ssh-push-big,daemon-push-big,daemon-pull-big';

/**
 * The scenarios that `--only` names (whole names, or beginnings of several), or, without it or with `all`, all that
 * are not optional.
 */
export function chosen(only) {
  if (only === undefined || only === 'all') return scenarios.filter((scenario) => !scenario.optional);
  const wanted = String(only).split(',');
  for (const name of wanted)
    if (!scenarios.some((scenario) => scenario.name.startsWith(name)))
      throw new Error(`no scenario ${name}; there are: ${scenarios.map(({ name }) => name).join(' ')}`);
  const exact = new Set(wanted.filter((name) => scenarios.some((scenario) => scenario.name === name)));
  return scenarios.filter(
    ({ name, optional }) =>
      exact.has(name) || (!optional && wanted.some((want) => !exact.has(want) && name.startsWith(want))),
  );
}
