import type { FlistContext } from './context.ts';
import type { LinkTeller } from './encoder.ts';

/** --debug=hlink: what a sender finds of inodes with more than one name. */
export function linkTeller({ report, texts }: FlistContext): LinkTeller {
  const { traces } = texts;
  const who = 'sender';
  return {
    device: (dev) => report.trace('hlink', () => traces.tableOfDevice(who, dev), 3),
    first(ndx, { dev, inoHigh, inoLow }) {
      const inode = (BigInt(inoHigh >>> 0) << 32n) | BigInt(inoLow >>> 0);
      report.trace('hlink', () => traces.inodeIs(who, ndx, dev, inode), 3);
    },
    other: (ndx, first, isHere) => report.print('info', traces.linksTo(who, ndx, first, isHere)),
  };
}
