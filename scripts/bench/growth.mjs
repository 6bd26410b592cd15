/** How time and memory grow: with the number of files, and with the size of one. */
import { compare, roomIn } from './shared.mjs';

const GiB = 1024 ** 3;
/** What an empty file takes on tmpfs, about. */
const inodeBytes = 1200;
/** A point that would take longer than this, by what the one before it took, is left out. */
const longest = 120;
/** No further turn once a point has taken this long. */
const enough = 15;

/**
 * What is measured. Series of one `kind` share their data sets, `KIND-N`; `copies` says that the data is
 * there twice.
 */
const series = [
  { name: 'files-dry', kind: 'files', args: ['-an'], dry: true },
  { name: 'files-dry-no-inc-recursive', kind: 'files', args: ['-an', '--no-inc-recursive'], dry: true },
  { name: 'files-copy', kind: 'files', args: ['-a'], copies: true },
  { name: 'size-copy', kind: 'one', args: ['-a'], copies: true },
];

/** The amounts of each kind of work, in its unit; 0 is what a run costs that has nothing to do. */
const amounts = { files: [0, 1000, 10_000, 100_000, 1_000_000], one: [0, 1, 8, 64, 512, 2048, 8192] };

/** What an amount is counted in. */
export const units = { files: 'file', one: 'MiB' };

/**
 * Why `n` of a kind do not fit into the rig, of which `room` bytes may be used; undefined where they do. What an
 * earlier series made is there already, and counts as used.
 */
function misfit(rig, room, { kind, copies }, n) {
  const { bytes: free, inodes: freeInodes, inMemory } = roomIn(rig.root);
  const each = kind === 'one' ? 1024 ** 2 : inMemory ? inodeBytes : 0;
  const there = rig.has(`${kind}-${n}`) ? 1 : 0;
  const bytes = Math.min(free, room - n * each * there);
  const times = (copies ? 2 : 1) - there;
  const gib = (value) => `${(value / GiB).toFixed(1)} GiB`;
  if (n * each * times > bytes) return `needs ${gib(n * each * times)}, and there are ${gib(bytes)}`;
  const inodes = kind === 'files' ? n * times : 0;
  if (inodes > (freeInodes ?? Infinity)) return `needs ${inodes} inodes, and there are ${freeInodes}`;
  return undefined;
}

/** Seconds that `n` will take, by the last point of the same series. */
function expected(points, name, n) {
  const last = points.findLast((point) => point.series === name);
  if (last === undefined || last.n === 0) return 0;
  const walls = Object.values(last.medians).map(({ wall }) => wall);
  return (Math.max(0, ...walls) * n) / last.n;
}

/**
 * Measures all series, a data set at a time. Gives the points, and what was left out with the reason.
 * `room` is how many bytes of the scratch folder may be used.
 */
export async function measureGrowth(rig, tools, { runs, verifies, say, room }) {
  const points = [];
  const skipped = [];
  for (const [kind, list] of Object.entries(amounts)) {
    for (const n of list) {
      const set = `${kind}-${n}`;
      for (const one of series.filter((candidate) => candidate.kind === kind)) {
        const { name, args, dry } = one;
        const seconds = expected(points, name, n);
        const why =
          misfit(rig, room, one, n) ??
          (seconds > longest ? `would take about ${seconds.toFixed(0)} s a run` : undefined);
        if (why !== undefined) {
          skipped.push({ series: name, n, why });
          say(`${name} ${n}: left out: ${why}`);
          continue;
        }
        say(`${name} ${n}: ${args.join(' ')}`);
        const scenario = { name: `${name} ${n}`, wire: 'local', from: set, args, dry };
        const result = await compare(rig, scenario, tools, { runs, verifies, say, enough });
        points.push({ ...result, series: name, kind, n });
      }
      await rig.drop(set);
    }
  }
  return { points, skipped };
}
