/**
 * Says which Node is needed where this one is too old: it is imported before all that would fail there with an
 * error of its own.
 */
const oldest: readonly (readonly [major: number, minor: number])[] = [
  [20, 19],
  [22, 12],
];

if (!isNewEnough(process.versions.node)) {
  const needed = oldest.map((version) => version.join('.')).join(', ');
  process.stderr.write(`oc-rsync needs Node ${needed} or newer; this is Node ${process.versions.node}\n`);
  process.exit(1);
}

function isNewEnough(version: string): boolean {
  const [major, minor] = version.split('.').map(Number);
  const newest = oldest[oldest.length - 1];
  return major > newest[0] || oldest.some((least) => major === least[0] && minor >= least[1]);
}
