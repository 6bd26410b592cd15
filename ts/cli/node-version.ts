/**
 * Says which Node is needed where this one is too old: it is imported before all that would fail there with an
 * error of its own.
 */
const oldest = [20, 19] as const;

if (!isNewEnough(process.versions.node)) {
  const needed = oldest.join('.');
  process.stderr.write(`oc-rsync needs Node ${needed} or newer; this is Node ${process.versions.node}\n`);
  process.exit(1);
}

function isNewEnough(version: string): boolean {
  const [major, minor] = version.split('.').map(Number);
  return major > oldest[0] || (major === oldest[0] && minor >= oldest[1]);
}
